"""The values of placeholders: by the event's type, by the survey's own texts, in each language."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.dispatcher.invitations.survey_mail import sender_line
from shared.events import SurveyTexts
from shared.pages.language import direction, native_name, rendering_for
from shared.pages.placeholder_values import values_of
from shared.pages.renderer import Renderer

TEXTS = Renderer("shared", clock=lambda: datetime(2026, 11, 20, 12, tzinfo=UTC))
DELIVERED = datetime(2026, 11, 17, 23, 30, tzinfo=UTC)


def values(language: str = "en", texts: SurveyTexts = SurveyTexts(), **changed: Any) -> dict[str, str]:  # noqa: B008  (frozen)
    facts = {
        "company": "Havnbo", "measurement": "transactional", "event_type": "order.delivered",
        "occurred_at": DELIVERED, "touchpoint": "home_delivery",
    }  # fmt: skip
    with rendering_for(TEXTS.reader(language, "Europe/Copenhagen")):
        return values_of(texts, **{**facts, **changed})


@pytest.mark.parametrize(
    ("event_type", "en", "da", "nl"),
    [
        ("order.delivered", "your delivery", "din levering", "uw levering"),
        ("com.example.Order.Delivered", "your delivery", "din levering", "uw levering"),
        ("order.returned", "your return", "din returnering", "uw retour"),
        ("order.lost", "your order", "din bestilling", "uw bestelling"),
        ("purchase_completed", "your purchase", "dit køb", "uw aankoop"),
        ("support.closed", "your enquiry", "din henvendelse", "uw vraag aan ons"),
        ("store/visit", "your visit", "dit besøg", "uw bezoek"),
        ("t2.a81f", "your contact with us", "din kontakt med os", "uw contact met ons"),
        ("", "your contact with us", "din kontakt med os", "uw contact met ons"),
    ],
)
def test_the_type_of_the_event_decides_the_occasion(event_type: str, en: str, da: str, nl: str) -> None:
    occasions = [values(language, event_type=event_type)["occasion"] for language in ("en", "da", "nl")]
    assert occasions == [en, da, nl]


def test_the_surveys_own_occasion_is_preferred_with_its_placeholders_filled() -> None:
    own = SurveyTexts(occasion="the lamp from {company} on {day}, {occasion}")
    assert values(texts=own)["occasion"] == "the lamp from Havnbo on 18 November, {occasion}"


def test_an_unknown_fact_has_a_phrase_that_fits() -> None:
    assert values(touchpoint=None)["touchpoint"] == "your delivery"
    assert values(touchpoint=" ")["touchpoint"] == "your delivery"
    assert values()["touchpoint"] == "home delivery"
    assert values(occurred_at=None)["day"] == "one of the last days"
    assert values("da", occurred_at=None)["day"] == "en af de seneste dage"
    assert values(measurement="relational")["occasion"] == "your contact with us"


def test_the_day_is_in_the_readers_zone_and_in_a_language_with_translations() -> None:
    assert values("da")["day"] == "18. november"
    assert values("pl")["day"] == "18 November"  # English texts, so an English day


@pytest.mark.parametrize(
    ("company", "address", "line"),
    [
        ("Havnbo", "Havnegade 1, 8000 Aarhus", "Havnbo, Havnegade 1, 8000 Aarhus"),
        ("Havnbo", "Havnbo, Havnegade 1", "Havnbo, Havnegade 1"),
        ("Havnbo", "Havnbo (invented), Havnegade 1", "Havnbo (invented), Havnegade 1"),
        ("Havnbo", "HAVNBO A/S\nHavnegade 1", "HAVNBO A/S Havnegade 1"),
        ("Havn", "Havnegade 1", "Havn, Havnegade 1"),
        ("Havnbo", None, "Havnbo"),
        ("Havnbo", "  ", "Havnbo"),
    ],
)
def test_the_sender_is_named_once(company: str, address: str | None, line: str) -> None:
    assert sender_line(company, address) == line


def test_a_language_has_its_own_name_and_direction_or_its_tag() -> None:
    assert [native_name(tag) for tag in ("da", "nl", "de", "ar", "pt-br", "tlh")] == [
        "Dansk", "Nederlands", "Deutsch", "العربية", "Português (Brasil)", "tlh",
    ]  # fmt: skip
    assert [direction(tag) for tag in ("ar", "he", "da", "tlh")] == ["rtl", "rtl", "ltr", "ltr"]
