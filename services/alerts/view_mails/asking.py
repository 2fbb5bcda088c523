"""The loop that asks the scorer who gets which saved view, and what stands in each mail.

The scorer knows the views and their figures, alerts the people, so it asks with what they may see now. No
connection of the database is held meanwhile. Each mail is queued in a transaction of its own, under an id
that follows from week, view and person: whatever fails, the next try goes on where this one ended.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import msgspec
import structlog

from services.alerts.notices.queueing import queue_view_mail
from services.alerts.staff.repository import people
from services.alerts.view_mails import history_repository, repository
from services.alerts.view_mails.domain import WrittenOutcome, languages_of, mail_key
from services.alerts.view_mails.history_repository import ViewMailResult
from services.alerts.view_mails.repository import DueWeek
from shared.db.database import Database
from shared.privacy.service_client import ServiceClient, ServiceUnavailable, read_answer
from shared.privacy.service_tokens import ServiceTokens
from shared.privacy.view_mails import (
    CONTENT_PATH,
    WANTED_PATH,
    ViewMailAnswer,
    ViewMailQuestion,
    WantedViewMail,
)
from shared.runtime import Loop, Periodic
from shared.service import Context
from shared.telemetry import metrics
from shared.tenancy.closed import find_left
from shared.tenancy.tenants import find_tenant

VIEW_MAILS_LOOP = "view mails"
INTERVAL_S = 15.0
MAX_FAILED_IN_A_ROW = 3
"""Mails that the scorer does not write one after the other: then it is away, and is asked again later."""
MAX_FAILED_KNOWN = 10_000
log = structlog.get_logger()


@dataclass(frozen=True)
class ViewMailAsking:
    """Asks about one week after the other; any number of workers may."""

    database: Database
    services: ServiceClient
    _failed: dict[tuple[UUID, UUID], None] = field(default_factory=dict)
    """By view and person: those that the scorer could not write when it was asked last."""

    async def step(self) -> float | None:
        """One week that is due; 0 when another one may be."""
        async with self.database.transaction() as uow:
            week = await repository.claim_week(uow)
            if week is None:
                await repository.delete_old(uow)
                return None
            left = bool(await find_left(uow, [week.tenant]))
            over = week.give_up_at <= uow.now
        if left or over:
            await self._end(week, missed=over and not left)
            return 0
        try:
            await self._queue(week)
        except ServiceUnavailable:
            log.warning("view_mails_wait", tenant=week.tenant, until=week.give_up_at.isoformat())
            return 0
        await self._end(week, missed=False)
        return 0

    async def _end(self, week: DueWeek, *, missed: bool) -> None:
        async with self.database.transaction() as uow:
            await repository.end_week(uow, week, missed=missed)
        if missed:
            metrics.VIEW_MAILS.labels("missed").inc()
            log.error("view_mails_missed", tenant=week.tenant, monday=week.monday.isoformat())

    async def _queue(self, week: DueWeek) -> None:
        body = await self.services.get_body("scorer", WANTED_PATH, purpose="view-mails", tenant=week.tenant)
        left = await self._not_queued(week, read_answer("scorer", body, list[WantedViewMail]))
        failed: ServiceUnavailable | None = None
        in_a_row = 0
        # Those that failed come last: a view that cannot be written keeps no other one waiting.
        for wanted in sorted(left, key=lambda one: (one.view, one.staff) in self._failed):
            place = wanted.view, wanted.staff
            try:
                await self._write(week, wanted)
            except ServiceUnavailable as error:
                self._note_failed(place)
                failed, in_a_row = error, in_a_row + 1
                if in_a_row == MAX_FAILED_IN_A_ROW:
                    break
            else:
                self._failed.pop(place, None)
                in_a_row = 0
        if failed is not None:
            raise failed

    async def _write(self, week: DueWeek, wanted: WantedViewMail) -> None:
        question = await self._question(week, wanted)
        if question is None:
            return
        body = msgspec.json.encode(question)
        answer = await self.services.post(
            "scorer", CONTENT_PATH, body, purpose="view-mails", tenant=week.tenant
        )
        await self._keep(week, question, read_answer("scorer", answer, ViewMailAnswer))

    def _note_failed(self, place: tuple[UUID, UUID]) -> None:
        self._failed[place] = None
        while len(self._failed) > MAX_FAILED_KNOWN:
            self._failed.pop(next(iter(self._failed)))

    async def _not_queued(self, week: DueWeek, wanted: Sequence[WantedViewMail]) -> list[WantedViewMail]:
        keys = [mail_key(week.tenant, week.monday, one.view, one.staff) for one in wanted]
        async with self.database.reading() as uow:
            known = await repository.queued_already(uow, week.tenant, keys)
        return [one for one, key in zip(wanted, keys, strict=True) if key not in known]

    async def _question(self, week: DueWeek, wanted: WantedViewMail) -> ViewMailQuestion | None:
        """None: this person works there no more, or wants no mail at all."""
        async with self.database.reading() as uow:
            person = await people.find_person(uow, week.tenant, wanted.staff)
            company = await find_tenant(uow, week.tenant)
        if person is None or not person.active:
            return None
        if not person.wants_mail:
            await self._note(week, wanted.view, wanted.staff, "no_mail")
            return None
        return ViewMailQuestion(
            view=wanted.view,
            staff=wanted.staff,
            role=person.role,
            segments=tuple(person.segments),
            languages=languages_of(person.language, company.languages if company is not None else ()),
        )

    async def _keep(self, week: DueWeek, question: ViewMailQuestion, answer: ViewMailAnswer) -> None:
        if answer.content is None:
            metrics.VIEW_MAILS.labels("not_shown").inc()
            await self._note(week, question.view, question.staff, "not_shown")
            return
        key = mail_key(week.tenant, week.monday, question.view, question.staff)
        async with self.database.transaction() as uow:
            if await find_left(uow, [week.tenant]):
                return
            queued = await queue_view_mail(uow, week.tenant, question.staff, key)
            if queued:
                content = msgspec.json.encode(answer.content).decode()
                await repository.add_mail(
                    uow, week.tenant, key, role=question.role, segments=question.segments, body=content
                )
                result = ViewMailResult(
                    week.tenant, question.view, week.monday, question.staff, "queued", key
                )
                await history_repository.keep_result(uow, result)
        if queued:
            metrics.VIEW_MAILS.labels("queued").inc()

    async def _note(self, week: DueWeek, view: UUID, staff: UUID, outcome: WrittenOutcome) -> None:
        """Keep why no mail was written, for the page of the view."""
        async with self.database.transaction() as uow:
            if not await find_left(uow, [week.tenant]):
                result = ViewMailResult(week.tenant, view, week.monday, staff, outcome, None)
                await history_repository.keep_result(uow, result)


def view_mails_loop(context: Context) -> Loop:
    """The loop of a worker."""
    tokens = ServiceTokens(context.secret, clock=context.database.clock)
    services = ServiceClient(context.afterword.internal_url or context.staff_url, tokens)
    asking = ViewMailAsking(context.database, services)
    periodic = Periodic(VIEW_MAILS_LOOP, asking.step, INTERVAL_S, context.health)

    async def run(stopping: asyncio.Event) -> None:
        try:
            await periodic.run(stopping)
        finally:
            await services.close()

    return run
