"""The words of a mail: whose they are, in which language and direction, and that all of them are filled."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.http_clients import afterword_settings

from services.dispatcher.invitations.survey_mail import RenderedMail, SurveyMailRenderer
from services.dispatcher.surveys.texts import STANDARD_LANGUAGES
from shared.events import Customer, FollowUp, Invitation, SurveyTexts, Tenant
from shared.ids import uuid7

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
RENDERER = SurveyMailRenderer(afterword_settings("127.0.0.1:1", mail_from="ask@shop.example"), lambda: NOW)
OWN = SurveyTexts(
    subject="S {company}\r\nBcc: x@example.com", intro="I {company} {day}", question="Q {occasion}?",
    reason="R {company}", thanks="T {company}", follow_up=FollowUp(detractor="D {company}"),
)  # fmt: skip


def an_invitation(**changed: Any) -> Invitation:
    fields: dict[str, Any] = {
        "id": uuid7(), "version": 1, "state": "sending", "survey_id": uuid7(), "survey_version": 1,
        "survey_name": "Delivery", "measurement": "transactional", "language": "en", "test": False,
        "customer": Customer(id="c-17", email="karen@example.com"), "event_id": uuid7(),
        "event_type": "order.delivered", "occurred_at": NOW - timedelta(days=3), "decided_at": NOW,
        "due_at": NOW, "expires_at": NOW + timedelta(days=30),
    }  # fmt: skip
    return Invitation(**{**fields, **changed})


def a_tenant(**changed: Any) -> Tenant:
    facts: dict[str, Any] = {"name": "Havnbo", "postal_address": "Havnbo A/S, Havnegade 1, 8000 Aarhus"}
    return Tenant(id="havnbo", version=1, time_zone="Europe/Copenhagen", country="DK", **{**facts, **changed})


def render(texts: SurveyTexts = OWN, *, company: str = "Havnbo", **changed: Any) -> RenderedMail:
    return RENDERER.render(an_invitation(**changed), a_tenant(name=company), texts)


def test_subject_text_and_html_are_filled_alike() -> None:
    mail = render()
    for words in ("I Havnbo 17 November", "Q your delivery?"):
        assert words in mail.text
        assert words in mail.html
    assert mail.subject == "S Havnbo Bcc: x@example.com"
    assert "{" not in mail.text + mail.html.rpartition("</style>")[2]


@pytest.mark.parametrize("company", ["<b>A & B</b>", "{day}", "Line\r\nBcc: x@example.com", '"quoted"'])
def test_a_value_is_escaped_in_html_raw_in_text_and_one_line_in_the_subject(company: str) -> None:
    mail = render(company=company)
    flat = " ".join(company.split())
    assert f"I {flat} 17 November" in mail.text
    assert "<b>A" not in mail.html
    assert mail.subject.startswith(f"S {flat} ")
    letter = RENDERER.message(an_invitation(), a_tenant(name=company), OWN).as_bytes()
    head = letter.partition(b"\r\n\r\n")[0]
    assert b"\r\nBcc:" not in head


@pytest.mark.parametrize(
    ("language", "about", "before"),
    [
        ("en", "Havnbo asks about your delivery on 17 November.", "One question about your delivery"),
        ("da", "Havnbo spørger om din levering den 17. november.", "Ét spørgsmål om din levering"),
        ("nl", "Havnbo vraagt naar uw levering op 17 november.", "Eén vraag over uw levering"),
    ],
)
def test_the_mail_says_what_it_is_about_before_it_is_opened_and_in_both_parts(
    language: str, about: str, before: str
) -> None:
    mail = render(SurveyTexts(), language=language)
    assert mail.text.startswith(about)
    assert about in mail.html
    preheader = re.search(r'<div style="display:none[^>]*>([^<]*)</div>', mail.html)
    assert preheader is not None
    assert preheader[1].startswith(before)


def test_what_is_about_nothing_in_particular_says_so() -> None:
    unknown = render(SurveyTexts(), event_type="t2.a8").text
    assert unknown.startswith("Havnbo asks about your contact with them on 17 November.")
    assert render(SurveyTexts(), measurement="relational").text.startswith("Havnbo asks one question.")
    own = render(SurveyTexts(occasion="the lamp"), event_type="t2.a8").text
    assert own.startswith("Havnbo asks about the lamp on 17 November.")


@pytest.mark.parametrize("language", STANDARD_LANGUAGES)
def test_no_mail_says_that_nothing_is_kept_before_send(language: str) -> None:
    mail = render(language=language)
    for words in ("Send", "Versturen", "Verzenden", "Senden", "Envoyer", "Enviar", "Lähetä", "Skicka"):
        assert words not in mail.text
        assert words not in mail.html


def test_the_last_line_is_the_senders_name_and_address_once() -> None:
    mail = render()
    assert mail.text.rstrip().splitlines()[-1] == "Havnbo A/S, Havnegade 1, 8000 Aarhus"
    assert mail.html.count("Havnegade 1") == 1


def test_the_surveys_words_carry_their_language_and_ours_carry_ours() -> None:
    mail = render(SurveyTexts(question="Czy polecą Państwo {company}?"), language="pl").html
    assert re.search(r'<h1[^>]* lang="pl" dir="auto"[^>]*>Czy polecą Państwo Havnbo', mail)
    assert '<div role="main" lang="en" dir="ltr">' in mail
    assert "listopada" not in mail
    arabic = render(SurveyTexts(question="هل توصي بنا؟"), language="ar").html
    assert re.search(r'<h1[^>]* lang="ar" dir="auto"', arabic)
    assert "text-align:right" in arabic


def test_a_name_that_is_written_the_other_way_is_kept_apart() -> None:
    assert "recommend <bdi>حفنبو</bdi> to a friend" in render(SurveyTexts(), company="حفنبو").html
    assert "recommend Havnbo to a friend" in render(SurveyTexts()).html
