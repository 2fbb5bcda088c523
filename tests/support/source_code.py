"""The modules of this code base as syntax trees, for the rules about the code."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def parsed(folder: str) -> tuple[tuple[str, ast.Module], ...]:
    return tuple(
        (str(path.relative_to(ROOT)), ast.parse(path.read_text()))
        for path in sorted((ROOT / folder).rglob("*.py"))
    )


def modules(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Every module of these folders with its path."""
    for folder in folders:
        yield from parsed(folder)


def without_migrations(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """The same without migrations, which stay as they were written."""
    return ((path, tree) for path, tree in modules(*folders) if "/migrations/" not in path)
