"""The sender's own book: what the doors acknowledged, written down at the moment it was."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from uuid import UUID


class Ledger:
    """Lines of JSON in a file that nothing of the product knows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] = path.open("a", buffering=1)

    def trying(self, events: Iterable[str]) -> None:
        """About to be posted: from now on it may be in, whatever we hear."""
        self._write({"trying": list(events)})

    def accepted(self, events: Iterable[str]) -> None:
        """202."""
        self._write({"accepted": list(events)})

    def answering(self, invitation: UUID, touchpoint: str, scores: Collection[int]) -> None:
        """About to be said."""
        self._write({"answering": str(invitation), "touchpoint": touchpoint, "scores": list(scores)})

    def answered(self, invitation: UUID, last: Collection[int]) -> None:
        """All of it was taken, and one of these scores is the one that stands."""
        self._write({"answered": str(invitation), "last": list(last)})

    def close(self) -> None:
        self._file.close()

    def _write(self, line: dict[str, object]) -> None:
        self._file.write(json.dumps(line) + "\n")


@dataclass
class Answered:
    """One customer's word: what they may have said, and what must stand (nothing, if we cannot know)."""

    touchpoint: str
    scores: list[int]
    last: list[int] = field(default_factory=list)

    @property
    def acknowledged(self) -> bool:
        return bool(self.last)

    @property
    def opens_a_case(self) -> bool | None:
        """Whether a score of it is a detractor's; None where we cannot know which of them were taken."""
        unhappy = any(score <= 6 for score in self.scores)
        return unhappy if self.acknowledged or not unhappy else None


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
            said = json.loads(line)
            book.tried.update(said.get("trying", ()))
            book.accepted.update(said.get("accepted", ()))
            if "answering" in said:
                book.answers[UUID(said["answering"])] = Answered(said["touchpoint"], said["scores"])
            if "answered" in said:
                book.answers[UUID(said["answered"])].last = said["last"]
        return book
