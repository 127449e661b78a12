"""What a page says of clients: groups, chances, what helps whom, places, and who gains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from impactmodel.clients.anticipation_noise import CalibrationLimits
from impactmodel.clients.letters import LANGUAGES
from impactmodel.clients.segments_reading import marks
from impactmodel.clients.story import ClientStory
from impactmodel.clients.worth import NetValue
from impactmodel.core.summary import describe_draws
from impactmodel.report.blocks import Block, Marked, Paragraph, Points, Section, Tabled
from impactmodel.report.client_cards import data_sheet_page, model_card_page, monitoring_page
from impactmodel.report.client_case_mix import case_mix_blocks, case_mix_summary
from impactmodel.report.client_decisions import decision_blocks, decision_summary
from impactmodel.report.client_fairness import fairness_page, impact_table
from impactmodel.report.client_figures import plot_frontier, plot_group_effects, plot_months
from impactmodel.report.client_groups import audit_table, beside_table
from impactmodel.report.client_hidden import (
    hidden_summary,
    needed_table,
    side_by_side,
    told_first,
)
from impactmodel.report.client_value import sought, value_blocks, value_summary
from impactmodel.report.design_section import picture
from impactmodel.report.evidence_section import (
    Writable,
    evidence_pages,
    evidence_sections,
    evidence_sheets,
    evidence_summary,
    write_evidence,
)
from impactmodel.report.letters import write_letter
from impactmodel.report.numbers import number, percent
from impactmodel.report.tables import Table, interval_words
from impactmodel.report.workbook_case_mix import TITLE, write_case_mix
from impactmodel.report.workbook_places import PLACES, write_places

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from impactmodel.clients.allocation_gain import PolicyGain
    from impactmodel.clients.anticipation_calibration import ChanceCalibration
    from impactmodel.report.evidence_section import SheetWriter
    from impactmodel.report.result import RunResult

_MARKS = 4
_INFORMS = (
    "A score informs, it never decides: whoever knows the person decides, uses more information "
    "than the score, and deviates where that is needed.",
    "Reasons and chances predict; they do not say what causes what.",
)


@evidence_sections.register(ClientStory)
def _(report: ClientStory, result: RunResult) -> tuple[Section, ...]:
    prob = result.case.settings.interval
    return (
        Section("clients", "Clients and their groups", _groups(report)),
        Section("chances", "Chances without a service", _chances(report, prob)),
        Section("helps", "What helps whom", _helps(report, result, prob)),
        Section("places", "Where the next places could go", _places(report, prob)),
        Section("worth", "What a place costs and is worth", value_blocks(report, prob)),
        Section(
            "case-mix",
            "Case mix: what a contract pays for anyway",
            case_mix_blocks(report, result, prob),
        ),
        Section("fairness", "Fairness", _fairness(report, prob)),
        Section("decisions", "Decisions about people: none", decision_blocks(report)),
    )


@evidence_summary.register(ClientStory)
def _(report: ClientStory, result: RunResult) -> dict[str, Any]:
    prob = result.case.settings.interval
    drawn, proposal = report.learnt.drawn, report.proposal
    return {
        "people": {"earlier": report.people[0], "later": report.people[1]},
        "groups": list(drawn.groups),
        "merged": list(report.merged.labels),
        "chance_without_service": _by_group(drawn.groups, drawn.without, prob),
        "effects": {
            service: _by_group(drawn.groups, drawn.effect[:, s], prob)
            for s, service in enumerate(drawn.services)
        },
        "places": {
            group: dict(zip(drawn.services, map(float, proposal.places[g]), strict=True))
            for g, group in enumerate(drawn.groups)
        },
        "worth": value_summary(report, prob),
        "hidden": hidden_summary(report, result, prob),
        "case_mix": case_mix_summary(report, result, prob),
        "gains_per_1000": [_gain(gain, prob) for gain in proposal.gains],
        "calibration": {
            "slope": report.calibration.slope[0],
            "slope_error": report.calibration.slope[1],
            "area_under_curve": report.calibration.area.value,
        },
        "alarms": [
            f"{test.watched} {test.of}".strip() for test in report.documents.monitoring.alarms
        ],
        "model": {
            "name": report.documents.card.name,
            "fingerprint": report.documents.card.fingerprint,
        },
        "decisions": decision_summary(report),
    }


def _letters(report: ClientStory) -> dict[str, Writable]:
    letter = report.documents.letter
    if letter is None:
        return {}
    return {f"letter_{language}.html": write_letter(letter, language) for language in LANGUAGES}


def _gain(gain: PolicyGain, prob: float) -> dict[str, Any]:
    return {
        "policy": gain.policy,
        "baseline": gain.baseline,
        "gain": gain.gain,
        "standard_error": gain.se,
        "interval": list(gain.interval(prob)),
        "probability": prob,
        "kind": "normal, doubly robust",
    }


def _by_group(
    groups: tuple[str, ...], draws: NDArray[np.float64], prob: float
) -> dict[str, dict[str, Any]]:
    return {group: describe_draws(draws[:, g], prob) for g, group in enumerate(groups)}


@evidence_pages.register(ClientStory)
def _(report: ClientStory) -> dict[str, Writable]:
    name = report.documents.card.name
    return {
        "model_card.html": model_card_page(report.documents.card),
        "data_sheet.html": data_sheet_page(report.documents.sheet, name),
        "fairness.html": fairness_page(
            report.fairness.audits, report.fairness.disparities, (report.fairness.impact,)
        ),
        "monitoring.html": monitoring_page(report.documents.monitoring, name),
    } | _letters(report)


@write_evidence.register(ClientStory)
def _(report: ClientStory, folder: Path) -> None:
    report.documents.opening.write(folder)


@evidence_sheets.register(ClientStory)
def _(report: ClientStory) -> dict[str, SheetWriter]:
    offer, value = report.case_mix, report.value
    found: dict[str, SheetWriter] = {}
    if value is not None:
        found[PLACES] = lambda sheet, material: write_places(sheet, material, report, value)
    if offer is not None:
        found[TITLE] = lambda sheet, material: write_case_mix(sheet, material, offer)
    return found


def _groups(story: ClientStory) -> tuple[Block, ...]:
    early, late = story.people
    labels = story.learnt.drawn.groups
    by = getattr(story.plan.groups, "by", ())
    others = tuple(row for row in story.profile if row.feature not in by)
    rows = []
    for group in labels:
        apart = "; ".join(_mark(row) for row in marks(others, group, _MARKS))
        rows.append((group, percent(_share(story, group)), apart))
    table = Table(
        "Groups of clients",
        ("Group", "Share of people", "What sets it most apart"),
        tuple(rows),
        "Each feature with its share or mean in the group, and that of everybody in brackets.",
        (0, 2),
    )
    merged = story.merged
    if len(merged.labels) == len(labels):
        said = "No groups were found to be alike in both chance and effect: all are kept."
    else:
        said = (
            f"{len(labels)} groups become {len(merged.labels)}, for the others differ in neither "
            f"chance nor effect: {'; '.join(merged.labels)}."
        )
    return (
        Points(
            (
                ("Learnt from", f"{number(early)} clients who entered before {story.plan.later}."),
                ("Places for", f"{number(late)} clients who entered from that day on."),
            )
        ),
        Tabled(table),
        Paragraph(said),
    )


def _share(story: ClientStory, group: str) -> float:
    place = story.learnt.drawn.groups.index(group)
    return float(story.learnt.membership.weights[:, place].mean())


def _mark(row: Any) -> str:
    name = f"{row.feature} {row.level}".strip()
    if row.level:
        return f"{name}: {percent(row.value)} ({percent(row.overall)})"
    return f"{name}: {number(row.value, 1)} ({number(row.overall, 1)})"


def _chances(story: ClientStory, prob: float) -> tuple[Block, ...]:
    found, anticipated = story.calibration, story.anticipated
    slope, error = found.slope
    area = found.area
    low, high = area.interval(prob)
    overall = found.rows[0]
    said = [
        (
            "Model",
            f"{anticipated.ranking.statement[0].upper()}{anticipated.ranking.statement[1:]}.",
        ),
        (
            "Tested on",
            f"The unserved of the later window, {number(overall.people)} people: predicted "
            f"{percent(overall.predicted, 1)}, came {percent(overall.observed, 1)}.",
        ),
        (
            "Calibration slope",
            f"{number(slope, 2)}, standard error {number(error, 2)}; 1 is right.",
        ),
        (
            "Tells people apart",
            f"Area under the ROC curve {number(area.value, 3)} ({interval_words(prob)} "
            f"{number(low, 3)} to {number(high, 3)}); models of this kind reach .65 to .80.",
        ),
        *_group_noise(found),
    ]
    return Points(tuple(said)), Tabled(_reliability(found)), Marked("Use", _INFORMS)


def _group_noise(found: ChanceCalibration) -> tuple[tuple[str, str], ...]:
    limits = CalibrationLimits()
    if all(row.people < limits.least for row in found.rows[1:]):
        return ()
    noise = found.noise(limits)
    return (
        (
            "Groups",
            f"Of {number(len(noise.rows))} groups of {number(limits.least)} or more, "
            f"{number(noise.beyond)} differ by more than {number(100 * limits.group_bias)} points; "
            f"if the chances are right, noise puts {number(noise.expected_with_fit, 1)} there. "
            f"Larger than noise allows: {', '.join(noise.larger) or 'none'}.",
        ),
    )


def _reliability(found: ChanceCalibration) -> Table:
    rows = tuple(
        (
            row.who,
            number(row.people),
            percent(row.predicted, 1),
            percent(row.observed, 1),
            number(100 * row.bias, 1),
        )
        for row in found.reliability
    )
    return Table(
        "Chances against what came, by predicted chance",
        ("Chance", "People", "Predicted", "Came", "Difference, points"),
        rows,
        "Later window, people without a service.",
    )


def _helps(story: ClientStory, result: RunResult, prob: float) -> tuple[Block, ...]:
    learnt = story.learnt
    taken = "" if learnt.bias is None else " The prior of hidden bias is taken off."
    caption = (
        "Effect of each service on the chance, against no service: mean (dot) and "
        f"{interval_words(prob)} (bar).{taken}"
    )
    figure = plot_group_effects(learnt.drawn, prob)
    blocks: list[Block] = [
        *told_first(story),
        picture(figure, "group-effects", "What helps whom", caption),
    ]
    if learnt.months is not None:
        kept = "" if learnt.bias is None else " The prior of hidden bias is not taken off here."
        blocks.append(
            picture(
                plot_months(learnt.months, prob),
                "effect-months",
                "Effect by month",
                f"Effect on work in each month after the index date: mean (line), "
                f"{interval_words(prob)} (band). Below zero people are locked in.{kept}",
            )
        )
    return (*blocks, Tabled(needed_table(story)), *side_by_side(story, result, prob))


def _places(story: ClientStory, prob: float) -> tuple[Block, ...]:
    proposal = story.proposal
    rules = story.plan.places
    gains = Table(
        "Gain of the proposal over other rules at the same places",
        ("Over", "Additional per 1,000 clients", interval_words(prob)),
        tuple(_gain_row(gain, prob) for gain in proposal.gains),
        "Doubly robust, on clients of the later window; differences are paired, person by person.",
    )
    allocation = proposal.allocation
    limits = [f"{name}: {number(places)} places" for name, places in rules.capacity.items()]
    limits += [] if rules.budget is None else [f"budget {number(rules.budget)}"]
    limits += [floor.title for floor in rules.floors]
    worth = zip(allocation.types.services, allocation.price, strict=True)
    in_money = isinstance(story.plan.worth.aim, NetValue)
    next_place = "; ".join(
        f"{s}: {number(1000 * float(p), 0 if in_money else 1)}" for s, p in worth
    )
    adds = ", in money" if in_money else ""
    return (
        Points(
            (
                ("Limits", "; ".join(limits)),
                ("Places seek", sought(story)),
                (f"One thousand places more would add, at the margin{adds}", next_place),
            )
        ),
        Tabled(_proposed(story)),
        Tabled(gains),
        picture(
            plot_frontier(proposal.frontier, prob),
            "frontier",
            "Mean gain and the worst-off group",
            "Every point is an allocation within the limits; none is the one optimum.",
        ),
    )


def _proposed(story: ClientStory) -> Table:
    proposal, drawn = story.proposal, story.learnt.drawn
    rows = tuple(
        (group, *(number(float(v)) for v in proposal.places[g]))
        for g, group in enumerate(drawn.groups)
    )
    return Table(
        "Proposed places by group",
        ("Group", *drawn.services),
        (*rows, ("Together", *(number(float(v)) for v in proposal.places.sum(axis=0)))),
        f"{percent(story.plan.places.random_share)} of the places are drawn by lot, so that "
        "effects stay learnable.",
    )


def _gain_row(gain: PolicyGain, prob: float) -> tuple[str, str, str]:
    low, high = gain.interval(prob)
    return gain.baseline, number(gain.gain, 1), f"{number(low, 1)} to {number(high, 1)}"


def _fairness(story: ClientStory, prob: float) -> tuple[Block, ...]:
    shown = next(iter(story.fairness.audits.values()))
    return (
        Paragraph(
            "Equal chances or equal flags need not make outcomes more equal: the last table is "
            "what is expected to come after each policy."
        ),
        beside_table(story.fairness.audits),
        audit_table(shown),
        Tabled(impact_table(story.fairness.impact, prob)),
    )
