"""One act on several cases, for programs."""

from typing import Annotated

from fastapi import APIRouter, Body, Header

from services.alerts.cases.api import WritesCases
from services.alerts.cases.bulk_commands import act_on_each
from services.alerts.cases.case_user import CaseUser
from services.alerts.cases.schemas import BulkBody, BulkOut, BulkResultOut
from services.alerts.context import OwnContext
from shared.http.routes import CheckedRoute
from shared.pages.language import spoken

router = APIRouter(prefix="/v1/cases", tags=["cases"], route_class=CheckedRoute)


@router.post(
    "/actions",
    summary="Do something to several cases",
    description="Takes, assigns, hands over, puts back, waits or goes on with each of at most 100 cases. "
    "Each is done whole or not at all. The answer says which were refused and why; the others are done. The "
    "same request with the same Idempotency-Key changes nothing again for 30 days.",
)
async def act_on_several(
    context: OwnContext,
    caller: WritesCases,
    body: Annotated[BulkBody, Body()],
    idempotency_key: Annotated[
        str | None,
        Header(
            max_length=200, description="A key of this request's own: sent again it changes nothing again."
        ),
    ] = None,
) -> BulkOut:
    results = await act_on_each(
        *(context.database, context.secret, context.policy, context.setups),
        *(CaseUser.of(caller), body.cases, body.action, idempotency_key),
    )
    return BulkOut(
        results=[
            BulkResultOut(
                case=one.case, done=one.refused is None, reason=spoken(one.refused) if one.refused else None
            )
            for one in results
        ]
    )
