"""The words of a mail: whose they are, in which language and direction, and that all of them are filled."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.http_clients import afterword_settings

from services.dispatcher.invitations.survey_mail import RenderedMail, SurveyMailRenderer
from shared.events import Customer, FollowUp, Invitation, SurveyTexts, Tenant
from shared.ids import uuid7

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SCRIBE = SurveyMailRenderer(afterword_settings("127.0.0.1:1", mail_from="ask@shop.example"), lambda: NOW)
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


def draw(texts: SurveyTexts = OWN, *, company: str = "Havnbo", **changed: Any) -> RenderedMail:
    return SCRIBE.draw(an_invitation(**changed), a_tenant(name=company), texts)


def test_subject_text_and_html_are_filled_alike() -> None:
    drawn = draw()
    for words in ("I Havnbo 17 November", "Q your delivery?"):
        assert words in drawn.text
        assert words in drawn.html
    assert drawn.subject == "S Havnbo Bcc: x@example.com"
    assert "{" not in drawn.text + drawn.html.partition("</style>")[2]


@pytest.mark.parametrize("company", ["<b>A & B</b>", "{day}", "Line\r\nBcc: x@example.com", '"quoted"'])
def test_a_value_is_escaped_in_html_raw_in_text_and_one_line_in_the_subject(company: str) -> None:
    drawn = draw(company=company)
    flat = " ".join(company.split())
    assert f"I {flat} 17 November" in drawn.text
    assert "<b>A" not in drawn.html
    assert drawn.subject.startswith(f"S {flat} ")
    letter = SCRIBE.letter(an_invitation(), a_tenant(name=company), OWN).as_bytes()
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
    drawn = draw(SurveyTexts(), language=language)
    assert drawn.text.startswith(about)
    assert about in drawn.html
    preheader = re.search(r'<div style="display:none[^>]*>([^<]*)</div>', drawn.html)
    assert preheader is not None
    assert preheader[1].startswith(before)


def test_what_is_about_nothing_in_particular_says_so() -> None:
    unknown = draw(SurveyTexts(), event_type="t2.a8").text
    assert unknown.startswith("Havnbo asks about your contact with them on 17 November.")
    assert draw(SurveyTexts(), measurement="relational").text.startswith("Havnbo asks one question.")
    own = draw(SurveyTexts(occasion="the lamp"), event_type="t2.a8").text
    assert own.startswith("Havnbo asks about the lamp on 17 November.")


@pytest.mark.parametrize("language", ["en", "da", "nl", "de"])
def test_no_mail_says_that_nothing_is_kept_before_send(language: str) -> None:
    drawn = draw(language=language)
    for words in ("Send", "Versturen", "Verzenden"):
        assert words not in drawn.text
        assert words not in drawn.html


def test_the_last_line_is_the_senders_name_and_address_once() -> None:
    drawn = draw()
    assert drawn.text.rstrip().splitlines()[-1] == "Havnbo A/S, Havnegade 1, 8000 Aarhus"
    assert drawn.html.count("Havnegade 1") == 1


def test_the_surveys_words_carry_their_language_and_ours_carry_ours() -> None:
    drawn = draw(SurveyTexts(question="Würden Sie {company} weiterempfehlen?"), language="de").html
    assert re.search(r'<h1[^>]* lang="de" dir="auto"[^>]*>Würden Sie Havnbo', drawn)
    assert '<div role="main" lang="en" dir="ltr">' in drawn
    assert "20. November" not in drawn
    arabic = draw(SurveyTexts(question="هل توصي بنا؟"), language="ar").html
    assert re.search(r'<h1[^>]* lang="ar" dir="auto"', arabic)
    assert "text-align:right" in arabic


def test_a_name_that_is_written_the_other_way_is_kept_apart() -> None:
    assert "recommend <bdi>حفنبو</bdi> to a friend" in draw(SurveyTexts(), company="حفنبو").html
    assert "recommend Havnbo to a friend" in draw(SurveyTexts()).html
