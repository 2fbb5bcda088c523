"""A request that is sent again does nothing again, whatever came between; a key is for one request."""

import hashlib
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from support.alerts_api import AlertsApi
from support.alerts_builders import TENANT, rows
from support.audit import an_actor
from support.erasing import places_of

from services.alerts.cases.case_commands import _request
from services.alerts.cases.case_user import CaseUser
from services.alerts.cases.domain.actor import Actor
from services.alerts.cases.schemas import NoteAct
from services.alerts.retention.repository import RETENTION
from shared.events import RetentionRules
from shared.privacy.retention import Cutoffs

CLOSE = {"act": "close", "cause": "delivery.late", "action": "Called.", "outcome": "recovered", "told": True}
Acts = Mapping[str, dict[str, Any]]


async def acts_on_a_case(alerts: AlertsApi) -> Acts:
    """One request of each kind, in an order in which each can be done."""
    people = [await alerts.person(name=name) for name in ("Sara Lund", "Mads Dal")]
    return {
        "assign": {"act": "assign", "to": str(people[0].id)},
        "assign to another": {"act": "assign", "to": str(people[1].id)},
        "release": {"act": "release"},
        "contact": {"act": "contact", "how": "call", "reached": True, "text": "Spoke."},
        "note": {"act": "note", "text": "Seen."},
        "reveal": {"act": "reveal"},
        "close": CLOSE,
        "reopen": {"act": "reopen", "text": "Not over."},
    }


async def lines(alerts: AlertsApi, case: object) -> list[tuple[Any, ...]]:
    found = await rows(
        alerts.database, "SELECT seq, kind, facts FROM timeline WHERE case_id = :case ORDER BY seq", case=case
    )
    return [tuple(row) for row in found]


async def state_of(alerts: AlertsApi, case: object) -> list[Any]:
    return await rows(alerts.database, "SELECT state, owner_id, cause FROM cases WHERE id = :case", case=case)


@pytest.mark.parametrize("seed", range(4))
async def test_requests_that_are_repeated_in_any_order_are_done_once(alerts: AlertsApi, seed: int) -> None:
    chance, acts = random.Random(seed), await acts_on_a_case(alerts)
    once, often = await alerts.open_case(), await alerts.open_case()
    key, client = alerts.key("cases:write"), alerts.client()

    async def send(case: object, name: str) -> int:
        headers = {**key, "idempotency-key": f"key of {name}"}
        answer = await client.post(f"/v1/cases/{case}/actions", json=acts[name], headers=headers)
        return answer.status_code

    done: list[str] = []
    for name in acts:
        assert await send(once, name) == 200
        assert await send(often, name) == 200
        done.append(name)
        for repeated in chance.choices(done, k=3):
            assert await send(often, repeated) == 200
    assert [line[1:] for line in await lines(alerts, often)] == [
        line[1:] for line in await lines(alerts, once)
    ]
    assert await state_of(alerts, often) == await state_of(alerts, once)


async def test_a_key_that_was_used_for_another_act_is_refused_in_words(alerts: AlertsApi) -> None:
    acts, case = await acts_on_a_case(alerts), await alerts.open_case()
    key, client = {**alerts.key("cases:write"), "idempotency-key": "one"}, alerts.client()
    path = f"/v1/cases/{case}/actions"
    assert (await client.post(path, json=acts["note"], headers=key)).status_code == 200
    before = await lines(alerts, case)
    others = [act for name, act in acts.items() if name != "note"]
    for other in [*others, {"act": "note", "text": "Other words."}]:
        refused = await client.post(path, json=other, headers=key)
        assert refused.status_code == 422
        assert refused.json()["title"] == "This Idempotency-Key was used for another act on this case."
    assert await lines(alerts, case) == before
    elsewhere = await alerts.open_case()
    assert (
        await client.post(f"/v1/cases/{elsewhere}/actions", json=acts["close"], headers=key)
    ).status_code == 200


async def test_a_repeated_request_for_the_address_answers_it_and_is_written_down_once(
    alerts: AlertsApi,
) -> None:
    case = await alerts.open_case()
    key, client = {**alerts.key("cases:write"), "idempotency-key": "show"}, alerts.client()
    for _ in range(2):
        shown = await client.post(f"/v1/cases/{case}/actions", json={"act": "reveal"}, headers=key)
        assert shown.json()["contact"]["email"] == "karen@example.com"
    assert [kind for _, kind, _ in await lines(alerts, case)].count("revealed") == 1


async def test_an_act_that_changed_nothing_is_remembered_too(alerts: AlertsApi) -> None:
    acts, case = await acts_on_a_case(alerts), await alerts.open_case()
    key, client, path = alerts.key("cases:write"), alerts.client(), f"/v1/cases/{case}/actions"
    for number in ("first", "second"):
        headers = {**key, "idempotency-key": number}
        await client.post(path, json=acts["assign"], headers=headers)
    await client.post(path, json=acts["assign to another"], headers=key)
    await client.post(path, json=acts["assign"], headers={**key, "idempotency-key": "second"})
    (row,) = await rows(alerts.database, "SELECT owner_id FROM cases")
    assert str(row.owner_id) == acts["assign to another"]["to"]


async def test_a_button_of_the_page_that_is_pressed_twice_does_one_thing(alerts: AlertsApi) -> None:
    case, leader = await alerts.open_case(), await alerts.signed_in("leader")
    path, person = f"/cases/{case}", await alerts.person()
    forms = (
        {"act": "take"},
        {"act": "release"},
        {"act": "assign", "to": str(person.id)},
        {"act": "reveal"},
        {"act": "close", **{name: str(value) for name, value in CLOSE.items()}, "told": "yes"},
        {"act": "reopen", "text": "Not over."},
    )
    for form in forms:
        key = str(uuid4())
        for _ in range(2):
            assert (await leader.do(path, **form, key=key)).status_code == 303
    kinds = [kind for _, kind, _ in await lines(alerts, case)]
    assert kinds == ["opened", "taken", "released", "assigned", "revealed", "closed", "reopened"]


async def test_keys_are_forgotten_after_thirty_days_and_not_before(alerts: AlertsApi) -> None:
    case = await alerts.open_case()
    key = {**alerts.key("cases:write"), "idempotency-key": "one"}
    await alerts.client().post(f"/v1/cases/{case}/actions", json={"act": "release"}, headers=key)
    real = alerts.database.clock
    (keys,) = (rule for rule in RETENTION if rule.table.name == "case_request")
    try:
        for days, left in ((29, 1), (31, 0)):
            alerts.database.clock = partial(lambda by: real() + by, timedelta(days=days))
            async with alerts.database.transaction() as uow:
                for tenant in await uow.execute("SELECT DISTINCT tenant FROM case_request"):
                    await keys.apply(uow, Cutoffs(tenant.tenant, uow.now, RetentionRules()), 10)
            assert len(await rows(alerts.database, "SELECT 1 FROM case_request")) == left
    finally:
        alerts.database.clock = real


KEY_OF_A_CLIENT = "note-kim-4711"
NOTE = {"act": "note", "text": "Kim called."}


async def noted(alerts: AlertsApi, case: object) -> None:
    headers = {**alerts.key("cases:write"), "idempotency-key": KEY_OF_A_CLIENT}
    answer = await alerts.client().post(f"/v1/cases/{case}/actions", json=NOTE, headers=headers)
    assert answer.status_code == 200


async def store_as_before(alerts: AlertsApi, case: UUID) -> None:
    """Write the request as versions wrote it that stored the key itself."""
    user = CaseUser(TENANT, Actor(None, "key"), an_actor("key"), (), may_assign=True)
    async with alerts.database.transaction() as uow:
        (row,) = await uow.execute("SELECT by_name FROM timeline WHERE key IS NOT NULL")
        user = replace(user, actor=Actor(None, row.by_name))
        request = _request(user, NoteAct(act="note", text="Kim called."))
        values = {"key": KEY_OF_A_CLIENT, "fingerprint": hashlib.sha256(request).hexdigest(), "case": case}
        await uow.execute("UPDATE timeline SET key = :key WHERE key IS NOT NULL AND case_id = :case", values)
        await uow.execute(
            "UPDATE case_request SET key = :key, fingerprint = :fingerprint WHERE case_id = :case", values
        )


async def test_of_a_key_and_a_request_nothing_is_stored_that_can_be_read_or_guessed(
    alerts: AlertsApi,
) -> None:
    case = await alerts.open_case()
    await noted(alerts, case)
    assert await places_of(alerts.database, [KEY_OF_A_CLIENT]) == set()
    (row,) = await rows(alerts.database, "SELECT key, fingerprint FROM case_request")
    keys = {each.key for each in await rows(alerts.database, "SELECT key FROM timeline")} - {None}
    assert keys == {row.key}
    await store_as_before(alerts, case)
    (before,) = await rows(alerts.database, "SELECT key, fingerprint FROM case_request")
    assert row.key not in {before.key, hashlib.sha256(KEY_OF_A_CLIENT.encode()).hexdigest()}
    assert row.fingerprint != before.fingerprint


async def test_a_request_that_the_version_before_has_done_is_not_done_again(alerts: AlertsApi) -> None:
    case = await alerts.open_case()
    await noted(alerts, case)
    await store_as_before(alerts, case)
    before = await lines(alerts, case)
    await noted(alerts, case)
    assert await lines(alerts, case) == before
