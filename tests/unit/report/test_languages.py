"""Every phrase exists in every language, with the same places to be filled in."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

import impactmodel.report
from impactmodel.core.errors import InputError
from impactmodel.fiscal.finnish_lines import FLOWS
from impactmodel.fiscal.payers import PRIVATE_PAYERS, PUBLIC_PAYERS
from impactmodel.levers import COSTS
from impactmodel.report.drivers_section import BUILT_IN
from impactmodel.report.languages import CODES, Language, texts

SPACE = "\u00a0"
FI, EN = Language("fi"), Language("en")
ROOM = Path(impactmodel.report.__file__).parent


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", list(texts()["phrases"]))
def test_a_phrase_is_in_every_language_with_the_same_places(key: str) -> None:
    phrase = texts()["phrases"][key]
    assert set(phrase) == set(CODES)
    assert all(text.strip() for text in phrase.values())
    if key not in ("periods_of", "at_end_of"):  # Finnish needs the genitive of the step there
        assert len({frozenset(places(text)) for text in phrase.values()}) == 1


@pytest.mark.parametrize("statement", texts()["statements"], ids=lambda s: s["pattern"][:30])
def test_a_statement_fills_in_what_its_pattern_finds(statement: dict[str, str]) -> None:
    groups = set(re.compile(statement["pattern"]).groupindex)
    for code in CODES:
        assert places(statement[code]) <= groups
        assert groups - places(statement[code]) <= {"payer"}
    assert f"[phrases.{statement['mark']}]" in (ROOM / "phrases.toml").read_text(encoding="utf-8")


def test_a_word_is_in_every_language_and_stands_once() -> None:
    names = [name for kind in texts()["words"].values() for name in kind]
    assert len(names) == len(set(names)) > 50
    assert all(set(w) == set(CODES) for kind in texts()["words"].values() for w in kind.values())


@pytest.mark.parametrize(
    "name", [*PUBLIC_PAYERS, *PRIVATE_PAYERS, "parish", "investors", *(f.line for f in FLOWS)]
)
def test_payers_and_lines_of_the_finnish_ledger_have_words(name: str) -> None:
    assert FI.word(name) != name
    assert "_" not in EN.word(name)


SOCIAL = ("value", "sroi", "impact_multiple")


def test_every_phrase_that_the_brief_asks_for_exists_and_none_is_idle() -> None:
    asked: set[str] = set()
    for path in ROOM.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        asked |= {
            n.value
            for n in ast.walk(tree)
            if isinstance(n, ast.Constant) and isinstance(n.value, str)
        }
    template = (ROOM / "templates" / "brief.html.j2").read_text(encoding="utf-8")
    in_template = set(re.findall(r'say\("(\w+)"\)', template))
    phrases = set(texts()["phrases"])
    assert in_template <= phrases
    made = {
        f"{head}_{end}"
        for head in ("per", "population")
        for end in ("assigned", "participants", "compliers")
    } | {"view_expected", "view_measured"}
    gains = ("npv", "net", "paid")
    made |= {f"{head}_{gain}" for head in ("gain", "chance") for gain in gains}
    made |= {f"lever_{kind}" for kind in ("effect", "price", "value", "cap")}
    people = ("shortfall", "take_up", "drop_out_per_month", "late_start_months", "lag_months")
    made |= {f"lever_{key}" for key in (*people, *(path.split(".")[1] for path in COSTS))}
    made |= {f"scenario_{name}" for name in BUILT_IN}
    made |= {f"break_even_{of}{end}" for of in ("effect", "cohort") for end in ("", "_none")}
    measures = ("outcomes", "cost_per_outcome", "outcomes_per_unit_paid", *SOCIAL)
    made |= {f"impact_{name}" for name in ("people", "invested", "paid", "irr", *measures)}
    marks = {s["mark"] for s in texts()["statements"]}
    assert made <= phrases
    assert phrases - asked - in_template - made - marks == set()


def test_a_name_without_a_finnish_word_is_refused_with_the_word_to_add() -> None:
    with pytest.raises(InputError) as caught:
        FI.word("job_centre")
    assert str(caught.value) == (
        "translations.fi.words: there is no word of the language 'fi' for this name "
        "(seen: 'job_centre'); add 'job_centre: ...' to the words of the case"
    )


def test_the_words_of_the_case_come_first() -> None:
    own = Language("fi", {"state": "valtionhallinto", "job_centre": "työvoimatoimisto"})
    assert own.word("state") == "valtionhallinto"
    assert own.word("job_centre") == "työvoimatoimisto"
    assert own.word("municipality") == "kunta"


@pytest.mark.parametrize(
    ("value", "decimals", "written"),
    [
        (1234567.891, 1, f"1{SPACE}234{SPACE}567,9"),
        (-0.5, 2, "−0,50"),
        (float("nan"), 0, "ei määritelty"),
    ],
)
def test_finnish_numbers(value: float, decimals: int, written: str) -> None:
    assert FI.number(value, decimals) == written


@pytest.mark.parametrize(
    ("amount", "spread", "currency", "fi", "en"),
    [
        (6_060_396.0, 744_628.0, "EUR", "6,06 milj. €", "EUR 6.06 million"),
        (-2_370_516.0, 791_574.0, "EUR", "−2,37 milj. €", "EUR −2.37 million"),
        (999_999.0, 12_345.0, "EUR", "1 000 000 €", "EUR 1,000,000"),
        (4531.4, 1339.0, "EUR", "4 500 €", "EUR 4,500"),
        (1500.0, 0.0, "USD", "1 500 USD", "USD 1,500"),
    ],
)
def test_amounts(amount: float, spread: float, currency: str, fi: str, en: str) -> None:
    assert FI.amount(amount, spread, currency).replace(SPACE, " ") == fi
    assert EN.amount(amount, spread, currency).replace(SPACE, " ") == en


@pytest.mark.parametrize(
    ("share", "fi", "en"),
    [(0.0, "alle 1 %", "under 1 %"), (0.04, "4 %", "4 %"), (1.0, "yli 99 %", "over 99 %")],
)
def test_no_probability_from_draws_is_certain(share: float, fi: str, en: str) -> None:
    assert FI.probability(share).replace(SPACE, " ") == fi
    assert EN.probability(share).replace(SPACE, " ") == en


def test_an_interval_is_named_by_probability_and_kind() -> None:
    assert FI.interval(0.9).replace(SPACE, " ") == "90 %:n tasahäntäinen todennäköisyysväli"
    assert FI.interval(0.975).replace(SPACE, " ") == "97,5 %:n tasahäntäinen todennäköisyysväli"
    assert EN.interval(0.9).replace(SPACE, " ") == "90 % equal-tailed interval"


def test_no_text_is_idle() -> None:
    """Of a text of some length, half of the runs of three words stand in what the package says."""
    said: list[str] = []
    for path in ROOM.parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                fixed = (v.value for v in node.values if isinstance(v, ast.Constant))
                said.append("\0".join(map(str, fixed)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                said.append(node.value)
    said += [p.read_text(encoding="utf-8") for p in ROOM.parent.rglob("*.toml") if p.parent != ROOM]
    known = " ".join(said).lower().replace(SPACE, " ")
    idle = []
    for text in texts()["texts"]:
        parts = [part.split() for part in re.split(r"\{\w+\}|[;,.:()]", text.lower())]
        runs = [" ".join(p[i : i + 3]) for p in parts for i in range(len(p) - 2)]
        if len(runs) > 3 and sum(run in known for run in runs) < len(runs) / 2:
            idle.append(text)
    assert idle == []
