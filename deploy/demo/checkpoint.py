"""Where the demo stands, so that a restart goes on there; and the key with which it opens the doors."""

from datetime import datetime
from pathlib import Path

import msgspec

from deploy.local.state import write_private_file
from shared.clock import Clock

MAX_REMEMBERED_EVENTS = 500
"""So many of the latest events can be answered; a mail comes seconds after its event."""


class Progress(msgspec.Struct):
    """What has been done."""

    began: datetime
    """The moment up to which the history reaches."""
    key: str | None = None
    is_set_up: bool = False
    imported: int = 0
    """Answers of the history that the import door has taken."""
    has_moved_in: bool = False
    next_event: int = 0
    next_occurred_at: datetime | None = None
    """Set once the next event has happened: said again after a crash, it is the same to the last byte."""
    asked: dict[str, int] = {}
    """The latest event of each customer who may get a mail."""
    last_mail: str = ""
    """Everything in the mailbox up to here is done with."""
    answered: int = 0
    amended: int = 0
    closed: int = 0

    def remember(self, customer: str, number: int) -> None:
        """Note a customer's latest event, and forget the oldest ones."""
        self.asked.pop(customer, None)
        self.asked[customer] = number
        while len(self.asked) > MAX_REMEMBERED_EVENTS:
            del self.asked[next(iter(self.asked))]


class Checkpoint:
    """The progress and its file, readable by its owner only."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self.progress = (
            msgspec.json.decode(path.read_bytes(), type=Progress)
            if path.exists()
            else Progress(began=clock())
        )

    def save(self) -> None:
        write_private_file(self._path, msgspec.json.encode(self.progress).decode())
