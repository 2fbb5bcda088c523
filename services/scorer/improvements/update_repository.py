"""``improvement_mail``: how many were told of an action, and why others were not; it names nobody."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.scorer.models import improvement_mail
from shared.db.bulk import keep_newest_events
from shared.db.database import UnitOfWork
from shared.db.notifications import notify_changes
from shared.events import CaseMail, Event
from shared.events.dedupe import newest

MIN_UPDATES_SHOWN = 5
"""Of fewer customers no number is told, as of cases with a cause."""


@dataclass(frozen=True, kw_only=True)
class UpdateCounts:
    """How many customers have which end of the mail that tells of an action."""

    sent: int = 0
    waiting: int = 0
    unsent: tuple[tuple[str, int], ...] = ()
    """Those who were not told, by the reason, else by the state of the mail; the most frequent first."""

    @property
    def total(self) -> int:
        """All customers who were to be told."""
        return self.sent + self.waiting + sum(n for _, n in self.unsent)

    @property
    def is_shown(self) -> bool:
        """Whether there are enough of them to tell a number."""
        return self.total >= MIN_UPDATES_SHOWN


NO_UPDATES = UpdateCounts()


async def keep_update_mails(uow: UnitOfWork, events: Sequence[Event[CaseMail]]) -> None:
    """Keep what became of the mails that tell of actions; other mails of cases are passed over."""
    updates = [
        event
        for event in newest(events, lambda mail: mail.id)
        if event.data.direction == "out" and event.data.improvement_id is not None
    ]
    if not updates:
        return
    await keep_newest_events(
        uow,
        improvement_mail,
        updates,
        mail_id=[event.data.id for event in updates],
        reason=[_reason(event.data) for event in updates],
    )
    notify_changes(uow, [event.tenant for event in updates])


def _reason(mail: CaseMail) -> str | None:
    if mail.state != "refused":
        return None
    return mail.reason or ("erased" if mail.erased else None)


COUNT_UPDATE_MAILS = """
    SELECT state, CASE WHEN state IN ('sent', 'waiting') THEN state ELSE coalesce(reason, state) END AS "end",
        count(*) AS n
    FROM improvement_mail
    WHERE tenant = :tenant AND improvement_id = :id
    GROUP BY 1, 2
    ORDER BY n DESC, 2
"""


async def count_update_mails(uow: UnitOfWork, tenant: str, improvement_id: UUID) -> UpdateCounts:
    """How many customers were told of an action, wait, or were not told."""
    rows = (await uow.execute(COUNT_UPDATE_MAILS, {"tenant": tenant, "id": improvement_id})).all()
    by_state = {row.state: row.n for row in rows if row.state in {"sent", "waiting"}}
    return UpdateCounts(
        sent=by_state.get("sent", 0),
        waiting=by_state.get("waiting", 0),
        unsent=tuple((row.end, row.n) for row in rows if row.state not in by_state),
    )
