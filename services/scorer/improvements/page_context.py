"""What each page of actions needs: who reads it, its frame, and the colleagues that its forms offer."""

from datetime import timedelta

from services.scorer.frame import company_of, staff_frame
from services.scorer.improvements import repository
from services.scorer.improvements.reading import ImprovementReader, reader_of
from services.scorer.repository.sending_state import read_sending_state
from shared.db.database import UnitOfWork
from shared.http.staff_auth import Staff
from shared.pages.page import Frame

MAX_OWNERS_OFFERED = 100
OWNERS_SINCE = timedelta(days=365)


async def reader_and_frame(uow: UnitOfWork, staff: Staff) -> tuple[ImprovementReader, Frame]:
    """The reader of a page, and its frame."""
    tenant = await company_of(uow, staff)
    state = await read_sending_state(uow, tenant.id)
    frame = await staff_frame(uow, staff, tenant, state, here="actions", live=None)
    return await reader_of(uow, staff.tenant, staff), frame


async def owners_offered(uow: UnitOfWork, reader: ImprovementReader) -> list[str]:
    """Names of colleagues who had an action or a case lately."""
    return await repository.list_owners(uow, reader.tenant.id, uow.now - OWNERS_SINCE, MAX_OWNERS_OFFERED)
