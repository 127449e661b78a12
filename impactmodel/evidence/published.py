"""Published evidence: estimates of a study become draws, with every assumption recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from impactmodel.core import distribution
from impactmodel.core.errors import InputError
from impactmodel.core.measures import OutcomeMeasure
from impactmodel.core.outcomes import Outcomes, Provenance
from impactmodel.core.schedule import Periods
from impactmodel.core.seeds import stream
from impactmodel.core.spec import load_yaml, spec
from impactmodel.evidence.estimates import PublishedEstimate, Study

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

type Array = npt.NDArray[np.float64]

# A singular correlation (r = 1) has an eigenvalue of 0, which is computed as slightly below.
_ROUNDING = 1e-9
_DRAWS_PER_ESTIMATE = 10


@spec
class PublishedEvidence:
    """Estimates of one study, for a cohort.

    Parameters
    ----------
    study
        Source, estimand, population and design.
    estimates
        One per group, outcome and period (or run of periods).
    periods
        The periods that the estimates cover.
    cohort_size
        People for whom the outcomes are wanted; where estimates name groups, of each group.
    correlation
        Between the errors of the estimates: a matrix in their order, or one number r, which
        means that sizes of effects err together: r between two estimates of one sign and -r
        between two of opposite sign, also of different groups. None: not published; the errors
        are taken as independent, which is recorded, and `correlation_table` shows what it matters.
    price_base
        Price level of amounts, such as ``2019``.

    Raises
    ------
    InputError
        If an outcome of a group lacks a period or has one twice, a group has no people, or the
        correlation is not one.

    Examples
    --------
    >>> import datetime as dt
    >>> from impactmodel.evidence import Level, PublishedEstimate, StandardError, Study
    >>> job = OutcomeMeasure("job", kind="binary")
    >>> found = PublishedEvidence(
    ...     Study("made up", "ITT", "assigned", "randomised trial", verified=False),
    ...     tuple(
    ...         PublishedEstimate(job, StandardError(0.04), effect, level=Level(0.4), group=group)
    ...         for group, effect in (("north", 0.10), ("south", 0.02))
    ...     ),
    ...     Periods(dt.date(2024, 1, 1)),
    ...     cohort_size={"north": 300, "south": 100},
    ... )
    >>> effect = found.outcomes().effect().mean("draw").values
    >>> effect.ravel().round(6).tolist()
    [0.1, 0.02]
    """

    study: Study
    estimates: tuple[PublishedEstimate, ...]
    periods: Periods
    cohort_size: float | dict[str, float]
    correlation: float | tuple[tuple[float, ...], ...] | None = None
    price_base: str = ""

    def __post_init__(self) -> None:
        if not self.estimates:
            raise InputError("there is no estimate", key="estimates", fix="give at least one")
        self._require_people()
        by_name: dict[str, OutcomeMeasure] = {}
        for i, e in enumerate(self.estimates):
            if by_name.setdefault(e.outcome.name, e.outcome) != e.outcome:
                raise InputError(
                    f"'{e.outcome.name}' is defined in two ways", key=f"estimates[{i}].outcome"
                )
        for group, measure in product(self.groups, self.measures):
            covered = sorted(
                p
                for e in self.estimates
                if (e.group, e.outcome) == (group, measure)
                for p in range(e.periods[0], e.periods[1] + 1)
            )
            if covered != list(range(1, self.periods.count + 1)):
                whose = f" in group '{group}'" if len(self.groups) > 1 else ""
                raise InputError(
                    f"the estimates of '{measure.name}'{whose} must cover each of the "
                    f"{self.periods.count} periods once",
                    key="estimates",
                    seen=f"periods {', '.join(map(str, covered))}" if covered else "none",
                )
        self._matrix(self.correlation)

    def _require_people(self) -> None:
        """Raise unless every group has people."""
        given = self.cohort_size
        if not isinstance(given, dict):
            if len(self.groups) > 1:
                raise InputError(
                    "estimates of several groups need the people of each",
                    key="cohort_size",
                    seen=given,
                    fix=f"write {{{', '.join(f'{g}: ...' for g in self.groups)}}}",
                )
            given = {self.groups[0]: given}
        wrong = sorted(set(given) ^ set(self.groups))
        if wrong:
            lacks = wrong[0] in self.groups
            raise InputError(
                "this group has estimates and no people"
                if lacks
                else "no estimate is of this group",
                key="cohort_size",
                seen=wrong[0],
                fix=f"give the people of {', '.join(self.groups)}",
            )
        for group, people in given.items():
            if not people > 0:
                key = f"cohort_size.{group}" if len(given) > 1 else "cohort_size"
                raise InputError("a cohort has people", key=key, seen=people)

    @classmethod
    def from_yaml(cls, path: str | Path) -> PublishedEvidence:
        """Read published evidence from a YAML file; see `impactmodel.core.spec.load_yaml`."""
        return load_yaml(cls, path)

    @property
    def measures(self) -> tuple[OutcomeMeasure, ...]:
        """The outcomes, each once, in the order of the estimates."""
        return tuple(dict.fromkeys(e.outcome for e in self.estimates))

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups, each once, in the order of the estimates; ``all`` where none is named."""
        return tuple(dict.fromkeys(e.group for e in self.estimates))

    @property
    def sizes(self) -> tuple[float, ...]:
        """People of each group."""
        given = self.cohort_size
        return tuple(given[g] for g in self.groups) if isinstance(given, dict) else (given,)

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What had to be assumed to turn the estimates into draws."""
        said = [f"standard error of {e.title} {e.uncertainty.text()}" for e in self.estimates]
        said += [
            f"the effect on '{e.outcome.name}'{_whose(e)} over {e.span} periods is spread evenly "
            "over them"
            for e in self.estimates
            if e.span > 1
        ]
        if len(self.estimates) > 1 and self.correlation is None:
            said.append(
                "the errors of the estimates are taken as independent: their correlation is not "
                "published"
            )
        if len(self.groups) > 1:
            said.append(self._between_groups())
        if not self.study.verified:
            said.append(f"not verified at its source: {self.study.citation}")
        return tuple(said)

    def _between_groups(self) -> str:
        if self.correlation is None:
            how = "independent, so that errors of groups offset each other in a sum over them"
        elif isinstance(self.correlation, (int, float)):
            how = f"correlated by {self.correlation:g}, as those of one group are"
        else:
            how = "correlated as stated"
        return f"the errors of the {len(self.groups)} groups are taken as {how}"

    def draws(self, n: int, seed: int) -> Array:
        """Draw the effects, normal about the estimates (log-normal for ratios).

        The draws are standardised: with more than ten for each estimate their mean and covariance
        on the normal scale are exactly those stated, so that a published number is met by its own
        draws.

        Returns
        -------
        numpy.ndarray
            (draw, estimate), on each estimate's own scale, over its whole run of periods.
        """
        se = np.array([e.standard_error for e in self.estimates])
        values, vectors = np.linalg.eigh(self._matrix(self.correlation))
        root = vectors * np.sqrt(np.clip(values, 0.0, None))
        z = _standardised(stream(seed, "published").standard_normal((n, len(se)))) @ root.T
        drawn = np.array([e.centre for e in self.estimates]) + z * se
        ratio = np.array([e.scale == "ratio" for e in self.estimates])
        return np.where(ratio, np.exp(np.where(ratio, drawn, 0.0)), drawn)

    def outcomes(self, draws: int = 4000, seed: int = 0) -> Outcomes:
        """Turn the estimates into `Outcomes`.

        Where no level is given only the effect is known, and consumers that need the level say
        so. Raises `InputError` for a ratio without a level.
        """
        effect = self.draws(draws, seed)
        shape = (draws, len(self.groups), len(self.measures), self.periods.count)
        treated, base = np.zeros(shape), np.zeros(shape)
        rng = stream(seed, "level")
        for i, e in enumerate(self.estimates):
            at = self.groups.index(e.group), self.measures.index(e.outcome)
            when = slice(e.periods[0] - 1, e.periods[1])
            level = distribution.draw(e.level.mean, draws, rng) if e.level else np.zeros(draws)
            if e.scale == "ratio" and e.level is None:
                raise InputError(
                    f"the effect on '{e.outcome.name}' is a ratio of an unknown level",
                    key=f"estimates[{i}].level",
                    fix="give the level without the programme",
                )
            with_it = level * effect[:, i] if e.scale == "ratio" else level + effect[:, i]
            base[:, *at, when] = (level / e.span)[:, None]
            treated[:, *at, when] = (with_it / e.span)[:, None]
        covariance, note = self._between_people(base.mean(axis=0), treated.mean(axis=0))
        made = Outcomes.from_draws(
            treated,
            None,
            measures=self.measures,
            periods=self.periods,
            cohort_size=self.sizes,
            groups=self.groups,
            provenance=Provenance(
                estimand=self.study.estimand,
                population=self.study.population,
                design=self.study.design,
                source=self.study.citation,
                seed=seed,
                price_base=self.price_base,
                assumptions=(*self.assumptions, *note),
            ),
            covariance=covariance,
        )
        known = [all(e.level for e in self.estimates if e.outcome == m) for m in self.measures]
        data = made.dataset.assign_coords(counterfactual_known=("outcome", known))
        return Outcomes(data.assign(counterfactual=(data["treated"].dims, base)))

    def correlation_table(
        self, weights: Mapping[str, float], rhos: Sequence[float] = (0.0, 0.5, 1.0)
    ) -> pd.DataFrame:
        """Show how the correlation matters for a weighted sum of the effects.

        Parameters
        ----------
        weights
            Weight of each outcome's effect per person of the whole cohort, summed over its
            periods; for savings, 1 on taxes and -1 on benefits.
        rhos
            Correlations between sizes of effects, as in ``correlation``.

        Returns
        -------
        pandas.DataFrame
            Columns ``correlation``, ``mean``, ``sd`` of the weighted sum, in closed form:
            sd² = w' D R D w with D the standard errors and R the correlation.
        """
        import pandas as pd

        there = {m.name for m in self.measures}
        unknown = [name for name in weights if name not in there]
        if unknown:
            raise InputError("no such outcome", key="weights", seen=unknown[0])
        if any(e.scale == "ratio" for e in self.estimates if e.outcome.name in weights):
            raise InputError("ratios cannot be added up", key="weights", fix="weigh differences")
        share = dict(zip(self.groups, np.array(self.sizes) / sum(self.sizes), strict=True))
        w = np.array([weights.get(e.outcome.name, 0.0) * share[e.group] for e in self.estimates])
        mean = float(w @ np.array([e.centre for e in self.estimates]))
        scaled = w * np.array([e.standard_error for e in self.estimates])
        rows = [(r, mean, float(np.sqrt(scaled @ self._matrix(r) @ scaled))) for r in rhos]
        return pd.DataFrame(rows, columns=["correlation", "mean", "sd"])

    def _matrix(self, correlation: float | tuple[tuple[float, ...], ...] | None) -> Array:
        count = len(self.estimates)
        if correlation is None:
            return np.eye(count)
        if isinstance(correlation, (int, float)):
            sign = np.array([1.0 if e.centre >= 0 else -1.0 for e in self.estimates])
            matrix = correlation * np.outer(sign, sign)
            np.fill_diagonal(matrix, 1.0)
        else:
            matrix = np.array([list(row) for row in correlation], dtype=np.float64)
        if not _is_correlation(matrix, count):
            raise InputError(
                f"this is not a correlation of {count} estimates",
                key="correlation",
                fix="give one number, or a symmetric matrix with ones on its diagonal",
            )
        return matrix

    def _between_people(self, base: Array, treated: Array) -> tuple[Any, tuple[str, ...]]:
        """Return the covariance between people, if every outcome has a spread, and its note."""
        groups, outcomes, periods = base.shape
        covariance = np.zeros((2, groups, outcomes, periods, outcomes, periods))
        for e in self.estimates:
            group, at = self.groups.index(e.group), self.measures.index(e.outcome)
            when = np.arange(e.periods[0] - 1, e.periods[1])
            for arm, mean in enumerate((treated, base)):
                if e.outcome.kind == "binary" and e.level:
                    p = mean[group, at, when[0]]
                    variance = p * (1 - p)
                elif e.level and e.level.person_sd:
                    variance = (e.level.person_sd / e.span) ** 2
                else:
                    return None, ()
                covariance[arm, group, at, when[:, None], at, when[None, :]] = variance
        note = "between people, outcomes are taken as independent of each other"
        return covariance, (note,) if outcomes > 1 or periods > 1 else ()


def _standardised(z: Array) -> Array:
    """Return draws with mean 0 and covariance 1 exactly, where there are enough of them."""
    n, count = z.shape
    if n <= _DRAWS_PER_ESTIMATE * count:
        return z
    z = z - z.mean(axis=0)
    factor = np.linalg.cholesky(z.T @ z / n)
    return np.asarray(np.linalg.solve(factor, z.T).T)


def _is_correlation(matrix: Array, count: int) -> bool:
    if matrix.shape != (count, count) or not np.allclose(matrix, matrix.T):
        return False
    ones = bool(np.allclose(np.diag(matrix), 1.0))
    return ones and bool(np.linalg.eigvalsh(matrix)[0] > -_ROUNDING)


def _whose(e: PublishedEstimate) -> str:
    return "" if e.group == "all" else f" in {e.group}"
