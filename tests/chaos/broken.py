"""Deliberately broken copies of the product, which the harness must catch, each by the scenario named."""

# ruff: noqa: PLC0415  (each process imports only what is patched in it)

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chaos.entry import put


@dataclass(frozen=True)
class Break:
    """One fault in the product, and the scenario that shows it."""

    what: str
    scenario: str
    apply: Callable[[], None]


def _runs(service: str) -> bool:
    """Whether this process is that service's: the others are spared the import."""
    return service in sys.argv


def _instead(text: str, old: str, new: str) -> str:
    """A break that no longer breaks anything is no break."""
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

    put(positions, move=move)
    if _runs("scorer"):
        from services.scorer.repository import counting

        counting._KEEP_AND_COUNT = _instead(
            counting._KEEP_AND_COUNT, "WHERE t.version < EXCLUDED.version", ""
        )


def _deletes_up_to_the_last() -> None:
    from shared.kafka.kernel import relay

    said = vars(relay)["statement"]
    put(
        relay,
        statement=lambda sql: said(
            sql.replace(
                "seq = ANY(CAST(:sent AS bigint[]))",
                "seq <= (SELECT max(s) FROM unnest(CAST(:sent AS bigint[])) s)",
            )
        ),
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

    put(relay, send=from_there_on)


def _forgets_sending() -> None:
    if not _runs("dispatcher"):
        return
    from services.dispatcher.invitations import queue

    move = queue.move_invitation

    async def forgetful(uow: Any, tenant: str, invitation: Any, state: Any, **given: Any) -> Any:
        return await move(uow, tenant, invitation, "waiting" if state == "sending" else state, **given)

    put(queue, move_invitation=forgetful)


def _counts_the_batch() -> None:
    if not _runs("scorer"):
        return
    from services.scorer.repository import counting

    of_the_batch = (
        "string_to_array(segments, :between) AS segments, score, 1 AS n FROM unnest(CAST(:tenants AS text[]), "
        "CAST(:measurements AS text[]), CAST(:days AS date[]), CAST(:segments AS text[]), "
        "CAST(:scores AS smallint[])) AS b(tenant, measurement, day, segments, score)"
    )
    counting._KEEP_AND_COUNT = _instead(
        counting._KEEP_AND_COUNT, "segments, score, 1 AS n FROM kept", of_the_batch
    )


BREAKS = {
    "neither-compared": Break("neither position nor version is compared", "again", _neither_compared),
    "deletes-up-to": Break("the relay deletes up to the last one sent", "late", _deletes_up_to_the_last),
    "skips": Break("the relay goes on from the highest that it has sent", "late", _skips),
    "forgets-sending": Break("the sender does not mark what it sends", "workers", _forgets_sending),
    "counts-batch": Break("counts are taken from the batch", "again", _counts_the_batch),
}
