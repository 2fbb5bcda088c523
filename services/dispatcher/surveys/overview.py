"""The page of all surveys and of how the company sends."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from fastapi import Request, Response

from services.dispatcher.context import DispatcherContext
from services.dispatcher.frame import page, surround_of
from services.dispatcher.sending.sending_commands import repository as sending_rows
from services.dispatcher.sending.sending_commands import sending_commands
from services.dispatcher.story.labels import DONE
from services.dispatcher.surveys.survey_commands import repository as rows
from services.dispatcher.surveys.survey_commands import survey_commands
from shared.http.staff_auth import Staff
from shared.outbound import mail_stream

RECENT = timedelta(days=30)


@dataclass(frozen=True)
class Typed:
    """Test addresses that were not saved: the words, the version of the form, and what is wrong."""

    addresses: str
    version: str
    fault: str


async def draw_overview(
    request: Request, staff: Staff, context: DispatcherContext, typed: Typed | None = None, *, did: str = "",
    status_code: int = 200,
) -> Response:  # fmt: skip
    """All surveys in their order, and how the company sends; ``did``: the act that has just been done."""
    async with context.database.reading() as uow:
        surround = await surround_of(uow, staff)
        found = await survey_commands.list_surveys(uow, staff.tenant)
        counted = await rows.counts(uow, staff.tenant, uow.now - RECENT, staff.segments)
        changes = await sending_rows.changes(uow, staff.tenant)
        stopped = await sending_rows.last_change(uow, staff.tenant, sending_commands.STOPPED)
        version = await sending_commands.sending_version(uow, staff.tenant)
        mail = await mail_stream.read(uow)
    counts: dict[UUID, dict[str, int]] = {}
    for row in counted:
        own = counts.setdefault(row.survey_id, {})
        own[row.state] = own.get(row.state, 0) + row.n
    if typed is None:
        typed = Typed("\n".join(sorted(surround.sending.test_addresses)), version, "")
    return page(
        context,
        request,
        "surveys.html",
        staff,
        surround,
        here="surveys",
        status_code=status_code,
        surveys=found,
        counts=counts,
        changes=changes,
        stopped=stopped if surround.sending.stopped else None,
        mail=mail,
        typed=typed,
        done=DONE.get(did, ""),
    )
