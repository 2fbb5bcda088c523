"""A model labels comments beside their words: the loop that sends them, where companies have it on.

No transaction is open while a request is under way. Words have named themes before, and go on to do so
while the model is away.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

import structlog

from services.scorer.themes import model_repository
from services.scorer.themes.domain import ThemeSet
from services.scorer.themes.keeping import MATCHERS
from services.scorer.themes.labels import theme_name
from services.scorer.themes.matching import ThemeMatcher
from services.scorer.themes.model_client import ModelAway, ModelRefused, ThemeModel
from services.scorer.themes.model_protocol import MAX_TEXT_CHARS, ModelComment, sent_theme
from services.scorer.themes.model_repository import FoundThemes, WaitingComment
from services.scorer.themes.repository import find_themes
from shared.db.database import Database, UnitOfWork
from shared.db.notifications import notify_changes
from shared.health import Health
from shared.passed_over import PassedOver
from shared.runtime import Backoff, Loop, Periodic
from shared.telemetry import metrics

log = structlog.get_logger()

MODEL_LOOP = "theme model"
LOOK_INTERVAL_S = 5.0
MAX_PAUSE_S = 60.0
"""Between two requests to a model that is away, unless it asks for more. A loop that waits for two minutes
counts as stalled."""
TURN_MARGIN = timedelta(minutes=1)
"""How much longer than a request a company is no other worker's."""


class _Sending(NamedTuple):
    """A company's comments that are sent together."""

    tenant: str
    until: datetime
    themes: ThemeSet
    matcher: ThemeMatcher
    comments: list[WaitingComment]


@dataclass
class ThemeLabelling:
    """The loop: some comments of one company after the other, in one request at a time."""

    database: Database
    health: Health
    model: ThemeModel
    passed: PassedOver = field(default_factory=lambda: PassedOver(MODEL_LOOP))
    backoff: Backoff = field(default_factory=lambda: Backoff(MAX_PAUSE_S))
    size: int = 0
    """How many comments a request has: fewer after one that was refused."""

    def __post_init__(self) -> None:
        self.size = self.model.most_comments

    @property
    def loop(self) -> Loop:
        """What a worker runs."""
        return Periodic(MODEL_LOOP, self.step, LOOK_INTERVAL_S, self.health).run

    async def step(self) -> float | None:
        """Send some comments; a company that fails keeps no other from its turn, and a model that is away
        makes nobody unready.
        """
        tenant = None
        try:
            async with self.database.transaction() as uow:
                until = uow.now + timedelta(seconds=self.model.timeout_s) + TURN_MARGIN
                passed = self.passed.companies(self.database.clock())
                tenant = await model_repository.claim_turn(uow, self.model.origin, until, passed)
                if tenant is None:
                    return None
                turn = await self._begin(uow, tenant, until)
            return None if turn is None else await self._send(turn)
        except Exception as error:
            if tenant is None:
                raise
            self.passed.add(tenant, error, self.database.clock())
            return 0

    async def _begin(self, uow: UnitOfWork, tenant: str, until: datetime) -> _Sending | None:
        known = (await MATCHERS.matchers_of(uow, [tenant]))[tenant]
        themes = await find_themes(uow, tenant)
        comments: list[WaitingComment] = []
        # Another version: somebody saved the themes in between; they are sent with those at the next look.
        if themes.version == known.version:
            comments = await model_repository.list_waiting(uow, tenant, known.version, self.size)
        if not comments:
            await model_repository.end_turn(uow, tenant, until)
            return None
        return _Sending(tenant, until, themes, known.matcher, comments)

    async def _send(self, turn: _Sending) -> float:
        # Ids of this request alone: nobody can tell by them whose comment it is, or that it came before.
        sent = {str(uuid4()): each for each in turn.comments}
        comments = [
            ModelComment(key, each.language, each.comment[:MAX_TEXT_CHARS]) for key, each in sent.items()
        ]
        themes = [sent_theme(theme, theme_name(theme)) for theme in turn.themes.themes]
        try:
            try:
                found = await self.model.label(comments, themes, self.database.clock())
            finally:
                self.health.tick(MODEL_LOOP)
        except ModelAway as error:
            self._note("away", error)
            await self._end(turn)
            return max(self.backoff.next(), error.retry_after_s)
        except ModelRefused as error:
            self._note("refused", error)
            await self._end(turn, gives_up=len(turn.comments) == 1)
            self.size = max(1, len(turn.comments) // 2)
            return self.backoff.next()
        metrics.THEME_MODEL_REQUESTS.labels("labelled").inc()
        self.backoff.reset()
        self.size = min(self.model.most_comments, self.size * 2)
        await self._keep(turn, {sent[key]: labels for key, labels in found.items()})
        return 0

    async def _keep(self, turn: _Sending, found: dict[WaitingComment, frozenset[str]]) -> None:
        labelled = {}
        for each, labels in found.items():
            words = turn.matcher.themes_of(each.comment, each.language)
            both = turn.matcher.with_found(words, labels)
            labelled[each] = FoundThemes(both, turn.matcher.with_found((), labels))
        async with self.database.transaction() as uow:
            # It may have been switched off while the model answered.
            if await model_repository.lock_origin(uow, turn.tenant) == self.model.origin:
                await model_repository.keep_found(uow, turn.tenant, turn.themes.version, labelled)
                await model_repository.end_turn(uow, turn.tenant, turn.until)
                notify_changes(uow, [turn.tenant])

    async def _end(self, turn: _Sending, *, gives_up: bool = False) -> None:
        async with self.database.transaction() as uow:
            if gives_up:
                await model_repository.give_up(uow, turn.tenant, turn.themes.version, turn.comments)
            await model_repository.end_turn(uow, turn.tenant, turn.until)

    def _note(self, outcome: str, error: Exception) -> None:
        metrics.THEME_MODEL_REQUESTS.labels(outcome).inc()
        log.warning("theme_model_failed", outcome=outcome, reason=str(error))
