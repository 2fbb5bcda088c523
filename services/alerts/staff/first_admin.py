"""The route by which the trigger asks for the first administrator of a company that was just made."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from services.alerts.errors import BadAccount
from services.alerts.staff.staff_commands import create_staff, sign_in_link
from shared.db.database import Database
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.permissions import ADMIN
from shared.privacy.audit import OPERATOR
from shared.privacy.company_routes import FirstAdminAnswer
from shared.privacy.service_caller import ServiceLane, service_caller
from shared.privacy.service_client import PERSONAL_DATA_PATH
from shared.privacy.service_tokens import ServiceClaims, ServiceTokens


class FirstAdmin(msgspec.Struct, frozen=True, kw_only=True):
    """Who it is."""

    address: str


def first_admin_router(database: Database, staff_url: str, secret: str) -> APIRouter:
    """The router with the one route ``/v1/personal-data/alerts/first-admin``."""
    router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
    lane = ServiceLane()
    caller = service_caller(ServiceTokens(secret, clock=database.clock), "company")

    @router.post(f"{PERSONAL_DATA_PATH}/alerts/first-admin")
    async def make(asked: Annotated[ServiceClaims, Depends(caller)], request: Request) -> Response:
        """Make the account, or find it again, and a link for it; asked again it is another link."""
        body = await request.body()
        if not asked.covers(body):
            raise Problem(401)
        try:
            who = msgspec.json.decode(body, type=FirstAdmin)
        except msgspec.MsgspecError:
            raise Problem(422) from None
        async with lane.turn():
            answer = await _link(database, staff_url, asked.tenant, who.address)
        return Response(msgspec.json.encode(answer), media_type="application/json")

    return router


async def _link(database: Database, staff_url: str, tenant: str, address: str) -> FirstAdminAnswer:
    try:
        link = await create_staff(database, staff_url, tenant, address, ADMIN, who=OPERATOR)
        return FirstAdminAnswer(link=link, fault=None)
    except BadAccount as first:
        try:
            link = await sign_in_link(database, staff_url, tenant, address, who=OPERATOR)
            return FirstAdminAnswer(link=link, fault=None)
        except BadAccount:
            return FirstAdminAnswer(link=None, fault=str(first))
