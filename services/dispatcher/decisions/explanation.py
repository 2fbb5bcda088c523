"""What is stored of an event and of why its decision fell so: without address, phone and name."""

from datetime import datetime
from typing import Any

import msgspec

from services.dispatcher.decisions.contacts import ContactKey
from services.dispatcher.decisions.policy import ContactPolicy
from services.dispatcher.decisions.scopes import names_touchpoint
from services.dispatcher.decisions.values import (
    Considered,
    Person,
    Verdict,
)
from shared.events import Transaction
from shared.events.sending import SendingMode
from shared.events.surveys import NUMERIC_RULES, QuarantineScope


class _Typed(msgspec.Struct):
    type: str


_StoredRules: Any = msgspec.defstruct(
    "_StoredRules", [(name, int | None, None) for name in NUMERIC_RULES], frozen=True, omit_defaults=True
)
"""The rules of the survey that asks, as they were then; None: no survey asks."""


SILENCED_BY_NAME = {"address": "sms", "number": "mail"}


class Explanation(_StoredRules):  # type: ignore[misc]  # mypy cannot read the fields of a made struct
    """The values that a decision was based on, as they were then."""

    policy_version: int | None = None
    """Of the contact policy; None: decided by a version that knew none, or restored from the invitation."""
    company_policy_version: int | None = None
    """Of the company's rules about contacts; 0: it had set none; None: as above."""
    cap_hours: int | None = None
    wanted_at: datetime | None = None
    """When the mail would have left, where it was held until ``due_at``."""
    held_by: tuple[str, ...] = ()
    """The rules that held it, in the order in which they were met."""
    zone: str | None = None
    """By whose clock it was held."""
    considered: tuple[Considered, ...] = ()
    rehearsed: tuple[Considered, ...] = ()
    """What surveys in rehearsal would have done."""
    mode: SendingMode = "test"
    address: str | None = None
    number: str | None = None
    """The same of the phone number; None: there is none."""
    by_number: bool = False
    """Whether the customer is known by the number, since there is no mail address."""
    test_address: bool = False
    complained: bool = False
    opted_out: bool = False
    suppressed: bool = False
    undeliverable: bool = False
    suppressed_by: str | None = None
    """Which entry forbade it: the ``address``, the ``number``, or the ``customer`` by the id."""
    silences: str | None = None
    """The channel by which the customer could be reached as well, and is not since the other one's name is
    suppressed: ``sms`` by that of the address, ``mail`` by that of the number."""
    address_erased: bool = False
    """Whether the address was suppressed since another customer who came under it was erased."""
    invited_at: datetime | None = None
    """When the contact had last been asked."""
    ignored_id: str | None = None
    """The customer's id as it came, where it stands for nobody and was treated as none."""
    survey_touchpoint: str | None = None
    """What was asked about, where the survey and not the event named it."""
    delay_by_event: bool = False
    """Whether ``delay_minutes`` are those of the event, in place of the survey's."""
    quarantine_scope: QuarantineScope = "any"
    """Of the survey that asks."""
    language: str | None = None
    from_profile: tuple[str, ...] = ()
    """What of the customer was known before, since the event did not say it."""
    channel: str | None = None
    """By which it asks; None: nobody is asked, or decided by a version that knew one channel alone."""
    drawn_percent: int | None = None
    """Of how many percent of the contacts the customer is one; None: no draw, or as above."""
    beyond_draw: bool = False
    due_at: datetime | None = None
    test: bool = False
    withheld: bool = False


def explain(
    policy: ContactPolicy,
    verdict: Verdict,
    contact: ContactKey,
    person: Person | None,
    mode: SendingMode,
    language: str | None,
    transaction: Transaction,
    *,
    company_policy_version: int = 0,
    rehearsed: tuple[Considered, ...] = (),
    from_profile: tuple[str, ...] = (),
) -> Explanation:
    """The values behind a verdict; ``person`` is None when the tenant is unknown.

    :param from_profile: what of the customer the event did not say.
    """
    survey = verdict.survey
    rules = {name: getattr(survey, name) for name in NUMERIC_RULES} if survey is not None else {}
    return Explanation(
        **rules,
        policy_version=policy.version,
        company_policy_version=company_policy_version,
        cap_hours=person.cap_hours if person else None,
        wanted_at=verdict.wanted_at,
        held_by=verdict.held_by,
        zone=person.hours.zones if person is not None and verdict.held_by else None,
        considered=verdict.considered,
        rehearsed=rehearsed,
        mode=mode,
        address=person.address if person else None,
        number=person.number.quality if person and person.number.quality != "missing" else None,
        by_number=contact.by_number,
        test_address=person is not None
        and (person.number.test if verdict.channel == "sms" else person.test_address),
        complained=person is not None and person.complained,
        opted_out=person is not None and person.opted_out,
        suppressed=person is not None and person.suppressed,
        undeliverable=person is not None and person.undeliverable,
        suppressed_by=person.suppressed_by if person else None,
        silences=SILENCED_BY_NAME.get(person.suppressed_by or "")
        if person is not None and contact.number is not None
        else None,
        address_erased=person is not None and person.address_erased,
        invited_at=person.invited_at if person else None,
        ignored_id=contact.ignored_id,
        survey_touchpoint=survey.touchpoint if survey and not names_touchpoint(transaction) else None,
        delay_by_event=transaction.delay_minutes is not None,
        quarantine_scope=survey.quarantine_scope if survey else "any",
        language=language,
        from_profile=from_profile,
        channel=verdict.channel,
        drawn_percent=verdict.drawn_percent,
        beyond_draw=verdict.beyond_draw,
        due_at=verdict.due_at,
        test=verdict.test,
        withheld=verdict.withheld,
    )


def encode_facts(transaction: Transaction) -> bytes:
    """The event as the pages show it; the address to write to is stored with the invitation alone."""
    customer = msgspec.structs.replace(transaction.customer, email=None, phone=None, name=None)
    return _encoder.encode(msgspec.structs.replace(transaction, customer=customer))


def decode_facts(stored: bytes) -> Transaction:
    """The event again."""
    return _facts.decode(stored)


def decode_type(stored: bytes) -> str:
    """The event's type alone."""
    return _types.decode(stored).type


def decode_explanation(stored: bytes) -> Explanation:
    """The explanation again."""
    return _explanations.decode(stored)


_encoder = msgspec.json.Encoder()
_facts = msgspec.json.Decoder(Transaction)
_explanations = msgspec.json.Decoder(Explanation)
_types = msgspec.json.Decoder(_Typed)
