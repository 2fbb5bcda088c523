"""The frame of the pages of settings."""

from services.alerts.frame import open_case_counts, staff_frame
from shared.db.database import UnitOfWork
from shared.http.staff_auth import Staff
from shared.pages.page import Frame


async def settings_frame(uow: UnitOfWork, staff: Staff) -> Frame:
    """The frame, with the number of open cases for those who work on them."""
    counts = await open_case_counts(uow, staff) if staff.works_on_cases else None
    return await staff_frame(
        uow, staff, here="settings", open_cases=counts.open if counts is not None else None
    )
