"""Words of a drawing that became longer in another language: kept inside it."""

from __future__ import annotations

import re

_VIEW = re.compile(r'viewBox="0 0 ([\d.]+) ')
_PLACE = re.compile(r' x="([\d.-]+)" y="([\d.-]+)"')
_LEVEL = re.compile(r"rotate\(-?0 ")
_MARGIN = 4.0


def width_of(svg: str) -> float:
    """Return the width of a drawing in its own units; 0 where it states none.

    Examples
    --------
    >>> width_of('<svg viewBox="0 0 518.4 302.4">')
    518.4
    """
    found = _VIEW.search(svg)
    return float(found[1]) if found else 0.0


def fitted(head: str, text: str, width: float) -> str:
    """Return the opening tag of a text so that the text lies inside the drawing.

    What begins at its place begins at the left edge if it would run over the right one; what ends
    at its place, or is centred, is set narrower. Upright texts are left as they are.

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
    >>> tag = '<text style="font-size: 10px; text-anchor: start" x="90" y="5" transform="rotate(-0 90 5)">'
    >>> fitted(tag, "a short one", 200.0) == tag, 'x="4"' in fitted(tag, 30 * "word ", 900.0)
    (True, True)
    """
    place = _PLACE.search(head)
    if place is None or not width or not _LEVEL.search(head):
        return head
    x, y = float(place[1]), place[2]
    needed = _length(head, text)
    if "text-anchor: start" in head:
        if x + needed <= width - _MARGIN:
            return head
        room = width - 2 * _MARGIN
        head = head.replace(place[0], f' x="{_MARGIN:g}" y="{y}"')
        head = re.sub(r"rotate\([^)]*\)", f"rotate(0 {_MARGIN:g} {y})", head)
    else:
        ends = x if "text-anchor: end" in head else 2 * min(x, width - x)
        room = ends - _MARGIN
    if needed <= room:
        return head
    return head.replace("<text ", f'<text textLength="{room:.1f}" lengthAdjust="spacingAndGlyphs" ')


def _length(head: str, text: str) -> float:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    size = re.search(r"font-size: ([\d.]+)px", head)
    weight = "bold" if "font-weight: 700" in head else "normal"
    font = FontProperties(family="DejaVu Sans", weight=weight, size=float(size[1]) if size else 10)
    return float(text_to_path.get_text_width_height_descent(text, font, ismath=False)[0])
