"""A dispatcher that answers only how many were asked, as the page of the unbegged score asks it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx
from support.http_clients import SECRET
from support.scorer_client import ScorerClient

from shared.privacy.service_client import ServiceClient
from shared.privacy.service_tokens import TOKEN_SCHEME, ServiceTokens

TENANT = "acme"
Decided = Mapping[str, Mapping[str, Sequence[int]]]
"""By dimension and value: events that were matched, asked about, and not asked about by reason."""


class AskedDispatcher:
    """What the dispatcher answers about its one company, and what it was asked."""

    def __init__(self, decided: Decided | None, now: datetime) -> None:
        """:param decided: None: ``counts`` is answered, whatever the dimension."""
        self.decided = decided
        self.counts: dict[str, Any] = {}
        self.status = 200
        self.claims: list[dict[str, Any]] = []
        self._tokens = ServiceTokens(SECRET, clock=lambda: now)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """As the dispatcher does, whose caller has a token for exactly that."""
        assert request.url.path == "/v1/personal-data/dispatcher/asked"
        scheme, _, token = request.headers["authorization"].partition(" ")
        claims = self._tokens.verify("asked", token)
        assert scheme == TOKEN_SCHEME
        assert claims is not None
        self.claims.append({"tenant": claims.tenant, **claims.claims})
        if claims.tenant != TENANT:
            return httpx.Response(self.status, content="{}")
        found = self.counts if self.decided is None else self.decided.get(claims.claims["dimension"], {})
        return httpx.Response(self.status, content=json.dumps(found))

    def answers(self, client: ScorerClient) -> None:
        """From now on the scorer asks this one."""
        services = ServiceClient(
            "http://internal.example", self._tokens, transport=httpx.MockTransport(self.answer)
        )
        client.app.state.context = replace(client.app.state.context, services=services)
