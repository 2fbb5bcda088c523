"""The routes by which the trigger asks a service about a company: its rows, its erasure, its keys' uses."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import MetaData

from shared.db.database import Database
from shared.events.envelope import Instant
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.privacy.company_rows import exported_tables, read_page
from shared.privacy.service_caller import ServiceLane, service_caller
from shared.privacy.service_client import PERSONAL_DATA_PATH
from shared.privacy.service_tokens import ServiceClaims, ServiceTokens
from shared.tenancy.closed import find_closed
from shared.tenancy.key_uses import find_uses

MAX_PLACE_LENGTH = 4_000


class CompanyTables(msgspec.Struct, frozen=True, kw_only=True):
    """Of which tables a service exports rows."""

    tables: tuple[str, ...]


class CompanyRowsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A page of rows."""

    rows: tuple[msgspec.Raw, ...]
    next: str | None


class CompanyProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far the erasure of a company that has left is at a service."""

    erased_at: Instant | None = None
    swept_at: Instant | None = None


class FirstAdminAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The link by which the first administrator of a company signs in, or why there is none."""

    link: str | None
    fault: str | None


class KeyUseAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The last use of a key at a service."""

    key_id: str
    used_at: Instant
    route: str


def company_router(service: str, metadata: MetaData, database: Database, secret: str) -> APIRouter:
    """The router with the routes below ``/v1/personal-data/<service>/company`` and ``…/key-uses``."""
    router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
    lane = ServiceLane(max_running=2)
    # Its own: downloads that run must not keep the pages of keys waiting.
    rows_lane = ServiceLane(max_running=2)
    tokens = ServiceTokens(secret, clock=database.clock)
    asked_about_company = Annotated[ServiceClaims, Depends(service_caller(tokens, "company"))]
    asked_about_keys = Annotated[ServiceClaims, Depends(service_caller(tokens, "key-uses"))]
    begin = f"{PERSONAL_DATA_PATH}/{service}"

    @router.get(f"{begin}/company")
    async def tables(asked: asked_about_company) -> Response:  # noqa: ARG001  (its token was checked)
        """Of which tables there are rows."""
        return _json(CompanyTables(tables=tuple(exported_tables(service, metadata))))

    @router.get(f"{begin}/company/progress")
    async def progress(asked: asked_about_company) -> Response:
        """How far the erasure is."""
        async with lane.turn(), database.reading() as uow:
            found = await find_closed(uow, asked.tenant)
        if found is None:
            return _json(CompanyProgress())
        return _json(CompanyProgress(erased_at=found.erased_at, swept_at=found.swept_at))

    @router.get(f"{begin}/company/tables/{{table}}")
    async def rows(
        asked: asked_about_company,
        table: str,
        after: Annotated[str | None, Query(max_length=MAX_PLACE_LENGTH)] = None,
    ) -> Response:
        """The next rows of a table."""
        if table not in exported_tables(service, metadata):
            raise Problem(404)
        try:
            async with rows_lane.turn(), database.reading() as uow:
                page = await read_page(uow, service, metadata.tables[table], asked.tenant, after)
        except ValueError:
            raise Problem(422) from None
        return _json(CompanyRowsAnswer(rows=tuple(map(msgspec.Raw, page.rows)), next=page.next))

    @router.get(f"{begin}/key-uses")
    async def key_uses(asked: asked_about_keys) -> Response:
        """When each key of the company was last used here."""
        async with lane.turn(), database.reading() as uow:
            found = await find_uses(uow, asked.tenant)
        return _json(
            [KeyUseAnswer(key_id=key, used_at=use.used_at, route=use.route) for key, use in found.items()]
        )

    return router


def _json(answer: object) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json")
