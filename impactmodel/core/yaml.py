"""YAML 1.2 documents that remember the line of every key."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from impactmodel.core.errors import InputError

Path_ = tuple[str | int, ...]


def key_text(path: tuple[Any, ...]) -> str:
    """Write a key path as text.

    Examples
    --------
    >>> key_text(("contract", "clauses", 0, "price"))
    'contract.clauses[0].price'
    """
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else ("." if text else "") + str(part)
    return text


def key_path(text: str) -> Path_:
    """Read a key path: what `key_text` writes.

    Examples
    --------
    >>> key_path("clauses[0].price")
    ('clauses', 0, 'price')
    """
    parts: list[str] = re.findall(r"[^.\[\]]+", text)
    return tuple(int(part) if part.isdigit() else part for part in parts)


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data with the file, the key path and the line that each part came from."""

    data: Any
    file: str = ""
    path: Path_ = ()
    lines: dict[Path_, int] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, path: str | Path) -> Document:
        """Read a YAML file.

        Raises
        ------
        InputError
            If the file is absent, is not YAML 1.2, repeats a key or is empty.
        """
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise InputError(
                f"the file cannot be read: {reason}", file=str(path), fix="check the path"
            ) from None
        return cls.parse(text, file=str(path))

    @classmethod
    def parse(cls, text: str, file: str = "") -> Document:
        """Parse YAML text; see `read`."""
        from ruamel.yaml import YAML
        from ruamel.yaml.error import YAMLError

        try:
            tree = YAML(typ="rt", pure=True).load(text)
        except YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            what = getattr(error, "problem", None) or "the text is not YAML"
            line = mark.line + 1 if mark is not None else None
            raise InputError(
                f"not valid YAML: {what}", file=file, line=line, fix="correct this line"
            ) from None
        if tree is None:
            raise InputError("the file is empty", file=file, fix="fill it in")
        lines: dict[Path_, int] = {}
        return cls(data=_plain(tree, (), lines), file=file, lines=lines)

    def at(self, *keys: str | int) -> Document:
        """Return the part under ``keys``; raise `InputError` if it is absent."""
        data, path = self.data, self.path
        for key in keys:
            known = isinstance(data, dict) and key in data
            if not known and not (isinstance(data, list) and isinstance(key, int)):
                raise InputError(
                    "this key is missing",
                    key=key_text((*path, key)),
                    file=self.file,
                    line=self.line(path),
                    fix="add it",
                )
            data, path = data[key], (*path, key)
        return Document(data=data, file=self.file, path=path, lines=self.lines)

    def has(self, key: str) -> bool:
        """Say whether the part is a mapping with this key and a value under it."""
        return isinstance(self.data, dict) and self.data.get(key) is not None

    def line(self, path: Path_) -> int | None:
        """Return the line of a full key path, or of the nearest key above it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)

    def follow(self, location: tuple[str | int, ...], *, last_is_key: bool) -> tuple[Path_, Path_]:
        """Translate a validator's location: (path for the message, path for the line).

        A validator puts the names of union members into its locations; they are no keys of the
        document and are left out. With ``last_is_key`` the last part names a missing key.
        """
        data, path = self.data, self.path
        for key in location:
            if (isinstance(data, dict) and key in data) or (
                isinstance(data, list) and isinstance(key, int) and key < len(data)
            ):
                data, path = data[key], (*path, key)  # type: ignore[index]
        named = last_is_key and location and (not path or path[-1] != location[-1])
        return ((*path, location[-1]) if named else path), path


def _plain(node: Any, path: Path_, lines: dict[Path_, int]) -> Any:
    if isinstance(node, dict):
        out: dict[Any, Any] = {}
        for key, value in node.items():
            here = (*path, key)
            lines[here] = node.lc.key(key)[0] + 1 if hasattr(node, "lc") else 0
            out[key] = _plain(value, here, lines)
        return out
    if isinstance(node, list):
        items = []
        for index, value in enumerate(node):
            here = (*path, index)
            lines[here] = node.lc.item(index)[0] + 1 if hasattr(node, "lc") else 0
            items.append(_plain(value, here, lines))
        return items
    if isinstance(node, bool) or node is None:
        return node
    for kind in (int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node
