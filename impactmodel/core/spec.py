"""Specs are values: frozen dataclasses that load from YAML with located errors.

A spec refuses unknown keys and numbers written as text, whether it is made in Python or read from
a file, and ``load(type(x), dump(x)) == x``.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math
import types
import typing
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any, dataclass_transform

from impactmodel.core.errors import InputError, Problem
from impactmodel.core.yaml import Document, key_text

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import TypeAdapter

_SCALARS = (bool, int, float, str, dt.date, type(None))
_MISSING = {"missing", "missing_argument"}
_UNKNOWN = {"unexpected_keyword_argument", "extra_forbidden"}


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def spec[T](cls: type[T]) -> type[T]:
    """Make a class a spec: a frozen, slotted dataclass whose scalars are checked when it is made.

    A ``__post_init__`` of the class runs after the type check and may raise `InputError` with the
    field as ``key``. Variants of a union carry a field ``type: Literal["name"] = "name"``.

    Raises
    ------
    InputError
        On construction, if a scalar has another type than its annotation, or is not finite.

    Examples
    --------
    >>> @spec
    ... class Fee:
    ...     share: float
    >>> Fee(share=0.02)
    Fee(share=0.02)
    >>> Fee(share="0.02")
    Traceback (most recent call last):
    impactmodel.core.errors.InputError: share: Fee needs float here (seen: '0.02')
    """
    own = cls.__dict__.get("__post_init__")

    def check(self: Any) -> None:
        for name, options in _field_types(typing.cast("Any", type(self))).items():
            _check_field(type(self).__name__, name, getattr(self, name), options)
        if own is not None:
            own(self)

    cls.__post_init__ = check  # type: ignore[attr-defined]
    made = dataclasses.dataclass(frozen=True, slots=True)(cls)
    made.__pydantic_config__ = {  # type: ignore[attr-defined]
        "extra": "forbid",
        "strict": True,
        "allow_inf_nan": False,
    }
    return made


@cache
def _field_types(cls: Any) -> dict[str, tuple[Any, ...]]:
    return {name: _options(hint) for name, hint in typing.get_type_hints(cls).items()}


def _options(hint: Any) -> tuple[Any, ...]:
    """Return the classes and literals that a value of an annotation may be."""
    if isinstance(hint, typing.TypeAliasType):
        return _options(hint.__value__)
    origin = typing.get_origin(hint)
    if isinstance(hint, types.UnionType) or origin is typing.Union:
        return tuple(option for arg in typing.get_args(hint) for option in _options(arg))
    if hasattr(hint, "__metadata__"):
        return _options(typing.get_args(hint)[0])
    if origin is typing.Literal:
        return tuple((literal,) for literal in typing.get_args(hint))
    return (origin or hint,)


def _check_field(owner: str, name: str, value: object, options: tuple[Any, ...]) -> None:
    literals = [option[0] for option in options if isinstance(option, tuple)]
    classes = [option for option in options if isinstance(option, type)]
    if literals and value in literals:
        return
    wide = (*classes, int) if float in classes else tuple(classes)
    is_bool = isinstance(value, bool)
    if typing.Any in options or (isinstance(value, wide) and (not is_bool or bool in classes)):
        if isinstance(value, float) and not math.isfinite(value):
            raise InputError(f"{owner} needs a finite number here", seen=value, key=name)
        return
    wanted = [repr(literal) for literal in literals]
    wanted += ["nothing" if t is type(None) else t.__name__ for t in classes]
    what = f"{owner} needs {' or '.join(wanted)} here"
    if isinstance(value, _SCALARS):
        raise InputError(what, seen=value, key=name)
    raise InputError(f"{what}, not a {type(value).__name__}", key=name)


@cache
def _adapter(cls: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(cls)


def load[T](cls: type[T], data: Document | object) -> T:
    """Make a spec of type ``cls`` from plain data or from (a part of) a YAML document.

    Raises
    ------
    InputError
        With file, line and key of each unknown key, missing key or value of the wrong type.

    Examples
    --------
    >>> @spec
    ... class Fee:
    ...     share: float
    >>> load(Fee, {"share": 0.02})
    Fee(share=0.02)
    >>> load(Fee, {"shar": 0.02})
    Traceback (most recent call last):
    impactmodel.core.errors.InputError: shar: unknown key; ...
    """
    from pydantic import ValidationError

    document = data if isinstance(data, Document) else Document(data=data)
    _refuse_not_finite(document, document.data, document.path)
    try:
        text = json.dumps(document.data, default=_plain)
        # A type alias that several specs share does not inherit their strictness.
        loaded: T = _adapter(typing.cast("Any", cls)).validate_json(text, strict=True)
    except ValidationError as error:
        details = sorted(_meant(document, error.errors()), key=_vagueness)
        raise InputError.of(_distinct([_problem(cls, document, d) for d in details])) from None
    return loaded


def _refuse_not_finite(document: Document, value: object, path: tuple[Any, ...]) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(
            "input should be a finite number",
            seen=value,
            key=key_text(path),
            file=document.file,
            line=document.line(path),
        )
    items = value.items() if isinstance(value, dict) else ()
    for key, inner in items or (enumerate(value) if isinstance(value, list) else ()):
        _refuse_not_finite(document, inner, (*path, key))


def load_yaml[T](cls: type[T], path: str | Path) -> T:
    """Read a spec of type ``cls`` from a YAML 1.2 file; see `load`."""
    return load(cls, Document.read(path))


def dump(value: object, *, defaults: bool = True) -> Any:
    """Return a spec as plain data (dicts, lists, numbers, text; dates as ISO text).

    Without ``defaults`` what a file may leave out is left out; `load` reads both the same.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            f.name: dump(getattr(value, f.name), defaults=defaults)
            for f in dataclasses.fields(value)
            if defaults or f.name == "type" or getattr(value, f.name) != _default(f)
        }
    if isinstance(value, dict):
        return {str(k): dump(v, defaults=defaults) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [dump(v, defaults=defaults) for v in value]
    if isinstance(value, dt.date):
        return value.isoformat()
    return value


def _default(field: dataclasses.Field[Any]) -> object:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def json_schema(cls: Any) -> dict[str, Any]:
    """Return the JSON Schema of a spec, for editors that check YAML while it is typed."""
    return _adapter(cls).json_schema()


def _plain(value: object) -> object:
    if isinstance(value, dt.date):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dump(value)
    raise InputError("this kind of value cannot be read", seen=type(value).__name__)


def _distinct(problems: list[Problem]) -> list[Problem]:
    """Leave out complaints about a value that an earlier problem already covers."""
    kept: list[Problem] = []
    for problem in problems:
        if not any(k.key == problem.key or k.key.startswith(problem.key + ".") for k in kept):
            kept.append(problem)
    return kept


def _meant(document: Document, details: list[Any]) -> list[Any]:
    """Leave out complaints of a union's other members where one fits but for a number in it."""
    fitting = [
        detail["loc"]
        for detail in details
        if isinstance(detail.get("ctx", {}).get("error"), InputError)
        and document.follow(detail["loc"], last_is_key=False)
        == document.follow(detail["loc"][:-1], last_is_key=False)
    ]

    def other(loc: tuple[Any, ...], fits: tuple[Any, ...]) -> bool:
        return loc[: len(fits) - 1] == fits[:-1] and loc[: len(fits)] != fits

    return [d for d in details if not any(other(d["loc"], fits) for fits in fitting)]


def _vagueness(detail: Any) -> tuple[bool, bool]:
    """Order a union's complaints: those of the member that was meant come first."""
    structured = isinstance(detail.get("input"), (dict, list))
    return (structured and detail["type"].endswith("_type"), detail["type"] in _MISSING)


def _problem(cls: Any, document: Document, detail: Any) -> Problem:
    kind, context = detail["type"], detail.get("ctx", {})
    path, inner = document.follow(detail["loc"], last_is_key=kind in _MISSING | _UNKNOWN)
    seen = "" if kind in _MISSING else _seen(detail.get("input"))
    nested = context.get("error")
    fix = ""
    if isinstance(nested, InputError):
        first = nested.problems[0]
        path = (*path, *([first.key] if first.key else []))
        inner = path
        what, fix, seen = first.what, first.fix, first.seen
    elif kind in _UNKNOWN:
        near = get_close_matches(str(path[-1]), sorted(_known_keys(cls)), 1)
        what, seen = "unknown key", ""
        if near and near[0] == path[-1]:
            fix = "this key stands elsewhere, see `impactmodel schema`"
        else:
            fix = f"did you mean '{near[0]}'?" if near else "remove it"
    elif kind in _MISSING:
        what, fix = "this key is missing", "add it"
    elif kind in {"union_tag_not_found", "union_tag_invalid"}:
        what = f"'type' must be one of {context.get('expected_tags', 'the known types')}"
        seen = str(context.get("tag", "no type"))
    else:
        what = detail["msg"][0].lower() + detail["msg"][1:]
        if isinstance(detail.get("input"), str) and ("number" in what or "integer" in what):
            fix = "write it as a number, without quotes"
        if detail["type"] == "string_type" and isinstance(detail.get("input"), dict):
            fix = "put a text with a colon in quotes"
    return Problem(what, fix, seen, key_text(path), document.file, document.line(inner))


def _seen(value: object) -> str:
    if isinstance(value, dict):
        return "a mapping with " + ", ".join(map(str, list(value)[:5])) if value else "nothing"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return "nothing" if value is None else repr(value)


def _known_keys(cls: Any) -> set[str]:
    schema = json_schema(cls)
    parts = [schema, *schema.get("$defs", {}).values()]
    return {key for part in parts for key in part.get("properties", {})}
