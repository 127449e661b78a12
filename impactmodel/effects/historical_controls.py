"""Historical controls: earlier comparison groups stand in for a small or missing one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Provenance
from impactmodel.core.schedule import Periods
from impactmodel.effects.arms import Arm, BorrowingPriors, CountedArm, MeasuredArm, Trial
from impactmodel.effects.borrowed_mean import BorrowedMean
from impactmodel.effects.borrowed_share import BorrowedShare
from impactmodel.effects.checks import Check
from impactmodel.effects.designs import prepare
from impactmodel.effects.map_prior import MapPrior, map_prior_of_means, map_prior_of_shares
from impactmodel.effects.mixtures import BetaMixture, NormalMixture
from impactmodel.effects.prepared import Prepared
from impactmodel.effects.priors import BetaPriors

type _History = MapPrior[BetaMixture] | MapPrior[NormalMixture]

_UNDATED = Periods(dt.date(2000, 1, 1), "year", 1, "since_start")
# Above this divergence the mixture is not a fair picture of the exact prior.
_FAR = 0.01


@dataclass(frozen=True, slots=True)
class HistoricalControls:
    """A treated group compared with earlier comparison groups (robust MAP borrowing).

    The comparison's prior is the predictive distribution of one more group of the kind of the
    earlier ones, approximated by a mixture of conjugate components, with a vague component for
    the case that it is of another kind. The posterior is exact.

    Parameters
    ----------
    outcome
        What was measured: a binary outcome needs `CountedArm`, any other `MeasuredArm`.
    history
        Comparison groups of earlier evaluations.
    trial
        The evaluation's own arms.
    priors
        Of mean and spread between groups, and the weight of the vague component.
    periods
        When the outcome was measured (one period). None: the first year since each person's
        start, taken as 2000-01-01, which is recorded.
    source, price_base
        Citation and price level of amounts, for the record.

    Examples
    --------
    >>> job = OutcomeMeasure("job", kind="binary")
    >>> earlier = (CountedArm("2019", 120, 30), CountedArm("2020", 80, 22))
    >>> design = HistoricalControls(job, earlier, Trial(CountedArm("treated", 60, 24)))
    >>> borrowing(design).mixture.weights.sum().round(6)
    np.float64(1.0)
    """

    outcome: OutcomeMeasure
    history: tuple[Arm, ...]
    trial: Trial
    priors: BorrowingPriors = field(default_factory=BorrowingPriors)
    periods: Periods | None = None
    source: str = ""
    price_base: str = ""


def borrowing(design: HistoricalControls) -> _History:
    """Return what the earlier groups say, before any outcome of the trial is read.

    The mixture is without the vague component; ``mixture.people()`` is its effective sample size.

    Raises
    ------
    InputError
        If an arm has another form than the outcome needs.
    """
    return _foretold(tuple(design.history), design.priors, binary=design.outcome.kind == "binary")


# A fit, its checks and its report ask for the same prior, which takes a second to approximate.
@lru_cache(maxsize=16)
def _foretold(history: tuple[Arm, ...], priors: BorrowingPriors, *, binary: bool) -> _History:
    if binary:
        return map_prior_of_shares(_all_counted(history), priors)
    return map_prior_of_means(_all_measured(history), priors)


def design_checks(design: HistoricalControls) -> tuple[Check, ...]:
    """Return the checks before outcomes are read: the prior's size and how well it is drawn."""
    return _checks(design, borrowing(design))


def _checks(design: HistoricalControls, found: _History) -> tuple[Check, ...]:
    robust = found.mixture.robust(design.priors.vague_weight)
    rows = (
        ("prior", "people (ELIR)", "people (moments)"),
        ("history", found.mixture.people("elir"), found.mixture.people("moment")),
        ("with the vague component", robust.people("elir"), robust.people("moment")),
    )
    name = design.outcome.name
    size = f"'{name}': history is worth {robust.people('elir'):.0f} people (ELIR)"
    return (
        Check(f"prior effective sample size: {name}", None, size, rows),
        Check(
            f"mixture of the prior: {name}",
            found.divergence <= _FAR,
            f"'{name}': the mixture of {len(found.mixture.weights)} components diverges from the "
            f"exact prior by {found.divergence:.1e} nats (limit {_FAR:g})",
        ),
    )


@prepare.register
def _(design: HistoricalControls) -> Prepared:
    periods = design.periods or _UNDATED
    if periods.count != 1:
        raise InputError(
            "historical controls have the outcome measured in one period",
            key="periods",
            seen=periods.count,
        )
    found = borrowing(design)
    model = _model(design, found)
    dated = (
        "no dates were given: one year since each person's start, from 2000-01-01",
    ) if design.periods is None else ()  # fmt: skip
    estimand = "ITT" if design.trial.population == "assigned" else "ATT"
    return Prepared(
        models=(model,),
        periods=periods,
        groups=("all",),
        cohort_size=np.array([float(design.trial.treated.people)]),
        provenance=Provenance(
            estimand=estimand,
            population=design.trial.population,
            design="historical controls (robust MAP borrowing)",
            source=design.source,
            price_base=design.price_base,
            assumptions=(
                model.statement,
                "earlier groups and the trial's comparison are exchangeable: apart from the spread "
                "between groups, the earlier groups show what the treated would have had",
                "the outcome was measured in the same way, as long after the start, and in people "
                "of the same kind",
                *dated,
            ),
        ),
        estimators=None,
        people=np.ones((2, 1, 1, 1)),
        exact="",
    )


def _model(design: HistoricalControls, found: _History) -> BorrowedShare | BorrowedMean:
    weight, trial = design.priors.vague_weight, design.trial
    checks = _checks(design, found)
    own = trial.control
    told = (
        f"the predictive prior from {found.text}; mixture of {len(found.mixture.weights)} "
        f"components at {found.divergence:.1e} nats, vague component with weight {weight:g}"
    )
    if isinstance(found.mixture, BetaMixture):
        (treated,) = _all_counted((trial.treated,))
        control = None if own is None else _all_counted((own,))[0]
        mixture = found.mixture.robust(weight)
        return BorrowedShare(design.outcome, treated, control, mixture, BetaPriors(), told, checks)
    (measured,) = _all_measured((trial.treated,))
    compared = None if own is None else _all_measured((own,))[0]
    robust = found.mixture.robust(weight)
    return BorrowedMean(design.outcome, measured, compared, robust, told, checks)


def _all_counted(arms: tuple[Arm, ...]) -> list[CountedArm]:
    kept = [arm for arm in arms if isinstance(arm, CountedArm)]
    if len(kept) < len(arms):
        raise InputError(
            "a binary outcome needs people and events of every arm",
            key="history",
            fix="give CountedArm",
        )
    return kept


def _all_measured(arms: tuple[Arm, ...]) -> list[MeasuredArm]:
    kept = [arm for arm in arms if isinstance(arm, MeasuredArm)]
    if len(kept) < len(arms):
        raise InputError(
            "a measured outcome needs people, mean and sd of every arm",
            key="history",
            fix="give MeasuredArm",
        )
    return kept
