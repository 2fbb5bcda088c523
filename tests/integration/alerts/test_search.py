"""Views of the inbox and the search: what is found, by whom, and what of an erased customer never is."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from support.alerts_api import AlertsApi, Browser
from support.alerts_builders import (
    TENANT,
    act_on_answers,
    an_answer,
    an_invitation,
    deliver,
    keep_invitations,
    rows,
)

from services.alerts.app import SERVICE
from services.alerts.cases.indexing import WORDS_LOOP, write_missing_words
from services.alerts.cases.repository import search
from services.alerts.cases.repository.words import count_without_words
from services.alerts.erasing import erase
from services.alerts.retention.repository import RETENTION
from services.alerts.teams import repository as teams
from services.alerts.teams.domain import CaseTeam
from shared.events import Customer, RetentionRules
from shared.ids import uuid7
from shared.privacy.erased import Target
from shared.privacy.persons import person_of
from shared.privacy.retention import Cutoffs

CLOSING = {
    "act": "close", "cause": "delivery.late", "action": "Called.", "outcome": "recovered", "told": "yes",
}  # fmt: skip


async def listed(reader: Browser, query: str) -> list[UUID]:
    """The cases of a list of the inbox, in its order."""
    page = await reader.get(f"/inbox?{query}")
    assert page.status_code == 200
    return [UUID(one) for one in re.findall(r'href="/cases/([0-9a-f-]{36})[?"]', page.text)]


async def found(alerts: AlertsApi, reader: Browser, words: str) -> set[UUID]:
    """What a search on the page finds."""
    while await write_missing_words(alerts.database):
        pass
    answer = await reader.client.get("/inbox", params={"state": "all", "q": words})
    assert answer.status_code == 200
    return {UUID(one) for one in re.findall(r'href="/cases/([0-9a-f-]{36})[?"]', answer.text)}


async def listed_by_key(alerts: AlertsApi, **query: str) -> list[UUID]:
    client, key = alerts.client(), alerts.key("cases:read")
    answer = await client.get("/v1/cases", params=query, headers=key)
    assert answer.status_code == 200, answer.text
    return [UUID(one["id"]) for one in answer.json()["cases"]]


async def a_team(alerts: AlertsApi, members: Sequence[UUID], leader: UUID | None = None) -> UUID:
    key = uuid7()
    async with alerts.database.transaction() as uow:
        await teams.write_team(
            uow, TENANT, key, CaseTeam(name="North", members=tuple(members), leader=leader)
        )
    return key


async def test_the_views_are_those_of_whose_cases_and_how_far_they_are(alerts: AlertsApi) -> None:
    jonas, sara = await alerts.signed_in("leader"), await alerts.signed_in("agent", name="Sara Lund")
    team = await a_team(alerts, [jonas.person.id])
    now = datetime.now(UTC)
    mine, of_team, late, waiting, closed = [
        await alerts.open_case(answered_at=now - timedelta(hours=n)) for n in (1, 2, 3, 4, 5)
    ]
    for case in (mine, waiting):
        await jonas.do(f"/cases/{case}", act="take")
    until = (now + timedelta(days=3)).date().isoformat()
    assert (await jonas.do(f"/cases/{waiting}", act="wait", until=until, text="A date.")).status_code == 303
    await jonas.do(f"/cases/{closed}", **CLOSING)
    async with alerts.database.transaction() as uow:
        await uow.execute("UPDATE cases SET team_id = NULL")
        await uow.execute("UPDATE cases SET team_id = :team WHERE id = :id", {"team": team, "id": of_team})
        await uow.execute(
            "UPDATE cases SET due_at = :at WHERE id = :id", {"at": now - timedelta(hours=1), "id": late}
        )
    for query, expected in {
        "": {mine, of_team, late, waiting},
        "owner=me": {mine, waiting},
        "team=mine": {of_team},
        f"team={team}": {of_team},
        f"team={uuid7()}": set(),
        "owner=nobody": {of_team, late},
        "state=late": {late},
        "state=waiting": {waiting},
        "state=closed": {closed},
        "state=all": {mine, of_team, late, waiting, closed},
    }.items():
        assert set(await listed(jonas, query)) == expected, query
    due = [
        row.id
        for row in await rows(
            alerts.database, "SELECT id FROM cases WHERE state <> 'closed' ORDER BY due_at, id"
        )
    ]
    assert await listed(jonas, "") == due
    page = (await jonas.get("/inbox")).text
    for label, count in {"Mine": 2, "My team’s": 1, "Nobody’s": 2, "Waiting for the customer": 1}.items():
        assert re.search(rf">{label} <span[^>]*>{count}</span>", page), label
    assert "My team" not in (await sara.get("/inbox")).text
    assert await listed(sara, "team=mine") == []
    assert set(await listed_by_key(alerts, team=str(team))) == {of_team}
    assert await listed_by_key(alerts, waiting="true") == [waiting]
    own = await jonas.client.get("/v1/cases?team=mine", headers={"accept": "application/json"})
    assert [one["id"] for one in own.json()["cases"]] == [str(of_team)]
    refused = await alerts.client().get("/v1/cases?team=mine", headers=alerts.key("cases:read"))
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "query/team"


async def test_a_case_is_found_by_its_words_customer_and_number(alerts: AlertsApi) -> None:
    table = await alerts.open_case(comment="The sofa TABLE is split.", customer_id="c-4711")
    lamp = await alerts.open_case(comment="A lamp, half blue.", follow_up="Étagère trop petite")
    jonas = await alerts.signed_in()
    (row,) = await rows(alerts.database, "SELECT number FROM cases WHERE id = :id", id=table)
    for words, expected in {
        "table": {table}, "tab split": {table}, "table lamp": set(), "etagere": {lamp}, "ÉTAGÈRE": {lamp},
        "karen": {table, lamp}, "Karen Whitfield": {table, lamp}, "karen lamp": {lamp}, "c-4711": {table},
        str(row.number): {table}, f" {row.number} ": {table}, "bl": set(), "blu": {lamp}, "?!": set(),
        "' | 'x": set(), "karen@example.com": set(), "4512345678": set(),
    }.items():  # fmt: skip
        assert await found(alerts, jonas, words) == expected, words
        assert set(await listed_by_key(alerts, q=words)) == expected, words
    await jonas.do(f"/cases/{table}", **CLOSING)
    assert await found(alerts, jonas, "table") == {table}
    assert await listed(jonas, "state=open&q=table") == []
    assert await listed(jonas, "state=closed&q=table") == [table]
    page = (await jonas.get("/inbox?state=all&q=sofa")).text
    assert 'value="sofa"' in page
    assert "with “sofa”" in page
    assert "There is no case with “nothing”." in (await jonas.get("/inbox?state=all&q=nothing")).text
    assert (await jonas.get(f"/inbox?q={'x' * 201}")).status_code == 422


async def test_what_an_answer_says_now_is_found_and_not_what_it_said(alerts: AlertsApi) -> None:
    answer = an_answer(comment="A broken leg.")
    await deliver(alerts.database, act_on_answers, answer)
    jonas = await alerts.signed_in()
    (case,) = await found(alerts, jonas, "broken")
    assert await found(alerts, jonas, "whitfield") == set()
    await deliver(alerts.database, keep_invitations, an_invitation(answer))
    assert await found(alerts, jonas, "whitfield") == {case}
    amended = msgspec.structs.replace(answer, version=2, comment="A split leg.")
    await deliver(alerts.database, act_on_answers, amended)
    assert await found(alerts, jonas, "broken") == set()
    assert await found(alerts, jonas, "split") == {case}


async def test_a_reader_searches_the_answers_that_they_may_read(alerts: AlertsApi) -> None:
    shop = an_answer(
        comment="Slow till.", touchpoint="shop", segments={"touchpoint": "shop"}, customer_id="c-1"
    )
    case = await alerts.open_case(comment="A split leg.", customer_id="c-1")
    await deliver(alerts.database, act_on_answers, shop)
    (row,) = await rows(alerts.database, "SELECT count(DISTINCT case_id) AS n FROM case_answer")
    assert row.n == 1
    everybody = await alerts.signed_in()
    limited = await alerts.signed_in(segments=["touchpoint:shop"])
    other = await alerts.signed_in(segments=["touchpoint:web"])
    for words, readers in {
        "till": (everybody, limited),
        "split": (everybody,),
        "karen": (everybody,),
    }.items():
        for reader in (everybody, limited, other):
            assert await found(alerts, reader, words) == ({case} if reader in readers else set()), words
    (number,) = await rows(alerts.database, "SELECT number FROM cases")
    assert await found(alerts, limited, str(number.number)) == {case}
    assert await found(alerts, other, str(number.number)) == set()


async def test_no_company_finds_cases_of_another(alerts: AlertsApi) -> None:
    case = await alerts.open_case(comment="unmistakable", tenant="other")
    assert await found(alerts, await alerts.signed_in(), "unmistakable") == set()
    assert await found(alerts, await alerts.signed_in(tenant="other"), "unmistakable") == {case}


@pytest.mark.parametrize("order", ["words first", "erasure first"])
async def test_an_erased_customer_is_found_by_nothing(alerts: AlertsApi, order: str) -> None:
    person = person_of(alerts.context.secret, TENANT, "c-1")
    answer = an_answer(comment="A split leg.", customer_id="c-1", person=person)
    invitation = an_invitation(answer, person=person)
    await deliver(alerts.database, keep_invitations, invitation)
    await deliver(alerts.database, act_on_answers, answer)
    jonas = await alerts.signed_in()
    if order == "words first":
        assert await found(alerts, jonas, "split") != set()
    async with alerts.database.transaction() as uow:
        await erase(uow, [Target(TENANT, "an-erasure", person, None)])
    for words in ("split", "karen", "whitfield", "c-1", "erased"):
        assert await found(alerts, jonas, words) == set(), words
    assert await words_stored(alerts) == [f"'@{TENANT}'"]


async def test_words_go_with_what_is_too_old(alerts: AlertsApi) -> None:
    old = datetime.now(UTC) - timedelta(days=3000)
    answer = an_answer(
        comment="A split leg.", customer_id="c-1", id=_uuid_of(old), answered_at=old, changed_at=old
    )
    customer = Customer(id="c-1", name="Karen Whitfield")
    invitation = an_invitation(answer, customer=customer, expires_at=old, event_id=uuid7())
    await deliver(alerts.database, keep_invitations, invitation)
    await deliver(alerts.database, act_on_answers, answer)
    async with alerts.database.transaction() as uow:
        await uow.execute("UPDATE cases SET state = 'closed', closed_at = :old", {"old": old})
    jonas = await alerts.signed_in()
    assert await found(alerts, jonas, "karen split") != set()
    async with alerts.database.transaction() as uow:
        cutoffs = Cutoffs(TENANT, uow.now, RetentionRules())
        for rule in RETENTION:
            await rule.apply(uow, cutoffs, 100)
    for words in ("split", "karen", "c-1"):
        assert await found(alerts, jonas, words) == set(), words


async def test_words_that_very_many_have_are_found_in_the_order_of_the_list(
    alerts: AlertsApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [await alerts.open_case(comment="A split leg.") for _ in range(6)]
    jonas = await alerts.signed_in()
    assert await found(alerts, jonas, "split") == set(cases)
    ordered = [row.id for row in await rows(alerts.database, "SELECT id FROM cases ORDER BY due_at, id")]
    monkeypatch.setattr(search, "MAX_FOUND", 3)
    assert await listed(jonas, "state=all&q=split") == ordered[:3]
    assert "Write another word" in (await jonas.get("/inbox?q=split")).text
    monkeypatch.setattr(search, "FIRST_READ", 3)
    assert await listed(jonas, "state=all&q=split") == ordered[:3]
    assert "Write another word" in (await jonas.get("/inbox?q=split")).text
    monkeypatch.setattr(search, "FIRST_READ", 2)
    monkeypatch.setattr(search, "MAX_LOOKED_UP", 2)
    monkeypatch.setattr(search, "MAX_READ", 2)
    assert await listed(jonas, "state=all&q=split") == ordered[:2]
    assert await listed(jonas, "state=all&q=nothing") == []
    assert "Write another word" in (await jonas.get("/inbox?q=split")).text


async def test_a_case_whose_number_is_searched_is_found_before_the_many_that_name_the_number(
    alerts: AlertsApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await alerts.open_case()
    jonas = await alerts.signed_in()
    (row,) = await rows(alerts.database, "SELECT number FROM cases")
    for _ in range(4):
        await alerts.open_case(comment=f"Ordered {row.number} of them.")
    monkeypatch.setattr(search, "MAX_FOUND", 2)
    while await write_missing_words(alerts.database):
        pass
    listed_first, listed_then = await listed(jonas, f"state=all&q={row.number}")
    assert (listed_first, listed_then != first) == (first, True)


async def test_the_worker_writes_the_words(alerts: AlertsApi) -> None:
    assert WORDS_LOOP in SERVICE.worker_loops(alerts.context)
    await alerts.open_case(comment="One")
    assert await words_stored(alerts) == [None]
    async with alerts.database.reading() as uow:
        assert await count_without_words(uow, 10) == 1
    assert await write_missing_words(alerts.database) == 1
    assert await write_missing_words(alerts.database) == 0
    (stored,) = await words_stored(alerts)
    assert "'one'" in stored
    assert "'karen'" in stored


async def words_stored(alerts: AlertsApi) -> list[Any]:
    return [
        row.words
        for row in await rows(alerts.database, "SELECT CAST(words AS text) AS words FROM case_answer")
    ]


def _uuid_of(at: datetime) -> UUID:
    """A UUIDv7 of that time."""
    return UUID(int=(int(at.timestamp() * 1000) << 80) | (7 << 76) | (2 << 62) | 5)
