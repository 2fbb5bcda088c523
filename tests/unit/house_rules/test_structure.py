"""Rules of the code's structure that no tool knows: each is one sentence, and names the way out."""

import ast
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from support.source_code import modules

from services import SERVICES


def calls(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every call as dotted text, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


def imported(tree: ast.Module) -> Iterator[str]:
    """The dotted name of everything that is imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{name.name}" for name in node.names)


def test_only_the_clock_reads_the_time() -> None:
    """Take the time from `uow.now` or a Clock, so that a test can set it."""
    found = [
        f"{path}:{line}"
        for path, tree in modules("services", "shared")
        if path != "shared/clock.py" and not path.endswith("command.py")
        for call, line in calls(tree)
        if call in {"datetime.now", "datetime.utcnow", "date.today", "datetime.datetime.now", "time.time"}
    ]
    assert found == []


def test_only_one_module_makes_time_zones_of_names() -> None:
    """Take `zone_of`: it knows what to do with a name that this machine's tzdata lacks."""
    found = [
        f"{path}:{line}"
        for path, tree in modules("services", "shared")
        if path != "shared/values/zones.py"
        for call, line in calls(tree)
        if call.endswith(("ZoneInfo", "available_timezones"))
    ]
    assert found == []


def test_only_the_database_commits() -> None:
    """Open `database.transaction()` at the edge; what is inside cannot commit."""
    found = [
        f"{path}:{line}"
        for path, tree in modules("services", "shared")
        if not path.startswith(("shared/db/", "shared/kafka/ops/replay.py"))
        for call, line in calls(tree)
        if call.endswith((".commit", ".rollback"))
    ]
    assert found == []


IMPURE = ("sqlalchemy", "aiokafka", "fastapi", "httpx", "asyncpg", "jinja2", "structlog", "starlette")
IMPURE_SHARED = ("shared.db", "shared.kafka", "shared.http", "shared.pages", "shared.mail", "shared.service")


def test_the_rules_of_a_service_are_pure() -> None:
    """A `domain` imports the standard library, msgspec, events, values and its service's rules; give it the
    rest as arguments.
    """
    domains = [
        (path, tree) for path, tree in modules("services", "shared") if re.search(r"/domain(\.py|/)", path)
    ]
    assert {path.split("/")[1] for path, _ in domains} == {*SERVICES, "intake"}
    found = [
        f"{path}: {name}"
        for path, tree in domains
        for name in imported(tree)
        if name.split(".")[0] in IMPURE or name.startswith(IMPURE_SHARED) or ".repository" in name
    ]
    assert found == []


STATEMENT = re.compile(r"\s*(SELECT|INSERT\s+INTO|UPDATE|DELETE\s+FROM|WITH)\s")


def test_statements_stand_in_repositories() -> None:
    """SQL of a service stands in its `repository`; a reader finds every statement there."""
    found = [
        f"{path}:{node.lineno}"
        for path, tree in modules("services")
        if "repository" not in path and "migrations" not in path
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and STATEMENT.match(node.value)
    ]
    assert found == []


WITH_A_POLICY = ("services/alerts/", "services/dispatcher/")
SIZES = ("_BYTES", "_CHARS")
"""How much may be stored is a fact of forms and tables; no rule decides by it."""


def durations_and_bounds(function: ast.AST, module: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """The times and numbers that a function has from itself or its module: constants, own or imported, and
    durations that it writes out.
    """
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Name(id="timedelta")):
                given = [*node.args, *(each.value for each in node.keywords)]
                if all(isinstance(each, ast.Constant) for each in given):
                    yield ast.unparse(node), node.lineno
                continue
            case ast.Name(id=name):
                value = module.get(name)
            case ast.Attribute(value=ast.Name(id=owner), attr=name):
                value = getattr(module.get(owner), name, None)
            case _:
                continue
        if name.isupper() and not name.endswith(SIZES) and isinstance(value, timedelta | int | float):
            yield name, node.lineno


def test_the_rules_about_contacts_and_cases_are_given_their_times_and_bounds() -> None:
    """A function of a `domain` takes them from the policy that it is given (`ContactPolicy`, `CasePolicy`), which
    is versioned, tried on the past, and one day each company's own; it reads no constant of a module.
    """
    domains = [
        (path, tree)
        for path, tree in modules("services")
        if path.startswith(WITH_A_POLICY) and re.search(r"/domain(\.py|/)", path)
    ]
    assert len(domains) > 8
    found = [
        f"{path}:{line} {function.name} reads {name}"
        for path, tree in domains
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for name, line in durations_and_bounds(
            function,
            vars(import_module(path.removesuffix(".py").removesuffix("/__init__").replace("/", "."))),
        )
    ]
    assert found == []


@pytest.mark.parametrize(
    ("body", "reads"),
    [
        ("return now - at > LONG_AGO", ["LONG_AGO"]),
        ("return count > limits.MAX_COUNT", ["MAX_COUNT"]),
        ("return now - at > timedelta(days=3)", ["timedelta(days=3)"]),
        ("return now - at > timedelta(days=survey.max_age_days)", []),
        ("return now - at > policy.long_ago", []),
        ("return len(text) > MAX_TEXT_CHARS", []),
        ("return state in STATES", []),
    ],
)
def test_a_time_or_bound_that_is_read_is_recognised(body: str, reads: list[str]) -> None:
    module = {
        "LONG_AGO": timedelta(1),
        "MAX_TEXT_CHARS": 1,
        "STATES": {1},
        "limits": SimpleNamespace(MAX_COUNT=2),
    }
    function = ast.parse(f"def rule():\n    {body}").body[0]
    assert [name for name, _ in durations_and_bounds(function, module)] == reads


def test_no_port_of_an_address_falls_back_on_another_when_it_is_0() -> None:
    """``port or 443`` takes 0 as 443: what is not given is None."""
    wrong = [
        f"{path}:{node.lineno}"
        for path, tree in modules("services", "shared", "deploy")
        for node in ast.walk(tree)
        if isinstance(node, ast.BoolOp)
        and isinstance(node.op, ast.Or)
        and isinstance(node.values[0], ast.Attribute)
        and node.values[0].attr == "port"
    ]
    assert wrong == []
