"""The unbegged score: the same as counting one by one, for whom it is told, and as a file."""

import csv
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.examples import examples
from support.http_clients import SECRET
from support.invitations import ASKED_AT, an_answer_to, an_invitation, invite
from support.scorer_builders import count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant

from services.scorer.domain import Groups, score_interval
from shared.db.database import Database
from shared.events import Answer, Invitation
from shared.events.nps import group_of
from shared.events.segments import segments_of
from shared.privacy.service_client import ServiceClient
from shared.privacy.service_tokens import TOKEN_SCHEME, ServiceTokens

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NORTH: dict[str, Any] = {"role": "leader", "segments": ("organisation:north",)}
MINUTE = timedelta(minutes=1)


class Dispatcher:
    """What the dispatcher answers, and what it was asked."""

    def __init__(self) -> None:
        self.counts: dict[str, list[int]] = {}
        self.status = 200
        self.claims: list[dict[str, Any]] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v1/personal-data/dispatcher/asked"
        scheme, _, token = request.headers["authorization"].partition(" ")
        claims = ServiceTokens(SECRET, clock=lambda: NOW).verify("asked", token)
        assert scheme == TOKEN_SCHEME
        assert claims is not None
        self.claims.append({"tenant": claims.tenant, **claims.claims})
        own = claims.tenant == "acme"
        return httpx.Response(self.status, content=json.dumps(self.counts if own else {}))


@pytest.fixture
def dispatcher() -> Dispatcher:
    return Dispatcher()


@pytest.fixture
async def client(database: Database, dispatcher: Dispatcher) -> AsyncIterator[ScorerClient]:
    database.clock = lambda: NOW
    async with a_scorer_client(
        database, a_tenant("acme"), a_tenant("other", "UTC"), a_tenant("keyless", "UTC", "cases:write")
    ) as client:
        tokens = ServiceTokens(SECRET, clock=lambda: NOW)
        services = ServiceClient(
            "http://internal.example", tokens, transport=httpx.MockTransport(dispatcher.answer)
        )
        context = client.app.state.context
        client.app.state.context = replace(context, services=services)
        yield client


async def read(client: ScorerClient, **query: Any) -> dict[str, Any]:
    answer = await client.get("/v1/unbegged", **query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


INVITED = st.lists(
    st.tuples(
        st.sampled_from((("north", "sales"), ("north", "service"), ("south",))),
        st.one_of(st.none(), st.tuples(st.integers(0, 10), st.integers(0, 30))),
        st.booleans(),
    ),
    max_size=60,
)


@settings(
    max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(INVITED)
async def test_what_was_asked_and_answered_is_what_counting_one_by_one_comes_to(
    database: Database,
    client: ScorerClient,
    dispatcher: Dispatcher,
    invited: list[tuple[tuple[str, ...], tuple[int, int] | None, bool]],
) -> None:
    """Each answer so many minutes after its mail had left; a version of each that said something else came
    before, and after it again.
    """
    async with database.transaction() as uow:
        await uow.execute("TRUNCATE answer, day_count, week_count, invitation")
    invitations = [
        an_invitation(f"i{n}", organisation=path, sent_at=ASKED_AT + n * MINUTE, beyond_draw=beyond)
        for n, (path, _, beyond) in enumerate(invited)
    ]
    answers = [
        an_answer_to(
            one,
            f"i{n}",
            version=2,
            score=given[0],
            beyond_draw=one.beyond_draw,
            answered_at=(one.sent_at or ASKED_AT) + given[1] * MINUTE,
        )
        for n, (one, (_, given, _)) in enumerate(zip(invitations, invited, strict=True))
        if given is not None
    ]
    earlier = [replaced(answer, version=1, score=10 - (answer.score or 0)) for answer in answers]
    if invitations:
        await invite(database, *invitations)
    for batch in (earlier, answers, earlier, answers):
        if batch:
            await count(database, *batch)
    dispatcher.counts = {"organisation:north": [100, 80, 10, 5, 3], "organisation:west": [9, 9, 0, 0, 0]}
    told = {place["segment"]: place for place in (await read(client))["places"]}
    names = {name for one in invitations if not one.beyond_draw for name in segments_of(one)}
    names = {name for name in names if name.startswith("organisation:")} | set(dispatcher.counts)
    assert set(told) == names
    for name, place in told.items():
        own = [one for one in invitations if name in segments_of(one) and not one.beyond_draw]
        sent_at = {one.id: one.sent_at or ASKED_AT for one in own}
        given = [answer for answer in answers if answer.id in sent_at]
        quick = [each for each in given if at(each) < sent_at[each.id] + 2 * MINUTE]
        groups = groups_of(given)
        interval = score_interval(groups) if groups.n >= 10 else None
        assert (place["sent"], place["answered"]) == (len(own), len(given))
        assert place["quick"] == len(quick)
        assert place["burst"] == max(
            (sum(at(one) <= at(other) <= at(one) + 10 * MINUTE for other in given) for one in given),
            default=0,
        )
        assert place["nps"] == (pytest.approx(groups.points) if interval else None)
        assert (place["low"], place["high"]) == (pytest.approx(interval) if interval else (None, None))
        matched = dispatcher.counts.get(name, [0] * 5)
        assert [place[each] for each in ("matched", "asked", "no_address", "unwilling", "rested")] == matched
        assert place["otherwise"] == matched[0] - sum(matched[1:])
        assert (place["asked_share"] is None) is (matched[0] < 10)
        assert (place["answered_share"] is None) is (len(own) < 10)


def replaced(answer: Answer, **changes: Any) -> Answer:
    return Answer(**{name: getattr(answer, name) for name in answer.__struct_fields__} | changes)


def at(answer: Answer) -> datetime:
    assert answer.answered_at is not None
    return answer.answered_at


def groups_of(answers: Sequence[Answer]) -> Groups:
    groups = [group_of(answer.score) for answer in answers if answer.score is not None]
    return Groups(*(groups.count(name) for name in ("detractor", "passive", "promoter")))


async def asked_and_answered(database: Database, path: str, n: int, scores: Sequence[int]) -> None:
    own: list[Invitation] = [an_invitation(f"{path}{number}", organisation=(path,)) for number in range(n)]
    await invite(database, *own)
    given = zip(own, scores, strict=False)
    await count(
        database,
        *(an_answer_to(one, f"{path}{number}", score=score) for number, (one, score) in enumerate(given)),
    )


async def test_a_place_that_asks_fewer_and_stands_higher_is_marked_with_words_that_accuse_nobody(
    database: Database, client: ScorerClient, dispatcher: Dispatcher
) -> None:
    await asked_and_answered(database, "north", 100, [10] * 45 + [8] * 5)
    await asked_and_answered(database, "south", 100, [10] * 25 + [8] * 15 + [2] * 10)
    dispatcher.counts = {
        "organisation:north": [400, 100, 300, 0, 0],
        "organisation:south": [110, 100, 0, 0, 10],
    }
    body = await read(client)
    north, south = body["places"]
    assert (north["segment"], north["signs"]) == ("organisation:north", ["fewer_asked", "selection"])
    assert south["signs"] == []
    assert north["asked_difference"]["points"] == pytest.approx(25 - 100 / 1.1)
    assert north["selection"]["missing"] == round(50 * ((100 / 110) / 0.25 - 1))
    assert north["selection"]["explained"] == "like_rest"
    page = (await client.get("/unbegged", role="leader")).text
    for words in (
        "1 place raises a question.",
        "Fewer are asked than elsewhere. Why?",
        "Who was not asked or did not answer could explain the higher score.",
        "A mark is a question, not an accusation",
        "300 without an address",
        "10 asked lately",
    ):
        assert words in page


async def test_the_file_has_the_figures_of_the_api(
    database: Database, client: ScorerClient, dispatcher: Dispatcher
) -> None:
    await asked_and_answered(database, "north", 100, [10] * 45 + [8] * 5)
    await asked_and_answered(database, "south", 100, [10] * 25 + [8] * 15 + [2] * 10)
    dispatcher.counts = {"organisation:north": [400, 100, 300, 0, 0], "organisation:=1+1": [10, 9, 0, 0, 0]}
    body = await read(client)
    file = (await client.get("/unbegged/download", role="leader")).text
    assert file == (await client.get("/v1/unbegged/export")).text
    rows = list(csv.DictReader(StringIO(file.removeprefix("\ufeff"))))
    assert [row["segment"] for row in rows] == [place["segment"] for place in body["places"]]
    for row, place in zip(rows, body["places"], strict=True):
        assert row["signs"] == " ".join(place["signs"])
        for name in ("matched", "asked", "sent", "answered", "nps", "low", "high", "quick", "burst"):
            assert row[name] == ("" if place[name] is None else repr(place[name]))
        for name in ("asked_share", "asked_difference", "difference", "selection"):
            for part, value in (place[name] or {}).items():
                assert row[f"{name}_{part}"] == (
                    value if isinstance(value, str) else "" if value is None else repr(value)
                )


async def test_who_is_limited_sees_only_their_places_and_nobody_a_single_employee(
    database: Database, client: ScorerClient, dispatcher: Dispatcher
) -> None:
    await asked_and_answered(database, "north", 60, [10] * 40)
    await asked_and_answered(database, "south", 60, [2] * 40)
    dispatcher.counts = {
        f"organisation:{name}": [100, 60, 40, 0, 0] for name in ("north", "north/a", "south", "north/a/eva")
    }
    whole = await read(client)
    assert sorted(place["segment"] for place in whole["places"]) == [
        *("organisation:north", "organisation:north/a", "organisation:south"),
    ]
    limited = await read(client, **NORTH)
    assert sorted(place["segment"] for place in limited["places"]) == [
        "organisation:north",
        "organisation:north/a",
    ]
    for place in limited["places"]:
        assert (place["asked_difference"], place["difference"], place["selection"]) == (None, None, None)
    page = (await client.get("/unbegged", **NORTH)).text
    assert "south" not in page
    assert "eva" not in page
    assert "Scores of single employees are not shown here." in page
    dispatcher.counts = {"agent:eva": [100, 60, 40, 0, 0]}
    assert (await read(client, by="agent"))["places"] == []


async def test_the_dispatcher_is_asked_for_the_days_of_the_companys_zone_and_for_its_own_company(
    client: ScorerClient, dispatcher: Dispatcher
) -> None:
    dispatcher.counts = {"touchpoint:checkout": [10, 5, 5, 0, 0]}
    await read(client, window="2d", until="2026-11-02", by="touchpoint")
    assert (await read(client, tenant="other", by="touchpoint"))["places"] == []
    first, second = dispatcher.claims
    assert first == {
        "tenant": "acme",
        "dimension": "touchpoint",
        "first": "2026-11-01T00:00:00+01:00",
        "until": "2026-11-03T00:00:00+01:00",
    }
    assert second["tenant"] == "other"


@pytest.mark.parametrize("counts", [{"organisation:north": [1]}, {"organisation:north": "x"}])
async def test_a_dispatcher_that_does_not_answer_is_said_in_words(
    client: ScorerClient, dispatcher: Dispatcher, counts: dict[str, Any]
) -> None:
    dispatcher.counts = counts
    for status in (200, 503):
        dispatcher.status = status
        answer = await client.get("/v1/unbegged")
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "60"
        assert "cannot be counted now" in answer.json()["detail"]
    page = await client.get("/unbegged", role="leader", language="da")
    assert page.status_code == 503
    assert "kan ikke tælles nu" in page.text


@pytest.mark.parametrize(
    ("query", "status"), [({"window": "367d"}, 422), ({"window": "x"}, 422), ({"until": "x"}, 422)]
)
async def test_a_window_that_is_none_is_refused(
    client: ScorerClient, query: dict[str, Any], status: int
) -> None:
    for path in ("/v1/unbegged", "/v1/unbegged/export"):
        assert (await client.get(path, **query)).status_code == status


async def test_a_key_needs_the_scope(client: ScorerClient) -> None:
    assert (await client.get("/v1/unbegged", tenant="keyless")).status_code == 403
    assert (await client.get("/v1/unbegged", key="")).status_code == 401


@pytest.mark.parametrize(
    ("language", "words"), [("da", "Hvem bliver spurgt?"), ("nl", "Wie wordt gevraagd?")]
)
async def test_the_page_speaks_the_language_of_its_reader(
    client: ScorerClient, dispatcher: Dispatcher, language: str, words: str
) -> None:
    dispatcher.counts = {"organisation:north": [100, 60, 40, 0, 0]}
    page = (await client.get("/unbegged", role="leader", language=language)).text
    assert words in page
    assert "A mark is a question" not in page
