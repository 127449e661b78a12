"""Words of a drawing that became longer in another language: kept inside it."""

from __future__ import annotations

import re

from impactmodel.report.style import QUIET

_VIEW = re.compile(r'viewBox="0 0 ([\d.]+) ')
_PLACE = re.compile(r' x="([\d.-]+)" y="([\d.-]+)"')
_LEVEL = re.compile(r"rotate\(-?0 ")
_MARGIN = 4.0
_TITLES = ("font-weight: 700", f"fill: {QUIET}")
"""How titles and remarks are told from the words of a legend."""


def width_of(svg: str) -> float:
    """Return the width of a drawing in its own units; 0 where it states none.

    Examples
    --------
    >>> width_of('<svg viewBox="0 0 518.4 302.4">')
    518.4
    """
    found = _VIEW.search(svg)
    return float(found[1]) if found else 0.0


def placed(head: str, text: str, width: float) -> tuple[str, float, float]:
    """Return the opening tag of a text, and where the text begins and ends.

    A title or a remark that would run over the right edge begins at the left edge instead.

    Parameters
    ----------
    head
        The opening tag, as matplotlib writes it.
    text
        What it will say.
    width
        Of the drawing.

    Examples
    --------
    >>> place = 'x="90" y="5" transform="rotate(-0 90 5)"'
    >>> tag = f'<text style="font-size: 10px; text-anchor: end" {place}>'
    >>> same, begins, ends = placed(tag, "word", 200.0)
    >>> same == tag, 50 < begins < 80, ends
    (True, True, 90.0)
    """
    place = _PLACE.search(head)
    if place is None or not _LEVEL.search(head):
        return head, 0.0, 0.0
    x, y, needed = float(place[1]), place[2], _length(head, text)
    if "text-anchor: end" in head:
        return head, x - needed, x
    if "text-anchor: middle" in head:
        return head, x - needed / 2, x + needed / 2
    if x + needed > width - _MARGIN and x < width / 2 and any(k in head for k in _TITLES):
        head = head.replace(place[0], f' x="{_MARGIN:g}" y="{y}"')
        head = re.sub(r"rotate\([^)]*\)", f"rotate(0 {_MARGIN:g} {y})", head)
        x = _MARGIN
    return head, x, x + needed


def widened(svg: str, begins: float, ends: float) -> str:
    """Return a drawing wide enough for texts that begin and end there.

    Examples
    --------
    >>> widened('<svg viewBox="0 0 500 300">', -16.0, 480.0)
    '<svg viewBox="-20 0 520 300">'
    """
    width = width_of(svg)
    left, right = min(0.0, begins - _MARGIN), max(width, ends + _MARGIN)
    if not width or (left == 0 and right == width):
        return svg
    return _VIEW.sub(f'viewBox="{left:g} 0 {right - left:g} ', svg, count=1)


def _length(head: str, text: str) -> float:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    size = re.search(r"font-size: ([\d.]+)px", head)
    weight = "bold" if "font-weight: 700" in head else "normal"
    font = FontProperties(family="DejaVu Sans", weight=weight, size=float(size[1]) if size else 10)
    return float(text_to_path.get_text_width_height_descent(text, font, ismath=False)[0])
