"""Evidence that a customer may be asked, as a request or a table brings it."""

from datetime import UTC, timedelta
from typing import Annotated, Any, Protocol

from msgspec import Meta, Struct

from services.dispatcher.decisions.lawful_basis import BasisKind
from shared.clock import system_clock
from shared.events.envelope import Instant
from shared.events.transactions import Basis
from shared.http.validation_errors import FieldFault
from shared.values.messages import message
from shared.values.text import normalized_text

BASIS_COLUMNS = {
    "basis": "kind",
    "basis_at": "at",
    "basis_source": "source",
    "basis_wording": "wording",
}
"""The columns of a table, and the fields that they are of the basis."""
MAX_CLOCK_SKEW = timedelta(minutes=5)
IN_FUTURE = message("Lies in the future. Write when the customer agreed, was told, or bought something.")
BEYOND = message("Lies beyond every calendar. Check the year.")
BasisText = Annotated[str, Meta(max_length=1_000)]


class BasisIn(Struct, forbid_unknown_fields=True):
    """Why this customer may be asked: of each kind the newest is kept."""

    kind: BasisKind
    at: Instant
    source: BasisText | None = None
    wording: BasisText | None = None


class WithBasis(Protocol):
    """A customer who was read."""

    basis: BasisIn | None


def basis_faults(customer: WithBasis) -> list[FieldFault]:
    """Bring the basis into its one form; returns what is wrong with it."""
    basis = customer.basis
    if basis is None:
        return []
    basis.source = normalized_text(basis.source or "") or None
    basis.wording = normalized_text(basis.wording or "") or None
    try:
        basis.at = basis.at.astimezone(UTC)
    except OverflowError:
        return [FieldFault(field="/basis/at", detail=BEYOND)]
    if basis.at > system_clock() + MAX_CLOCK_SKEW:
        return [FieldFault(field="/basis/at", detail=IN_FUTURE)]
    return []


def basis_of(customer: WithBasis) -> Basis | None:
    """The basis as events have it."""
    basis = customer.basis
    if basis is None:
        return None
    return Basis(kind=basis.kind, at=basis.at, source=basis.source, wording=basis.wording)


def basis_of_cells(given: dict[str, Any]) -> dict[str, Any] | None:
    """The basis of a row of a table; None: its cells are empty."""
    cells = {field: given[column] for column, field in BASIS_COLUMNS.items() if given.get(column)}
    return cells or None
