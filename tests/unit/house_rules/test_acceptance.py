"""The table of acceptance tests names tests that are there."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[2]
NUMBERS = {f"B{number}" for number in (*range(1, 8), *range(9, 41))}
"""Those about scores and their differences, and about asking, answering and acting. B8 is about weighted scores, which
are not made: each answer counts once.
"""
ROW = re.compile(r"^\| (B\d+) \|.*\| (?P<tests>.*) \|$", re.MULTILINE)

FIGURES = re.compile(r"^\| (`/.*?) \| (?P<tests>.*) \|$", re.MULTILINE)
"""The table of pages and the tests of their figures."""
MIN_PAGES = 11


def test_each_acceptance_test_by_number_is_there() -> None:
    """Who renames or removes one of them mends the table in `tests/README.md`."""
    rows = ROW.findall((TESTS / "README.md").read_text())
    assert sorted(number for number, _ in rows) == sorted(NUMBERS)
    assert missing_of(rows) == []


def test_the_tests_of_each_pages_figures_are_there() -> None:
    rows = FIGURES.findall((TESTS / "README.md").read_text())
    assert len(rows) >= MIN_PAGES
    assert missing_of(rows) == []


def missing_of(rows: list[tuple[str, str]]) -> list[str]:
    """The tests that rows of the table name and that are not there."""
    missing = []
    for number, tests in rows:
        for named in re.findall(r"`([^`]+)`", tests):
            path, _, name = named.partition("::")
            file = TESTS / path
            if not file.is_file() or f"def {name or 'test_'}" not in file.read_text():
                missing.append(f"{number}: {named}")
    return missing
