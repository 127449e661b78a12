"""Files and functions stay small enough to read in one go."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

FILE_LINES = 400
FUNCTION_CODE_LINES = 40
FUNCTION_LINES = 60

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def docstring_lines(node: ast.AST) -> set[int]:
    """The line numbers of every docstring at or below a node."""
    lines: set[int] = set()
    for inner in ast.walk(node):
        if isinstance(inner, Function | ast.ClassDef) and ast.get_docstring(inner) is not None:
            text = inner.body[0]
            lines.update(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    return lines


def code_lines(node: Function, source: list[str]) -> int:
    """Lines of a function that are neither blank, comment nor docstring."""
    skipped = docstring_lines(node)
    numbers = range(node.lineno, (node.end_lineno or node.lineno) + 1)
    text = (source[number - 1].strip() for number in numbers if number not in skipped)
    return sum(1 for line in text if line and not line.startswith("#"))


def test_files(modules: dict[Path, ast.Module], root: Path) -> None:
    lengths = {p: len((root / p).read_text(encoding="utf-8").splitlines()) for p in modules}
    assert {str(p): n for p, n in lengths.items() if n > FILE_LINES} == {}


def test_functions(modules: dict[Path, ast.Module], root: Path) -> None:
    long = {}
    for path, tree in modules.items():
        source = (root / path).read_text(encoding="utf-8").splitlines()
        for node in functions(tree):
            code = code_lines(node, source)
            total = (node.end_lineno or node.lineno) - node.lineno + 1
            undocumented = total - len(docstring_lines(node))
            if code > FUNCTION_CODE_LINES or undocumented > FUNCTION_LINES:
                long[f"{path}:{node.lineno} {node.name}"] = code
    assert long == {}


def test_the_counter_ignores_docstrings_comments_and_blank_lines() -> None:
    source = 'def f(a):\n    """Say.\n\n    More.\n    """\n\n    # why\n    b = a\n    return b\n'
    (node,) = functions(ast.parse(source))
    assert code_lines(node, source.splitlines()) == 3
