"""Alerts as the scorer asks it what became of the mails of a saved view."""

from dataclasses import dataclass, field, replace

import httpx
import msgspec
from support.http_clients import SECRET
from support.scorer_client import ScorerClient

from shared.privacy.service_client import PERSONAL_DATA_PATH, ServiceClient
from shared.privacy.service_tokens import TOKEN_SCHEME, ServiceTokens
from shared.privacy.view_mails import HISTORY_PATH, ViewMailHistory

NOTHING_LEFT = ViewMailHistory(own=None, left=None, week=None, next_at=None)


@dataclass
class FakeHistory:
    """What alerts answers of each view."""

    tokens: ServiceTokens
    told: ViewMailHistory | None = NOTHING_LEFT
    """None: it does not answer."""
    asked: list[dict[str, str]] = field(default_factory=list)
    """The claims of each question."""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == f"{PERSONAL_DATA_PATH}/alerts/{HISTORY_PATH}"
        token = request.headers["authorization"].removeprefix(f"{TOKEN_SCHEME} ")
        claims = self.tokens.verify("view-mails", token)
        assert claims is not None
        self.asked.append({"tenant": claims.tenant, **claims.claims})
        if self.told is None:
            return httpx.Response(503)
        return httpx.Response(200, content=msgspec.json.encode(self.told))


def with_history(client: ScorerClient) -> FakeHistory:
    """Let the scorer ask this one."""
    tokens = ServiceTokens(SECRET, clock=client.database.clock)
    history = FakeHistory(tokens)
    services = ServiceClient("http://internal.example", tokens, httpx.MockTransport(history))
    state = client.app.state
    state.context = replace(state.context, services=services)
    return history
