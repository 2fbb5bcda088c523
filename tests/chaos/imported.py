"""A company's files with good and faulty rows, what became of them, and the judge of both, without the product's code."""

import csv
import io
import json
import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from chaos import topics
from chaos.file_faults import COLUMNS, FAULTS
from chaos.stack import Stack
from chaos.topics import Offsets

from shared.events.nps import SCALE
from shared.ids import derived

FAULTY_SHARE = 0.05
ID_PREFIX = {"events": "e", "customers": "c", "answers": "a", "suppressions": "så"}
"""A file without a character of two bytes would not be known as UTF-8."""
KINDS = tuple(COLUMNS)
SEQUENCE_HEADER = "afterword-seq"


@dataclass
class SentFile:
    """A file, what its good rows are to become, and what is to be said of the others."""

    kind: str
    number: int
    lines: list[Sequence[str]] = field(default_factory=list)
    good: dict[str, int] = field(default_factory=dict)
    """By id; the score of an answer, else 0."""
    left_out: set[str] = field(default_factory=set)
    """Ids of rows that are taken without a cell of theirs, which is told."""
    faulty: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Column and beginning of the remedy, by the row of the file."""
    id: str = ""
    """Of the import, once it is known."""
    done_rows: int = 0
    state: str = ""

    @property
    def content(self) -> bytes:
        buffer = io.StringIO()
        csv.writer(buffer).writerows([COLUMNS[self.kind], *self.lines])
        return buffer.getvalue().encode(errors="surrogateescape")


def a_file(kind: str, number: int, rows: int, chance: random.Random, now: datetime | None = None) -> SentFile:
    """So many rows, some of them faulty, each kind of fault at least once.

    :param now: when what it tells happened.
    """
    file = SentFile(kind, number)
    happened = (now or datetime.now(UTC)).isoformat()
    for row in range(2, rows + 2):
        score = chance.choice(SCALE)
        id_ = f"{ID_PREFIX[kind]}{number}-{row}"
        cells = _cells(kind, id_, score, happened)
        place = row - 2
        if place < len(FAULTS[kind]) or chance.random() < FAULTY_SHARE:
            fault = FAULTS[kind][place % len(FAULTS[kind])]
            cells[fault.column] = fault.cell  # behind the last column, if it is none of them
            if fault.is_taken:
                file.left_out.add(id_)
            file.faulty[row] = fault.column if fault.told is None else fault.told, fault.remedy
        else:
            file.good[id_] = score if kind == "answers" else 0
        file.lines.append(list(cells.values()))
    return file


def _cells(kind: str, id_: str, score: int, now: str) -> dict[str, str]:
    email = f"{id_}@example.com"
    values: Sequence[str]
    match kind:
        case "events":
            values = (
                id_, "page.viewed", now, "søgning", f"c-{id_}", email, "+4521123456", "Åse", "da", "DK",
                "Europe/Copenhagen", "a-1", "sara", "nord/salg", "5", "Århus", "rød", "9.5",
            )  # fmt: skip
        case "customers":
            values = (
                id_, email, "", "da", "DK", "Europe/Copenhagen", "consent", "2026-03-02", "på siden", "ja tak", "guld",
            )  # fmt: skip
        case "answers":
            values = (
                id_, str(score), now, f"så siger {id_}", "2026-03-02", f"c-{id_}", email, "", "transactional",
                "nord/salg", "Århus",
            )  # fmt: skip
        case _:
            values = ("", id_, "", "unsubscribed", "2026-03-02")
    return dict(zip(COLUMNS[kind], values, strict=True))


@dataclass
class Imported:
    """What became of files."""

    files: Sequence[SentFile]
    progress: Mapping[str, Mapping[str, Any]]
    """What the API says of each import in the end."""
    told: Mapping[str, Sequence[tuple[int, str, str]]]
    """Row, column and remedy of each line of each import's file of faults."""
    effects: Mapping[str, Counter[str]]
    """How often each row took effect, by what it is counted in."""

    def faults(self) -> list[str]:
        """Each good row took effect once, each faulty one is told once, and the progress adds up."""
        found = []
        for file in self.files:
            found += [*self._of_progress(file), *self._of_told(file)]
        for name, wanted in wanted_effects(self.files).items():
            found += _differences(name, wanted, self.effects[name])
        return found

    def _of_progress(self, file: SentFile) -> list[str]:
        said = self.progress[file.id]
        rows, bad = len(file.lines), len(file.faulty) - len(file.left_out)
        wanted = {"state": "done", "rows": rows, "done_rows": rows, "taken": rows - bad, "refused": bad}
        return [
            f"wrong: a file of {file.kind} says {name} {said[name]}, not {value}"
            for name, value in wanted.items()
            if said[name] != value
        ]

    def _of_told(self, file: SentFile) -> list[str]:
        lines = self.told[file.id]
        rows = Counter(str(row) for row, _, _ in lines)
        found = _differences(f"faulty rows of {file.kind}", Counter(map(str, file.faulty)), rows)
        for row, column, remedy in lines:
            wanted, begins = file.faulty.get(row, (column, ""))
            if column != wanted or not remedy.startswith(begins) or not remedy:
                found.append(f"wrong: of row {row} of {file.kind} is said {column}: {remedy}")
        return found


def wanted_effects(files: Sequence[SentFile]) -> dict[str, Counter[str]]:
    """Each row that is taken, once in everything that it is counted in."""
    good = {kind: Counter[str]() for kind in KINDS}
    scores = Counter[str]()
    for file in files:
        good[file.kind].update([*file.good.keys(), *file.left_out])
        scores.update(str(score) for score in file.good.values() if file.kind == "answers")
    logged = {"customers": good["customers"].total(), "suppression": good["suppressions"].total()}
    return {
        "events in the outbox": good["events"],
        "decisions": good["events"],
        "answers": good["answers"],
        "counts by score": scores,
        "customers": good["customers"],
        "opt-outs": good["suppressions"],
        "changes by the log": Counter(logged),
    }


def _differences(what: str, wanted: Counter[str], found: Counter[str]) -> list[str]:
    """What is missing, and what is too much."""
    return [
        f"{kind}: {differing.total()} {what}, such as {min(differing)}"
        for kind, differing in (("lost", wanted - found), ("doubled", found - wanted))
        if differing
    ]


DECIDED = "SELECT source_id FROM decision WHERE tenant = $1"
SCORED = "SELECT id, version FROM answer WHERE tenant = $1"
COUNTED = f"""
    SELECT {", ".join(f"coalesce(sum(c{score}), 0)::int AS c{score}" for score in SCALE)}
    FROM day_count WHERE tenant = $1 AND segment = ''
"""
KNOWN = "SELECT customer_id FROM customer_profile WHERE tenant = $1"
LISTED = "SELECT key FROM suppression WHERE tenant = $1"
LOGGED = """
    SELECT act, sum(coalesce(facts->>'count', facts->>'entries')::int)::int AS changed FROM audit_line
    WHERE tenant = $1 AND act IN ('customers', 'suppression') GROUP BY act
"""


async def effects(
    stack: Stack, tenant: str, files: Sequence[SentFile], since: Offsets
) -> dict[str, Counter[str]]:
    """How often each row took effect, by the databases and the topic."""
    async with stack.connection("dispatcher") as database:
        decided, known, listed, logged = [
            await database.fetch(statement, tenant) for statement in (DECIDED, KNOWN, LISTED, LOGGED)
        ]
    async with stack.connection("scorer") as database:
        scored, counted = await database.fetch(SCORED, tenant), await database.fetch(COUNTED, tenant)
    given = {derived("import", tenant, id_): id_ for file in files for id_ in file.good}
    return {
        "events in the outbox": await _published(stack, tenant, since),
        "decisions": Counter(row["source_id"] for row in decided),
        "answers": Counter({given.get(row["id"], str(row["id"])): row["version"] for row in scored}),
        "counts by score": Counter({str(score): counted[0][f"c{score}"] for score in SCALE}),
        "customers": Counter(row["customer_id"] for row in known if not row["customer_id"].startswith("c-")),
        "opt-outs": Counter(row["key"] for row in listed),
        "changes by the log": Counter({row["act"]: row["changed"] for row in logged}),
    }


async def _published(stack: Stack, tenant: str, since: Offsets) -> Counter[str]:
    """By how many rows of the outbox each event came to its topic: the relay may send one of them twice."""
    numbers = defaultdict[str, set[bytes]](set)
    for record in await topics.records(stack.kafka, ["transactions.v1"], since):
        event = json.loads(record.value) if record.value else {}
        if event.get("tenant") == tenant:
            numbers[event["data"]["id"]].add(dict(record.headers)[SEQUENCE_HEADER])
    return Counter({id_: len(rows) for id_, rows in numbers.items()})
