"""Who was shown what is kept of a customer. The one place from which it is recorded."""

from typing import Literal

import structlog

from shared.db import UnitOfWork
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


def record_access(uow: UnitOfWork, act: ExportAct, subject: ExportSubject, by: Caller | Staff | None) -> None:
    """Record the act in a transaction that commits before anything is shown.

    :param by: None: whoever has a customer's link.
    """
    match by:
        case None:
            who = CUSTOMER
        case Staff():
            who = AuditActor.of_staff(by)
        case _:
            who = AuditActor.of(by)
    record_audit(uow, subject.tenant, who, AUDIT_ACTS[act], subject.person, how=act)
    log.info("customer_export", act=act, tenant=subject.tenant, person=subject.person)
