"""What a page is made of: sections of sentences, lists, tables, figures and marked remarks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from impactmodel.report.tables import Table

if TYPE_CHECKING:
    from jinja2 import Environment

    from impactmodel.report.languages import Code


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of running text."""

    text: str
    kind: Literal["paragraph"] = field(default="paragraph", init=False)


@dataclass(frozen=True, slots=True)
class Points:
    """A list of sentences, each with a word in front that says what it is about."""

    items: tuple[tuple[str, str], ...]
    kind: Literal["points"] = field(default="points", init=False)


@dataclass(frozen=True, slots=True)
class Marked:
    """Sentences that must not be overlooked, each under the same mark.

    Parameters
    ----------
    mark
        Such as ``Assumption``, ``Warning`` or ``Synthetic data``.
    name
        What it looks like; that of its English mark, in whatever language it is shown.
    """

    mark: str
    items: tuple[str, ...]
    name: str = ""
    kind: Literal["marked"] = field(default="marked", init=False)

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.mark.lower().replace(" ", "-"))


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure as an SVG element, with a caption that can be read without it."""

    svg: str
    caption: str
    kind: Literal["picture"] = field(default="picture", init=False)


@dataclass(frozen=True, slots=True)
class Tabled:
    """A table."""

    table: Table
    kind: Literal["table"] = field(default="table", init=False)


@dataclass(frozen=True, slots=True)
class Steps:
    """Lines of a computation, set as they are."""

    text: str
    kind: Literal["steps"] = field(default="steps", init=False)


@dataclass(frozen=True, slots=True)
class Folded:
    """Headed texts that are read on demand; lines of a text stay lines.

    Parameters
    ----------
    summary
        What is folded away.
    items
        Heading and text.
    """

    summary: str
    items: tuple[tuple[str, str], ...]
    kind: Literal["folded"] = field(default="folded", init=False)


@dataclass(frozen=True, slots=True)
class FoldedTables:
    """Tables that are read on demand.

    Parameters
    ----------
    summary
        What is folded away.
    """

    summary: str
    tables: tuple[Table, ...]
    kind: Literal["folded_tables"] = field(default="folded_tables", init=False)


type Block = Paragraph | Points | Marked | Picture | Tabled | Steps | Folded | FoldedTables


@dataclass(frozen=True, slots=True)
class Section:
    """A headed part of a page; left out where it has no blocks."""

    name: str
    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A whole page.

    Parameters
    ----------
    title, lead
        The heading and one sentence under it.
    facts
        Pairs of a short name and a value, shown under the lead.
    sections
        In order.
    language
        Of its texts.
    """

    title: str
    lead: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    language: Code = "en"

    def html(self) -> str:
        """Return the page as one self-contained HTML document: no script, no request."""
        shown = [section for section in self.sections if section.blocks]
        return environment().get_template("page.html.j2").render(page=self, sections=shown)

    def write(self, path: str | Path) -> Path:
        """Write the page to a file; return its path."""
        path = Path(path)
        path.write_text(self.html(), encoding="utf-8", newline="\n")
        return path


def environment() -> Environment:
    """Return the templates of the room, with everything escaped but this package's drawings."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    made = Environment(
        loader=PackageLoader("impactmodel.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Figures are the only markup that is not escaped: this package drew them.
    made.filters["drawing"] = Markup
    return made
