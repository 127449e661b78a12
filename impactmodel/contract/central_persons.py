"""The cap per person over all clauses as rules of the central scenario.

What one person earns depends on which outcomes they have together. The combinations are tabulated
with the share of people who have each; the rest is live: the share of people with an outcome is a
sum of shares, and what the cap leaves of a due is

    people × sum over combinations of share × (min(cap, prices so far) − min(cap, prices before)).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from impactmodel.contract.compile import PERSON_CAP
from impactmodel.contract.names import term_name
from impactmodel.contract.phrases import joined
from impactmodel.core.rule import Constant, Difference, Input, Minimum, Named, Product, Rule, Sum

if TYPE_CHECKING:
    from impactmodel.contract.dues import Due

PERSONS = "persons"
COMBINATION = "only|"
"""Before the key of a combination's share."""
SOURCE = "tabulated from the draws, with the dependence that the contract states"


@dataclass(frozen=True, slots=True)
class PersonBlock:
    """The rules of the cap per person.

    Parameters
    ----------
    shares
        For each combination's key: its label and the share of people who have it.
    rules
        Of them ``level_name`` and ``granted_name`` of each due.
    """

    shares: Mapping[str, tuple[str, float]]
    rules: list[Named]


def level_name(place: int) -> str:
    """Return the name of the share of people with the outcome of a due."""
    return f"with {place}"


def granted_name(place: int) -> str:
    """Return the name of what the cap per person leaves of a due over the cohort."""
    return f"granted {place}"


def person_block(
    dues: Sequence[Due],
    titles: Sequence[str],
    prices: Sequence[float],
    cap: float,
    combinations: Mapping[tuple[int, ...], float],
    people: Rule,
) -> PersonBlock:
    """Return the rules; ``titles`` are the outcomes of the dues in words, with their periods."""
    most = Constant(cap, name=PERSON_CAP)
    price = [
        Constant(amount, name=term_name(due.path, "price"))
        for due, amount in zip(dues, prices, strict=True)
    ]
    shares: dict[str, tuple[str, float]] = {}
    rules: list[Named] = []
    having: dict[int, list[Rule]] = {place: [] for place in range(len(dues))}
    earned: dict[int, list[Rule]] = {place: [] for place in range(len(dues))}
    for number, (places, share) in enumerate(sorted(combinations.items()), 1):
        key = COMBINATION + "+".join(f"{dues[p].clause.name}|{dues[p].period}" for p in places)
        label = f"combination {number}: people with {joined([titles[p] for p in places])} alone"
        shares[key] = (label, share)
        part = Input(key, f"share of combination {number}")
        before: Rule = Constant(0.0)
        for count, place in enumerate(places, 1):
            so_far = Minimum((Sum([price[p] for p in places[:count]]), most))
            name = f"combination {number}, {count}"
            said = f"combination {number}: earned up to {titles[place]}"
            rules.append(Named(name, so_far, said))
            now = Input(name, said)
            having[place].append(part)
            earned[place].append(Product((part, Difference(now, before))))
            before = now
    for place, title in enumerate(titles):
        level = Sum(having[place] or [0.0])
        rules.append(Named(level_name(place), level, f"share of people with {title}"))
        left = Product((people, Sum(earned[place] or [0.0])))
        rules.append(Named(granted_name(place), left, f"{title}: under the cap per person"))
    return PersonBlock(shares, rules)
