"""The whole way from clients to places, as a report reads it: no row of any person is in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from impactmodel.clients.anticipation import Anticipated, ChanceModel, anticipate
from impactmodel.clients.anticipation_calibration import ChanceCalibration, calibrate_chances
from impactmodel.clients.anticipation_record import record_of
from impactmodel.clients.cards import DataSheet, ModelCard, data_sheet, model_card, performance
from impactmodel.clients.case_mix_offer import CaseMixOffer, case_mix_offer
from impactmodel.clients.chances import chances
from impactmodel.clients.clients import Clients
from impactmodel.clients.decision_opening import Opening
from impactmodel.clients.fairness import Audit, Disparity, audit, disclosed, disparity
from impactmodel.clients.features import missing
from impactmodel.clients.impact import Impact, impact
from impactmodel.clients.letter_sample import LetterWords, sample_letter
from impactmodel.clients.letters import ClientLetter
from impactmodel.clients.merging import Merged
from impactmodel.clients.monitor import Monitoring, MonitorRules, observe, watch
from impactmodel.clients.plan import Learnt, PlacesPlan, Proposal, early_rows, learn, propose
from impactmodel.clients.segments_reading import ProfileRow, profile
from impactmodel.clients.use import ClientUse
from impactmodel.clients.value import PlaceValue
from impactmodel.clients.worth import Purse, why_no_worth, worth_of_places
from impactmodel.effects.chances import Importance
from impactmodel.evidence.columns import Labels
from impactmodel.registers.disclosure import DisclosureRules

type Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Fairness:
    """What the models and the proposal do to groups.

    Parameters
    ----------
    audits
        Unaware and aware model.
    disparities
        Of the model that ranks, by attribute.
    impact
        Outcomes by group under each policy.
    """

    audits: Mapping[str, Audit]
    disparities: tuple[Disparity, ...]
    impact: Impact


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Documents:
    """What stands beside the model that ranks, for everybody who meets a score.

    Parameters
    ----------
    card, sheet, monitoring
        Of the model, its data, and a first look at drift.
    letter
        To a made-up client, where the clients are synthetic and the words are given.
    opening
        Of the log of decisions, with the model as it is saved.
    """

    card: ModelCard
    sheet: DataSheet
    monitoring: Monitoring
    letter: ClientLetter | None
    opening: Opening


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ClientStory:
    """What clients' data said, and what is proposed.

    Parameters
    ----------
    plan, use
        As declared.
    people
        Clients of the earlier and the later window.
    anticipated, calibration
        The models of the chance, and the ranking one against what came to the unserved later.
    profile
        Every feature by group.
    merged
        Groups that differ in neither chance nor effect, counted as one.
    learnt, proposal
        Effects, and places.
    fairness, documents
        By group, and beside the model.
    case_mix
        Chance without a service by group, as a contract's baseline; None where groups are small.
    value, no_value
        What places are worth by service and group, or why that is not known.
    """

    plan: PlacesPlan
    use: ClientUse
    people: tuple[int, int]
    anticipated: Anticipated
    calibration: ChanceCalibration
    profile: tuple[ProfileRow, ...]
    merged: Merged
    learnt: Learnt
    proposal: Proposal
    fairness: Fairness
    documents: Documents
    case_mix: CaseMixOffer | None
    value: PlaceValue | None
    no_value: str

    def __repr__(self) -> str:
        return f"ClientStory({self.people[0]} and {self.people[1]} people; {self.proposal!r})"


@dataclass(frozen=True, slots=True)
class Telling:
    """How a story is told.

    Parameters
    ----------
    population
        Who the clients are, in words.
    made
        The day.
    synthetic
        Whether the people are made up.
    draws, seed
        Of effects.
    prob
        Probability of intervals.
    rules
        Of disclosure control, for tables by group.
    letter
        Words of a letter to a made-up client; for synthetic clients alone.
    purse
        What a job is worth to whom, as the case says it; None where nothing is said.
    """

    population: str
    made: dt.date
    synthetic: bool
    draws: int = 2000
    seed: int = 0
    prob: float = 0.9
    rules: DisclosureRules = field(default_factory=DisclosureRules)
    letter: LetterWords | None = None
    purse: Purse | None = None


def tell(
    clients: Clients,
    plan: PlacesPlan,
    use: ClientUse,
    telling: Telling,
    employed: Matrix | None = None,
) -> ClientStory:
    """Go from clients to a proposal, with every document of the model.

    Parameters
    ----------
    clients
        Everybody; ``plan.later`` parts them.
    plan, use, telling
        As declared.
    employed
        Employment by month after the index date (person, month), where it is known.

    Raises
    ------
    InputError
        If the use does not allow a variable or a ranking, or the plan does not fit the clients.
    NotIdentifiedError
        Without overlap.
    """
    seed, draws, early = telling.seed, telling.draws, early_rows(clients, plan)
    before, after = clients.take(early), clients.take(~early)
    anticipated = anticipate(plan.anticipation, before, Importance(seed=seed, draws=draws))
    sheet = _sheet(before, use, anticipated.ranking, telling)
    learnt = learn(clients, plan, employed=employed, draws=draws, seed=seed)
    groups, drawn = learnt.membership, learnt.drawn
    chance = chances(anticipated.ranking, after)
    tested = _Tested.of(after, plan, use, chance.expected())
    value, no_value = _value(plan, telling, learnt)
    proposal = propose(clients, plan, learnt, tested.expected, value=value, seed=seed)
    later, places = groups.take(~early), _with_none(proposal)
    after_policy = impact(chance.blocks(), drawn.effect, later.code, places, tested.first)
    fairness = tested.fairness(anticipated, after, after_policy, telling)
    return ClientStory(
        plan=plan,
        use=use,
        people=(before.size, after.size),
        anticipated=anticipated,
        calibration=calibrate_chances(
            chances(anticipated.ranking, after.take(after.service == 0)), by=plan.audited
        ),
        profile=profile(before, groups.take(early)),
        merged=plan.merge.merge(drawn.without, drawn.effect, drawn.groups),
        learnt=learnt,
        proposal=proposal,
        fairness=fairness,
        documents=tested.documents(anticipated, after, fairness, sheet, telling),
        case_mix=case_mix_offer(chance, groups, early, proposal.places),
        value=value,
        no_value=no_value,
    )


def _value(plan: PlacesPlan, telling: Telling, learnt: Learnt) -> tuple[PlaceValue | None, str]:
    """Return what places are worth, or why that is not known."""
    if telling.purse is None:
        return None, "It was not said what a job is worth to whom."
    rules, purse = plan.places, telling.purse
    value = worth_of_places(plan.worth, rules, purse, learnt.drawn, seed=telling.seed)
    return value, "" if value is not None else why_no_worth(plan.worth, rules, purse)


def _sheet(before: Clients, use: ClientUse, model: ChanceModel, telling: Telling) -> DataSheet:
    ranked = dict.fromkeys(f for part in model.encoded.parts for f in part.features)
    return data_sheet(
        before,
        use,
        population=telling.population,
        ranking=tuple(ranked),
        synthetic=telling.synthetic,
    )


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class _Tested:
    """The later window as audits read it: what came without a service, and groups."""

    use: ClientUse
    expected: Matrix
    outcome: Matrix
    groups: Mapping[str, tuple[Labels, tuple[str, ...]]]
    threshold: float

    @classmethod
    def of(cls, after: Clients, plan: PlacesPlan, use: ClientUse, expected: Matrix) -> _Tested:
        # What came without a service is known of the unserved alone.
        outcome = np.where(after.service == 0, after.target(plan.target), np.nan)
        share = min(1.0, sum(plan.places.capacity.values()) / after.size)
        groups = {name: _labels(after, name) for name in plan.audited}
        return cls(use, expected, outcome, groups, float(np.quantile(expected, share)))

    @property
    def first(self) -> tuple[str, Labels, tuple[str, ...]]:
        """The attribute that is named first, with codes and labels."""
        name = next(iter(self.groups))
        return name, *self.groups[name]

    def fairness(
        self, anticipated: Anticipated, after: Clients, after_policy: Impact, telling: Telling
    ) -> Fairness:
        """Audit both models; those with the lowest chances, as many as places, are high risk."""
        models = (("unaware", anticipated.unaware), ("aware", anticipated.aware))
        audits = {
            name: self._audit(chances(model, after).expected(), telling) for name, model in models
        }
        shown = audits[_ranking(anticipated)]
        return Fairness(audits, tuple(disparity(shown, name) for name in self.groups), after_policy)

    def documents(
        self,
        anticipated: Anticipated,
        after: Clients,
        fairness: Fairness,
        sheet: DataSheet,
        telling: Telling,
    ) -> Documents:
        """Return the card of the model that ranks, its data sheet and a first look at drift."""
        shown = fairness.audits[_ranking(anticipated)]
        model = anticipated.ranking
        record = record_of(model, self.use.name)
        card = model_card(
            record,
            self.use,
            sheet,
            (performance(self.expected, self.outcome, shown), shown),
            made=telling.made,
        )
        words, letter = telling.letter, None
        if words is not None and telling.synthetic:
            letter = sample_letter(words, model, record, after, telling.made)
        opening = Opening(self.use, model, record, telling.synthetic)
        drift = _monitoring(after, self.expected, self.outcome)
        return Documents(card, sheet, drift, letter, opening)

    def _audit(self, expected: Matrix, telling: Telling) -> Audit:
        made = audit(
            expected, self.outcome, self.groups, threshold=self.threshold, prob=telling.prob
        )
        return disclosed(made, expected, self.outcome, self.groups, telling.rules)


def _labels(after: Clients, name: str) -> tuple[Labels, tuple[str, ...]]:
    """Return codes and labels; those that do not tell their attribute are put behind its name."""
    code, labels = after.labels(name)
    bare = {"no", "yes", "missing"}
    return code, tuple(f"{name} {label}" if label in bare else label for label in labels)


def _ranking(anticipated: Anticipated) -> str:
    return "aware" if anticipated.ranking is anticipated.aware else "unaware"


def _with_none(proposal: Proposal) -> dict[str, Matrix]:
    """Return each policy with the chance of no service first (person, 1 + service)."""
    return {
        name: np.column_stack([1 - policy.sum(axis=1), policy])
        for name, policy in proposal.policies.items()
    }


def _monitoring(after: Clients, expected: Matrix, outcome: Matrix) -> Monitoring:
    """Hold the second half of the later window against the first, which stands for calibration."""
    gaps = {
        name: missing(feature, after.values[name])
        for name, feature in after.table.features.items()
        if feature.gaps
    }
    late = after.index >= np.sort(after.index)[after.size // 2]
    rules = MonitorRules()
    first = observe(
        expected[~late], outcome[~late], {k: v[~late] for k, v in gaps.items()}, bins=rules.bins
    )
    then = observe(
        expected[late], outcome[late], {k: v[late] for k, v in gaps.items()}, edges=first.edges
    )
    return watch(first, then, rules, len(rules.looks) - 1)
