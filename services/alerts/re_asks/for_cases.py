"""What a case says of its customer's being asked again."""

from typing import NamedTuple
from uuid import UUID

from services.alerts.cases.case_user import CaseUser
from services.alerts.cases.repository import lists
from services.alerts.cases.visible import visible_case
from services.alerts.re_asks.repository import ReAsk, find_of_case
from shared.db.database import UnitOfWork
from shared.events import Invitation
from shared.http.staff_auth import Staff


class CaseReAsk(NamedTuple):
    """Both sides of a re-ask."""

    re_ask: ReAsk | None
    """Whether the customer of the case was asked again, and what they said then."""
    about_id: UUID | None = None
    """The case that was asked about, where this one is headed by the answer; None: it is not, or the reader
    may not see that case."""
    about_number: int | None = None


async def asked_again_of(
    uow: UnitOfWork, reader: Staff | CaseUser, case: UUID, invitation: Invitation | None
) -> CaseReAsk:
    """Of a case that the reader may see, by the invitation of the answer that heads it."""
    re_ask = await find_of_case(uow, reader.tenant, case)
    if invitation is None or invitation.recovery_of is None:
        return CaseReAsk(re_ask)
    row = await lists.one_case(uow, reader.tenant, invitation.recovery_of, reader.segments)
    if row is None:
        return CaseReAsk(re_ask)
    about = visible_case(row).case
    return CaseReAsk(re_ask, about.id, about.number)
