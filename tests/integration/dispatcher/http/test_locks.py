"""Whoever changes a survey and whoever changes how the company sends never wait for each other for ever."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import httpx
from msgspec.structs import replace
from support.dispatcher_builders import NOON, TENANT, event_of, make_survey, published, rows
from support.dispatcher_client import SURVEY, a_person, by_key, form

from services.dispatcher.command import create_example_survey
from services.dispatcher.recovery import restore_surveys
from services.dispatcher.sending.sending_commands import sending_version
from shared.db.database import Database
from shared.events import SURVEYS


async def test_surveys_and_sending_are_changed_at_once_without_a_deadlock(
    client: httpx.AsyncClient, database: Database
) -> None:
    made = [await make_survey(database, name=f"survey {number}") for number in range(3)]
    person, refused = a_person(), []
    done: Counter[str] = Counter()

    async def act(method: str, path: str, **content: Any) -> None:
        answer = await client.request(method, path, **content)
        done[path] += answer.status_code in {200, 303}
        # A form that somebody else overtook is refused, as it should be; one of each kind gets through.
        if answer.status_code not in {200, 303, 409 if path.startswith("/surveys") else 200}:
            refused.append((method, path, answer.status_code, answer.text))

    async def form_of(path: str, **fields: str) -> None:
        async with database.reading() as uow:
            version = await sending_version(uow, TENANT)
        await act("POST", f"/surveys/{path}", data=form(version=version, **fields), headers=person)

    async def take_back() -> None:
        newest = (await published(database, SURVEYS))[-6:]
        since = [replace(one, version=one.version + 9, changed_at=NOON + timedelta(1)) for one in newest]
        async with database.transaction() as uow:
            await restore_surveys(uow, [event_of(SURVEYS, survey) for survey in since])

    def forms(number: int) -> dict[str, dict[str, str]]:
        addresses = {"addresses": f"me-{number}@example.com"}
        return {
            "live": {"confirmed": "on"}, "stop": {}, "resume": {}, "test-mode": {}, "test-addresses": addresses
        }  # fmt: skip

    for number in range(25):
        await asyncio.gather(
            *(
                act("PATCH", f"/v1/surveys/{survey.id}", json={"name": f"{number}"}, headers=by_key())
                for survey in made
            ),
            act(
                "PUT", f"/v1/surveys/{made[0].id}", json={**SURVEY, "name": f"put {number}"}, headers=by_key()
            ),
            *(form_of(path, **fields) for path, fields in forms(number).items()),
            take_back(),
        )
    assert refused == []
    # Which of them were overtaken each time is chance: alone, each gets through.
    for path, fields in forms(25).items():
        await form_of(path, **fields)
        assert done[f"/surveys/{path}"], path
    (found,) = await rows(
        database, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    )
    assert found.deadlocks == 0


async def test_two_commands_that_set_up_one_company_at_once_both_end(database: Database) -> None:
    for number in range(10):
        await asyncio.gather(
            *(
                create_example_survey(database, TENANT, test_address=f"me-{number}-{n}@example.com")
                for n in range(4)
            )
        )
    (sending,) = await rows(database, "SELECT test_addresses FROM sending WHERE tenant = :t", t=TENANT)
    assert len(sending.test_addresses) == 40
