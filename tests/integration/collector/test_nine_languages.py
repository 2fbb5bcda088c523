"""Every page of the collector in each of the languages in which a customer can be asked."""

import re
from typing import Any

import pytest
from support.translations import english_on

from services.dispatcher.surveys.texts import STANDARD_LANGUAGES
from shared.events import SurveyTexts
from shared.link_tokens import LinkSigner

from .conftest import SECRET, Bench

TRANSLATED = sorted({*STANDARD_LANGUAGES} - {"en"})


@pytest.mark.parametrize("language", TRANSLATED)
async def test_no_page_of_a_survey_has_english_in_another_language(bench: Bench, language: str) -> None:
    await bench.keep_survey({})
    faults = []
    for score, contact in ((2, "yes"), (8, "no"), (10, "")):
        invitation = await bench.invite(language=language, test=True)
        link = f"/s/{bench.token(invitation)}"
        pages = [await bench.client.get(link), await bench.client.get(f"{link}?v={score}")]
        pages.append(await bench.submit(invitation, "x", comment="Hallo"))
        pages.append(await bench.submit(invitation, score, nonce="old"))
        assert (await bench.submit(invitation, score, may_contact=contact)).status_code == 303
        pages += [await bench.client.get(link), await bench.client.get(f"{link}?change=1&v=5")]
        for page in pages:
            assert page.headers["content-language"] == language
            faults += english_on(page.text, language)
    assert faults == []


@pytest.mark.parametrize("language", TRANSLATED)
async def test_no_page_of_an_anonymous_survey_has_english_in_another_language(
    bench: Bench, language: str
) -> None:
    await bench.keep_survey({})
    invitation = await bench.invite(language=language, anonymous=True)
    link = f"/s/{LinkSigner(SECRET).sign('anonymous', invitation)}"
    asked = (await bench.client.get(link)).text
    secret = re.search(r'name="secret" value="([^"]+)"', asked)
    assert secret is not None
    form = {"score": "3", "nonce": bench.nonce(invitation), "secret": secret[1], "action": "send"}
    assert (await bench.client.post(link, data=form)).status_code == 303
    answered = (await bench.client.get(link)).text
    assert secret[1] not in answered
    assert english_on(asked, language) + english_on(answered, language) == []


@pytest.mark.parametrize("language", TRANSLATED)
async def test_a_link_that_does_not_work_is_explained_in_the_language_of_the_browser(
    bench: Bench, language: str
) -> None:
    headers = {"accept-language": f"{language}, en;q=0.5", "accept": "text/html"}
    for path in ("/s/unknown", "/s/unknown/further"):
        page = await bench.client.get(path, headers=headers)
        assert page.status_code == 404
        assert english_on(page.text, language) == []


@pytest.mark.parametrize("tag", ["de-AT", "no", "fr-CA"])
async def test_a_survey_with_own_words_in_a_wider_language_is_still_complete(bench: Bench, tag: str) -> None:
    own: dict[str, Any] = {"de": SurveyTexts(question="Q?"), "nb": SurveyTexts(question="Q?")}
    await bench.keep_survey(own)
    invitation = await bench.invite(language=tag)
    page = (await bench.client.get(f"/s/{bench.token(invitation)}")).text
    assert english_on(page, {"de-AT": "de", "no": "nb", "fr-CA": "fr"}[tag]) == []
