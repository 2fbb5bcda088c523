"""The model of this installation: one request, in time, once; no redirect is followed and no proxy heeded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from services.scorer.settings import ScorerSettings
from services.scorer.themes.model_protocol import (
    MAX_ANSWER_BYTES,
    BadAnswer,
    ModelComment,
    ModelTheme,
    read_answer,
    request_of,
)
from shared.outbound.address_guard import ANY_ADDRESS
from shared.outbound.guarded_http import guarded_pool
from shared.outbound.posting import post_once

USER_AGENT = "Afterword-Theme-Model/1"
MAX_RETRY_AFTER_S = 100.0
REFUSALS = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)
"""It can do nothing with these comments: fewer are sent, then the next."""


class ModelAway(Exception):
    """The model does not answer now: the same comments are sent again."""

    def __init__(self, reason: str, retry_after_s: float = 0) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class ModelRefused(Exception):
    """The model has no answer for these comments."""


def origin_of(url: str | None) -> str | None:
    """Scheme, host and port of an address: what administrators agree to."""
    if url is None:
        return None
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower()}"


@dataclass(frozen=True)
class ThemeModel:
    """The model that the operator has set."""

    url: str
    token: str
    timeout_s: float
    most_comments: int

    @classmethod
    def of(cls, settings: ScorerSettings) -> "ThemeModel | None":
        """None: there is none."""
        if settings.theme_model_url is None:
            return None
        token = settings.theme_model_token
        return cls(
            settings.theme_model_url,
            token.get_secret_value() if token is not None else "",
            settings.theme_model_timeout_s,
            settings.theme_model_comments,
        )

    @property
    def origin(self) -> str:
        """To which companies agree."""
        return origin_of(self.url) or ""

    async def label(
        self, comments: Sequence[ModelComment], themes: Sequence[ModelTheme], now: datetime
    ) -> dict[str, frozenset[str]]:
        """The ids of the themes that the model finds in each of the comments, by their ids.

        :raises ModelAway: when it does not answer, or not now.
        :raises ModelRefused: when it has no answer for these comments.
        """
        headers = {"user-agent": USER_AGENT, "accept": "application/json"}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        body = request_of(comments, themes)
        # A connection of its own: a model takes far longer to answer than to be connected to.
        async with guarded_pool(ANY_ADDRESS, connections=1) as pool:
            answer = await post_once(
                pool, self.url, headers, body, now, timeout_s=self.timeout_s, most_bytes=MAX_ANSWER_BYTES
            )
        if answer.status in REFUSALS:
            raise ModelRefused(f"it answers {answer.status}")
        if answer.status != HTTPStatus.OK:
            asked = answer.retry_after.total_seconds() if answer.retry_after is not None else 0
            reason = answer.fault or f"it answers {answer.status}"
            raise ModelAway(reason, min(asked, MAX_RETRY_AFTER_S))
        try:
            return read_answer(answer.body, [each.id for each in comments], [each.id for each in themes])
        except BadAnswer as error:
            raise ModelRefused(str(error)) from error
