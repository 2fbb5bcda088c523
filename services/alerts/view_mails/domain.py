"""Which mail of a saved view is the same one, for how long it is tried, and what became of it. Pure."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from shared.ids import derived
from shared.outbound.deliveries import DeliveryState
from shared.privacy.view_mails import ViewMailOutcome

WrittenOutcome = Literal["queued", "no_mail", "not_shown"]
"""What was kept of a mail when it was to be written."""
ENDED: dict[DeliveryState, ViewMailOutcome] = {
    "sent": "sent",
    "failed": "refused",
    "dropped": "withdrawn",
    "unknown": "unknown",
}

TRIED_FOR = timedelta(hours=12)
"""From eight in the morning until the evening; then nobody wants it any more."""
TRY_AGAIN_AFTER = timedelta(minutes=5)
VALID_FOR = timedelta(days=3)
"""A mail that could not leave for so long, as its reader had quiet hours, is left out."""
WEEKS_KEPT = timedelta(days=60)


def mail_key(tenant: str, monday: date, view: UUID, person: UUID) -> UUID:
    """The id of a mail: of one view, person and week there is one."""
    return derived("view_mail", tenant, monday.isoformat(), str(view), str(person))


def languages_of(own: str, company: Iterable[str]) -> tuple[str, ...]:
    """The reader's language, then those of the company."""
    return tuple(filter(None, [own, *company]))


def outcome_of(
    written: WrittenOutcome, state: DeliveryState | None, due_at: datetime | None, now: datetime
) -> ViewMailOutcome:
    """What became of a mail.

    :param state: of its delivery; None: it has none, or it was removed.
    """
    if written != "queued":
        return written
    if state is None or state in ENDED:
        return ENDED.get(state or "unknown", "unknown")
    return "quiet" if due_at is not None and due_at > now else "waiting"
