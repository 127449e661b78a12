"""No public function takes `**kwargs`: a mistyped argument must not pass in silence."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef


def public(body: list[ast.stmt], inside: str = "") -> Iterator[tuple[str, Function]]:
    """Public functions and methods; a dunder method of a public class is public."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public(node.body, f"{inside}{node.name}.")
        elif isinstance(node, Function):
            dunder = node.name.startswith("__") and node.name.endswith("__")
            if dunder or not node.name.startswith("_"):
                yield f"{inside}{node.name}", node


def test_no_public_kwargs(modules: dict[Path, ast.Module]) -> None:
    seen = 0
    offenders = []
    for path, tree in modules.items():
        for name, node in public(tree.body):
            seen += 1
            if node.args.kwarg is not None:
                offenders.append(f"{path}:{node.lineno} {name}")
    assert seen > 0
    assert offenders == []


def test_the_reader_sees_methods_and_skips_private_names() -> None:
    source = """
class A:
    def __init__(self, **options): ...
    def _hidden(self): ...
class _B:
    def shown(self): ...
def outer():
    def inner(**options): ...
"""
    assert [name for name, _ in public(ast.parse(source).body)] == ["A.__init__", "outer"]
