"""Savings from stated values: every line is a value per unit of an outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from impactmodel.core.distribution import draw
from impactmodel.core.errors import InputError
from impactmodel.core.measures import Channel
from impactmodel.core.money import same
from impactmodel.core.outcomes import Outcomes
from impactmodel.core.seeds import stream
from impactmodel.fiscal.ledger import Ledger
from impactmodel.fiscal.ledger_data import Draws, Line
from impactmodel.fiscal.projection import Projection, project
from impactmodel.fiscal.savings import Savings, StatedValues
from impactmodel.fiscal.stated_central import central_of_values
from impactmodel.fiscal.unit_values import UnitValue, UnitValues

_OWN_CHANNELS: tuple[Channel, ...] = ("tax", "benefit", "service")


def unit_savings(outcomes: Outcomes, public: UnitValues, *, seed: int) -> Savings:
    """Compute savings from unit values; see `impactmodel.fiscal.savings`."""
    same("currency", public.currency, outcomes.currency, "the public side", "the evidence")
    about = outcomes.provenance
    same("price base", public.price_base, about.price_base, "the public side", "the evidence")
    for place, value in enumerate(public.values):
        try:
            outcomes.measure(value.outcome)
        except InputError as error:
            raise error.located(key=f"values[{place}]") from None
    found = project(outcomes, public.adjustments, seed=seed, as_money=True)
    ledger = Ledger.of(
        _lines(outcomes, public, found, seed),
        periods=found.periods,
        cohort_size=outcomes.cohort_size.values,
        currency=public.currency,
        groups=outcomes.dataset["group"].values.tolist(),
        price_base=public.price_base or about.price_base,
        private=public.private,
    )
    return Savings(
        ledger=ledger,
        discount_rate=public.discount_rate,
        periods=outcomes.periods,
        explainer=StatedValues(_texts(public)),
        provenance=about,
        assumptions=_assumptions(outcomes, public),
        label=public.label or public.name,
        make_central=partial(central_of_values, outcomes, public),
    )


def _lines(outcomes: Outcomes, public: UnitValues, found: Projection, seed: int) -> Sequence[Line]:
    names = [measure.name for measure in outcomes.measures]
    lines: dict[str, Line] = {}
    for value in public.values:
        at = names.index(value.outcome)
        rng = stream(seed, "unit value", value.line, value.payer)
        per_unit = draw(value.value, outcomes.n_draws, rng)[:, None, None]
        before = lines.get(value.line)
        sides = (before.treated, before.counterfactual) if before else ({}, {})
        treated = _posted(sides[0], value, found.treated[:, :, at] * per_unit)
        without = _posted(sides[1], value, found.counterfactual[:, :, at] * per_unit)
        transfer = bool(value.counterparty) and (before is None or before.transfer)
        channel = _channel(value, outcomes)
        lines[value.line] = Line(
            value.line, channel, value.outcome, treated, without, transfer=transfer
        )
    return list(lines.values())


def _posted(sides: Mapping[str, Draws], value: UnitValue, amount: Draws) -> dict[str, Draws]:
    posted = dict(sides)
    posted[value.payer] = posted.get(value.payer, 0.0) + amount
    if value.counterparty:
        posted[value.counterparty] = posted.get(value.counterparty, 0.0) - amount
    return posted


def _channel(value: UnitValue, outcomes: Outcomes) -> Channel:
    own = outcomes.measure(value.outcome).channel
    return own if value.channel == "other" and own in _OWN_CHANNELS else value.channel


def _texts(public: UnitValues) -> dict[tuple[str, str], str]:
    texts: dict[tuple[str, str], str] = {}
    for value in public.values:
        for payer in (value.payer, value.counterparty):
            before = f"{texts[value.line, payer]}; " if (value.line, payer) in texts else ""
            side = "" if payer == value.payer else f"paid to {value.payer}: "
            texts[value.line, payer] = f"{before}{side}{value.text()}"
    return texts


def _assumptions(outcomes: Outcomes, public: UnitValues) -> tuple[str, ...]:
    weak = [
        f"public side, {v.line} for {v.payer}: {v.text()}"
        for v in public.values
        if v.status == "assumption" or not v.verified
    ]
    label = [public.label] if public.label else []
    rate = f"public amounts are discounted at {public.discount_rate:.3g} a year to the first year"
    said = [*weak, *public.adjustments.statements(outcomes.periods), rate, *label]
    return tuple(dict.fromkeys([*outcomes.provenance.assumptions, *said]))
