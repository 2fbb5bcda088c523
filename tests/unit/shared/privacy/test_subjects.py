"""What is left of an event whose customer is erased: held field by field, so that a new field is found."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, Literal, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
import pytest
from msgspec import UNSET, Raw

from shared.events import (
    ANSWERS,
    CASE_MAILS,
    CASES,
    DECISIONS,
    INVITATIONS,
    REPLIES,
    TOPICS,
    TRANSACTIONS,
    Answer,
    Case,
    CaseMail,
    CaseReply,
    Customer,
    CustomerErased,
    Data,
    Decision,
    Invitation,
    Topic,
    Transaction,
)
from shared.events.conditions import Condition
from shared.privacy.persons import person_of
from shared.privacy.stripping import PERSONAL
from shared.privacy.subjects import ERASED_CUSTOMER, NO_DIGEST, Subject, erase_event, erased_form, subject_of
from shared.secrets import customer_hash

SECRET = "a secret of the tests, long enough for all"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)

NAMES_A_CUSTOMER = {"customer", "customer_id", "contact_key", "person"}
"""A field of such a name, or the type of a customer, makes an event one about a customer."""
WHERE_AND_WHEN = {"segments", "organisation", "touchpoint", "occurred_at"}
KEPT: dict[type[Data], set[str]] = {
    Transaction: {
        *("id", "source", "type", "accepted_at", "delay_minutes", "survey_id", "channel", "requested_by"),
        *WHERE_AND_WHEN,
    },
    Invitation: {
        *("id", "version", "state", "reason", "survey_id", "survey_version", "survey_name", "measurement"),
        *("language", "test", "anonymous", "event_id", "event_type", "decided_at", "due_at", "sent_at"),
        *("reminding_since", "reminded_at", "expires_at", "drawn_percent", "beyond_draw", "channel"),
        *("report", "report_code", "reported_at", "recovery_of"),
        *WHERE_AND_WHEN,
    },
    Answer: {
        *("id", "version", "state", "origin", "test", "score", "anonymous", "survey_id", "survey_version"),
        *("event_id", "measurement", "touchpoint", "segments", "organisation", "language", "day"),
        *("layout", "channel", "seconds_to_score", "staff_network", "device_ordinal"),
        *("signs", "judgement"),
        *("drawn_percent", "beyond_draw"),
        *("invited_at", "answered_at", "changed_at", "earlier_scores"),
    },
    CaseReply: {
        *("id", "version", "kind", "case_id", "number", "answer_id", "event_id", "language", "written_at"),
    },
    CaseMail: {
        *("id", "version", "direction", "kind", "reply_id", "case_id", "answer_id", "state", "at"),
        *("improvement_id", "cut", "automatic", "other_sender"),
    },
    Case: {
        *("id", "number", "version", "state", "answer_id", "event_id", "anonymous", "score", "touchpoint"),
        *("segments", "organisation", "belongs", "owner", "cause", "outcome", "opened_at", "due_at"),
        *("first_contact_at", "closed_at", "stage", "waits_until", "told", "priority"),
        *("team_id", "later_answers", "reopened_at"),
    },
    Decision: {
        *("event_id", "version", "source", "event_type", "occurred_at", "decided_at", "outcome", "reason"),
        *("survey_id", "survey_version", "invitation_id", "channel", "due_at", "test"),
        *("touchpoint", "segments", "organisation"),
    },
}
"""What is counted, or says which thing it is. Whoever adds a field to one of these events adds it here, or to
its ``erased_form``."""


def types_in(kind: Any) -> Iterator[Any]:
    yield kind
    for part in get_args(kind):
        yield from types_in(part)


def names_a_customer(data: type[Data], seen: frozenset[type] = frozenset()) -> bool:
    """Whether this data, at any depth, has a field that says whose it is."""
    if data in seen:
        return False
    for name, kind in get_type_hints(data).items():
        if name in NAMES_A_CUSTOMER:
            return True
        for part in types_in(kind):
            is_data = isinstance(part, type) and issubclass(part, Data)
            if is_data and (part is Customer or names_a_customer(part, seen | {data})):
                return True
    return False


def filled(kind: Any, name: str) -> Any:
    """A value of the type that is no default and, if it is a text, says which field it was in."""
    made: Any
    if kind in SIMPLE:
        made = SIMPLE[kind](name)
    elif isinstance(kind, type) and issubclass(kind, Data):
        hints = get_type_hints(kind)
        made = kind(**{each: filled(of, f"{name} {each}") for each, of in hints.items()})
    elif get_origin(kind) is Literal:
        made = get_args(kind)[-1]
    elif get_origin(kind) is tuple:
        made = (filled(get_args(kind)[0], name),)
    elif get_origin(kind) is dict:
        made = {name: name}
    else:
        made = next(
            filled(part, name) for part in get_args(kind) if part not in {type(None), msgspec.UnsetType}
        )
    return made


SIMPLE: dict[Any, Any] = {
    str: lambda name: name,
    int: lambda _: 7,
    float: lambda _: 7.0,
    bool: lambda name: not name.endswith("erased"),
    UUID: lambda _: UUID(int=7),
    datetime: lambda _: NOW,
    date: lambda _: NOW.date(),
    Raw: lambda name: Raw(msgspec.json.encode({name: name})),
    Condition: lambda name: Condition(field=name, op="=", value=name),  # which may hold others of its kind
}
BLANK: tuple[Any, ...] = (None, "", UNSET, (), ERASED_CUSTOMER, NO_DIGEST)


def about_customers() -> list[Topic[Any]]:
    return [topic for topic in TOPICS if topic.data is not CustomerErased and names_a_customer(topic.data)]


def test_every_topic_whose_events_name_a_customer_is_stripped_and_can_be_erased() -> None:
    found = about_customers()
    assert {topic.name for topic in found} == set(PERSONAL)
    assert {topic.data for topic in found} == set(KEPT)
    assert {topic.name for topic in TOPICS if topic.erasable} == set(PERSONAL)


@pytest.mark.parametrize("topic", about_customers(), ids=lambda topic: topic.name)
def test_what_is_counted_stays_and_every_other_field_is_blank(topic: Topic[Any]) -> None:
    data = filled(topic.data, topic.name)
    left = erase_event(data)
    for field in msgspec.structs.fields(topic.data):
        before, after = getattr(data, field.name), getattr(left, field.name)
        if field.name == "erased":
            assert after is True
        elif field.name == "objections":  # that somebody objected stays, and when; what they wrote does not
            assert after == tuple(msgspec.structs.replace(one, words=None) for one in before)
        elif field.name in KEPT[topic.data]:
            assert after == before, f"{field.name} is counted"
        else:
            assert before not in BLANK
            assert after in BLANK, f"{topic.data.__name__}.{field.name}: is it personal, or counted (KEPT)?"
    assert erase_event(left) == left
    event = topic.event("acme", left, NOW)
    assert topic.decode(topic.encode(event)).data == left
    assert topic.record_key(event) == topic.record_key(topic.event("acme", data, NOW))


@pytest.mark.parametrize("topic", [t for t in TOPICS if t not in about_customers()], ids=lambda t: t.name)
def test_an_event_about_no_customer_has_no_erased_form(topic: Topic[Any]) -> None:
    with pytest.raises(TypeError):
        erased_form(filled(topic.data, topic.name))


def test_whom_an_event_is_about() -> None:
    customer = Customer(id="c-1", email=" Karen@Example.com ")
    contact = customer_hash(SECRET, "acme", "karen@example.com")
    mine = Subject("acme", person_of(SECRET, "acme", "c-1"), contact)
    transaction = msgspec.structs.replace(filled(Transaction, "x"), customer=customer, person=None)
    assert subject_of(SECRET, TRANSACTIONS.event("acme", transaction, NOW)) == mine
    named = msgspec.structs.replace(transaction, person="p-1")
    assert subject_of(SECRET, TRANSACTIONS.event("acme", named, NOW)) == mine._replace(person="p-1")
    # The id of nobody: the customer is called by the address.
    nobody = msgspec.structs.replace(transaction, customer=msgspec.structs.replace(customer, id="guest"))
    assert subject_of(SECRET, TRANSACTIONS.event("acme", nobody, NOW)) == mine._replace(
        person=person_of(SECRET, "acme", contact)
    )
    assert subject_of(SECRET, TRANSACTIONS.event("acme", erase_event(named), NOW)) is None
    for topic in (INVITATIONS, ANSWERS, CASES, DECISIONS, REPLIES, CASE_MAILS):
        data = filled(topic.data, "x")
        own = {"customer": customer} if topic is INVITATIONS else {"customer_id": "c-1"}
        unnamed = msgspec.structs.replace(data, person=None, contact_key=contact, erased=False, **own)
        assert subject_of(SECRET, topic.event("acme", unnamed, NOW)) == mine
        of_another = subject_of(SECRET, topic.event("zenith", unnamed, NOW))
        assert of_another is not None
        assert of_another.person != mine.person
        for gone in ({"person": ""}, {"erased": True}):
            left = msgspec.structs.replace(unnamed, **gone)
            assert subject_of(SECRET, topic.event("acme", left, NOW)) is None
