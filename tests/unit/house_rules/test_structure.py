"""Rules of the code's structure that no tool knows: each is one sentence, and names the way out."""

import ast
import re
from collections.abc import Iterator

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
    domains = [(path, tree) for path, tree in modules("services") if re.search(r"/domain(\.py|/)", path)]
    assert {path.split("/")[1] for path, _ in domains} == set(SERVICES)
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
