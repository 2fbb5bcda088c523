"""Rules of names that no tool knows: each is one sentence, and names the way out."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from support.source_code import without_migrations


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
    "answer_heard",  # tables keep their names
    "case_heard",
}


def words_of(name: str) -> list[str]:
    """The words of a snake_case or CamelCase name, in small letters."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def test_names_are_the_fields_words() -> None:
    """A module, class, function or constant is named by the field's term; `HOUSE_WORDS` has it."""
    named = [
        (path, name)
        for path, tree in without_migrations("services", "shared", "deploy")
        for name in (
            Path(path).stem,
            *(node.name for node in defined(tree)),
            *(name for name, _ in top_level_constants(tree)),
        )
    ]
    found = [
        f"{path} {name}: {HOUSE_WORDS[word]}"
        for path, name in named
        for word in words_of(name)
        if word in HOUSE_WORDS and name not in KEPT_NAMES
    ]
    assert found == []
