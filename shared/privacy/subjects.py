"""Whom an event is about, and what is left of it when that customer is erased."""

from collections.abc import Callable
from functools import singledispatch
from typing import Any, NamedTuple, TypeVar

from msgspec import UNSET
from msgspec.structs import replace

from shared.events import (
    Answer,
    Case,
    CaseMail,
    CaseReply,
    Customer,
    Data,
    Decision,
    Event,
    Invitation,
    Transaction,
)
from shared.privacy.persons import NOBODY, identity_of, person_of
from shared.secrets import customer_hash
from shared.values.text import normalized_text

D = TypeVar("D", bound=Data)

ERASED_CUSTOMER = Customer(id="erased")
"""In place of the customer of an erased invitation."""
NO_DIGEST = "removed"
"""In place of the digest of a transaction whose customer was erased or removed."""
OF_NOBODY: dict[str, Any] = {"contact_key": None, "person": NOBODY, "erased": True}


class Subject(NamedTuple):
    """A customer as an event names them."""

    tenant: str
    person: str
    contact: str | None
    """The keyed hash of the address under which they were asked."""


@singledispatch
def erased_form(data: Data) -> Data:
    """What is left of an event when its customer is erased: nothing personal, but all that is counted.

    :raises TypeError: of an event that is about no customer.
    """
    raise TypeError(f"{type(data).__name__} is about no customer")


@erased_form.register
def _(invitation: Invitation) -> Invitation:
    return replace(
        invitation,
        customer=ERASED_CUSTOMER,
        account=None,
        handled_by=None,
        attributes=UNSET,
        asked_at=None,
        number_key=None,
        **OF_NOBODY,
    )


@erased_form.register
def _(transaction: Transaction) -> Transaction:
    return replace(
        transaction,
        customer=ERASED_CUSTOMER,
        person=NOBODY,
        # It is a hash of what is erased: whoever guesses that could see that it was right.
        digest=NO_DIGEST,
        account=None,
        handled_by=None,
        attributes=UNSET,
        dropped=(),
    )


@erased_form.register
def _(answer: Answer) -> Answer:
    return replace(
        answer,
        comment=None,
        follow_up=None,
        follow_up_question=None,
        replies=(),
        may_contact=None,
        held=None,
        objections=tuple(replace(objection, words=None) for objection in answer.objections),
        customer_id=None,
        number_key=None,
        **OF_NOBODY,
    )


@erased_form.register
def _(case: Case) -> Case:
    return replace(case, may_contact=None, customer_id=None, **OF_NOBODY)


@erased_form.register
def _(decision: Decision) -> Decision:
    return replace(decision, source_id=None, customer_id=None, **OF_NOBODY)


@erased_form.register
def _(reply: CaseReply) -> CaseReply:
    return replace(reply, subject="", text="", author="", customer_id=None, **OF_NOBODY)


@erased_form.register
def _(mail: CaseMail) -> CaseMail:
    return replace(mail, subject=None, text=None, attachments=(), reason=None, customer_id=None, **OF_NOBODY)


def erase_event(data: D) -> D:
    """What is left of the data of an event, of the same type."""
    erase: Callable[[Any], Any] = erased_form
    left: D = erase(data)
    return left


def subject_of(secret: str, event: Event[Any]) -> Subject | None:
    """Whom the event is about; None: nobody, or somebody who was erased from it."""
    data: Transaction | Invitation | Answer | Case | Decision | CaseReply | CaseMail = event.data
    if isinstance(data, Transaction):
        return _subject_of_transaction(secret, event.tenant, data)
    if data.erased or data.person == NOBODY:
        return None
    customer_id = data.customer.id if isinstance(data, Invitation) else data.customer_id
    if data.person is None and customer_id is None:
        return None
    person = data.person or person_of(secret, event.tenant, customer_id or "")
    return Subject(event.tenant, person, data.contact_key)


def _subject_of_transaction(secret: str, tenant: str, transaction: Transaction) -> Subject | None:
    if transaction.person == NOBODY:
        return None
    customer = transaction.customer
    person = transaction.person or person_of(secret, tenant, identity_of(secret, tenant, customer))
    address = normalized_text(customer.email or "") or customer.phone
    return Subject(tenant, person, customer_hash(secret, tenant, address) if address else None)
