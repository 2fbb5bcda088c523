"""Bodies and answers of ``/v1/imports``."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import msgspec
from pydantic import BaseModel, Field

from services.dispatcher.imports.cells import DateOrder, Decimal
from services.dispatcher.imports.domain import Import, State
from services.dispatcher.imports.fields import Kind
from services.dispatcher.imports.import_commands import PreviewRow
from services.dispatcher.imports.mapping import MAX_FIELDS, Mapping
from shared.http.request_body import StrictBody


class MappingBody(StrictBody):
    """How the columns become fields. A field is named by its place in the body that the API takes one by one,
    such as `customer.email` or `segments.store`; `numbers.total` is an attribute that is a number.
    """

    fields: dict[str, str] = Field(
        max_length=MAX_FIELDS, description="The column of each field, as the file writes its name."
    )
    values: dict[str, str] = Field(
        default={}, max_length=MAX_FIELDS, description="What a field is in every row, such as the `type`."
    )
    dates: DateOrder = Field(
        default="ymd", description="`dmy`: 31/12/2026; `mdy`: 12/31/2026. A year in front is always read."
    )
    decimal: Decimal = Field(default="point", description="`comma`: 1.234,50.")
    time_zone: str | None = Field(
        default=None, max_length=200, description="Of times without an offset; left out: the company's."
    )

    @property
    def mapping(self) -> Mapping:
        """The mapping as it is kept."""
        return Mapping(
            fields=dict(self.fields),
            values=dict(self.values),
            dates=self.dates,
            decimal=self.decimal,
            time_zone=self.time_zone,
        )


class MappingAnswer(BaseModel):
    """The mapping by which a file is read; of one that waits, the one of before or what its names suggest."""

    fields: dict[str, str]
    values: dict[str, str]
    dates: DateOrder | None = Field(
        description="Null, of one that waits: it cannot be told whether day or month comes first. Say it "
        "with `start`."
    )
    decimal: Decimal
    time_zone: str | None

    @classmethod
    def of(cls, mapping: Mapping, *, unclear_dates: bool = False) -> Self:
        found = msgspec.structs.asdict(mapping)
        return cls(**{**found, "dates": None} if unclear_dates else found)


class ImportFaultAnswer(BaseModel):
    """What is wrong with a row."""

    row: int = Field(description="Of the file; the row of names is the first.")
    column: str | None = Field(description="Null: it is in the whole row.")
    detail: str


class PreviewAnswer(BaseModel):
    """What one of the first rows becomes by the mapping."""

    row: int
    becomes: dict[str, Any] | None = Field(description="As the API takes it one by one; null: nothing.")
    fault: ImportFaultAnswer | None

    @classmethod
    def of(cls, row: PreviewRow, fault: ImportFaultAnswer | None) -> Self:
        becomes = msgspec.json.decode(msgspec.json.encode(row.item.content)) if row.item else None
        return cls(row=row.number, becomes=None if fault else becomes, fault=fault)


class ImportedFile(BaseModel):
    """One file."""

    id: UUID
    kind: Kind
    name: str = Field(description="Of the file; empty once its cells are deleted.")
    state: State = Field(
        description="`uploaded`: waits for its mapping. `running`: its rows are being taken. `stopped`: by "
        "somebody; the rows before stay taken. `expired`: it was never begun, and its rows are deleted."
    )
    encoding: str
    columns: list[str]
    mapping: MappingAnswer
    rows: int
    done_rows: int = Field(description="So many have been read.")
    taken: int
    refused: int
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    faults: list[ImportFaultAnswer] = Field(
        description="Of the rows that were refused, and of those that were taken without a cell, the first "
        "hundred; the others stand in `faults.csv`."
    )
    preview: list[PreviewAnswer] = Field(description="Of a file that waits: what its first rows become.")

    @classmethod
    def of(
        cls,
        job: Import,
        mapping: Mapping,
        faults: Sequence[ImportFaultAnswer] = (),
        preview: Sequence[PreviewAnswer] = (),
        *,
        unclear_dates: bool = False,
    ) -> Self:
        return cls(
            id=job.id,
            kind=job.kind,
            name=job.name,
            state=job.state,
            encoding=job.encoding,
            columns=job.columns,
            mapping=MappingAnswer.of(mapping, unclear_dates=unclear_dates),
            rows=job.rows,
            done_rows=job.done_rows,
            taken=job.taken,
            refused=job.refused,
            created_at=job.created_at,
            started_at=job.started_at,
            ended_at=job.ended_at,
            faults=list(faults),
            preview=list(preview),
        )


class ImportedFiles(BaseModel):
    """Some files, the newest first."""

    imports: list[ImportedFile]
    next: UUID | None
