"""Move in from a file: import its answers and who has unsubscribed, wait for their end, and compare."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, NamedTuple
from uuid import UUID

from services.dispatcher.imports import import_commands, repository
from services.dispatcher.imports.cells import DateOrder
from services.dispatcher.imports.domain import Import
from services.dispatcher.imports.fields import Kind
from services.dispatcher.imports.mapping import Mapping as ColumnMapping
from services.dispatcher.imports.remedies import decode_remedy
from services.dispatcher.imports.tables import open_file
from services.dispatcher.moving_in.comparing import months_in_words
from services.dispatcher.moving_in.counted import (
    MOVED_IN_FROM,
    PATIENCE_S,
    MonthCounts,
    ReadMonths,
    total,
    wait_until_counted,
)
from services.dispatcher.moving_in.export_signs import look_through
from services.dispatcher.moving_in.exports import SUPPRESSION_COLUMNS, ExportReading
from services.dispatcher.moving_in.last_asked import keep_last_asked
from services.dispatcher.moving_in.vendors import Part, SeveralColumns, VendorName, find_columns
from services.dispatcher.tenants import tenant_or_placeholder
from shared.db.database import Database
from shared.events import Tenant
from shared.privacy.audit import COMMAND_LINE
from shared.privacy.service_client import ServiceUnavailable
from shared.tenancy.closed import is_open
from shared.values.zones import zone_of

LOOK_INTERVAL_S = 0.5
FAULTS_AT_ONCE = 1_000
ANSWER_FIELDS = {
    "id": "id",
    "score": "score",
    "answered_at": "answered_at",
    "comment": "comment",
    "invited_at": "invited_at",
    "customer.email": "email",
    "customer.phone": "phone",
    "customer.id": "customer_id",
}
SUPPRESSIONS = ColumnMapping(fields={name: name for name in SUPPRESSION_COLUMNS})


@dataclass(frozen=True)
class MoveIn:
    """What to move, and how its columns are named and written where that differs."""

    tenant: str
    vendor: VendorName
    path: Path
    columns: Mapping[Part, str]
    order: DateOrder | None = None
    time_zone: str | None = None
    """Of their times without an offset, and of their months; None: UTC."""


class CannotMove(Exception):
    """The file has not what it takes; the message says what to do."""


async def move_in(
    database: Database,
    secret: str,
    wanted: MoveIn,
    tell: Callable[[str], None],
    read_months: ReadMonths,
    patience_s: float = PATIENCE_S,
) -> Sequence[str]:
    """Import the file; returns the comparison by month.

    :param tell: gets a line whenever something is done.
    :param read_months: asks the scorer what it counts of the answers that were moved in from there.
    :param patience_s: for so long the scorer may count nothing more before it is compared.
    :raises BadTable: when the file is no table.
    :raises CannotMove: when the columns are not found, it cannot be told how days are written, or the scorer
        cannot be asked.
    """
    async with database.reading() as uow:
        company = await tenant_or_placeholder(uow, wanted.tenant)
    with (
        wanted.path.open("rb") as file,
        TemporaryFile() as answers,
        TemporaryFile() as suppressions,
        TemporaryFile() as asked,
    ):
        written = WrittenRows(answers, suppressions, asked)
        reading = await asyncio.to_thread(_read, wanted, company, file, written)
        tell(
            f"{len(reading.taken)} answers, {reading.unsubscribed} who have unsubscribed; "
            f"{reading.unanswered} rows without a score, {reading.asked} of them with when they were asked"
        )
        if reading.unreadable:
            tell(_unreadable_in_words(reading))
        for line in _left_out_in_words(reading):
            tell(line)
        before = await _counted_before(read_months)
        refused: dict[int, str] = {}
        new = 0
        if reading.unsubscribed:  # before all else: nobody of them is to be asked
            await _import(database, wanted, "suppressions", suppressions, SUPPRESSIONS, tell)
        await keep_last_asked(database, secret, wanted.tenant, asked)
        if reading.taken:
            values: dict[str, str] = {f"segments.{MOVED_IN_FROM}": wanted.vendor}
            mapping = ColumnMapping(fields=ANSWER_FIELDS, values=values)
            done = await _import(database, wanted, "answers", answers, mapping, tell)
            refused, new = await _refusals(database, done), done.added
    try:
        taken = len(reading.taken) - len(refused)
        wanted_in_all = max(total(before) + new, taken)
        counted = await wait_until_counted(read_months, wanted_in_all, tell, patience_s)
    except ServiceUnavailable:
        raise CannotMove(
            "All of it was taken, but the scorer does not answer under AFTERWORD_INTERNAL_URL. Run the same "
            "once more for the comparison: what was taken already changes nothing."
        ) from None
    # Where some of its answers were there already, what was counted before has these in it.
    reading.settle(refused, counted, before if new == taken else {})
    return months_in_words(reading.months.items())


async def _counted_before(read_months: ReadMonths) -> MonthCounts:
    try:
        return await read_months()
    except ServiceUnavailable:
        raise CannotMove(
            "Nothing was taken: the scorer, which counts what is moved in, does not answer under "
            "AFTERWORD_INTERNAL_URL. Run the same once more when it does."
        ) from None


def _left_out_in_words(reading: ExportReading) -> Sequence[str]:
    """What of the file names nobody, or nobody for sure."""
    nobody = "They name nobody: say which column has the address, the phone number or the customer id."
    lines = []
    if reading.nobody_unsubscribed:
        lines.append(f"{reading.nobody_unsubscribed} who have unsubscribed are not taken. {nobody}")
    if reading.nobody_asked:
        lines.append(f"{reading.nobody_asked} who were asked and have not answered are not taken. {nobody}")
    if reading.unclear_unsubscribed:
        lines.append(
            f"{reading.unclear_unsubscribed} rows say of unsubscribing neither yes nor no nor a time that "
            "can be read, and are not taken as opt-outs. Mend them and move the file in once more, before "
            "anybody is asked."
        )
    if reading.unsure_numbers:
        lines.append(
            f"{reading.unsure_numbers} phone numbers are left out: they cannot be read, or might be somebody "
            "else's. Write them with the code of their country, like +45 12 34 56 78, and move the file in "
            "once more."
        )
    return lines


def _unreadable_in_words(reading: ExportReading) -> str:
    rows = ", ".join(map(str, reading.unreadable_rows))
    more = reading.unreadable - len(reading.unreadable_rows)
    return (
        f"{reading.unreadable} rows cannot be read and are not taken: {rows}"
        f"{f' and {more} more' if more else ''}. "
        "Mend their quotes and move the file in once more: what was taken already changes nothing."
    )


class WrittenRows(NamedTuple):
    """The files that an export becomes."""

    answers: BinaryIO
    suppressions: BinaryIO
    asked: BinaryIO


def _read(wanted: MoveIn, company: Tenant, file: BinaryIO, written: WrittenRows) -> ExportReading:
    table = open_file(file)
    try:
        columns = find_columns(wanted.vendor, table.names, wanted.columns)
    except KeyError as missing:
        raise CannotMove(f"The file has no column {missing}; it has {', '.join(table.names)}.") from None
    except SeveralColumns as several:
        raise CannotMove(
            f"Each of these columns may be the {several.part}: {several}. Say which, as with "
            f"--column {several.part}='{several.names[0]}'."
        ) from None
    needed: tuple[Part, ...] = ("score", "answered_at")
    lacking = [part for part in needed if part not in columns.places]
    if lacking and "unsubscribed" not in columns.places:
        raise CannotMove(
            f"No column is known to be {' or '.join(lacking)}. Name it, as with --column {lacking[0]}='…'; "
            f"the file has {', '.join(table.names)}."
        )
    signs = look_through(table.rows, columns)
    if signs.short_years and wanted.order not in ("dmy", "mdy"):
        raise CannotMove(
            "Its years have two digits, so that day, month and year cannot be told apart for sure. Say how "
            "days are written: --dates dmy or --dates mdy."
        )
    order = wanted.order or signs.dates.order
    if order is None:
        raise CannotMove(
            "Its days can be read as day before month and as month before day. Say which they are: "
            "--dates dmy or --dates mdy."
        )
    if not signs.names_kinds and "question" not in wanted.columns:
        columns = columns.without("question")
    reading = ExportReading(
        wanted.vendor,
        columns,
        order,
        zone_of(wanted.time_zone),
        zone_of(company.time_zone),
        company.country or None,
    )
    reading.write(open_file(file).rows, *written)
    return reading


async def _import(
    database: Database,
    wanted: MoveIn,
    kind: Kind,
    file: BinaryIO,
    mapping: ColumnMapping,
    tell: Callable[[str], None],
) -> Import:
    """Import a file and wait for its end."""
    name = f"{wanted.vendor}: {wanted.path.name}"
    job, _ = await import_commands.upload(
        database, wanted.tenant, kind, file, COMMAND_LINE, name=name, language="en"
    )
    async with database.transaction() as uow:
        await import_commands.begin(uow, job, mapping, COMMAND_LINE, language="en", remembered=False)
    done = await _ended(database, wanted.tenant, job.id, tell)
    tell(f"{kind}: {done.taken} taken, {done.refused} refused (/imports/{done.id})")
    return done


async def _refusals(database: Database, done: Import) -> dict[int, str]:
    """Why rows of an import were refused."""
    refused: dict[int, str] = {}
    after = 0
    while True:
        async with database.reading() as uow:
            rows = await repository.list_faults(uow, done.tenant, done.id, after, FAULTS_AT_ONCE)
        if not rows:
            return refused
        refused |= {row.row: str(decode_remedy(row.remedy)) for row in rows}
        after = rows[-1].row


async def _ended(database: Database, tenant: str, id_: UUID, tell: Callable[[str], None]) -> Import:
    shown = -1
    while True:
        async with database.transaction() as uow:
            if not await is_open(uow, tenant):
                raise CannotMove("The company is leaving, so that no row of it is taken any more.")
            job = await repository.find(uow, tenant, id_)
        if job is None:
            raise CannotMove("The import was removed while it was being taken.")
        if job.state != "running":
            return job
        if job.done_rows != shown:
            tell(f"{job.kind}: {job.done_rows} of {job.rows}; a worker of the dispatcher takes them")
            shown = job.done_rows
        await asyncio.sleep(LOOK_INTERVAL_S)  # a worker takes the rows, in a process of its own
