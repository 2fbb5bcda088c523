"""Each page for staff, and each refusal, is in the language of its reader."""

import re

import pytest
from support.companies import Company, World
from support.route_requests import every_route
from support.translations import ShownText

from shared.http.readers import LANGUAGE_COOKIE

SAME_NAMES = {"Isle of Man"}
"""Names that are no other in these languages."""
ENGLISH_WORDS = {"da": r"\b(the|and|of)\b", "nl": r"\b(the|and)\b"}
"""Words that each English page has, and that are none in the language ("of" is "or" in Dutch)."""
CUSTOMERS_MAIL = "/surveys/{survey_id}/mail"
"""A mail as a customer gets it: in the language of the survey."""


@pytest.mark.parametrize("language", ["da", "nl"])
@pytest.mark.parametrize("role", ["admin", "analyst"])
async def test_a_page_has_no_english_in_another_language(
    world: World, quartz: Company, role: str, language: str
) -> None:
    person, faults, pages = quartz.people[role], [], 0
    for asked in every_route(world, quartz, quartz):
        if asked.method != "GET" or asked.takes_keys or asked.is_stream or asked.request.public:
            continue
        if asked.route == CUSTOMERS_MAIL:
            continue
        answer = await asked.by(world, {**person.headers(page=True), "accept-language": language}, person)
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        pages += 1
        shown = ShownText(answer.text)
        assert (shown.language, answer.headers["content-language"]) == (language, language), asked.name
        faults += [
            f"{asked.name}: {text.strip()}"
            for text in shown.found
            if re.search(ENGLISH_WORDS[language], text, re.IGNORECASE) and text.strip() not in SAME_NAMES
        ]
    assert not faults, "\n".join(faults)
    assert pages


async def test_a_persons_choice_comes_before_the_browsers_language(world: World, quartz: Company) -> None:
    headers = quartz.people["admin"].headers(page=True)
    headers |= {"accept-language": "da", "cookie": f"{headers['cookie']}; {LANGUAGE_COOKIE}=nl"}
    world.clients["scorer"].cookies.clear()
    assert ShownText((await world.clients["scorer"].get("/", headers=headers)).text).language == "nl"


@pytest.mark.parametrize(
    ("service", "method", "path", "body", "english", "danish"),
    [
        ("scorer", "GET", "/v1/scores?window=x", None, "Write a number of days", "Skriv et antal dage"),
        ("scorer", "GET", "/v1/segments?limit=0", None, "Must be 1 or more.", "Skal være 1 eller mere."),
        ("trigger", "POST", "/v1/events", {"id": "a"}, "Required. Add it.", "Skal være der. Tilføj det."),
        ("collector", "POST", "/v1/answers/import", {}, "as JSON.", "som JSON."),
    ],
)
async def test_a_refusal_of_a_program_is_english_unless_it_asks_for_another_language(
    world: World,
    quartz: Company,
    service: str,
    method: str,
    path: str,
    body: object,
    english: str,
    danish: str,
) -> None:
    for asked, words, language in (({}, english, "en"), ({"accept-language": "da"}, danish, "da")):
        answer = await world.clients[service].request(
            method, path, json=body, headers={**quartz.headers, **asked}
        )
        assert words in answer.text
        assert answer.headers["content-language"] == language
        assert "Accept-Language" in answer.headers["vary"]


async def test_an_item_of_a_batch_is_refused_in_the_readers_language(world: World, quartz: Company) -> None:
    headers = {**quartz.headers, "accept-language": "da"}
    for service, path, body in (
        ("trigger", "/v1/events", [{"id": "a"}]),
        ("collector", "/v1/answers/import", {"answers": [{"id": "a"}]}),
    ):
        answer = await world.clients[service].post(path, json=body, headers=headers)
        assert "Skal være der. Tilføj det." in answer.text
