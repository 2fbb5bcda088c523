"""The route by which the dispatcher asks a service for its part of an export."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from msgspec.structs import replace

from shared.db.database import Database, UnitOfWork
from shared.http.instants import Instant
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.privacy.backfill import PersonalTable
from shared.privacy.export import MAX_RECORDS_PER_KIND, ExportQuery, ExportSection, encode_sections
from shared.privacy.export_records import ExportKind
from shared.privacy.persons import person_of
from shared.privacy.service_caller import ServiceLane, service_caller
from shared.privacy.service_client import PERSONAL_DATA_PATH
from shared.privacy.service_tokens import ServiceClaims, ServiceTokens
from shared.values.messages import message

ReadExport = Callable[[UnitOfWork, ExportQuery], Awaitable[list[ExportSection]]]
"""Read what a service keeps of one person."""
RETRY_AFTER_S = 60
MAX_UNFILLED = 10_000
"""Customers in rows without a pseudonym; a loop gives them one within a minute."""


class _Claims(msgspec.Struct, forbid_unknown_fields=True):
    person: str
    contact: str | None


def export_router(
    service: str, tables: Sequence[PersonalTable], read: ReadExport, database: Database, secret: str
) -> APIRouter:
    """The router with the one route ``/v1/personal-data/<service>/export``."""
    router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
    lane = ServiceLane()
    caller = service_caller(ServiceTokens(secret, clock=database.clock), "export")

    @router.get(f"{PERSONAL_DATA_PATH}/{service}/export")
    async def export(
        asked: Annotated[ServiceClaims, Depends(caller)],
        kind: Annotated[ExportKind | None, Query()] = None,
        before: Annotated[Instant | None, Query()] = None,
        limit: Annotated[int, Query(ge=1, le=MAX_RECORDS_PER_KIND)] = MAX_RECORDS_PER_KIND,
    ) -> Response:
        """The sections of the person whom the token names."""
        try:
            whose = msgspec.convert(asked.claims, _Claims)
        except msgspec.ValidationError:
            raise Problem(401) from None
        query = ExportQuery(
            tenant=asked.tenant,
            person=whose.person,
            contact=whose.contact,
            kind=kind,
            before=before,
            limit=limit,
        )
        async with lane.turn(), database.reading() as uow:
            sections = await read_complete(uow, secret, tables, read, query)
        return Response(encode_sections(sections), media_type="application/json")

    return router


async def read_complete(
    uow: UnitOfWork, secret: str, tables: Sequence[PersonalTable], read: ReadExport, query: ExportQuery
) -> list[ExportSection]:
    """Read what the service keeps of the person, also in rows that have no pseudonym yet.

    :raises Problem: 503 while there are very many of these, after an upgrade.
    """
    names = set()
    for each in tables:
        statement = FIND_UNFILLED.format(customer_id=each.customer_id, table=each.table.name)
        found = await uow.execute(statement, {"tenant": query.tenant, "limit": MAX_UNFILLED + 1})
        names |= set(found.scalars())
        if len(names) > MAX_UNFILLED:
            raise being_prepared()
    own = [name for name in names if name and person_of(secret, query.tenant, name) == query.person]
    return await read(uow, replace(query, customer_ids=tuple(own)))


def being_prepared() -> Problem:
    """The refusal after an upgrade, until it is known whose each row is."""
    return Problem(
        503,
        detail=message("The data of an earlier version are still being prepared."),
        headers={"Retry-After": str(RETRY_AFTER_S)},
    )


FIND_UNFILLED = """
    SELECT DISTINCT {customer_id} FROM {table} t
    WHERE t.tenant = :tenant AND t.person IS NULL
    LIMIT :limit
"""
