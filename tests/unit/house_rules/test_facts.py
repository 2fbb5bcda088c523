"""Facts that are written once: each rule is one sentence, and names the place of the fact."""

import ast
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from support.source_code import without_migrations

from shared import limits, permissions

Literals = ast.Tuple | ast.List | ast.Set


def texts_in(node: Literals) -> set[str]:
    return {
        each.value for each in node.elts if isinstance(each, ast.Constant) and isinstance(each.value, str)
    }


@pytest.mark.parametrize(
    ("what", "names"),
    [("roles", permissions.ROLES), ("scopes", permissions.SCOPES)],
)
def test_roles_and_scopes_are_listed_once(what: str, names: tuple[str, ...]) -> None:
    """Which of them may do what is a named tuple in `shared/permissions.py`; import it."""
    found = [
        f"{path}:{node.lineno} {ast.unparse(node)}"
        for path, tree in without_migrations("services", "shared")
        if path != "shared/permissions.py"
        for node in ast.walk(tree)
        if isinstance(node, Literals)
        and len(texts := texts_in(node)) > 1
        and len(texts) == len(node.elts)
        and texts <= set(names)
    ]
    assert found == [], what


SQL_BOUND = re.compile(r"\bscore\s*(?:[<>]=?|BETWEEN)\s*[6-9]\b", re.IGNORECASE)
GROUP_RANGES = ("range(7)", "range(7, 9)", "range(9, 11)", "range(0, 7)")


def group_bounds(tree: ast.Module) -> Iterator[int]:
    """Lines in which a score is compared with a bound of the groups."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare():
                sides = [node.left, *node.comparators]
                bounds = [
                    each for each in sides if isinstance(each, ast.Constant) and each.value in {6, 7, 8, 9}
                ]
                if bounds and any("score" in ast.unparse(each) for each in sides):
                    yield node.lineno
            case ast.Call() if ast.unparse(node) in GROUP_RANGES:
                yield node.lineno
            case ast.Constant(value=str(text)) if SQL_BOUND.search(text):
                yield node.lineno


def test_the_bounds_of_the_groups_are_written_once() -> None:
    """Detractor, passive, promoter: take `group_of` or the bounds from `shared/events/nps.py`."""
    found = [
        f"{path}:{line}"
        for path, tree in without_migrations("services", "shared")
        if path != "shared/events/nps.py"
        for line in group_bounds(tree)
    ]
    assert found == []


SAME_NUMBER_OF_ANOTHER_THING = {
    "shared/http/connection_limits.py",  # the bytes of a request's headers
    "shared/events/cases.py",  # the days in which a customer may object
    "services/alerts/staff/sessions.py",  # the days of a session
    "services/dispatcher/updates/domain.py",  # the days between two updates
    "services/scorer/themes/repository.py",  # the days for which a theme is new
}


def value_of(node: ast.AST) -> int | timedelta | None:
    """The value of a number, a product of numbers, or a `timedelta` of them."""
    match node:
        case ast.Constant(value=int(number)):
            return number
        case ast.BinOp() | ast.Call(func=ast.Name(id="timedelta")):
            leaves = [leaf for leaf in ast.walk(node) if isinstance(leaf, ast.Name)]
            if all(leaf.id == "timedelta" for leaf in leaves):
                with suppress(TypeError, ValueError, SyntaxError, AttributeError):
                    value: int | timedelta = eval(ast.unparse(node), {"timedelta": timedelta})
                    return value
    return None


def test_the_limits_are_written_once() -> None:
    """Sizes and times on which several parts agree stand in `shared/limits.py`; import them."""
    values = {value: name for name, value in vars(limits).items() if name.isupper()}
    assert len(values) > 5
    found = {
        path: f"{node.lineno} {values[value]}"
        for path, tree in without_migrations("services", "shared")
        if path != "shared/limits.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.expr) and (value := value_of(node)) in values and value is not None
    }
    assert found.keys() == SAME_NUMBER_OF_ANOTHER_THING, found
