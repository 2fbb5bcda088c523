"""What is left of a customer's data when they are too old: all that is counted, and nothing of the person."""

from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET
from sqlalchemy import Table

from shared.events import Answer, Customer, Invitation, Transaction

ANONYMOUS_ID = "erased"
"""In place of a customer's id, where there must be one."""
ANONYMOUS_CUSTOMER = Customer(id=ANONYMOUS_ID)
NO_EVENT = UUID(int=0)
"""In place of an event's id, which anybody can compute who knows how the company named the event."""

_OF_THE_CUSTOMER = {"customer_id": f"'{ANONYMOUS_ID}'", "contact_key": "''", "person": "''"}
"""Columns that say whose a row is, with what is in them when it is nobody's and NULL is not allowed."""


def without_customer(table: Table, **more: str) -> str:
    """The assignments by which a row is nobody's any more; ``more`` columns get the SQL of their values."""
    assigned = dict(more)
    for name, nobody in _OF_THE_CUSTOMER.items():
        if name in table.columns:
            # A pseudonym that is NULL is one that was not computed yet.
            assigned[name] = "NULL" if table.columns[name].nullable and name != "person" else nobody
    return ", ".join(f"{name} = {value}" for name, value in assigned.items())


def anonymous_invitation(body: bytes) -> bytes:
    """A stored invitation without its customer."""
    invitation = _invitations.decode(body)
    return _encode(
        msgspec.structs.replace(
            invitation,
            customer=ANONYMOUS_CUSTOMER,
            event_id=NO_EVENT,
            account=None,
            handled_by=None,
            attributes=UNSET,
            **_nobody(invitation),
        )
    )


def anonymous_answer(body: bytes) -> bytes:
    """A stored answer without its customer; what was written in it stays."""
    answer = _answers.decode(body)
    return _encode(
        msgspec.structs.replace(answer, customer_id=None, event_id=None, invited_at=None, **_nobody(answer))
    )


def wordless_answer(body: bytes) -> bytes:
    """A stored answer without what the customer wrote."""
    return _encode(msgspec.structs.replace(_answers.decode(body), comment=None, follow_up=None))


def anonymous_transaction(body: bytes) -> bytes:
    """A stored event without its customer."""
    transaction = _transactions.decode(body)
    return _encode(
        msgspec.structs.replace(
            transaction,
            customer=ANONYMOUS_CUSTOMER,
            account=None,
            handled_by=None,
            attributes=UNSET,
            dropped=(),
        )
    )


def _nobody(data: msgspec.Struct) -> dict[str, Any]:
    """The pseudonyms of the customer that this kind of event has, as those of nobody."""
    nobody = {"contact_key": None, "person": ""}
    return {name: value for name, value in nobody.items() if name in data.__struct_fields__}


_encode = msgspec.json.Encoder().encode
_invitations = msgspec.json.Decoder(Invitation)
_answers = msgspec.json.Decoder(Answer)
_transactions = msgspec.json.Decoder(Transaction)
