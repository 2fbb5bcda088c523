"""Rules of this code base that no tool knows: each is one sentence, and names the way out."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from shared import limits, permissions

ROOT = Path(__file__).parents[2]
SERVICES = ("trigger", "dispatcher", "collector", "scorer", "alerts")


@cache
def parsed(folder: str) -> tuple[tuple[str, ast.Module], ...]:
    return tuple(
        (str(path.relative_to(ROOT)), ast.parse(path.read_text()))
        for path in sorted((ROOT / folder).rglob("*.py"))
    )


def modules(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        yield from parsed(folder)


def without_migrations(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    return ((path, tree) for path, tree in modules(*folders) if "/migrations/" not in path)


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


IMPURE = ("sqlalchemy", "aiokafka", "fastapi", "httpx", "asyncpg", "jinja2", "structlog", "starlette")
IMPURE_SHARED = ("shared.db", "shared.kafka", "shared.http", "shared.pages", "shared.mail", "shared.service")


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_the_rules_of_a_service_are_pure() -> None:
    """A `domain` imports the standard library, msgspec, events, values and its service's rules; give it the
    rest as arguments.
    """
    domains = [(path, tree) for path, tree in modules("services") if re.search(r"/domain(\.py|/)", path)]
    assert len(domains) >= len(SERVICES) - 1
    found = [
        f"{path}: {name}"
        for path, tree in domains
        for name in imported(tree)
        if name.split(".")[0] in IMPURE or name.startswith(IMPURE_SHARED)
    ]
    assert found == []


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


def defined(tree: ast.Module) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def top_level_constants(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        for target in targets:
            for name in ast.walk(target):
                if isinstance(name, ast.Name):
                    yield name.id, node.lineno


OF_EVERY_SERVICE = {"Settings"}
"""A class that has this name in every service, since the room has it."""


def test_no_class_name_is_used_twice() -> None:
    """A reader finds a class by its name alone: put the noun of its service or room into the name."""
    places: dict[str, list[str]] = {}
    for path, tree in without_migrations("services", "shared"):
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and node.name not in OF_EVERY_SERVICE:
                places.setdefault(node.name, []).append(path)
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


BARE_NAMES = frozenset(
    """
    AHEAD AT_ONCE BEGINNING BEHIND BOTH COUNT DAYS DEEPEST DONE EACH END ENOUGH EVERY FEW FILE FOR HEAD KINDS LAST
    LASTS LATELY LEAST LEFT LENGTH LEVEL LEVELS LIMIT LINES LIST LONGEST LOOK LARGEST MANY MARK MAX MIN MOST NAME NAMES
    NEWEST OLDEST PAGE PATIENCE PAUSE PLACE REST ROWS SHARE SHORTEST SHOWN SIZE SLOW SMALLEST SOME STEADY STEP TEXT
    TIMES TOO_MANY TRIES UNTIL WAIT WITHIN WORDS
    """.split()  # noqa: SIM905  (a table of words)
)


def test_a_constant_names_the_thing_and_the_unit() -> None:
    """Not `LONGEST = 200` but `MAX_NAME_BYTES = 200`; not `EVERY = 5` but `POLL_INTERVAL_S = 5`."""
    found = [
        f"{path}:{line} {name}"
        for path, tree in without_migrations("services", "shared", "deploy")
        for name, line in top_level_constants(tree)
        if name.lstrip("_") in BARE_NAMES
    ]
    assert found == []


HOUSE_WORDS = {
    "door": "api, route, web",
    "doors": "apis, routes",
    "house": "context, frame",
    "desk": "context",
    "surroundings": "inputs",
    "surround": "frame",
    "around": "inputs",
    "grounds": "explanation",
    "scribe": "renderer",
    "drawn": "rendered",
    "plight": "diagnosis",
    "warden": "reaper",
    "hiring": "staff commands",
    "wording": "texts",
    "news": "changes",
    "somebody": "user, caller",
    "hear": "consume",
    "hears": "consumes",
    "heard": "consumed",
    "say": "publish",
    "says": "publishes",
    "said": "published",
    "sayer": "publisher",
    "tell": "publish, print",
    "tells": "publishes, prints",
    "told": "published, printed",
    "lately": "recent",
}
"""Words that only this code base used so, and the field's words for them."""
KEPT_NAMES = {
    "say_again",  # the command's option `--say-again`
}


def words_of(name: str) -> list[str]:
    """The words of a snake_case or CamelCase name, in small letters."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def test_names_are_the_fields_words() -> None:
    """A module, class or function is named by the field's term; `HOUSE_WORDS` has it."""
    named = [
        (path, name)
        for path, tree in without_migrations("services", "shared", "deploy")
        for name in (Path(path).stem, *(node.name for node in defined(tree)))
    ]
    found = [
        f"{path} {name}: {HOUSE_WORDS[word]}"
        for path, name in named
        for word in words_of(name)
        if word in HOUSE_WORDS and name not in KEPT_NAMES
    ]
    assert found == []


GLOSSARY = frozenset(
    """
    answer, case, claim, consume, contact, context, dead letter, decision, delivery, detractor, event, fence, fuse,
    handler, invitation, lease, loop, margin, NPS, outbox, partition, position, publish, quarantine, record, relay, replay,
    replica, restore guard, segment, sender, subscription, suppression, survey, tenant, topic, transaction, unready,
    version, window
    """.replace("\n", " ")
    .strip()
    .split(", ")
)


def test_the_glossary_has_each_term_once() -> None:
    """A term that the code uses is defined in ARCHITECTURE.md; write its line, and its name here."""
    text = (ROOT / "ARCHITECTURE.md").read_text().partition("\n## Glossary\n")[2]
    terms = [row for row in re.findall(r"^\| ([^|]+?) \|", text, re.MULTILINE) if row not in {"term", "---"}]
    assert [term for term, count in Counter(terms).items() if count > 1] == []
    assert terms == sorted(terms, key=str.casefold)
    assert {" ".join(term.split()) for term in GLOSSARY} - set(terms) == set()


PAGES_WITH_PATHS = (
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    *sorted(
        str(path.relative_to(ROOT))
        for folder in ("services", "deploy")
        for path in (ROOT / folder).rglob("*.md")
    ),
)


@pytest.mark.parametrize(
    "page",
    PAGES_WITH_PATHS,
)
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    """Who moves a file corrects the pages that lead to it."""
    text = (ROOT / page).read_text()
    named = re.findall(r"`((?:services|shared|deploy|tests)/[\w./-]+)`", text)
    linked = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    missing = [name for name in named if name != "deploy/.env" and not (ROOT / name).exists()]
    missing += [name for name in linked if not ((ROOT / page).parent / name).exists()]
    assert missing == []


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
    "services/alerts/staff/sessions.py",  # the days of a session
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
                    return eval(ast.unparse(node), {"timedelta": timedelta})  # type: ignore[no-any-return]
    return None


def test_the_limits_are_written_once() -> None:
    """Sizes and times on which several parts agree stand in `shared/limits.py`; import them."""
    values = {value: name for name, value in vars(limits).items() if name.isupper()}
    assert len(values) > 5
    found = [
        f"{path}:{node.lineno} {values[value]}"
        for path, tree in without_migrations("services", "shared")
        if path != "shared/limits.py" and path not in SAME_NUMBER_OF_ANOTHER_THING
        for node in ast.walk(tree)
        if (value := value_of(node)) in values and value is not None
    ]
    assert found == []
