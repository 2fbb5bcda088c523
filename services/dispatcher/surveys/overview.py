"""The page of all surveys and of how the company sends."""

from datetime import timedelta

from fastapi import Request, Response

from services.dispatcher.context import DispatcherContext
from services.dispatcher.frame import frame_of
from services.dispatcher.mail_reasons import mail_reason
from services.dispatcher.repository.survey_figures import count_by_survey
from services.dispatcher.sending import repository as sending_rows
from services.dispatcher.sending.domain import STOPPED
from services.dispatcher.sending.labels import ChangeLine
from services.dispatcher.sending.sending_commands import find_sending, sending_version
from services.dispatcher.surveys.field_labels import language_name
from services.dispatcher.surveys.labels import notice
from services.dispatcher.surveys.survey_commands import list_surveys
from services.dispatcher.surveys.texts import STANDARD_LANGUAGES
from services.dispatcher.surveys.views import SurveyLine, SurveysPage, TypedAddresses
from shared.http.staff_auth import Staff
from shared.outbound import mail_stream

RECENT_DAYS = 30


async def show_overview(
    request: Request,
    staff: Staff,
    context: DispatcherContext,
    typed: TypedAddresses | None = None,
    *,
    did: str = "",
    status_code: int = 200,
) -> Response:
    """The page; ``did`` is the act that has just been done, ``typed`` test addresses that were not saved."""
    async with context.database.reading() as uow:
        sending = await find_sending(uow, staff.tenant)
        if typed is None:
            addresses = "\n".join(sorted(sending.test_addresses))
            typed = TypedAddresses(addresses, await sending_version(uow, staff.tenant))
        since = uow.now - timedelta(days=RECENT_DAYS)
        changes = await sending_rows.list_changes(uow, staff.tenant)
        stop = await sending_rows.find_last_change(uow, staff.tenant, STOPPED) if sending.stopped else None
        mail = await mail_stream.read(uow)
        figures = await count_by_survey(uow, staff.tenant, since, staff.segments)
        page = SurveysPage(
            surveys=[SurveyLine.of(each, figures) for each in await list_surveys(uow, staff.tenant)],
            changes=[ChangeLine.of(row) for row in changes],
            stopped=ChangeLine.of(stop) if stop is not None else None,
            mail=mail,
            mail_reason=mail_reason(mail.reason),
            typed=typed,
            done=notice(did),
            languages=", ".join(map(language_name, STANDARD_LANGUAGES)),
        )
        frame = await frame_of(uow, staff, "surveys", sending=sending)
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)
