"""How the cells of a workbook look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_MONEY = "[>=0.5]#,##0;[Red][<=-0.5]\u2212#,##0;0"
_CENTS = "[>=0.005]#,##0.00;[Red][<=-0.005]\u2212#,##0.00;0.00"


def chance(said: Callable[[str], str]) -> str:
    """Return the number format of a probability from draws, never written as certain.

    Parameters
    ----------
    said
        Says a text in the language of the workbook.
    """
    return f'[>0.99]"{said("over 99 %")}";[<0.01]"{said("under 1 %")}";0%'


_BORDER = {"bottom": 4, "bottom_color": "#BFBFBF"}
FORMATS: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 16, "font_color": "#1F3864"},
    "lead": {"font_color": "#595959"},
    "section": {"bold": True, "font_size": 12, "font_color": "#1F3864", "bottom": 2},
    "block": {"align": "left", "indent": 1, "bold": True, "bg_color": "#DDE6F2"},
    "head": {
        "bold": True,
        "align": "left",
        "indent": 1,
        "font_color": "#FFFFFF",
        "bg_color": "#1F3864",
        "text_wrap": True,
        "valign": "vcenter",
    },
    "head_number": {
        "bold": True,
        "font_color": "#FFFFFF",
        "bg_color": "#1F3864",
        "text_wrap": True,
        "valign": "vcenter",
        "align": "right",
    },
    "text": {"text_wrap": True, "align": "left", "indent": 1, **_BORDER},
    "mark": {
        "text_wrap": True,
        "align": "left",
        "indent": 1,
        "bold": True,
        "font_color": "#9C0006",
        **_BORDER,
    },
    "strong": {"text_wrap": True, "align": "left", "indent": 1, "bold": True, **_BORDER},
    "note": {"font_color": "#595959", "italic": True},
    "note_lines": {"font_color": "#595959", "italic": True, "text_wrap": True},
    "grey": {
        "align": "left",
        "indent": 1,
        "font_color": "#7F7F7F",
        "font_size": 8,
        "text_wrap": True,
        **_BORDER,
    },
    "link": {"font_color": "#0563C1", "underline": 1},
    "money": {"num_format": _MONEY, **_BORDER},
    "cents": {"num_format": _CENTS, **_BORDER},
    "total": {"num_format": _MONEY, "bold": True, "top": 1, "bg_color": "#F2F2F2"},
    "total_text": {
        "align": "left",
        "indent": 1,
        "bold": True,
        "top": 1,
        "bg_color": "#F2F2F2",
        "text_wrap": True,
    },
    "value": {"num_format": _MONEY, "italic": True, "font_color": "#595959", **_BORDER},
    "value_total": {
        "num_format": _MONEY,
        "italic": True,
        "font_color": "#595959",
        "top": 1,
        "bg_color": "#F2F2F2",
    },
    "percent": {"num_format": chance(str), "align": "right", **_BORDER},
    "year": {"num_format": "0", "align": "left", **_BORDER},
    "number": {"num_format": "#,##0.00####", **_BORDER},
    "whole": {"num_format": "#,##0", **_BORDER},
    "edit": {
        "num_format": "#,##0.00####",
        "bg_color": "#FFF2CC",
        "font_color": "#1F4E9E",
        "border": 1,
        "border_color": "#BF9000",
        "locked": False,
    },
    "edit_whole": {
        "num_format": "#,##0",
        "bg_color": "#FFF2CC",
        "font_color": "#1F4E9E",
        "border": 1,
        "border_color": "#BF9000",
        "locked": False,
    },
    "edit_text": {
        "bg_color": "#FFF2CC",
        "font_color": "#1F4E9E",
        "border": 1,
        "border_color": "#BF9000",
        "locked": False,
        "align": "right",
    },
    "run": {"num_format": "#,##0.00####", "font_color": "#7F7F7F", "align": "right", **_BORDER},
    "result": {"bold": True, "align": "center", **_BORDER},
    "verdict": {"bold": True, "font_size": 16, "align": "center", "border": 2},
    "good": {"font_color": "#00612E", "bg_color": "#C6EFCE"},
    "bad": {"font_color": "#9C0006", "bg_color": "#FFC7CE"},
    "changed": {"font_color": "#7F6000", "bg_color": "#FFEB9C"},
}
WRAPPED = {name for name, look in FORMATS.items() if look.get("text_wrap")}
TOP = {name: {"valign": "top", "font_name": "Arial", "font_size": 10} for name in FORMATS}
