"""Which texts the customer's page has, in which language, and whose they are."""

import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from msgspec.structs import replace

from services.collector.handlers import keep_cases
from shared.events import CASES, TENANTS, Case, Customer, FollowUp, SurveyTexts
from shared.ids import uuid7
from shared.tenancy.tenants import keep_tenants

from .conftest import Bench, bearer, tenant_of

VOID = {"meta", "link", "input", "br", "img"}
OWN = SurveyTexts(
    intro="I {company}", question="Q {company} {occasion}?", reason="R {day}?", thanks="T {company}",
    follow_up=FollowUp(detractor="D {company}?", passive="P {touchpoint}?", promoter="O {company}?"),
)  # fmt: skip


class Languages(HTMLParser):
    """Every piece of text with the language and the direction that it stands under."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self._open: list[tuple[str, str, str]] = []
        self.found: list[tuple[str, str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        named = dict(attrs)
        _, language, direction = self._open[-1] if self._open else ("", "", "")
        towards = "auto" if tag == "bdi" else named.get("dir")
        self._open.append((tag, named.get("lang") or language, towards or direction))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and self._open[-1][0] != "textarea":
            self.found.append((data.strip(), self._open[-1][1], self._open[-1][2]))

    def of(self, text: str) -> set[tuple[str, str]]:
        """Under what a text stands."""
        found = {(language, direction) for words, language, direction in self.found if text in words}
        assert found, text
        return found


async def page(bench: Bench, invitation: Any, query: str = "") -> str:
    return (await bench.client.get(f"/s/{bench.token(invitation)}{query}")).text


async def test_every_reader_of_a_surveys_words_sees_them_filled(bench: Bench) -> None:
    await bench.keep_survey({"en": OWN})
    for score, question in ((3, "D Acme?"), (7, "P delivery?"), (9, "O Acme?")):
        invitation = await bench.invite()
        asked = await page(bench, invitation)
        assert not re.search(r"\w \{\w", asked)
        for words in (
            "I Acme",
            "Q Acme your delivery?",
            "R 20 November?",
            "D Acme?",
            "P delivery?",
            "O Acme?",
        ):
            assert words in asked
        outcome = {3: "detractor", 7: "passive", 9: "promoter"}[score]
        sent = await bench.submit(invitation, score, **{f"follow_up_{outcome}": "y"})
        assert "T Acme" in (await bench.client.get(sent.headers["location"])).text
        assert (await bench.published())[-1].follow_up_question == question
    listed = (await bench.client.get("/v1/answers", headers=bearer())).json()["answers"]
    assert [one["follow_up_question"] for one in listed] == ["D Acme?", "P delivery?", "O Acme?"]


async def test_a_value_is_never_read_as_words_or_as_html(bench: Bench) -> None:
    company = replace(tenant_of("acme", bench.now, "Europe/Copenhagen"), name="{day} <b>& Sons", version=2)
    async with bench.context.database.transaction() as uow:
        await keep_tenants(uow, [TENANTS.event("acme", company, bench.now)])
    await bench.keep_survey({"en": OWN})
    invitation = await bench.invite(touchpoint="{company}")
    asked = await page(bench, invitation)
    for words in (
        "Q {day} &lt;b&gt;&amp; Sons your delivery?",
        "P {company}?",
        "I {day} &lt;b&gt;&amp; Sons",
    ):
        assert words in asked
    await bench.submit(invitation, 3, follow_up_detractor="y")
    assert (await bench.published())[-1].follow_up_question == "D {day} <b>& Sons?"


async def test_words_that_are_older_than_the_rule_stay_readable(bench: Bench) -> None:
    await bench.keep_survey({"en": SurveyTexts(question="Did {name} of {company} help?")})
    assert "Did {name} of Acme help?" in await page(bench, await bench.invite())


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Acme asks about your delivery on 20 November"),
        ("da", "Acme spørger om din levering den 20. november"),
        ("nl", "Acme vraagt naar uw levering op 20 november"),
    ],
)
async def test_the_page_says_what_it_is_about(bench: Bench, language: str, words: str) -> None:
    invitation = await bench.invite(language=language)
    assert words in await page(bench, invitation)
    relational = await bench.invite(language=language, measurement="relational")
    assert words not in await page(bench, relational)


async def test_what_it_is_about_can_be_said_by_the_survey(bench: Bench) -> None:
    await bench.keep_survey({"en": SurveyTexts(occasion="the lamp you ordered")})
    assert "Acme asks about the lamp you ordered on 20 November" in await page(bench, await bench.invite())


TEXTS = {
    "pl": SurveyTexts(question="Czy polecą Państwo {company}?", thanks="Dziękujemy!"),
    "ar": SurveyTexts(question="هل توصي بـ {company}؟", follow_up=FollowUp(detractor="ماذا حدث؟")),
    "da": SurveyTexts(question="Vil du anbefale {company}?"),
}


async def test_every_language_with_words_can_be_chosen_from_every_other(bench: Bench) -> None:
    await bench.keep_survey(TEXTS)
    names = {
        "ar": "العربية", "da": "Dansk", "de": "Deutsch", "en": "English", "es": "Español", "fi": "Suomi",
        "fr": "Français", "nb": "Norsk bokmål", "nl": "Nederlands", "pl": "Polski", "sv": "Svenska",
    }  # fmt: skip
    for first in names:
        invitation = await bench.invite(language=first)
        offered = await page(bench, invitation)
        assert f'<html lang="{first}"' in offered
        assert set(re.findall(r'name="speak" value="([\w-]+)"', offered)) == names.keys() - {first}
        for second, name in names.items():
            if second != first:
                assert f">{name}</button>" in offered
                reply = await bench.submit(invitation, 4, comment="Halvvejs", speak=second, action="")
                assert f'<html lang="{second}"' in reply.text
                assert "Halvvejs" in reply.text
        sent = await bench.submit(invitation, 4, language=first)
        assert f'<html lang="{first}"' in (await bench.client.get(sent.headers["location"])).text
        assert (await bench.published())[-1].language == first


@pytest.mark.parametrize("language", ["pl", "ar", "en", "da", "nl"])
async def test_our_words_never_stand_in_another_language_than_the_page_says(
    bench: Bench, language: str
) -> None:
    await bench.keep_survey(TEXTS)
    invitation = await bench.invite(language=language)
    found = Languages(await page(bench, invitation))
    ours = language if language in {"da", "nl"} else "en"
    words = {
        "en": ("Not at all likely", "May we contact you about this?", "Send", "One question from"),
        "da": ("Slet ikke sandsynligt", "Må vi kontakte dig om det?", "Et spørgsmål fra"),
        "nl": ("Helemaal niet waarschijnlijk", "Mogen wij hierover contact", "Eén vraag van"),
    }[ours]
    for text in words:
        assert {spoken for spoken, _ in found.of(text)} == {ours}
    if language in TEXTS:
        question = (TEXTS[language].question or "").split("{")[0].strip()
        assert found.of(question) == {(language, "auto")}


async def test_a_page_in_a_language_of_the_other_direction_turns_only_what_is_written_so(
    bench: Bench,
) -> None:
    await bench.keep_survey(TEXTS)
    found = Languages(await page(bench, await bench.invite(language="ar")))
    assert found.of("ماذا حدث؟") == {("ar", "auto")}
    assert found.of("Extremely likely") == {("en", "ltr")}


async def a_case(bench: Bench, invitation: Any, **changed: Any) -> None:
    fields: dict[str, Any] = {
        "id": uuid7(), "number": 1, "version": 1, "state": "open", "answer_id": invitation, "score": 3,
        "opened_at": bench.now, "due_at": bench.now + timedelta(days=1),
    }  # fmt: skip
    async with bench.context.database.transaction() as uow:
        await keep_cases(uow, [CASES.event("acme", Case(**{**fields, **changed}), bench.now)])


@pytest.mark.parametrize(
    ("language", "hours", "words"),
    [
        # It is Friday noon in Copenhagen.
        ("en", None, "Somebody will contact you."),
        ("en", 2, "Somebody will contact you today."),
        ("en", 24, "Somebody will contact you by tomorrow."),
        ("en", 48, "Somebody will contact you by Sunday."),
        ("en", 24 * 8, "Somebody will contact you by 28 November."),
        ("en", -1, "Somebody will contact you."),
        ("da", 48, "Vi kontakter dig senest søndag."),
        ("da", 24 * 8, "Vi kontakter dig senest den 28. november."),
        ("nl", 48, "Wij nemen uiterlijk zondag contact met u op."),
        ("nl", 24, "Wij nemen uiterlijk morgen contact met u op."),
    ],
)
async def test_the_thanks_say_until_when_somebody_calls_as_the_case_has_it(
    bench: Bench, language: str, hours: int | None, words: str
) -> None:
    invitation = await bench.invite(language=language)
    sent = await bench.submit(invitation, 3, may_contact="yes", comment="It <came>\n\nlate.")
    if hours is not None:
        await a_case(bench, invitation, due_at=bench.now + timedelta(hours=hours))
    thanks = (await bench.client.get(sent.headers["location"])).text
    assert words in thanks
    assert "Acme" in thanks
    assert "It &lt;came&gt;" in thanks


async def test_the_day_is_the_customers(bench: Bench) -> None:
    invitation = await bench.invite(customer=Customer(id="c", time_zone="Pacific/Auckland"))
    sent = await bench.submit(invitation, 3, may_contact="yes")
    await a_case(bench, invitation, due_at=bench.now + timedelta(hours=12))  # noon of Saturday there
    assert "by tomorrow." not in (await bench.client.get(sent.headers["location"])).text
    elsewhere = await bench.invite(customer=Customer(id="c", time_zone="Moon/Base"))
    sent = await bench.submit(elsewhere, 3, may_contact="yes")
    await a_case(bench, elsewhere, due_at=bench.now + timedelta(hours=12))  # one in the night in Copenhagen
    assert "by tomorrow." in (await bench.client.get(sent.headers["location"])).text


async def test_nobody_is_promised_what_is_done_or_was_refused(bench: Bench) -> None:
    for consent, changed in (
        ("no", {}),
        ("", {}),
        ("yes", {"state": "closed"}),
        ("yes", {"first_contact_at": bench.now}),
    ):
        invitation = await bench.invite()
        sent = await bench.submit(invitation, 3, may_contact=consent)
        await a_case(bench, invitation, **changed)
        assert "contact you" not in (await bench.client.get(sent.headers["location"])).text


async def test_the_newest_of_a_case_stands_and_another_companys_case_is_nobodys(bench: Bench) -> None:
    invitation = await bench.invite()
    sent = await bench.submit(invitation, 3, may_contact="yes")
    case = uuid7()
    await a_case(bench, invitation, id=case, version=2, due_at=bench.now + timedelta(days=2))
    await a_case(bench, invitation, id=case, version=1, due_at=bench.now + timedelta(days=3))
    async with bench.context.database.transaction() as uow:
        other = Case(
            id=uuid7(), number=1, version=1, state="open", answer_id=invitation, score=3, opened_at=bench.now,
            due_at=bench.now + timedelta(hours=1),
        )  # fmt: skip
        await keep_cases(uow, [CASES.event("zenith", other, bench.now)])
    assert "by Sunday." in (await bench.client.get(sent.headers["location"])).text


async def test_who_comes_again_is_told_what_was_answered(bench: Bench) -> None:
    invitation = await bench.invite()
    assert "You gave" not in await page(bench, invitation, "?v=5")
    await bench.submit(invitation, 9, comment="Kind people.")
    again = await page(bench, invitation, "?v=5")
    assert "You gave a 9 on 20 November. Send to change it to 5." in again
    assert re.findall(r'value="(\d+)"[^>]* checked', again) == ["5"]
    assert "Send to change it" not in await page(bench, invitation, "?v=9")
    assert "Send to change it" not in await page(bench, invitation, "?change=1")
    assert [answer.score for answer in await bench.published() if answer.score is not None] == [9]


@pytest.mark.parametrize("token", ["x", "x" * 70])
async def test_a_link_that_leads_nowhere_says_what_to_do(bench: Bench, token: str) -> None:
    wrong = await bench.client.get(f"/s/{token}")
    assert wrong.status_code == 404
    assert "use the newest mail that you got, or write to the company that sent it" in wrong.text


async def test_the_thanks_lead_to_the_same_places_after_every_score(bench: Bench) -> None:
    """Nobody alone is asked for a public review: a company asks everybody, or nobody."""
    await bench.keep_survey({"en": SurveyTexts(thanks="Tell others: reviews.example/acme")})
    places: set[tuple[str, ...]] = set()
    for score in range(11):
        invitation = await bench.invite()
        sent = await bench.submit(invitation, score)
        shown = (await bench.client.get(sent.headers["location"])).text
        assert "Tell others: reviews.example/acme" in shown
        links = re.findall(r'<a [^>]*href="([^"]*)"', shown)
        places.add(tuple(link.replace(bench.token(invitation), "TOKEN") for link in links))
    assert len(places) == 1
