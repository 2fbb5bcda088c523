"""Rules of the house that no tool knows: each is one sentence, and each names the way out."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = ("trigger", "dispatcher", "collector", "scorer", "alerts")


def modules(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def calls(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every call as dotted text, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


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


@pytest.mark.parametrize("service", SERVICES)
def test_the_rules_of_a_service_are_pure(service: str) -> None:
    """`domain` imports the standard library, msgspec, the events and its own service's rules."""
    paths = [
        path
        for path in (ROOT / "services" / service).rglob("*.py")
        if path.stem == "domain" or path.parent.name == "domain"
    ]
    assert paths
    foreign = {"sqlalchemy", "aiokafka", "fastapi", "httpx", "asyncpg", "jinja2", "structlog", "starlette"}
    imported = set()
    for node in (node for path in paths for node in ast.walk(ast.parse(path.read_text()))):
        if isinstance(node, ast.Import):
            imported |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.split(".")[0])
            assert not node.module.startswith(("shared.db", "shared.kafka.kernel", "shared.http")), (
                node.module
            )
    assert imported & foreign == set()


def test_statements_stand_in_repositories() -> None:
    """SQL of a service stands in its `repository`; a reader finds every statement there."""
    beginnings = ("SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "WITH ")
    found = [
        f"{path}:{node.lineno}"
        for path, tree in modules("services")
        if "repository" not in path and "migrations" not in path
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.lstrip().startswith(beginnings)
    ]
    assert found == []


def migrations() -> Iterator[tuple[str, str, ast.Module]]:
    for path in sorted((ROOT / "services").glob("*/migrations/versions/*.py")):
        yield path.parts[-4], path.name, ast.parse(path.read_text())


def test_a_migrations_file_begins_with_its_revision() -> None:
    """What the code knows is read from the names of the files: `0003_what_it_does.py` is revision 0003."""
    for service, name, tree in migrations():
        (revision,) = [
            ast.literal_eval(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "revision"
        ]
        assert name.startswith(f"{revision}_"), f"{service}/{name}"


def test_each_service_has_one_line_of_migrations() -> None:
    """Two that were written side by side have one number, and no database can be migrated."""
    found: dict[str, list[str]] = {}
    for service, name, _ in migrations():
        found.setdefault(service, []).append(name.partition("_")[0])
    for service, revisions in found.items():
        assert revisions == [f"{number:04}" for number in range(1, len(revisions) + 1)], service


TAKES_AWAY = re.compile(
    r"\b(DROP\s+(TABLE|COLUMN)|RENAME\s|SET\s+NOT\s+NULL|ALTER\s+COLUMN\s+\S+\s+(SET\s+DATA\s+)?TYPE|"
    r"ADD\s+COLUMN\s(?!.*DEFAULT).*NOT\s+NULL)",
    re.IGNORECASE | re.DOTALL,
)


def test_a_migration_only_adds_what_the_version_before_does_not_mind() -> None:
    """Two versions run side by side while one replaces the other. Expand now; what goes, goes a release after
    the last one that used it, and is then named here.
    """
    contracts: set[str] = set()
    found = [
        f"{service}/{name}"
        for service, name, tree in migrations()
        if not name.startswith("0001") and f"{service}/{name}" not in contracts
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and TAKES_AWAY.search(node.value)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("sql", "takes"),
    [
        ("ALTER TABLE a ADD COLUMN b text", False),
        ("ALTER TABLE a ADD COLUMN b text NOT NULL DEFAULT ''", False),
        ("ALTER TABLE a ADD COLUMN b text NOT NULL", True),
        ("ALTER TABLE a DROP COLUMN b", True),
        ("ALTER TABLE a RENAME COLUMN b TO c", True),
        ("ALTER TABLE a ALTER COLUMN b TYPE int", True),
        ("ALTER TABLE a ALTER COLUMN b SET NOT NULL", True),
        ("CREATE TABLE a (b text NOT NULL)", False),
    ],
)
def test_what_takes_away_is_recognised(sql: str, takes: bool) -> None:
    assert bool(TAKES_AWAY.search(sql)) == takes
