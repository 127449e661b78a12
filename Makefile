# Every target makes its own environment first; see `make help`.
.DEFAULT_GOAL := help
.PHONY: help env spark demo test test-fast check check-style check-types check-rooms \
	check-dependencies check-house bench calibrate lock notices agreement api release-diff wheelhouse \
	wheelhouse-check clean

BIN := .venv/bin
WORKERS ?= 2
PYTEST := $(BIN)/python -m pytest
PARALLEL := -n $(WORKERS) --dist loadfile

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-19s %s\n", $$1, $$2 }' Makefile

env: ## make or repair .venv from requirements-dev.lock
	$(eval refusal := $(shell sh scripts/environment --check 2>&1 >/dev/null))
	$(if $(refusal),$(error $(refusal:.=)))
	@sh scripts/environment

spark: env ## add Spark to .venv, for the tests of registers (400 MB)
	@$(BIN)/python -m pip -qq --disable-pip-version-check --no-input install --require-hashes \
		--no-build-isolation --requirement requirements-spark.lock

demo: env ## run the example cases into out/demo
	@echo "Running the example cases into out/demo."
	@$(BIN)/impactmodel demo

test: spark ## all tests but calibration and benchmarks
	@echo "Running the tests with $(WORKERS) workers."
	@$(PYTEST) $(PARALLEL) -m "not calibration and not benchmark"

test-fast: env ## the tests that need neither a sampler nor much time
	@echo "Running the fast tests with $(WORKERS) workers."
	@$(PYTEST) $(PARALLEL) -m "not slow and not sampler and not calibration and not benchmark"

check: check-style check-types check-rooms check-dependencies check-house ## everything but the tests of behaviour

check-style: env ## lint and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

check-types: env ## strict types
	$(BIN)/mypy

check-rooms: env ## who may import whom
	$(BIN)/lint-imports --no-logo

check-dependencies: env ## every import declared, every dependency used
	$(BIN)/deptry .

check-house: env ## sizes, exports, light import, locks, provenance, pages
	$(PYTEST) tests/architecture -q

bench: env ## timings; nothing depends on them
	@$(PYTEST) tests/benchmarks -m benchmark --timeout 0

calibrate: env ## simulation-based calibration of every model
	@$(PYTEST) $(PARALLEL) -m calibration --timeout 0

lock: env ## resolve pyproject.toml into the lock files (UPGRADE=1 for the newest)
	@sh scripts/lock $(if $(UPGRADE),--upgrade)

notices: env ## rewrite the table of dependencies in THIRD_PARTY_NOTICES
	@$(BIN)/python scripts/notices.py

agreement: env ## rewrite the tables of agreement with SISU in docs/fiscal_parameters.md
	@PYTHONPATH=. $(BIN)/python scripts/sisu_page.py

api: env ## rewrite the list of public names in docs/api.md
	@$(BIN)/python scripts/api_page.py

release-diff: env ## what changed in the pinned example households
	@$(BIN)/python scripts/release_diff.py

wheelhouse: env ## a folder that installs without a network
	@$(BIN)/python scripts/wheelhouse.py make

wheelhouse-check: env ## install the wheelhouse with the network off
	@$(BIN)/python scripts/wheelhouse.py check

clean: ## remove everything that is made
	rm -rf .venv out wheelhouse build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
