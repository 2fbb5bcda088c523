"""What goes again, of ``screen``, ``saved_view`` and ``view_mail``, after a restore from an older backup."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared.db.database import UnitOfWork


class TakenBack(NamedTuple):
    """A screen, a view or the mail of one that was taken back. What was made later is another one."""

    tenant: str
    id: UUID
    at: datetime
    person: UUID | None
    """Whose mail it is; of the others None."""


_ACTS = """unnest(
        CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:times AS timestamptz[]), CAST(:people AS uuid[])
    ) AS a (tenant, id, at, person)"""
REVOKE_SCREENS = f"""
    DELETE FROM screen s USING {_ACTS}
    WHERE s.tenant = a.tenant AND s.id = a.id AND s.created_at <= a.at
"""
# A view may have been saved anew under its id since, as its maker has it.
_REMOVED = f"""
    SELECT v.tenant, v.id FROM {_ACTS}
    JOIN saved_view v ON v.tenant = a.tenant AND v.id = a.id AND v.created_at <= a.at
"""
REMOVE_VIEWS = (
    f"DELETE FROM screen s WHERE (s.tenant, s.view_id) IN ({_REMOVED})",
    f"DELETE FROM view_mail m WHERE (m.tenant, m.view_id) IN ({_REMOVED})",
    f"DELETE FROM saved_view w WHERE (w.tenant, w.id) IN ({_REMOVED})",
)
STOP_MAILS = f"""
    DELETE FROM view_mail m USING {_ACTS}
    WHERE m.tenant = a.tenant AND m.view_id = a.id AND m.staff_id = a.person AND m.wanted_at <= a.at
"""


async def revoke_screens(uow: UnitOfWork, acts: Sequence[TakenBack]) -> None:
    """Take back links of screens."""
    await uow.execute(REVOKE_SCREENS, _values(acts))


async def remove_views(uow: UnitOfWork, acts: Sequence[TakenBack]) -> None:
    """Remove views, with their screens and mails."""
    for statement in REMOVE_VIEWS:
        await uow.execute(statement, _values(acts))


async def stop_mails(uow: UnitOfWork, acts: Sequence[TakenBack]) -> None:
    """Stop mails of views."""
    await uow.execute(STOP_MAILS, _values(acts))


def _values(acts: Sequence[TakenBack]) -> dict[str, list[object]]:
    return {
        "tenants": [act.tenant for act in acts],
        "ids": [act.id for act in acts],
        "times": [act.at for act in acts],
        "people": [act.person for act in acts],
    }
