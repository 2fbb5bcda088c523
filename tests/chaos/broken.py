"""Deliberate faults in the product, each of which the harness must catch in the scenario named."""

# ruff: noqa: PLC0415  (each process imports only what is patched in it)

import asyncio
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chaos.entry import MAX_DELAY_S, replace_names


@dataclass(frozen=True)
class Break:
    """One fault in the product, and the scenario that shows it."""

    what: str
    scenario: str
    apply: Callable[[], None]


def _runs(service: str) -> bool:
    """Whether this process runs the service; the others need no import."""
    return service in sys.argv


def _replaced(text: str, old: str, new: str) -> str:
    """The text with a fault in it.

    :raises LookupError: when the text has changed, so that this would break nothing.
    """
    if old not in text:
        raise LookupError(old)
    return text.replace(old, new)


def _neither_compared() -> None:
    from shared.kafka.kernel import positions

    async def move(uow: Any, steps: Mapping[Any, Any]) -> None:
        for tp, step in steps.items():
            await uow.execute(
                "UPDATE position SET next_offset = :end, max_ts = greatest(max_ts, :timestamp) "
                "WHERE topic = :topic AND part = :part",
                {"topic": tp.topic, "part": tp.partition, "end": step.end, "timestamp": step.timestamp},
            )

    replace_names(positions, move=move)
    if _runs("scorer"):
        from services.scorer.repository import counting
        from shared.db.bulk import keep_newest_sql

        def keep_any_sql(*arguments: Any, **given: Any) -> str:
            return _replaced(keep_newest_sql(*arguments, **given), "WHERE t.version < EXCLUDED.version", "")

        replace_names(counting, keep_newest_sql=keep_any_sql)


def _deletes_up_to_the_last() -> None:
    from shared.kafka.kernel import relay

    replace_names(
        relay,
        DELETE_ROWS="DELETE FROM outbox "
        "WHERE seq <= (SELECT max(s) FROM unnest(CAST(:sent AS bigint[])) AS n(s))",
    )


def _skips() -> None:
    from shared.kafka.kernel import relay

    send = relay.send
    reached = 0

    async def from_there_on(producer: Any, rows: Sequence[Any]) -> None:
        nonlocal reached
        ahead = [row for row in rows if row.seq > reached]
        if ahead:
            await send(producer, ahead)
            reached = ahead[-1].seq

    replace_names(relay, send=from_there_on)


def _forgets_sending() -> None:
    if not _runs("dispatcher"):
        return
    from services.dispatcher.invitations import judging, queue
    from services.dispatcher.invitations.states import move_invitation
    from shared.outbound import deliveries

    claim = deliveries.claim

    async def forgetful_claim(uow: Any, statement: str, channel: Any) -> Any:
        return await claim(uow, _replaced(statement, "state = 'sending'", "state = 'waiting'"), channel)

    async def forgetful_move(uow: Any, tenant: str, invitation: Any, state: Any, **given: Any) -> Any:
        return await move_invitation(
            uow, tenant, invitation, "waiting" if state == "sending" else state, **given
        )

    settle = _replaced(deliveries.SETTLE, "state = 'sending'", "state = 'waiting'")
    replace_names(deliveries, claim=forgetful_claim, SETTLE=settle)
    for module in (judging, queue):
        replace_names(module, move_invitation=forgetful_move)


def _counts_the_batch() -> None:
    if not _runs("scorer"):
        return
    from services.scorer.repository import counting

    of_the_batch = r"""
        (string_to_array(segments, E'\x1f'))[2:] AS segments, score, 1 AS n
        FROM unnest(
            CAST(:tenant AS text[]), CAST(:measurement AS text[]), CAST(:day AS date[]),
            CAST(:segments AS text[]), CAST(:score AS smallint[])
        ) AS b(tenant, measurement, day, segments, score)
    """
    statement = _replaced(counting.KEEP_AND_COUNT, "segments, score, 1 AS n FROM kept", of_the_batch)
    replace_names(counting, KEEP_AND_COUNT=statement)


def _passes_over_answers() -> None:
    if not _runs("scorer"):
        return
    from services.scorer import handlers

    count = handlers.count_answers

    async def count_most(uow: Any, events: Sequence[Any]) -> None:
        await count(uow, [event for event in events if event.data.id.int % 4])

    replace_names(handlers, count_answers=count_most)


def _takes_a_part_apart() -> None:
    if not _runs("dispatcher"):
        return
    from services.dispatcher.imports.processing import Processing

    keep = Processing._keep

    async def keep_apart(self: Processing, _uow: Any, *part: Any) -> Any:
        async with self.database.transaction() as own:
            faults = await keep(self, own, *part)
        await asyncio.sleep(random.uniform(0, MAX_DELAY_S))
        return faults

    Processing._keep = keep_apart  # type: ignore[assignment, method-assign]


def _leaves_records() -> None:
    from shared.db.database import UnitOfWork

    def publish_nothing(self: UnitOfWork, topic: str, key: bytes) -> None:
        """In place of a tombstone."""

    UnitOfWork.publish_tombstone = publish_nothing  # type: ignore[method-assign]


def _forgets_levels() -> None:
    if not _runs("alerts"):
        return
    from services.alerts.cases.repository import cases

    done = "contact_steps_done = n.contact_steps_done, "
    replace_names(cases, UPDATE_CASES=_replaced(cases.UPDATE_CASES, done, ""))


def _forgets_posting() -> None:
    if not _runs("alerts"):
        return
    from services.alerts.chats.repository import lanes

    replace_names(lanes, BEGIN_SENDING=_replaced(lanes.BEGIN_SENDING, "state = 'sending', ", ""))


def _adds_to_digests_that_left() -> None:
    if not _runs("alerts"):
        return
    from services.alerts.notices.repository import notifications

    async def hold_any(_: Any, digests: Sequence[Any]) -> set[Any]:
        return set(digests)

    replace_names(notifications, hold_digests=hold_any)


def _ends_the_week_first() -> None:
    if not _runs("alerts"):
        return
    from services.alerts.view_mails.asking import ViewMailAsking

    queue = ViewMailAsking._queue

    async def end_first(self: ViewMailAsking, week: Any) -> None:
        await self._end(week, missed=False)
        await queue(self, week)

    ViewMailAsking._queue = end_first  # type: ignore[method-assign]


def _takes_each_telling() -> None:
    if not _runs("alerts"):
        return
    from services.alerts.cases.repository import case_mails

    add = case_mails.add

    async def add_any(uow: Any, mails: Sequence[Any]) -> set[Any]:
        await add(uow, mails)
        return {(mail.tenant, mail.id) for mail in mails}

    replace_names(case_mails, add=add_any)


BREAKS = {
    "neither-compared": Break("neither position nor version is compared", "again", _neither_compared),
    "deletes-up-to": Break("the relay deletes up to the last one sent", "late", _deletes_up_to_the_last),
    "skips": Break("the relay goes on behind the highest that it has sent", "late", _skips),
    "forgets-sending": Break("the sender does not mark what it sends", "workers", _forgets_sending),
    "counts-batch": Break("counts are taken from the batch", "again", _counts_the_batch),
    "passes-over": Break("the scorer passes over some answers", "again", _passes_over_answers),
    "part-apart": Break(
        "rows of a file and the position behind them are kept apart", "imports", _takes_a_part_apart
    ),
    "forgets-levels": Break("which steps of a clock were done is not written", "clocks", _forgets_levels),
    "forgets-posting": Break("a message to a chat is not marked as being sent", "notices", _forgets_posting),
    "late-for-digest": Break(
        "a notice is added to a digest that has left", "notices", _adds_to_digests_that_left
    ),
    "ends-week-first": Break(
        "a week of view mails is ended before they are queued", "view-mails", _ends_the_week_first
    ),
    "takes-each": Break(
        "a customer's mail is recorded as often as it is told", "replies", _takes_each_telling
    ),
    "leaves-records": Break("an erasure leaves what clients have sent", "erasures", _leaves_records),
}
