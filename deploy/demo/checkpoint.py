"""What the demo has done so far, so that it continues there after a restart; and its API key."""

from datetime import datetime
from pathlib import Path

import msgspec

from deploy.local.state import write_private_file
from shared.clock import Clock

MAX_REMEMBERED_EVENTS = 500
"""Only the latest events can be answered: a mail arrives seconds after its event."""


class Progress(msgspec.Struct, rename={"is_history_imported": "has_moved_in"}):
    """What has been done. The stored names do not change, so that a running demo continues."""

    began: datetime
    """The time at which the imported history ends."""
    key: str | None = None
    is_set_up: bool = False
    is_source_declared: bool = False
    imported: int = 0
    """Answers of the history that the import API has accepted."""
    is_history_imported: bool = False
    next_event: int = 0
    next_occurred_at: datetime | None = None
    """Set before the next event is sent: sent again after a crash, it is the same byte by byte."""
    asked: dict[str, int] = {}
    """The number of the latest event of each customer who may get a mail or a text."""
    last_mail: str = ""
    """The mails up to this id have been processed."""
    last_text: str = ""
    """The text messages up to this id have been processed."""
    answered: int = 0
    amended: int = 0
    closed: int = 0
    mails_answered: int = 0
    objected: int = 0
    """How often a customer has said that it is not solved."""

    def remember(self, customer: str, number: int) -> None:
        """Store a customer's latest event, and drop the oldest ones."""
        self.asked.pop(customer, None)
        self.asked[customer] = number
        while len(self.asked) > MAX_REMEMBERED_EVENTS:
            del self.asked[next(iter(self.asked))]


class Checkpoint:
    """The progress with its file, which only its owner can read."""

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
