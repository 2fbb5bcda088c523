"""Staff look at the page and the thanks of a survey that asks nobody yet; nothing comes of it."""

import re
from datetime import timedelta
from typing import Any

import pytest

from shared.events import FollowUp, SurveyTexts
from shared.privacy.service_tokens import ServicePurpose, ServiceTokens

from .conftest import SECRET, SURVEY, Bench

TEXTS = {
    "en": SurveyTexts(
        follow_up=FollowUp(detractor="What should we have done?"), thanks="Thanks from {company}"
    ),
    "da": SurveyTexts(question="Vil du anbefale {company}?"),
}


def where(bench: Bench, tenant: str = "acme", purpose: ServicePurpose = "preview", **claims: Any) -> str:
    """The address of a preview, as the dispatcher makes it."""
    tokens = ServiceTokens(SECRET, clock=lambda: bench.now)
    token = tokens.sign(purpose, tenant, {"survey_id": str(SURVEY), "survey_version": 1, **claims})
    return f"/s/preview/{token}"


async def test_the_page_has_its_words_in_the_language_and_the_score_of_the_outcome(bench: Bench) -> None:
    await bench.keep_survey(TEXTS)
    page = await bench.client.get(where(bench), params={"language": "da", "score": 3})
    assert page.status_code == 200
    assert "Vil du anbefale Acme?" in page.text
    assert re.search(r'value="3" data-outcome="detractor"[^>]* checked', page.text)
    policy = page.headers["content-security-policy"]
    for part in ("form-action 'none'", "frame-ancestors 'self'", "sandbox allow-same-origin"):
        assert part in policy
    assert "script-src" not in policy
    assert await bench.rows("SELECT 1 FROM answer UNION ALL SELECT 1 FROM intent") == []
    assert await bench.published() == []


@pytest.mark.parametrize(
    ("score", "language", "words"),
    [
        (10, "en", "Thanks from Acme"),
        (10, "da", "Tak."),
        (3, "da", "Vi kontakter dig."),
    ],
)
async def test_the_thanks_are_those_of_the_score(bench: Bench, score: int, language: str, words: str) -> None:
    await bench.keep_survey(TEXTS)
    params: dict[str, str | int] = {"language": language, "score": score, "thanks": "true"}
    assert words in (await bench.client.get(where(bench), params=params)).text


async def test_a_preview_is_of_one_company_and_one_version_and_ends_after_a_minute(bench: Bench) -> None:
    await bench.keep_survey(TEXTS)
    address = where(bench)
    for other in (where(bench, "zenith"), where(bench, survey_version=2)):
        assert (await bench.client.get(other)).status_code == 503
    assert (await bench.client.get(where(bench, purpose="export"))).status_code == 404
    assert (await bench.client.get("/s/preview/x")).status_code == 404
    assert (await bench.client.post(address, data={"score": "3"})).status_code == 405
    assert (await bench.client.get(address, params={"score": 11})).status_code == 422
    bench.now += timedelta(seconds=61)
    assert (await bench.client.get(address)).status_code == 404
