"""The answers of a selection as a file: written while it is read, so that it may be longer than memory.

A portion is one statement, and holds no connection while the reader takes it in. What changes meanwhile is in
the file as it stands when its portion is read; no answer is there twice, since the time of an answer stays.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Literal, NamedTuple

import msgspec

from services.scorer.exports.reading import AnswersAsked
from services.scorer.repository.answers import list_answers
from services.scorer.repository.counts import use_custom_plans
from services.scorer.repository.pairs import find_rows_exactly
from services.scorer.visible_parts import shown_touchpoint
from shared.db.database import Database
from shared.events import Reply
from shared.events.nps import group_of
from shared.values.csv_cells import safe_cell
from shared.values.csv_files import CSV_TYPE, TEXT_SEPARATOR, lines_of

AnswerFormat = Literal["csv", "jsonl"]
MEDIA_TYPES: dict[AnswerFormat, str] = {
    "csv": CSV_TYPE,
    "jsonl": "application/x-ndjson; charset=utf-8",
}
ANSWERS_AT_ONCE = 2_000
MAX_SEGMENTS_REMEMBERED = 20_000
_encode = msgspec.json.Encoder().encode


class ReplyLine(NamedTuple):
    """A reply to a further question: what was asked, and what was said."""

    question: str
    asked: str
    words: str


class AnswerLine(NamedTuple):
    """An answer as a file has it: without whose it is."""

    answered_at: datetime
    day: date
    """On which it counts, by the company's clock."""
    measurement: str
    score: int
    group: str
    was: int | None
    """Its score before it was changed."""
    touchpoint: str | None
    """None, too, where it names a single employee whom the reader may not see."""
    segments: tuple[str, ...]
    """Those that the reader may see."""
    origin: str
    language: str | None
    comment: str | None
    themes: tuple[str, ...]
    """The ids of those that the comment names."""
    replies: tuple[ReplyLine, ...]
    case: int | None
    """The number of its newest case; None, too, for who may not see cases."""


async def answer_file(database: Database, asked: AnswersAsked, form: AnswerFormat) -> AsyncIterator[str]:
    """The file, a portion at a time, the latest answer first."""
    if form == "csv":
        yield lines_of([AnswerLine._fields])
    async for lines in list_lines(database, asked):
        yield csv_of_answers(lines) if form == "csv" else _json_lines(lines)


async def list_lines(database: Database, asked: AnswersAsked) -> AsyncIterator[Sequence[AnswerLine]]:
    """The answers, a portion at a time."""
    shows = lru_cache(MAX_SEGMENTS_REMEMBERED)(asked.access.allows_as_part)
    place = None
    while True:
        async with database.reading() as uow:
            # The plan for all places in the list would read it from its beginning for each portion.
            await use_custom_plans(uow)
            await find_rows_exactly(uow, asked.selection)
            rows = await list_answers(
                uow, asked.selection, asked.measurement, asked.window, ANSWERS_AT_ONCE, place, asked.only
            )
        if not rows:
            return
        yield [
            AnswerLine(
                answered_at=row.answered_at,
                day=row.day,
                measurement=asked.measurement,
                score=row.score,
                group=group_of(row.score),
                was=row.was,
                touchpoint=shown_touchpoint(row.touchpoint, asked.access),
                segments=tuple(sorted(filter(shows, row.segments))),
                origin=row.origin,
                language=row.language,
                comment=row.comment,
                themes=row.themes,
                replies=tuple(map(_reply, row.replies)),
                case=row.case_number if asked.reads_cases else None,
            )
            for row in rows
        ]
        place = rows[-1].answered_at, rows[-1].id


def _reply(reply: Reply) -> ReplyLine:
    return ReplyLine(reply.question, reply.asked, reply.words)


def csv_of_answers(lines: Sequence[AnswerLine]) -> str:
    """The lines of a file. A text that begins like a formula stands behind an apostrophe."""
    return lines_of(map(_cells, lines))


def _cells(line: AnswerLine) -> tuple[str | int | None, ...]:
    # As `cell_of` of each, in half the time: only what people or companies write can begin like a formula.
    replies = TEXT_SEPARATOR.join(f"{reply.asked} {reply.words}" for reply in line.replies)
    return (
        line.answered_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        line.day.isoformat(),
        line.measurement,
        line.score,
        line.group,
        line.was,
        safe_cell(line.touchpoint or ""),
        safe_cell(TEXT_SEPARATOR.join(line.segments)),
        line.origin,
        safe_cell(line.language or ""),
        safe_cell(line.comment or ""),
        safe_cell(TEXT_SEPARATOR.join(line.themes)),
        safe_cell(replies),
        line.case,
    )


def _json_lines(lines: Sequence[AnswerLine]) -> str:
    return "".join(f"{_encode(_as_object(line)).decode()}\n" for line in lines)


def _as_object(line: AnswerLine) -> dict[str, object]:
    values = line._asdict()
    return values | {"replies": [reply._asdict() for reply in line.replies]}
