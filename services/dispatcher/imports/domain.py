"""What an import is: its states, and what stays of it for how long."""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple, get_args
from uuid import UUID

from services.dispatcher.imports.fields import Kind
from services.dispatcher.imports.mapping import Mapping
from shared.privacy.audit import AuditActor

State = Literal["uploaded", "running", "done", "stopped", "expired"]
"""uploaded: waits for its mapping; stopped: by somebody, what was taken stays; expired: never begun."""
STATES: tuple[State, ...] = get_args(State)
MAX_ROWS_PER_PART = 500
MAX_PART_BYTES = 192 * 1024
"""Of the cells of a part: with the names of the fields it is still a request of less than a MiB."""
LEASE = timedelta(seconds=90)
"""Longer than another service may take to answer: then another worker goes on where this one was."""
RETRY_DELAY = timedelta(seconds=10)
"""When the service that owns what the rows become did not answer."""
KEPT_LINES = timedelta(days=90)
"""How long it stays known that there was an import: its counts, without a cell of the file."""


class Import(NamedTuple):
    """One file on its way."""

    tenant: str
    id: UUID
    kind: Kind
    state: State
    name: str
    encoding: str
    separator: str
    columns: list[str]
    mapping: Mapping
    rows: int
    parts: int
    next_part: int
    """The position: parts before it are done with."""
    done_rows: int
    taken: int
    refused: int
    added: int
    """Of the answers taken those that were not known; 0 of all other kinds."""
    has_cells: bool
    """Whether rows of the file are still there."""
    language: str
    """Of who began it: what another service says of a row is in it."""
    who: AuditActor
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
