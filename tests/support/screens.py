"""Alerts as the scorer asks it who may see what, and screens that were made."""

from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import msgspec
from support.http_clients import SECRET
from support.scorer_client import ScorerClient

from shared.ids import uuid7
from shared.privacy.present_access import PRESENT_ACCESS_PATH, STAFF_CLAIM, PeopleAccess, PresentAccess
from shared.privacy.service_client import PERSONAL_DATA_PATH, ServiceClient
from shared.privacy.service_tokens import TOKEN_SCHEME, ServiceTokens

MAKER = UUID(int=1)
"""Who is signed in as ``a_pass`` has it."""


@dataclass
class FakePeople:
    """What alerts answers of each person."""

    tokens: ServiceTokens
    access: dict[UUID, PresentAccess] = field(default_factory=dict)
    away: bool = False
    asked: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == f"{PERSONAL_DATA_PATH}/alerts/{PRESENT_ACCESS_PATH}"
        claims = self.tokens.verify(
            "access", request.headers["authorization"].removeprefix(f"{TOKEN_SCHEME} ")
        )
        assert claims is not None
        self.asked += 1
        if self.away:
            return httpx.Response(503)
        known = self.access.get(UUID(claims.claims[STAFF_CLAIM]), PresentAccess(role=None))
        return httpx.Response(200, content=msgspec.json.encode(known))


def with_people(client: ScorerClient) -> FakePeople:
    """Let the scorer ask this one; the maker of screens is a leader of the whole company."""
    tokens = ServiceTokens(SECRET, clock=client.database.clock)
    people = FakePeople(tokens, {MAKER: PresentAccess(role="leader")})
    services = ServiceClient("http://internal.example", tokens, httpx.MockTransport(people))
    state = client.app.state
    state.context = replace(state.context, people=PeopleAccess(services))
    return people


async def saved(client: ScorerClient, address: str = "/", name: str = "Mine", **how: Any) -> str:
    """Save a view; its id."""
    key = str(uuid7())
    shared = how.pop("shared", False)
    answer = await client.send(
        "PUT",
        f"/v1/views/{key}",
        {"name": name, "address": address, "shared": shared},
        **{"role": "leader", **how},
    )
    assert answer.status_code == 200, answer.text
    return key


async def made(
    client: ScorerClient, view: str, *, days: int = 30, name: str = "Reception", **how: Any
) -> Any:
    """Make a screen of a view: what the API answers, with the path of its page."""
    answer = await client.send(
        "POST", f"/v1/views/{view}/screens", {"name": name, "days": days}, **{"role": "leader", **how}
    )
    assert answer.status_code == 201, answer.text
    body = answer.json()
    return {**body, "path": urlsplit(body["address"]).path}
