"""Posterior predictive checks of an experiment by arm, group and period."""

from __future__ import annotations

import dataclasses

import numpy as np

from impactmodel.core.seeds import stream
from impactmodel.effects.checks import Check
from impactmodel.effects.experiment import Experiment, models_of
from impactmodel.effects.experiment_targets import Population
from impactmodel.effects.layout import Layout
from impactmodel.effects.model import PeopleModel
from impactmodel.effects.predictor import Array, Parameters
from impactmodel.effects.result import EffectFit
from impactmodel.evidence import Cells, Cohort

_REPLICATES = 1000
_LIMIT = 0.01
_HEAD = ("arm", "group", "people", "observed", "2.5 %", "median", "97.5 %", "sds away")


def experiment_predictive(
    design: Experiment, fit: EffectFit, *, seed: int = 0
) -> tuple[Check, ...]:
    """Check the mean of each arm in each group against people that the fitted model would give.

    One check for each outcome and period. Groups are told apart also where the design merges
    them: a merged model fails here if sites differ by more than chance. Only people whose outcome
    is known are counted.

    Parameters
    ----------
    design, fit
        A design and its fit.
    seed
        Of the replicated people.

    Returns
    -------
    tuple of Check
        The table has a row for each arm and group: people, observed mean, quantiles of the
        replicated mean, and how many of its sds they are apart. A check fails if the largest
        distance is larger than in all but 1 % of replicated evidence.

    Examples
    --------
    >>> import pandas as pd
    >>> from impactmodel.core.measures import OutcomeMeasure
    >>> from impactmodel.effects.fitting import fit
    >>> counts = pd.DataFrame({"treat": [0, 0, 1, 1], "site": ["a", "b"] * 2,
    ...     "n": [200] * 4, "job_sum": [40, 120, 60, 140]})
    >>> jobs = [OutcomeMeasure("job", kind="binary")]
    >>> cells = Cells.from_frame(counts, treatment="treat", outcomes=jobs, group="site")
    >>> merged = Experiment(cells)
    >>> [check.passed for check in experiment_predictive(merged, fit(merged))]
    [False]
    """
    layout, models = models_of(dataclasses.replace(design, target=Population()))
    posterior = fit.posterior["posterior"].dataset
    flat = {str(k): v.values.reshape(-1, *v.shape[2:]) for k, v in posterior.items()}
    count = len(next(iter(flat.values())))
    picked = np.linspace(0, count - 1, min(_REPLICATES, count)).astype(np.intp)
    drawn = {name: np.asarray(values[picked], dtype=float) for name, values in flat.items()}
    return tuple(
        _check(model, layout, _cells_of(design.evidence, model, layout), drawn, seed)
        for model in models
    )


def _cells_of(evidence: Cohort | Cells, model: PeopleModel, layout: Layout) -> Cells:
    """Return the cells of people whose outcome is known, with their groups."""
    if isinstance(evidence, Cells):
        return evidence.coarsen(layout.covariates)
    return evidence.observed(model.measure.name).cells(by=layout.covariates)


def _check(model: PeopleModel, layout: Layout, cells: Cells, drawn: Parameters, seed: int) -> Check:
    name = model.measure.name
    at = [o.name for o in cells.outcomes].index(name)
    pattern, rng = layout.patterns_of(cells), stream(seed, "by group", name)
    rows: list[tuple[str | float, ...]] = []
    distances = []
    for arm, word in enumerate(("treated", "comparison")):
        for group, label in enumerate(cells.groups):
            here = (cells.treated == (arm == 0)) & (cells.group == group)
            n = cells.n[here]
            if not n.size:
                continue
            people = np.bincount(pattern[here], n, minlength=len(layout.pattern_z))
            replicated: Array = model.totals(drawn, people, arm, rng).sum(axis=1) / n.sum()
            observed = float(cells.y_sum[here, at].sum() / n.sum())
            sds = (np.append(replicated, observed) - replicated.mean()) / replicated.std()
            low, middle, high = (float(q) for q in np.quantile(replicated, [0.025, 0.5, 0.975]))
            rows.append((word, label, float(n.sum()), observed, low, middle, high, float(sds[-1])))
            distances.append(np.abs(sds))
    largest = np.max(distances, axis=0)
    tail = float(np.mean(largest[:-1] >= largest[-1]))
    worst = rows[int(np.argmax([d[-1] for d in distances]))]
    text = (
        f"'{name}' of the {worst[0]} in {worst[1]} is {worst[-1]:+.1f} sds from the model's, the "
        f"largest of {len(rows)}: predictive probability {tail:.3f} (limit {_LIMIT:g})"
    )
    return Check(f"predictive by arm and group: {name}", tail >= _LIMIT, text, (_HEAD, *rows))
