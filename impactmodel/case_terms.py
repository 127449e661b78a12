"""Terms of a contract that the clients of a case give, and groups that it names among them."""

from __future__ import annotations

import dataclasses

from impactmodel.case_tables import Material
from impactmodel.clients.story import ClientStory
from impactmodel.contract import OutcomesContract, fix_terms, open_terms, terms_by_group
from impactmodel.core.errors import InputError, Problem
from impactmodel.core.outcomes import Outcomes

_ABSENT = {
    "groups": "leave it out",
    "price": "leave it out, or state prices as a card, whose rows may be of nobody",
}


def with_clients(contract: OutcomesContract, told: Material) -> tuple[OutcomesContract, Material]:
    """Return a contract with every term that the clients give as numbers, and what they told.

    Parameters
    ----------
    told
        Of clients: its data are outcomes by group, its report a story.

    Raises
    ------
    InputError
        With the key of each term, if it names a group that the clients do not have or in which
        nobody gets a place, or takes from a case mix what is not there.
    """
    story, outcomes = told.report, told.data
    if not isinstance(story, ClientStory) or not isinstance(outcomes, Outcomes):
        return contract, told
    groups = tuple(map(str, outcomes.dataset["group"].values.tolist()))
    _check_groups(contract, story.learnt.drawn.groups, groups)
    keys = open_terms(contract)
    if not keys:
        return contract, told
    offer = story.case_mix
    if offer is None:
        raise InputError(
            "the clients have no case mix to take this from",
            key=f"contract.{keys[0]}",
            fix="anticipate with policy without_service and groups of at least 50 people",
        )
    try:
        fixed, terms = fix_terms(contract, offer.mix, groups)
    except InputError as error:
        raise error.located(key="contract") from None
    told_on = dataclasses.replace(story, case_mix=dataclasses.replace(offer, fixed=terms))
    return fixed, dataclasses.replace(told, report=told_on)


def _check_groups(
    contract: OutcomesContract, known: tuple[str, ...], placed: tuple[str, ...]
) -> None:
    problems = []
    for key, kind, names in terms_by_group(contract):
        for name in names:
            if name not in known:
                what, fix = "the clients have no such group", "use " + "; ".join(known)
            elif name not in placed and kind != "level":
                what, fix = "nobody of this group gets a place", _ABSENT[kind]
            else:
                continue
            problems.append(Problem(what, fix, repr(name), f"contract.{key}"))
    if problems:
        raise InputError.of(problems)
