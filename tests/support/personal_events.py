"""An event about one customer on each topic whose events are about customers."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from support.http_clients import SECRET

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
    Data,
    Decision,
    Event,
    Invitation,
    Topic,
    Transaction,
)
from shared.privacy.persons import person_of
from shared.privacy.stripping import PERSONAL

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ID = UUID(int=7)
PERSONAL_TOPICS = [topic for topic in TOPICS if topic.name in PERSONAL]


def event_about(topic: Topic[Any], customer_id: str, tenant: str = "acme", **changes: Any) -> Event[Any]:
    """An event of this customer, with something personal in it."""
    facts = {"person": person_of(SECRET, tenant, customer_id), **changes}
    return topic.event(tenant, _MAKE[topic.name](customer_id, facts), NOW)


def _transaction(customer_id: str, facts: dict[str, Any]) -> Data:
    made: dict[str, Any] = {
        "id": "17",
        "source": "shop",
        "type": "order.delivered",
        "occurred_at": NOW,
        "accepted_at": NOW,
        "customer": _customer(customer_id),
        "digest": "digest",
    }
    return Transaction(**made, **facts)


def _invitation(customer_id: str, facts: dict[str, Any]) -> Data:
    made: dict[str, Any] = {
        "id": ID,
        "version": 1,
        "state": "waiting",
        "survey_id": ID,
        "survey_version": 1,
        "survey_name": "After delivery",
        "measurement": "transactional",
        "language": "en",
        "test": False,
        "customer": _customer(customer_id),
        "event_id": ID,
        "event_type": "order.delivered",
        "occurred_at": NOW,
        "decided_at": NOW,
        "due_at": NOW,
        "expires_at": NOW,
    }
    return Invitation(**made, **facts)


def _answer(customer_id: str, facts: dict[str, Any]) -> Data:
    made: dict[str, Any] = {
        "id": ID,
        "version": 1,
        "state": "sent",
        "origin": "survey",
        "score": 2,
        "comment": f"{customer_id} says so",
        "customer_id": customer_id,
        "changed_at": NOW,
    }
    return Answer(**made, **facts)


def _case(customer_id: str, facts: dict[str, Any]) -> Data:
    made: dict[str, Any] = {
        "id": ID,
        "number": 1,
        "version": 1,
        "state": "open",
        "answer_id": ID,
        "customer_id": customer_id,
        "may_contact": True,
        "score": 2,
        "opened_at": NOW,
        "due_at": NOW,
    }
    return Case(**made, **facts)


def _decision(customer_id: str, facts: dict[str, Any]) -> Data:
    made: dict[str, Any] = {
        "event_id": ID,
        "version": 1,
        "source": "shop",
        "source_id": "17",
        "event_type": "order.delivered",
        "occurred_at": NOW,
        "decided_at": NOW,
        "outcome": "skipped",
        "reason": "quarantine",
        "customer_id": customer_id,
    }
    return Decision(**made, **facts)


def _reply(customer_id: str, facts: dict[str, Any]) -> Data:
    made: dict[str, Any] = {
        "id": ID,
        "case_id": ID,
        "number": 1,
        "answer_id": ID,
        "subject": "Your sofa",
        "text": f"Dear {customer_id}",
        "language": "en",
        "author": "Jonas Holt",
        "written_at": NOW,
        "customer_id": customer_id,
    }
    return CaseReply(**made, **facts)


def _case_mail(customer_id: str, facts: dict[str, Any]) -> Data:
    made: dict[str, Any] = {
        "id": ID,
        "version": 1,
        "direction": "in",
        "reply_id": ID,
        "case_id": ID,
        "answer_id": ID,
        "state": "came",
        "at": NOW,
        "subject": "Re: Your sofa",
        "text": f"{customer_id} says so",
        "attachments": (f"{customer_id}.jpg",),
        "customer_id": customer_id,
    }
    return CaseMail(**made, **facts)


def _customer(customer_id: str) -> Customer:
    return Customer(id=customer_id, email=f"{customer_id}@example.com", name="Karen Whitfield")


_MAKE = {
    TRANSACTIONS.name: _transaction,
    INVITATIONS.name: _invitation,
    ANSWERS.name: _answer,
    CASES.name: _case,
    DECISIONS.name: _decision,
    REPLIES.name: _reply,
    CASE_MAILS.name: _case_mail,
}
