"""Who was shown what is kept of a customer. The one place from which it is recorded."""

from typing import Literal

import structlog

from services.dispatcher.context import DispatcherContext
from shared.http.auth import Caller
from shared.http.staff_auth import Staff
from shared.privacy.audit import CUSTOMER, AuditAct, AuditActor, record_audit
from shared.privacy.export_links import ExportSubject

log = structlog.get_logger()

ExportAct = Literal["read", "downloaded", "link_created", "link_opened"]
AUDIT_ACTS: dict[ExportAct, AuditAct] = {
    "read": "export",
    "downloaded": "export",
    "link_created": "export_link",
    "link_opened": "export_opened",
}


async def record_access(
    context: DispatcherContext, act: ExportAct, subject: ExportSubject, by: Caller | Staff | None
) -> None:
    """Record the act before anything is shown; ``by`` is None for whoever has a customer's link."""
    match by:
        case None:
            who = CUSTOMER
        case Staff():
            who = AuditActor.of_staff(by)
        case _:
            who = AuditActor.of(by)
    async with context.database.transaction() as uow:
        record_audit(uow, subject.tenant, who, AUDIT_ACTS[act], subject.person, how=act)
    log.info("customer_export", act=act, tenant=subject.tenant, person=subject.person)
