import re
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from shared.http import csrf, problems
from shared.pages import filters, language
from shared.pages.language import ReaderLocale, negotiate, rendering_for
from shared.values.rounding import half_up

PAGES = Path(filters.__file__).parent
NOW = datetime(2026, 11, 19, 14, 32, 7, tzinfo=UTC)
TRANSLATIONS = language.catalogues([PAGES / "locales"])


def reader(speak: str = "en", zone: str = "Europe/Copenhagen") -> AbstractContextManager[None]:
    return rendering_for(ReaderLocale(speak, ZoneInfo(zone), NOW, TRANSLATIONS[speak]))


@pytest.mark.parametrize(
    ("header", "best"),
    [
        ("da", "da"),
        ("da-DK,en;q=0.5", "da"),
        ("fr,nl;q=0.5,da;q=0.9", "da"),
        ("en-GB,da;q=0.9", "en"),
        ("fr", "en"),
        ("*", "en"),
        (None, "en"),
        ("da;q=0,nl", "nl"),
        ("da;q=x,,;,nl;q=0.1", "nl"),
        ("," * 10_000, "en"),
    ],
)
def test_the_readers_best_language_is_found(header: str | None, best: str) -> None:
    assert negotiate(header, ["da", "en", "nl"]) == best


@pytest.mark.parametrize(
    ("value", "written"),
    [(27.4, "+27"), (-8.5, "−9"), (2.5, "+3"), (0.4, "0"), (-0.4, "0"), (0, "0"), (100, "+100")],
)
def test_a_score_is_signed_and_rounded_half_away_from_zero(value: float, written: str) -> None:
    assert filters.signed(value) == written


@pytest.mark.parametrize(("value", "rounded"), [(2.5, 3), (-2.5, -3), (0.49, 0), (-0.4, 0), (3, 3)])
def test_halves_go_away_from_zero(value: float, rounded: int) -> None:
    assert half_up(value) == rounded


@pytest.mark.parametrize(("speak", "written"), [("en", "1,277"), ("da", "1.277"), ("nl", "1.277")])
def test_counts_have_the_readers_separators(speak: str, written: str) -> None:
    with reader(speak):
        assert filters.thousands(1277) == written


def test_a_time_is_written_in_the_readers_zone() -> None:
    late = datetime(2026, 11, 18, 23, 30, tzinfo=UTC)
    with reader():
        assert (filters.clock_time(late), filters.day(late)) == ("00:30", "19 November")
    with reader("da", "UTC"):
        assert (filters.clock_time(late), filters.day(late)) == ("23:30", "18. november")
    with reader("nl"):
        assert filters.day(date(2025, 3, 1)) == "1 maart 2025"


@pytest.mark.parametrize(
    ("ago", "english", "danish"),
    [
        (timedelta(seconds=1), "1 second ago", "for 1 sekund siden"),
        (timedelta(seconds=59), "59 seconds ago", "for 59 sekunder siden"),
        (timedelta(minutes=1), "1 minute ago", "for 1 minut siden"),
        (timedelta(hours=23, minutes=59), "23 hours ago", "for 23 timer siden"),
        (timedelta(days=1), "18 November, 15:32", "18. november, kl. 15:32"),
        (timedelta(seconds=-5), "0 seconds ago", "for 0 sekunder siden"),
    ],
)
def test_how_long_ago_is_written_in_one_unit(ago: timedelta, english: str, danish: str) -> None:
    with reader("en"):
        assert filters.since(NOW - ago) == english
    with reader("da"):
        assert filters.since(NOW - ago) == danish


def messages() -> set[str]:
    """Every message of the shared pages, with those that templates translate from variables."""
    methods = [("**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
    keywords = {"_": None, "gettext": None, "ngettext": (1, 2), "translated": None, "counted": (1, 2)}
    options = {"**.html": {"silent": "false"}}
    found = {
        message[0] if isinstance(message, tuple) else message
        for _, _, message, _, _ in extract_from_dir(PAGES, methods, options, keywords)
    }
    refusal = csrf.stale_form()
    from_variables = {text for pair in problems.PROBLEM_TEXTS.values() for text in pair} | {
        refusal.title,
        refusal.detail,
    }
    return found | from_variables


@pytest.mark.parametrize("speak", ["da", "nl"])
def test_every_text_of_the_shared_pages_is_translated_with_the_same_placeholders(speak: str) -> None:
    with (PAGES / "locales" / speak / "LC_MESSAGES" / "messages.po").open("rb") as source:
        catalogue = {
            message.id[0] if isinstance(message.id, tuple) else str(message.id): message.string
            for message in read_po(source)
            if message.id
        }
    assert messages() - set(catalogue) == set()
    for message, translation in catalogue.items():
        for text in translation if isinstance(translation, tuple) else (str(translation or ""),):
            assert sorted(re.findall(r"%\(\w+\)s|\{\w+\}", text)) == sorted(
                re.findall(r"%\(\w+\)s|\{\w+\}", message)
            )
            assert text


def test_no_template_passes_a_variable_to_gettext() -> None:
    """Newstyle gettext calls its result safe HTML: what comes by a variable would not be escaped."""
    for template in PAGES.parent.parent.glob("*/**/templates/**/*.html"):
        assert not re.findall(r"\b_\(\s*[a-z_]", template.read_text()), template
