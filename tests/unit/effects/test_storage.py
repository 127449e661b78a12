"""A fit comes back from its file as it was; a stopped run goes on with its finished chains."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.effects import (
    BetaPriors,
    Experiment,
    Priors,
    Sampler,
    chains,
    fit,
    load_fit,
    sampling,
    save_fit,
)
from impactmodel.effects.designs import prepare
from impactmodel.evidence import Cells

JOB = OutcomeMeasure("job", kind="binary")
COUNTS = pd.DataFrame({"treat": [0, 1], "n": [260, 185], "job_sum": [168, 140]})
CELLS = Cells.from_frame(COUNTS, treatment="treat", outcomes=[JOB])
EXACT = Experiment(CELLS, priors=Priors(binary=BetaPriors()))


def test_a_fit_comes_back_as_it_was(tmp_path):
    before = fit(EXACT)
    save_fit(before, tmp_path / "fit.nc")
    after = load_fit(tmp_path / "fit.nc")
    xr.testing.assert_identical(after.outcomes.dataset, before.outcomes.dataset)
    xr.testing.assert_identical(
        after.posterior["posterior"].to_dataset(), before.posterior["posterior"].to_dataset()
    )
    assert after.diagnostics == before.diagnostics
    assert [p.name for p in tmp_path.iterdir()] == ["fit.nc"]


def test_a_file_can_be_read_without_the_package(tmp_path):
    save_fit(fit(EXACT), tmp_path / "fit.nc")
    tree = xr.load_datatree(tmp_path / "fit.nc", engine="h5netcdf")
    assert json.loads(tree.attrs["diagnostics"])["divergences"] == 0
    # Beta(141, 46) less Beta(169, 93): mean by hand; 4,000 draws have an error of .0431 / 63.
    effect = tree["outcomes"]["treated"] - tree["outcomes"]["counterfactual"]
    assert float(effect.mean()) == pytest.approx(141 / 187 - 169 / 262, abs=4 * 0.0431 / 63)


def test_files_that_are_no_fit_are_refused(tmp_path):
    (tmp_path / "text.nc").write_text("no")
    with pytest.raises(InputError, match="not a file of a fit; write it with"):
        load_fit(tmp_path / "text.nc")
    fit(EXACT).outcomes.to_netcdf(tmp_path / "outcomes.nc")
    with pytest.raises(InputError, match="not a file of a fit"):
        load_fit(tmp_path / "outcomes.nc")
    save_fit(fit(EXACT), tmp_path / "fit.nc")
    tree = xr.load_datatree(tmp_path / "fit.nc", engine="h5netcdf")
    tree.attrs["impactmodel_fit"] = 2
    tree.to_netcdf(tmp_path / "later.nc", engine="h5netcdf")
    with pytest.raises(InputError, match=r"later version .*format 2, known up to 1"):
        load_fit(tmp_path / "later.nc")
    with pytest.raises(InputError, match="cannot be written"):
        save_fit(fit(EXACT), tmp_path / "absent" / "fit.nc")


@pytest.mark.sampler
def test_a_stopped_run_goes_on_with_its_finished_chains(tmp_path, monkeypatch):
    models = prepare(Experiment(CELLS)).models
    kept = Sampler(seed=3, chains=2, draws=200, tune=200, cores=1, keep=str(tmp_path / "chains"))
    run, calls = sampling._run_chain, []

    def stopped(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return run(*arguments)

    monkeypatch.setattr(sampling, "_run_chain", stopped)
    with pytest.raises(KeyboardInterrupt):
        sampling.sample(models, kept)
    assert len(list((tmp_path / "chains").iterdir())) == 1
    whole = sampling.sample(models, kept)
    assert len(calls) == 3  # one finished, one stopped, one more: the finished one is not rerun
    plain = sampling.sample(models, Sampler(seed=3, chains=2, draws=200, tune=200))
    name = next(iter(plain["posterior"].data_vars))
    np.testing.assert_array_equal(whole["posterior"][name].values, plain["posterior"][name].values)


def test_other_data_settings_or_a_damaged_file_do_not_pass_for_the_chain(tmp_path):
    data = {"x": np.arange(3.0)}
    keys = {
        chains.run_key(data, Sampler(seed=1)),
        chains.run_key({"x": np.arange(3.0) + 1e-12}, Sampler(seed=1)),
        chains.run_key({"y": np.arange(3.0)}, Sampler(seed=1)),
        chains.run_key(data, Sampler(seed=2)),
    }
    assert len(keys) == 4
    (tmp_path / f"{'a' * 16}-chain0.nc").write_text("damaged")
    with pytest.raises(InputError, match="a kept chain cannot be read; delete the file"):
        chains.kept_chain(tmp_path, "a" * 64, 0, dict)
