"""Rules of migrations that no tool knows: each is one sentence, and names the way out."""

import ast
import re
from collections.abc import Iterator

import pytest
from support.source_code import ROOT


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
