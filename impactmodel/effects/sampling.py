"""The only place that runs a sampler: compile once per kind of model, sample, measure chains."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from impactmodel.effects.chains import kept_chain, run_key
from impactmodel.effects.checks import Check
from impactmodel.effects.methods import Sampler
from impactmodel.effects.predictor import RAW, Array

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

RHAT_LIMIT = 1.01
ESS_LIMIT = 400.0
_TAIL = 0.9
_KEPT = 8
_compiled: OrderedDict[Hashable, Any] = OrderedDict()
_lock = Lock()


class Sampled(Protocol):
    """What can be sampled: a part of a PyMC model with the data that it reads."""

    @property
    def signature(self) -> Hashable:
        """What decides the compiled code: two parts with one signature differ in data only."""
        ...

    @property
    def target_accept(self) -> float:
        """Acceptance that a sampler's steps are adapted to."""
        ...

    @property
    def data(self) -> Mapping[str, npt.NDArray[Any]]:
        """The arrays that the PyMC model reads, by name."""
        ...

    def add(self, data: Mapping[str, Any]) -> None:
        """Add parameters and likelihood to the PyMC model in context."""
        ...


def assemble(models: Sequence[Sampled]) -> pm.Model:
    """Return one PyMC model that holds every outcome's model side by side."""
    import pymc as pm

    with pm.Model() as model:
        for part in models:
            part.add({name: pm.Data(name, values) for name, values in part.data.items()})
    return model


def sample(models: Sequence[Sampled], sampler: Sampler) -> xr.DataTree:
    """Sample the posterior; return ``posterior`` and ``sample_stats`` and nothing of the data.

    Code is compiled once for each kind of model in a process; models that differ only in data,
    its length included, share it. The low-rank metric copes with correlated covariates. Each chain
    has a seed of its own, so that one that is kept on disk is the one that would be run.
    """
    import xarray as xr

    compiled, data = _compile(models)
    accept = sampler.target_accept or max(model.target_accept for model in models)
    seeds = np.random.SeedSequence(sampler.seed).generate_state(sampler.chains)
    folder = Path(sampler.keep) if sampler.keep else None
    key = run_key(data, replace(sampler, cores=None, keep="")) if folder else ""

    def chain(place: int) -> dict[str, xr.Dataset]:
        def run() -> dict[str, xr.Dataset]:
            return _run_chain(compiled, sampler, int(seeds[place]), accept)

        return kept_chain(folder, key, place, run) if folder else run()

    workers = min(sampler.cores or os.cpu_count() or 1, sampler.chains)
    with ThreadPoolExecutor(workers) as pool:
        chains = list(pool.map(chain, range(sampler.chains)))
    joined = {}
    for group in ("posterior", "sample_stats"):
        parts = [part[group].assign_coords(chain=[i]) for i, part in enumerate(chains)]
        joined[group] = xr.concat(parts, dim="chain")
    return xr.DataTree.from_dict(joined)


def _run_chain(
    compiled: Any, sampler: Sampler, seed: int, target_accept: float
) -> dict[str, xr.Dataset]:
    import nutpie

    trace = nutpie.sample(
        compiled,
        draws=sampler.draws,
        tune=sampler.tune,
        chains=1,
        cores=1,
        seed=seed,
        adaptation="low_rank",
        target_accept=target_accept,
        save_warmup=False,
        progress_bar=False,
    )
    posterior = trace["posterior"].dataset
    return {
        "posterior": posterior.drop_vars([v for v in posterior if str(v).endswith(RAW)]),
        "sample_stats": trace["sample_stats"].dataset,
    }


def _compile(
    models: Sequence[Sampled],
) -> tuple[Any, dict[str, npt.NDArray[Any]]]:
    import nutpie
    import pymc as pm

    key = tuple(model.signature for model in models)
    with _lock:
        if key not in _compiled:
            model = assemble(models)
            _compiled[key] = (model, nutpie.compile_pymc_model(model))
            if len(_compiled) > _KEPT:
                _compiled.popitem(last=False)
        _compiled.move_to_end(key)
        model, made = _compiled[key]
        data: dict[str, npt.NDArray[Any]] = {}
        for part in models:
            data.update(part.data)
        # The starting points are computed from the model, the density from the compiled copy.
        pm.set_data(data, model=model)
        return made.with_data(**data), data


@dataclass(frozen=True, slots=True)
class Chains:
    """How well chains agree: R-hat, effective sample size and divergences."""

    rhat_max: float
    ess_min: float
    divergences: int

    def checks(self) -> tuple[Check, ...]:
        """Return the three checks of convergence."""
        return (
            Check(
                "R-hat",
                self.rhat_max < RHAT_LIMIT,
                f"largest R-hat {self.rhat_max:.4f} (limit {RHAT_LIMIT})",
            ),
            Check(
                "effective sample size",
                self.ess_min > ESS_LIMIT,
                f"smallest effective sample size {self.ess_min:.0f} (limit {ESS_LIMIT:.0f})",
            ),
            Check(
                "divergences",
                self.divergences == 0,
                f"{self.divergences} divergent transitions (none allowed)",
            ),
        )


def measure_chains(values: Mapping[str, Array], divergences: int) -> Chains:
    """Measure arrays (chain, draw, ...): worst R-hat, and worst of bulk and tail sizes."""
    from arviz_stats.base.array import BaseArray

    stats: Any = BaseArray()

    rhat, ess = [1.0], []
    for array in values.values():
        # A quantity that is fixed has no spread to compare.
        flat = array.reshape(*array.shape[:2], -1)
        moving = flat[:, :, np.ptp(flat, axis=(0, 1)) > 0]
        if not moving.shape[2]:
            continue
        rhat.append(float(np.max(stats.rhat(moving, chain_axis=0, draw_axis=1))))
        for method, prob in (("bulk", None), ("tail", ((1 - _TAIL) / 2, (1 + _TAIL) / 2))):
            size = stats.ess(moving, chain_axis=0, draw_axis=1, method=method, prob=prob)
            ess.append(float(np.min(size)))
    return Chains(max(rhat), min(ess), divergences)
