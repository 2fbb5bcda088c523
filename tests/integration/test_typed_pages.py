"""Page and thanks beside a survey's form: rendered by the collector of words that the dispatcher has not saved."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from structlog.testing import capture_logs
from support.companies import Company, World
from support.exports import Broken, page, way_between
from support.forms import forms_of
from support.http_clients import SECRET

from services.dispatcher.surveys.draft_fields import DEFAULTS
from services.dispatcher.surveys.survey_commands import find_survey, typed_event
from shared.events import Survey
from shared.privacy.service_tokens import TOKEN_SCHEME, ServiceTokens, claims_of_body

TYPED = {
    "da.question": "Hvad <siger> De om {company}?",
    "da.thanks": "Tusind tak fra {company} & co",
    "da.follow_up.detractor": "Hvad gik galt?",
    "typed_part": "question",
}
ROUTE = "/v1/personal-data/collector/preview"


async def shown(
    world: World, company: Company, role: str = "editor", at: str = "", **typed: str
) -> httpx.Response:
    """The frame beside the form, when the button of Danish is pressed."""
    path = f"/surveys/{at or company.survey}/mail?language=da"
    return await page(world, company.people[role], path, {**TYPED, **typed})


async def a_survey_of(world: World, company: Company) -> Survey:
    """The company's survey as it would be published."""
    async with world.contexts["dispatcher"].database.reading() as uow:
        stored = await find_survey(uow, company.name, UUID(company.survey))
    return typed_event(stored.draft, stored.id, datetime.now(UTC))


async def ask(world: World, body: bytes, token: str, **query: str) -> httpx.Response:
    """Ask the collector as the dispatcher does."""
    headers = {"authorization": f"{TOKEN_SCHEME} {token}", "content-type": "application/json"}
    return await world.clients["collector"].post(ROUTE, content=body, params=query, headers=headers)


async def test_page_and_thanks_are_shown_in_words_that_are_not_saved_and_nothing_is_kept(
    world: World, quartz: Company
) -> None:
    before = await world.rows()
    with capture_logs() as logged:
        question = await shown(world, quartz, typed_outcome="detractor")
        thanks = await shown(world, quartz, typed_part="thanks", typed_outcome="passive")
        sorry = await shown(
            world, quartz, typed_part="thanks", typed_outcome="detractor", **{"da.thanks": ""}
        )
        new = {
            **DEFAULTS,
            "name": "New",
            "trigger": "x.y",
            "measurement": "transactional",
            "default_language": "da",
        }
        of_new = await shown(world, quartz, at="new", **new)
        wrong = await shown(world, quartz, link_days="0")
    assert (question.status_code, thanks.status_code, of_new.status_code) == (200, 200, 200)
    for each in (question, of_new):
        assert "Hvad &lt;siger&gt; De om Quartz?" in each.text
        assert '<html lang="da"' in each.text
    assert re.search(r'value="3" data-outcome="detractor"[^>]* checked', question.text)
    assert "Hvad gik galt?" in question.text
    assert re.search(r'value="10" data-outcome="promoter"[^>]* checked', of_new.text), (
        "unless another is chosen"
    )
    assert "Tusind tak fra Quartz &amp; co" in thanks.text
    assert "Vi kontakter dig." in sorry.text
    for each in (question, thanks, of_new, wrong):
        policy = each.headers["content-security-policy"]
        assert all(part in policy for part in ("form-action 'none'", "frame-ancestors 'self'", "sandbox"))
        assert "script-src" not in policy
    assert (wrong.status_code, "siger" in wrong.text) == (422, False)
    assert await world.rows() == before
    assert any(line.get("path") == ROUTE for line in logged)
    assert not [line for line in logged if "siger" in repr(line) or "Tusind" in repr(line)]


async def test_the_page_of_unchanged_words_is_the_one_that_the_saved_preview_shows(
    world: World, quartz: Company
) -> None:
    def compared(answer: httpx.Response) -> str:
        assert answer.status_code == 200
        of_one_request = r'name="(nonce|page)" value="[^"]*"|(href|action)="[^"]*"|<p class="after">.*?</p>'
        return re.sub(of_one_request, "", answer.text)

    editor = quartz.people["editor"]
    at = f"/surveys/{quartz.survey}"
    (form,) = [each for each in forms_of((await page(world, editor, at)).text) if each.action == at]
    saved = re.findall(r'src="(/s/preview/[^"]*)"', (await page(world, editor, f"{at}/preview")).text)
    for part, address in zip(("question", "thanks"), saved, strict=True):
        typed = await page(world, editor, f"{at}/mail?language=en", {**form.fields, "typed_part": part})
        framed = await world.clients["collector"].get(address.replace("&amp;", "&"))
        assert compared(typed) == compared(framed)
        assert typed.headers["content-security-policy"] == framed.headers["content-security-policy"]


async def test_while_the_collector_is_away_the_frame_says_so(world: World, quartz: Company) -> None:
    async def refuses(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody is there")

    async with way_between(world, Broken(world, "collector", refuses)):
        away = await shown(world, quartz)
        mail = await shown(world, quartz, typed_part="page")
    assert (away.status_code, "does not answer" in away.text, "siger" in away.text) == (503, True, False)
    assert int(away.headers["retry-after"]) > 0
    assert "frame-ancestors 'self'" in away.headers["content-security-policy"]
    assert mail.status_code == 200, "which the dispatcher renders itself"


async def test_the_collector_renders_only_what_the_dispatcher_has_signed(
    world: World, quartz: Company, birch: Company
) -> None:
    body = msgspec.json.encode(await a_survey_of(world, quartz))
    tokens, claims = ServiceTokens(SECRET), claims_of_body(body)
    early = ServiceTokens(SECRET, clock=lambda: datetime.now(UTC) - timedelta(seconds=61))
    good = tokens.sign("preview", "quartz", claims)
    link = tokens.sign("preview", "quartz", {"survey_id": quartz.survey, "survey_version": 1})
    refused = {
        "forged": ServiceTokens("x" * 40).sign("preview", "quartz", claims),
        "of another purpose": tokens.sign("export", "quartz", claims),
        "over": early.sign("preview", "quartz", claims),
        "the link of a frame": link,
        "of another body": tokens.sign("preview", "quartz", claims_of_body(body + b" ")),
        "none": "",
    }
    for what, token in refused.items():
        assert (await ask(world, body, token)).status_code == 401, what
    for headers in (quartz.headers, quartz.people["admin"].headers(page=False)):
        assert (
            await world.clients["collector"].post(ROUTE, content=body, headers=headers)
        ).status_code == 401
    assert (await ask(world, body + b" ", good)).status_code == 401
    assert (await world.clients["collector"].get(f"/s/preview/{good}")).status_code == 404, (
        "no link of a frame"
    )
    foreign = await ask(world, body, tokens.sign("preview", "birch", claims))
    assert ("Birch" in foreign.text, "Quartz" in foreign.text) == (True, False), "the token's company's name"
    unknown = await ask(world, body, tokens.sign("preview", "nobody", claims))
    assert unknown.status_code == 503
    for broken in (b"", b"{", b'{"id":1}', b"\xff"):
        token = tokens.sign("preview", "quartz", claims_of_body(broken))
        assert (await ask(world, broken, token)).status_code == 422
    large = b" " * (1024 * 1024 + 1)
    assert (
        await ask(world, large, tokens.sign("preview", "quartz", claims_of_body(large)))
    ).status_code == 413


@pytest.mark.parametrize("role", ["leader", "agent", "analyst"])
async def test_who_may_not_edit_sees_nothing_typed(world: World, quartz: Company, role: str) -> None:
    async def fails(_: httpx.Request) -> Any:
        pytest.fail("the collector was asked")

    async with way_between(world, Broken(world, "collector", fails)):
        assert (await shown(world, quartz, role)).status_code == 404
