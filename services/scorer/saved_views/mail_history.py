"""What became of the mails of a saved view, as alerts answers it: it sends them, and the scorer does not."""

import asyncio
from uuid import UUID

from shared.privacy.service_client import ServiceClient, ServiceUnavailable, read_answer
from shared.privacy.view_mails import HISTORY_PATH, STAFF_CLAIM, VIEW_CLAIM, ViewMailHistory

ANSWERED_WITHIN_S = 3.0
"""A page waits no longer for it: all else on it is known."""


async def ask_mail_history(
    services: ServiceClient, tenant: str, view: UUID, person: UUID | None
) -> ViewMailHistory | None:
    """The history; None while alerts does not answer. The caller holds no database connection.

    :param person: whose own mails are told; None: nobody's.
    """
    claims = {VIEW_CLAIM: str(view)}
    if person is not None:
        claims[STAFF_CLAIM] = str(person)
    try:
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            body = await services.get_body(
                "alerts", HISTORY_PATH, purpose="view-mails", tenant=tenant, claims=claims
            )
    except (ServiceUnavailable, TimeoutError):
        return None
    try:
        return read_answer("alerts", body, ViewMailHistory)
    except ServiceUnavailable:
        return None
