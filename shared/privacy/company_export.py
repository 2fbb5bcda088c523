"""All that the services keep of a company as one ZIP file, written as it is read.

Each table is a file of JSON objects, one a line; ``manifest.json`` comes last, with how many rows each file
has and its SHA-256, so that a file without it is not complete.
"""

import asyncio
import hashlib
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

import msgspec
import structlog
from sqlalchemy import MetaData

from shared.db.database import Database
from shared.privacy.company_routes import CompanyRowsAnswer, CompanyTables
from shared.privacy.company_rows import (
    BASE64_COLUMNS,
    LEFT_OUT_BY_SERVICE,
    RowsPage,
    exported_tables,
    read_page,
)
from shared.privacy.service_client import ServiceClient, ServiceUnavailable, read_answer

A = TypeVar("A")
log = structlog.get_logger()

PAGE_TRIES = 6
"""A service that restarts, or is busy, must not end a download of hours."""
FIRST_PAUSE_S = 0.5
"""Before a page is asked for again; doubled each time."""
EXPORT_FORMAT = 1
MANIFEST = "manifest.json"


class RowsSource(Protocol):
    """The rows of one service."""

    async def tables(self) -> Sequence[str]:
        """The names of the tables."""

    async def page(self, table: str, after: str | None) -> RowsPage:
        """The next rows of a table."""


class OwnRows:
    """The rows of a service in whose database one may look."""

    def __init__(self, service: str, metadata: MetaData, database: Database, tenant: str) -> None:
        self._service, self._metadata, self._database, self._tenant = service, metadata, database, tenant

    async def tables(self) -> Sequence[str]:
        """The names of the tables."""
        return exported_tables(self._service, self._metadata)

    async def page(self, table: str, after: str | None) -> RowsPage:
        """The next rows of a table."""
        async with self._database.reading() as uow:
            return await read_page(uow, self._service, self._metadata.tables[table], self._tenant, after)


class AskedRows:
    """The rows of a service that is asked over HTTP.

    :raises ServiceUnavailable: from each method, when it does not answer.
    """

    def __init__(self, service: str, client: ServiceClient, tenant: str) -> None:
        self._service, self._client, self._tenant = service, client, tenant

    async def tables(self) -> Sequence[str]:
        """The names of the tables."""
        return (await self._get("company", CompanyTables)).tables

    async def page(self, table: str, after: str | None) -> RowsPage:
        """The next rows of a table."""
        query = {} if after is None else {"after": after}
        wait_s = FIRST_PAUSE_S
        for _ in range(PAGE_TRIES - 1):
            try:
                return await self._page(table, query)
            except ServiceUnavailable:
                log.warning("company_page_asked_again", service=self._service, table=table, wait_s=wait_s)
                await asyncio.sleep(wait_s)  # the service is away, and tells nobody when it is back
                wait_s *= 2
        return await self._page(table, query)

    async def _page(self, table: str, query: Mapping[str, str]) -> RowsPage:
        answer = await self._get(f"company/tables/{table}", CompanyRowsAnswer, query)
        return RowsPage([bytes(row) for row in answer.rows], answer.next)

    async def _get(self, path: str, kind: type[A], query: Mapping[str, str] | None = None) -> A:
        body = await self._client.get_body(
            self._service, path, purpose="company", tenant=self._tenant, query=query
        )
        return read_answer(self._service, body, kind)


class _Written:
    """A file without a place, whose new bytes are taken out again and again."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


async def company_zip(
    tenant: str,
    name: str,
    sources: Mapping[str, RowsSource],
    now: datetime,
    *,
    confirm: Callable[[], Awaitable[None]],
) -> AsyncIterator[bytes]:
    """The bytes of the file, as they come.

    :param name: the company's.
    :param confirm: raises if the company has left or the export must end for another reason. It is awaited
        when all rows are read, before the manifest says that they are.
    """
    written = _Written()
    files: list[dict[str, Any]] = []
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for service, source in sources.items():
            for table in await source.tables():
                path = f"{service}/{table}.ndjson"
                rows, digest, after = 0, hashlib.sha256(), None
                with archive.open(_entry(path, now), "w", force_zip64=True) as file:
                    while True:
                        page = await source.page(table, after)
                        lines = b"".join(row + b"\n" for row in page.rows)
                        await asyncio.to_thread(file.write, lines)  # it is packed
                        digest.update(lines)
                        rows, after = rows + len(page.rows), page.next
                        yield written.take()
                        if after is None:
                            break
                files.append({"path": path, "rows": rows, "sha256": digest.hexdigest()})
        await confirm()
        manifest = {
            "format": EXPORT_FORMAT,
            "company": {"id": tenant, "name": name},
            "made_at": now.isoformat(),
            "files": files,
            "left_out": LEFT_OUT_BY_SERVICE,
            "base64": sorted(BASE64_COLUMNS),
        }
        archive.writestr(_entry(MANIFEST, now), msgspec.json.format(msgspec.json.encode(manifest), indent=2))
    yield written.take()


def _entry(path: str, now: datetime) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(path, now.timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
