"""What each page of marks needs: its frame, and the segments that its forms offer."""

from services.scorer.frame import company_of, staff_frame
from services.scorer.marks.reading import MarkReader
from services.scorer.repository.counts import use_custom_plans
from services.scorer.repository.segments import list_segment_counts
from services.scorer.repository.sending_state import read_sending_state
from services.scorer.windows import DEFAULT_WINDOW_DAYS, Window
from shared.db.database import UnitOfWork
from shared.events import WHOLE_COMPANY
from shared.http.staff_auth import Staff
from shared.pages.filters import segment_name
from shared.pages.language import translated
from shared.pages.page import Frame

MAX_SEGMENTS_OFFERED = 300


async def frame_of(uow: UnitOfWork, staff: Staff) -> Frame:
    """The frame of a page."""
    tenant = await company_of(uow, staff)
    return await staff_frame(uow, staff, tenant, await read_sending_state(uow, tenant.id), live=None)


async def segments_offered(uow: UnitOfWork, reader: MarkReader, chosen: str) -> list[tuple[str, str]]:
    """What a mark may be about; what is chosen is among it."""
    await use_custom_plans(uow)
    found = await list_segment_counts(
        uow,
        reader.tenant.id,
        "transactional",
        Window.ending(reader.today, DEFAULT_WINDOW_DAYS),
        limit=MAX_SEGMENTS_OFFERED,
        access=reader.access,
    )
    names = [name for name, _ in found]
    if chosen and chosen not in names and reader.access.allows(chosen):
        names.append(chosen)
    whole = [] if reader.access.limited_to else [(WHOLE_COMPANY, translated("The whole company"))]
    return [*whole, *((name, segment_name(name)) for name in names)]
