"""The sender's own book of what the APIs acknowledged, written at that moment."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from uuid import UUID

from shared.events.nps import HIGHEST_DETRACTOR


class Ledger:
    """Lines of JSON in a file that the product does not know."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] = path.open("a", buffering=1)

    def trying(self, events: Iterable[str]) -> None:
        """These events are about to be posted: from now on they may be accepted, whatever the response."""
        self._write({"trying": list(events)})

    def accepted(self, events: Iterable[str]) -> None:
        """These events got a 202."""
        self._write({"accepted": list(events)})

    def answering(self, invitation: UUID, touchpoint: str, scores: Collection[int]) -> None:
        """These scores are about to be posted."""
        self._write({"answering": str(invitation), "touchpoint": touchpoint, "scores": list(scores)})

    def answered(self, invitation: UUID, last: Collection[int]) -> None:
        """All scores were accepted, and one of these is the last."""
        self._write({"answered": str(invitation), "last": list(last)})

    def close(self) -> None:
        self._file.close()

    def _write(self, line: dict[str, object]) -> None:
        self._file.write(json.dumps(line) + "\n")


@dataclass
class Answered:
    """A customer's answer: the scores that may have been posted, and the last one (none, if it is unknown)."""

    touchpoint: str
    scores: list[int]
    last: list[int] = field(default_factory=list)

    @property
    def acknowledged(self) -> bool:
        return bool(self.last)

    @property
    def opens_a_case(self) -> bool | None:
        """Whether one of the scores is a detractor's; None where it is unknown which of them were accepted."""
        detractor = any(score <= HIGHEST_DETRACTOR for score in self.scores)
        return detractor if self.acknowledged or not detractor else None


@dataclass
class Book:
    """The ledger, read at the end."""

    tried: set[str] = field(default_factory=set)
    accepted: set[str] = field(default_factory=set)
    answers: dict[UUID, Answered] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Book":
        book = cls()
        for line in path.read_text().splitlines():
            line_values = json.loads(line)
            book.tried.update(line_values.get("trying", ()))
            book.accepted.update(line_values.get("accepted", ()))
            if "answering" in line_values:
                book.answers[UUID(line_values["answering"])] = Answered(
                    line_values["touchpoint"], line_values["scores"]
                )
            if "answered" in line_values:
                book.answers[UUID(line_values["answered"])].last = line_values["last"]
        return book
