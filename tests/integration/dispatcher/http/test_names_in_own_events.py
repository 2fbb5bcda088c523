"""Events of waves and programmes name a customer to nobody who may not see who a customer is.

Their own id ends with the customer's.
"""

from typing import Any, NamedTuple, get_args
from uuid import UUID

import httpx
import pytest
from support.dispatcher_builders import (
    TENANT,
    a_customer,
    a_transaction,
    decide,
    go_live,
    make_survey,
)
from support.dispatcher_client import a_person, by_key

from shared.db.database import Database
from shared.events import Transaction
from shared.permissions import Role

SECRET_ID = "secret-customer-7"
NAMELESS: tuple[Role, ...] = ("analyst",)
ROLES: tuple[Role, ...] = get_args(Role)
PROGRAMME = f"{UUID(int=5)}/2026-11-02"


class Story(NamedTuple):
    """Events of a group, and a client's that one of them touches."""

    groups: list[Transaction]
    touched: Transaction


@pytest.fixture(params=[str(UUID(int=4)), f"{PROGRAMME}/2"], ids=["wave", "a try of a programme"])
async def story(request: pytest.FixtureRequest, database: Database) -> Story:
    group = request.param
    survey = await make_survey(database, measurement="relational", trigger="never")
    await go_live(database)
    one = a_transaction(
        f"{group}/{SECRET_ID}",
        a_customer(SECRET_ID),
        source=f"afterword/wave/{group}",
        type=f"wave.{survey.id}",
        survey_id=survey.id,
    )
    touched = a_transaction("order-9", a_customer("c-9"))
    await decide(database, one, touched)
    async with database.transaction() as uow:
        values = {"tenant": TENANT, "own": one.event_id, "other": touched.event_id}
        await uow.execute(
            "UPDATE decision SET relational_event_id = :own WHERE tenant = :tenant AND event_id = :other",
            values,
        )
        await uow.execute(
            "INSERT INTO countered (tenant, event_id, counter_id, n, effect, at) "
            "VALUES (:tenant, :own, :other, 1, 'cancel', now())",
            values,
        )
    return Story([one], touched)


def paths(story: Story) -> list[str]:
    """Each page and each answer that tells of the events."""
    (one,) = story.groups
    return [
        "/events",
        "/events?reason=invited",
        f"/events?q={one.source.removeprefix('afterword/wave/')}",
        f"/events/{one.event_id}",
        f"/events/{story.touched.event_id}",
        "/v1/decisions",
        f"/v1/decisions?source={one.source}",
        f"/v1/decisions?reason=invited&survey_id={one.survey_id}",
    ]


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_that_sees_no_names_reads_none_in_the_id_of_an_event(
    client: httpx.AsyncClient, story: Story, role: Role
) -> None:
    told = {path: (await client.get(path, headers=_who(path, role))).text for path in paths(story)}
    named = {path for path, text in told.items() if SECRET_ID in text}
    assert bool(named) is (role not in NAMELESS)
    (one,) = story.groups
    group = one.source.removeprefix("afterword/wave/")
    assert all(group in told[path] for path in ("/events", f"/events/{one.event_id}", "/v1/decisions"))
    assert "order-9" in told["/events"]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("more", ["", "source"])
async def test_such_a_role_cannot_try_whether_a_customer_has_such_an_event(
    client: httpx.AsyncClient, story: Story, role: Role, more: str
) -> None:
    (one,) = story.groups
    params = {"event_id": one.id, **({"source": one.source} if more else {})}
    answer = await client.get("/v1/decisions", params=params, headers=a_person(role) | API)
    others = await client.get("/v1/decisions", params={**params, "reason": "invited"}, headers=a_person(role))
    assert bool(answer.json()["decisions"]) is (role not in NAMELESS)
    assert bool(others.json()["decisions"]) is (role not in NAMELESS)
    page = (await client.get("/events", params={"q": one.id}, headers=a_person(role))).text
    assert (f'href="/events/{one.event_id}"' in page) is (role not in NAMELESS)
    found = await client.get("/v1/decisions?event_id=order-9", headers=a_person(role) | API)
    assert len(found.json()["decisions"]) == 1


async def test_a_key_of_the_back_end_reads_and_finds_whole_ids(
    client: httpx.AsyncClient, story: Story
) -> None:
    (one,) = story.groups
    told = (await client.get("/v1/decisions", params={"event_id": one.id}, headers=by_key())).json()
    assert [each["event_id"] for each in told["decisions"]] == [one.id]


API = {"Accept": "application/json"}


def _who(path: str, role: Role) -> dict[str, Any]:
    return a_person(role) | (API if path.startswith("/v1/") else {})
