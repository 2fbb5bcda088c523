"""What is kept of an event and of the values its decision was based on: without address, phone or name."""

from datetime import datetime

import msgspec

from services.dispatcher.decisions.contacts import ContactKey
from services.dispatcher.decisions.domain import Considered, Person, SendingMode, Verdict
from shared.events import Transaction


class _Typed(msgspec.Struct):
    type: str


class Explanation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The values that a decision was based on, as they were then."""

    considered: tuple[Considered, ...] = ()
    mode: SendingMode = "test"
    address: str | None = None
    test_address: bool = False
    opted_out: bool = False
    suppressed: bool = False
    suppressed_by: str | None = None
    """Which entry forbade it: the ``address``, or the ``customer`` by the id."""
    invited_at: datetime | None = None
    """When the customer had last been asked."""
    ignored_id: str | None = None
    """The customer's id as it came, where it stands for nobody and was taken for none."""
    delay_minutes: int | None = None
    quarantine_days: int | None = None
    max_age_days: int | None = None
    link_days: int | None = None
    language: str | None = None
    due_at: datetime | None = None
    test: bool = False
    withheld: bool = False


def explain(
    verdict: Verdict, contact: ContactKey, person: Person | None, mode: SendingMode, language: str | None
) -> Explanation:
    """The values behind a verdict."""
    survey = verdict.survey
    return Explanation(
        considered=verdict.considered,
        mode=mode,
        address=person.address if person else None,
        test_address=person is not None and person.test_address,
        opted_out=person is not None and person.opted_out,
        suppressed=person is not None and person.suppressed,
        suppressed_by=person.suppressed_by if person else None,
        invited_at=person.invited_at if person else None,
        ignored_id=contact.ignored_id,
        delay_minutes=survey.delay_minutes if survey else None,
        quarantine_days=survey.quarantine_days if survey else None,
        max_age_days=survey.max_age_days if survey else None,
        link_days=survey.link_days if survey else None,
        language=language,
        due_at=verdict.due_at,
        test=verdict.test,
        withheld=verdict.withheld,
    )


def encode_facts(transaction: Transaction) -> bytes:
    """The event as the pages tell it; whom to write to is known to the invitation alone."""
    customer = msgspec.structs.replace(transaction.customer, email=None, phone=None, name=None)
    return _encoder.encode(msgspec.structs.replace(transaction, customer=customer))


def decode_facts(kept: bytes) -> Transaction:
    """The event again."""
    return _facts.decode(kept)


def decode_type(kept: bytes) -> str:
    """The event's type alone."""
    return _types.decode(kept).type


def decode_explanation(kept: bytes) -> Explanation:
    """The values again."""
    return _grounds.decode(kept)


_encoder = msgspec.json.Encoder()
_facts = msgspec.json.Decoder(Transaction)
_grounds = msgspec.json.Decoder(Explanation)
_types = msgspec.json.Decoder(_Typed)
