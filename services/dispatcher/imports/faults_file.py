"""The faulty rows of a file, as a file to mend and to send again."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
from fastapi.responses import StreamingResponse
from sqlalchemy import Row

from services.dispatcher.imports import repository
from services.dispatcher.imports.domain import Import
from services.dispatcher.imports.remedies import decode_remedy
from services.dispatcher.imports.tables import OWN_COLUMNS
from shared.db.database import Database
from shared.pages.language import reader_locale, rendering_for, spoken
from shared.values.csv_cells import safe_cell
from shared.values.csv_files import BYTE_ORDER_MARK, CSV_TYPE, lines_of

ROWS_AT_ONCE = 1_000


def faults_response(database: Database, job: Import) -> StreamingResponse:
    """The file, some rows at a time."""
    return StreamingResponse(
        _faults(database, job),
        media_type=CSV_TYPE,
        headers={"Content-Disposition": f'attachment; filename="faults-{job.id}.csv"'},
    )


async def _faults(database: Database, job: Import) -> AsyncIterator[str]:
    reader = reader_locale()
    yield BYTE_ORDER_MARK + lines_of([names_line(job.columns)], job.separator)
    after = 0
    while True:
        async with database.reading() as uow:
            rows = await repository.list_faults(uow, job.tenant, job.id, after, ROWS_AT_ONCE)
        if not rows:
            return
        with rendering_for(reader):
            lines = [_line(job.columns, row) for row in rows if row.cells is not None]
        yield lines_of(lines, job.separator)
        after = rows[-1].row


def names_line(columns: Sequence[str]) -> list[str]:
    """The names of the file's own columns, and behind them ours."""
    return [*(safe_cell(name) for name in columns if name not in OWN_COLUMNS), *OWN_COLUMNS]


def _line(columns: Sequence[str], row: Row[Any]) -> list[str]:
    cells: list[str] = msgspec.json.decode(row.cells)
    own = {place for place, name in enumerate(columns) if name in OWN_COLUMNS}
    width = len(columns)
    kept = [cells[place] if place < len(cells) else "" for place in range(width) if place not in own]
    # What stands behind the last column is the fault of the row: it is kept there.
    return [
        *map(safe_cell, kept),
        str(row.row),
        safe_cell(row.column_name),
        safe_cell(spoken(decode_remedy(row.remedy))),
        *map(safe_cell, cells[width:]),
    ]
