import gettext
import re
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from shared.pages import filters, language
from shared.pages.language import ReaderLocale, negotiate, rendering_for
from shared.values.messages import Count, message
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


@pytest.mark.parametrize(("speak", "written"), [("en", "6.3\xa0%"), ("da", "6,3\xa0%"), ("nl", "6,3\xa0%")])
def test_a_share_has_the_readers_decimal_separator(speak: str, written: str) -> None:
    with reader(speak):
        assert filters.percent(1, 16) == written


def test_a_count_among_a_messages_facts_has_the_readers_separators() -> None:
    most = message("It may have %(most)s.", most=Count(1000))
    with reader("da"):
        assert language.spoken(most) == "Den må have 1.000."
    assert str(most) == "It may have 1,000."


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


def test_a_message_is_spoken_in_the_readers_language() -> None:
    ago = message("%(n)s day ago", "%(n)s days ago", n=3)
    with rendering_for(ReaderLocale("da", translations=Given({"%(n)s days ago": "for %(n)s dage siden"}))):
        assert language.spoken(ago) == "for 3 dage siden"
        assert language.spoken("a plain text") == "a plain text"
        assert language.spoken("") == ""
    assert (language.spoken(ago), str(ago)) == ("3 days ago", "3 days ago")


def test_a_messages_fact_may_be_a_message() -> None:
    with rendering_for(
        ReaderLocale(
            "da", translations=Given({"Must be %(kind)s.": "Skal være %(kind)s.", "a list": "en liste"})
        )
    ):
        assert language.spoken(message("Must be %(kind)s.", kind=message("a list"))) == "Skal være en liste."


class Given(gettext.NullTranslations):
    def __init__(self, texts: dict[str, str]) -> None:
        super().__init__()
        self._texts = texts

    def gettext(self, message: str) -> str:
        return self._texts.get(message, message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


def test_no_template_passes_a_variable_to_gettext() -> None:
    """Newstyle gettext calls its result safe HTML: what comes by a variable would not be escaped."""
    for template in PAGES.parent.parent.glob("*/**/templates/**/*.html"):
        assert not re.findall(r"\b_\(\s*[a-z_]", template.read_text()), template
