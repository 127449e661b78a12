"""The report on fairness: groups, outcomes after the policy, stability of flags, overrides."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from impactmodel.core.summary import describe_draws
from impactmodel.report.blocks import Block, Page, Paragraph, Points, Section, Tabled
from impactmodel.report.client_groups import (
    HIDDEN,
    audit_table,
    beside_table,
    labelled,
    points,
    rate,
    two_decimals,
)
from impactmodel.report.numbers import number, percent
from impactmodel.report.tables import Table, interval_words

if TYPE_CHECKING:
    from impactmodel.clients.fairness import Audit, Disparity
    from impactmodel.clients.flag_stability import FlagStability
    from impactmodel.clients.impact import Impact
    from impactmodel.clients.overrides import Overrides

_AFTER = (
    "Equal chances or equal flags need not make outcomes more equal: this is what is expected to "
    "come after each policy."
)


def fairness_page(
    audits: Mapping[str, Audit],
    disparities: Sequence[Disparity],
    impacts: Sequence[Impact] = (),
    *,
    stability: FlagStability | None = None,
    overrides: Overrides | None = None,
) -> Page:
    """Return the report on fairness.

    Parameters
    ----------
    audits
        By name of the model, such as ``aware`` and ``unaware`` of protected attributes: they are
        set side by side.
    disparities
        Of the first.
    impacts
        Expected outcomes by group under the present and proposed policies.
    stability, overrides
        Agreement of equally accurate models, and decisions that differ from the suggestion.
    """
    hidden = {label for one in audits.values() for label, hide in labelled(one) if hide}
    beside = (beside_table(audits),) if len(audits) > 1 else ()
    apart = (_apart(disparities),) if disparities else ()
    sections = [
        Section("beside", "Models side by side", beside),
        *(
            Section(f"audit-{i}", f"Model: {name}", (audit_table(one),))
            for i, (name, one) in enumerate(audits.items())
        ),
        Section("apart", "How far apart groups are", apart),
        *(
            Section(
                f"impact-{one.attribute}",
                f"After the policy, by {one.attribute}",
                (Paragraph(_AFTER), Tabled(impact_table(one, hidden=hidden))),
            )
            for one in impacts
        ),
        Section("stability", "Stability of flags", _stable(stability) if stability else ()),
        Section(
            "overrides", "Decisions that differ", (_overridden(overrides),) if overrides else ()
        ),
    ]
    return Page(
        title="Fairness report",
        lead="Calibration, errors and outcomes by group; small groups are hidden.",
        facts=(),
        sections=tuple(sections),
    )


def impact_table(impact: Impact, prob: float = 0.9, *, hidden: Collection[str] = ()) -> Table:
    """Tabulate places and expected outcomes by group under each policy.

    Parameters
    ----------
    impact
        See `impactmodel.clients.impact.impact`.
    prob
        Probability of the intervals.
    hidden
        Groups that disclosure control hides.
    """
    columns = (
        "Group",
        "Policy",
        "Gets a service",
        "Reaches the target",
        "Interval",
        "Change, percentage points",
    )
    rows = tuple(
        (group, policy, *[HIDDEN] * 4)
        if group in hidden
        else (group, policy, *_after(impact, policy, g, prob))
        for g, group in enumerate(impact.groups)
        for policy in impact.policies
    )
    note = (
        f"{interval_words(prob).capitalize()}s of {len(impact.outcome):,} draws; the change is "
        "from the first policy, paired by draw."
    )
    return Table(f"Expected outcomes by {impact.attribute}", columns, rows, note, words=(0, 1))


def _after(impact: Impact, policy: str, group: int, prob: float) -> tuple[str, str, str, str]:
    place = impact.policies.index(policy)
    level = describe_draws(impact.outcome[:, place, group], prob)
    change = describe_draws(impact.gain(policy)[:, group], prob)
    ends = f"{points(change['lower'])} to {points(change['upper'])}"
    return (
        rate(float(impact.served[place, group])),
        rate(level["mean"]),
        f"{rate(level['lower'])} to {rate(level['upper'])}",
        f"{points(change['mean'])} ({ends})" if place else "present",
    )


def _apart(disparities: Sequence[Disparity]) -> Tabled:
    columns = (
        "Attribute",
        "Flagged: difference",
        "Flagged: ratio",
        "Errors: difference",
        "Errors: ratio",
    )
    rows = tuple(
        (
            d.attribute,
            rate(d.flagged_difference),
            two_decimals(d.flagged_ratio),
            rate(d.errors_difference),
            two_decimals(d.errors_ratio),
        )
        for d in disparities
    )
    note = "Largest less smallest group, and smallest over largest; errors: the worse of both."
    return Tabled(Table("Differences between groups", columns, rows, note))


def _stable(found: FlagStability) -> tuple[Block, ...]:
    low, high = (number(float(v), 3) for v in (found.auc.min(), found.auc.max()))
    least, most = (rate(float(v)) for v in (found.common.min(), found.common.max()))
    common = f"{rate(float(found.common.mean()))} on average, {least} to {most} over pairs"
    return (
        Points(
            (
                ("Models compared", number(len(found.auc))),
                ("Area under the ROC curve", f"{low} to {high}"),
                ("Flags in common", common),
                ("Flagged by every model", rate(found.always)),
                ("Flagged by some but not all", rate(found.sometimes)),
            )
        ),
    )


def _overridden(found: Overrides) -> Tabled:
    rows = tuple(
        (group, *[HIDDEN] * 3)
        if found.hidden[i]
        else (
            group,
            number(int(found.decisions[i])),
            rate(float(found.share.value[i])),
            f"{rate(float(found.share.lower[i]))} to {rate(float(found.share.upper[i]))}",
        )
        for i, group in enumerate(found.groups)
    )
    columns = ("Group", "Decisions", "Differ from the suggestion", "Interval")
    note = f"{percent(found.prob)} Jeffreys intervals."
    return Tabled(Table("Overrides by group", columns, rows, note))
