"""Which mail of a saved view is the same one, and for how long it is tried. Pure."""

from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID

from shared.ids import derived

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
