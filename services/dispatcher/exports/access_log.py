"""Who was shown what is kept of a customer. The one place from which it is recorded."""

from typing import Literal

import structlog

from services.dispatcher.context import DispatcherContext
from shared.http.auth import Caller
from shared.http.staff_auth import Staff
from shared.privacy.export_links import ExportSubject

log = structlog.get_logger()

ExportAct = Literal["read", "downloaded", "link_created", "link_opened"]


async def record_access(
    context: DispatcherContext,  # noqa: ARG001  (the audit lines will be written in a transaction of it)
    act: ExportAct,
    subject: ExportSubject,
    by: Caller | Staff | None,
) -> None:
    """Record the act; ``by`` is None for whoever has a customer's link."""
    log.info("customer_export", act=act, tenant=subject.tenant, person=subject.person, by=_actor(by))


def _actor(by: Caller | Staff | None) -> str:
    match by:
        case Staff(id=person):
            return f"staff {person}"
        case Caller(staff=Staff() as staff):
            return _actor(staff)
        case Caller(key=key) if key is not None:
            return f"key {key.id}"
    return "link"
