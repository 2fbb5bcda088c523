"""What is left of a customer's data when they are too old: all that is counted, and nothing of the person."""

from uuid import UUID

import msgspec
from msgspec import UNSET
from sqlalchemy import Table

from shared.events import Answer, Invitation, Transaction
from shared.privacy.persons import NOBODY
from shared.privacy.subjects import ERASED_CUSTOMER, NO_DIGEST

REMOVED_ID = ERASED_CUSTOMER.id
"""In place of a customer's id, where there must be one."""
NO_EVENT = UUID(int=0)
"""In place of an event's id, which anybody can compute who knows how the company named the event."""

_OF_THE_CUSTOMER = {
    "customer_id": f"'{REMOVED_ID}'",
    "contact_key": "''",
    "number_key": "''",
    "person": f"'{NOBODY}'",
}
"""Columns that say whose a row is, with what is in them when it is nobody's and NULL is not allowed."""


def without_customer(table: Table, **more: str) -> str:
    """The assignments by which a row is nobody's any more; ``more`` columns get the SQL of their values."""
    assigned = dict(more)
    for name, nobody in _OF_THE_CUSTOMER.items():
        if name in table.columns:
            # A pseudonym that is NULL is one that was not computed yet.
            assigned[name] = "NULL" if table.columns[name].nullable and name != "person" else nobody
    return ", ".join(f"{name} = {value}" for name, value in assigned.items())


def invitation_without_customer(body: bytes) -> bytes:
    """A stored invitation without its customer."""
    invitation = _invitations.decode(body)
    return _encode(
        msgspec.structs.replace(
            invitation,
            customer=ERASED_CUSTOMER,
            event_id=NO_EVENT,
            account=None,
            handled_by=None,
            attributes=UNSET,
            contact_key=None,
            number_key=None,
            person=NOBODY,
        )
    )


def answer_without_customer(body: bytes) -> bytes:
    """A stored answer without its customer; what was written in it stays."""
    answer = _answers.decode(body)
    return _encode(
        msgspec.structs.replace(
            answer,
            customer_id=None,
            event_id=None,
            invited_at=None,
            contact_key=None,
            number_key=None,
            person=NOBODY,
        )
    )


STORED_WORDS = """(
    CAST(convert_from(t.body, 'UTF8') AS json) ->> 'comment' IS NOT NULL
    OR CAST(convert_from(t.body, 'UTF8') AS json) ->> 'follow_up' IS NOT NULL
    OR CAST(convert_from(t.body, 'UTF8') AS jsonb) -> 'replies' @> '[{"kind": "text"}]'
    OR jsonb_path_exists(
        CAST(convert_from(t.body, 'UTF8') AS jsonb), '$.objections[*].words ? (@ != null)'
    )
)"""
"""Whether the stored answer in a row ``t`` has what its customer wrote."""


def has_written_replies(row: str) -> str:
    """The condition that a row of this name has replies to further questions that its customer wrote."""
    return f"""{row}.replies @> '[{{"kind": "text"}}]'"""


HAS_WRITTEN_REPLIES = has_written_replies("t")
"""The same of a row ``t``."""
WITHOUT_WRITTEN_REPLIES = """replies = jsonb_path_query_array(t.replies, '$[*] ? (@.kind != "text")')"""
"""The assignment by which these go. What was chosen is no word of the customer's."""


def wordless_answer(body: bytes) -> bytes:
    """A stored answer without what the customer wrote."""
    answer = _answers.decode(body)
    # What was chosen is no word of the customer's.
    replies = tuple(reply for reply in answer.replies if reply.kind != "text")
    objections = tuple(msgspec.structs.replace(one, words=None) for one in answer.objections)
    return _encode(
        msgspec.structs.replace(answer, comment=None, follow_up=None, replies=replies, objections=objections)
    )


def transaction_without_customer(body: bytes) -> bytes:
    """A stored event without its customer."""
    transaction = _transactions.decode(body)
    return _encode(
        msgspec.structs.replace(
            transaction,
            id=str(transaction.event_id),
            digest=NO_DIGEST,
            customer=ERASED_CUSTOMER,
            person=NOBODY,
            account=None,
            handled_by=None,
            attributes=UNSET,
            dropped=(),
        )
    )


_encode = msgspec.json.Encoder().encode
_invitations = msgspec.json.Decoder(Invitation)
_answers = msgspec.json.Decoder(Answer)
_transactions = msgspec.json.Decoder(Transaction)
