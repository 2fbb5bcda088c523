"""The texts about privacy say the same in each language, and what the code does."""

import re
from collections import Counter
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import deploy
import services
from services.collector.share_pages import COOKIE
from services.dispatcher.settings import Settings
from services.trigger.company_states import GRACE_DAYS
from shared.events import RetentionRules
from shared.events.retention import RETENTION_KINDS
from shared.events.surveys import STANDARD_EDIT_HOURS
from shared.limits import TOPIC_RETENTION

FOLDER = Path(deploy.__file__).parent / "privacy"
LOCALES = Path(services.__file__).parent
LANGUAGES = ("en", "da", "nl")
TEXTS = ("customers", "record-of-processing")
README = (FOLDER / "README.md").read_text()

PLACEHOLDER = re.compile(r"\[[a-z][a-z ]*\](?!\()")
DAYS = re.compile(r"\b(\d+) (?:days|dage|dagen)\b")
DAYS_OF_A_WEEK = 7
NUMBER = re.compile(r"\d+")
BUTTON = re.compile(r"“(.+?)”")


def text_of(name: str, language: str) -> str:
    return (FOLDER / f"{name}.{language}.md").read_text()


def sections_of(text: str) -> list[str]:
    return re.split(r"^(?=#+ )", text, flags=re.MULTILINE)[1:]


def shape_of(text: str) -> list[tuple[str, int, int]]:
    """Of each line that is no prose: what it is, how many cells a row has, and how deep a heading is."""
    shape = []
    for line in text.splitlines():
        if heading := re.match(r"#+", line):
            shape.append(("heading", 0, len(heading[0])))
        elif line.startswith("|"):
            shape.append(("row", line.count("|") - 1, 0))
        elif line.startswith("- "):
            shape.append(("item", 0, 0))
    return shape


def default_days() -> dict[str, int]:
    """For how many days each kind is kept unless a company decides otherwise."""
    return {kind: getattr(RetentionRules(), kind) for kind in RETENTION_KINDS}


def days_of_rows(text: str) -> list[int]:
    """The days in the rows of tables, one for each row that names any."""
    return [
        int(days[0]) for line in text.splitlines() if line.startswith("|") and (days := DAYS.findall(line))
    ]


def test_each_text_is_there_in_each_language() -> None:
    pages = {page.name for page in FOLDER.iterdir()}
    translated = {f"{text}.{language}.md" for text in TEXTS for language in LANGUAGES}
    assert pages == translated | {"README.md", "requests.en.md"}
    assert {page for page in pages - {"README.md"} if page not in README} == set()


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_a_translation_has_the_same_headings_tables_numbers_and_placeholders(
    text: str, language: str
) -> None:
    english = sections_of(text_of(text, "en"))
    translation = sections_of(text_of(text, language))
    assert len(translation) == len(english)
    for ours, theirs in zip(translation, english, strict=True):
        assert shape_of(ours) == shape_of(theirs)
        for facts in (PLACEHOLDER, NUMBER):
            assert Counter(facts.findall(ours)) == Counter(facts.findall(theirs)), theirs.splitlines()[0]


def test_the_readme_lists_each_placeholder_once() -> None:
    listed = re.findall(r"^\| `(\[.+?\])` \|", README, re.MULTILINE)
    used = {each for page in FOLDER.glob("*.*.md") for each in PLACEHOLDER.findall(page.read_text())}
    assert Counter(listed) == Counter(used)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_days_are_the_defaults(language: str) -> None:
    days = default_days()
    told = ("contacts", "comments", "cases", "decisions", "visits", "deliveries", "audit")
    assert days_of_rows(text_of("customers", language)) == [days[kind] for kind in told]
    recorded = days_of_rows(text_of("record-of-processing", language))
    assert recorded == [*days.values(), TOPIC_RETENTION.days, GRACE_DAYS]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(("language", "week"), [("en", "a week"), ("da", "en uge"), ("nl", "een week")])
def test_rows_of_files_are_kept_for_the_week_that_is_told(text: str, language: str, week: str) -> None:
    assert Settings.model_fields["import_days"].default == DAYS_OF_A_WEEK
    assert text_of(text, language).count(week) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_answer_can_be_changed_for_as_long_as_customers_are_told(language: str) -> None:
    """Where a survey says nothing else; then its page does."""
    told = re.findall(r"\b(\d+) (?:hours|timer|uur)\b", text_of("customers", language))
    assert told == [str(STANDARD_EDIT_HOURS)]


def test_only_an_open_link_stores_something_in_a_browser_and_each_text_names_it() -> None:
    """What begins to, is named in the section about cookies of each text."""
    folder = LOCALES / "collector"
    sources = [*folder.rglob("*.py"), *folder.rglob("*.js"), *folder.rglob("*.html")]
    stores = re.compile(
        r"set_cookie|set-cookie|document\.cookie|localStorage|sessionStorage|indexedDB", re.IGNORECASE
    )
    assert [source.name for source in sources if stores.search(source.read_text())] == ["share_pages.py"]
    for language in LANGUAGES:
        assert f"`{COOKIE}`" in text_of("customers", language)


def test_the_page_about_requests_names_the_defaults() -> None:
    text = text_of("requests", "en")
    days = default_days()
    assert days_of_rows(text) == [days["decisions"], days["cases"], days["audit"]]
    assert f"Keep backups for {TOPIC_RETENTION.days} days at most" in text
    assert f"after {TOPIC_RETENTION.days} days at most" in text


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_buttons_are_called_as_on_the_pages(language: str) -> None:
    called: dict[object, object] = {}
    for service in ("collector", "dispatcher"):
        with (LOCALES / service / "locales" / language / "LC_MESSAGES/messages.po").open("rb") as file:
            called |= {each.id: each.string for each in read_po(file, language)}
    english = BUTTON.findall(text_of("customers", "en"))
    assert set(english) == {"Send", "Unsubscribe", "Never ask me again"}
    assert BUTTON.findall(text_of("customers", language)) == [called[name] for name in english]


DOOR = re.compile(r"(?:\$AFTERWORD|(?<=[`\s]))(/(?:v1/)?[a-z]+)\b")


def test_the_proxy_knows_each_page_and_route_that_is_named() -> None:
    served = set((FOLDER.parent / "Caddyfile").read_text().split())
    named = {door for page in FOLDER.glob("*.md") for door in DOOR.findall(page.read_text())}
    assert len(named) > 6
    assert named - served == set()
