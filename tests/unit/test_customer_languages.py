"""What customers read is complete in nine languages: the words of the question, the mails and the pages."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from zoneinfo import ZoneInfo

import pytest
from jinja2 import Environment
from jinja2.meta import find_referenced_templates
from support.http_clients import afterword_settings
from support.translations import ENGLISH, ShownText

from services.dispatcher.invitations.survey_mail import ReminderMail, RenderedMail, SurveyMailRenderer
from services.dispatcher.surveys.texts import STANDARD_LANGUAGES
from shared.cli.messages import CUSTOMER_FILES, CUSTOMER_LANGUAGES, LANGUAGES, ROOT, read_catalogue
from shared.events import Customer, Invitation, SurveyTexts, Tenant
from shared.ids import uuid7
from shared.pages import filters
from shared.pages.environment import Pages
from shared.pages.language import ReaderLocale, rendering_for

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
OF_CUSTOMERS_AND_STAFF = {"own_data.html", "own_data_ended.html"}
"""The page of what is kept of a customer: staff see the same words. It is in the languages of staff."""
WORDS = {
    "en": "How likely is it that you would recommend Havnbo to a friend or colleague?",
    "da": "Hvor sandsynligt er det, at du vil anbefale Havnbo til en ven eller kollega?",
    "nl": "Hoe waarschijnlijk is het dat u Havnbo zou aanbevelen aan een vriend of collega?",
    "de": "Wie wahrscheinlich ist es, dass Sie Havnbo einem Freund oder Kollegen weiterempfehlen?",
    "fr": "Quelle est la probabilité que vous recommandiez Havnbo à un ami ou un collègue\u00a0?",
    "es": "¿Con qué probabilidad recomendaría Havnbo a un amigo o colega?",
    "sv": "Hur troligt är det att du skulle rekommendera Havnbo till en vän eller kollega?",
    "nb": "Hvor sannsynlig er det at du vil anbefale Havnbo til en venn eller kollega?",
    "fi": "Kuinka todennäköisesti suosittelisit yritystä Havnbo ystävälle tai kollegalle?",
}
DAYS = {
    "en": "17 November", "da": "17. november", "nl": "17 november", "de": "17. November", "fr": "17 novembre",
    "es": "17 de noviembre", "sv": "17 november", "nb": "17. november", "fi": "17. marraskuuta",
}  # fmt: skip
RENDERER = SurveyMailRenderer(afterword_settings("127.0.0.1:1", mail_from="ask@shop.example"), lambda: NOW)
HAVNBO = Tenant(id="havnbo", version=1, name="Havnbo", time_zone="Europe/Copenhagen", country="DK")


def customer_templates(package: str) -> Iterator[str]:
    """The own templates of the package that customers see, and what these import."""
    folder = ROOT / package / "templates"
    for path in sorted(folder.glob("*")):
        source = path.read_text()
        if path.name in OF_CUSTOMERS_AND_STAFF:
            continue
        if '{% extends "customer.html" %}' in source or path.name.startswith("mail"):
            yield path.name
            named = find_referenced_templates(Environment(extensions=["jinja2.ext.i18n"]).parse(source))
            yield from (name for name in named if name and (folder / name).exists())


@pytest.mark.parametrize("package", ["services/collector", "services/dispatcher"])
def test_every_template_that_customers_see_is_translated_for_them(package: str) -> None:
    found = set(customer_templates(package))
    assert found
    listed = CUSTOMER_FILES[package]
    assert {
        name for name in found if not any(PurePath(f"templates/{name}").match(pattern) for pattern in listed)
    } == set()


def test_the_listed_files_exist() -> None:
    missing = [
        f"{package}/{pattern}"
        for package, patterns in CUSTOMER_FILES.items()
        for pattern in patterns
        if not list((ROOT / package).glob(pattern))
    ]
    assert missing == []


@pytest.mark.parametrize("package", ["services.collector", "services.dispatcher"])
def test_a_survey_has_standard_words_in_each_language_in_which_pages_and_mails_are_complete(
    package: str,
) -> None:
    assert sorted(STANDARD_LANGUAGES) == sorted({"en", *LANGUAGES, *CUSTOMER_LANGUAGES})
    assert Pages(package).customer_languages == sorted(STANDARD_LANGUAGES)
    assert Pages(package).languages == sorted({"en", *LANGUAGES})


def mail(language: str, reminder: ReminderMail | None = None, *, anonymous: bool = False) -> RenderedMail:
    invitation = Invitation(
        id=uuid7(), version=1, state="sending", survey_id=uuid7(), survey_version=1, survey_name="Delivery",
        measurement="transactional", language=language, test=False, event_id=uuid7(), decided_at=NOW,
        customer=Customer(id="c-17", email="karen@example.com"), event_type="order.delivered",
        occurred_at=NOW - timedelta(days=3), due_at=NOW, expires_at=NOW + timedelta(days=30), anonymous=anonymous,
    )  # fmt: skip
    return RENDERER.render(invitation, HAVNBO, SurveyTexts(), reminder)


@pytest.mark.parametrize("language", STANDARD_LANGUAGES)
def test_the_question_is_the_established_one_of_the_language(language: str) -> None:
    made = mail(language)
    assert WORDS[language] in made.text
    assert WORDS[language] in made.html.replace("&nbsp;", "\u00a0")
    assert ShownText(made.html).language == language


@pytest.mark.parametrize("language", sorted({*STANDARD_LANGUAGES} - {"en"}))
def test_a_mail_and_its_reminders_have_no_english_in_another_language(language: str) -> None:
    faults = []
    for reminder in (
        None,
        *(ReminderMail(number=n, of=of, asked_at=NOW) for n, of in ((1, 1), (1, 2), (2, 2))),
    ):
        made = mail(language, reminder, anonymous=True)
        texts = [made.subject, *made.text.splitlines(), *ShownText(made.html).found]
        faults += [text for text in texts if ENGLISH.search(re.sub(r"https?://\S+", "", text))]
    assert faults == []


@pytest.mark.parametrize("language", STANDARD_LANGUAGES)
def test_a_day_is_written_as_in_the_language(language: str) -> None:
    with rendering_for(ReaderLocale(language, ZoneInfo("Europe/Copenhagen"), NOW)):
        assert filters.day(NOW - timedelta(days=3)) == DAYS[language]
        year_ago = filters.day(NOW - timedelta(days=368))
    assert year_ago.startswith(DAYS[language])
    assert year_ago.endswith(" de 2025" if language == "es" else " 2025")
    assert DAYS[language] in mail(language).text


def test_finnish_inflects_the_word_company_and_never_the_name_beside_it() -> None:
    texts = [
        str(each.string)
        for package in CUSTOMER_FILES
        for each in read_catalogue(package, "fi")
        if each.id and "%(company)s" in str(each.id)
    ]
    assert texts
    assert [text for text in texts if not re.search(r"\b[Yy]rity\w+ %\(company\)s", text)] == []
