"""An erasure among all that the dispatcher hears of a customer: whatever comes first, the end is the same."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.dispatcher_builders import (
    NOON,
    TENANT,
    a_customer,
    a_transaction,
    decide,
    event_of,
    keep_tenant,
    rows,
)
from support.dispatcher_client import KEY, by_key
from support.dispatcher_erasing import ask, run_erasing
from support.erasing import places_of
from support.examples import examples
from support.http_clients import SECRET, api_client, context_on

from services.dispatcher.app import SERVICE
from services.dispatcher.erasures.requests import ErasureRefused
from services.dispatcher.models import metadata
from shared.db.database import Database
from shared.events import (
    ANSWERS,
    CASES,
    ERASURES,
    INVITATIONS,
    Answer,
    Case,
    ErasureConfirmed,
    KeyDigest,
    Transaction,
)
from shared.events.transactions import Account
from shared.link_tokens import LinkSigner
from shared.outbound import Sender
from shared.privacy.persons import NOBODY, person_of
from shared.privacy.subjects import erase_event
from shared.secrets import customer_hash
from shared.tenancy import digest_of

pytestmark = pytest.mark.usefixtures("survey")

KIM = a_customer("kim-4711", email="kim@example.com", phone="+4512345678", name="Kim Wexelblatt")
AT_WORK = msgspec.structs.replace(KIM, email="kim@work.example")
BO = a_customer("bo")
WORDS = ("kim-4711", "kim@", "12345678", "wexelblatt", "of-kim", "rang the bell")
PERSON = person_of(SECRET, TENANT, KIM.id)
ADDRESSES = {customer_hash(SECRET, TENANT, email) for email in ("kim@example.com", "kim@work.example")}
NUMBER = customer_hash(SECRET, TENANT, "+4512345678")

ORDER_DECIDES = {
    # The first content of an event is decided, by what is known then; a later one is kept if nobody is erased.
    "decision": {
        "reason",
        "survey_id",
        "invitation_id",
        "grounds",
        "fallen",
        "digest",
        "difference_at",
        "facts",
    },
    "erased": {"done_at"},
    # By which names the customer was known when it was asked for.
    "erasure": {"id", "names"},
    "audit_line": {"id"},
}
"""The columns in which two orders may differ: new ids, and what was true at that moment."""
JUDGED_APART = {
    "invitation", "delivery", "customer", "asked", "first_day", "suppression", "audit_line", "outbox",
}  # fmt: skip
"""Tables that hang on which events were decided before the erasure; ``judge`` says what must hold of them."""
KEPT = {"tenant", "survey", "survey_words", "sending", "mail_stream"}
"""Tables of the company, which no step writes."""
HASHES_STAY_IN = ("erased", "erasure", "erasure_confirmation", "customer", "asked", "suppression", "outbox")
Rows = Mapping[str, Sequence[str]]


def an_order(id_: str, customer: Any = KIM, **changes: Any) -> Transaction:
    about = {
        "account": Account(id="account-1", manager="manager-of-kim"),
        "attributes": msgspec.Raw(b'{"word":"attribute-of-kim"}'),
    }
    return a_transaction(id_, customer, **(about if customer is not BO else {}), **changes)


ANSWER = Answer(
    id=UUID(int=1), version=1, state="saved", origin="survey", score=3, comment="Nobody rang the bell.",
    customer_id=KIM.id, person=PERSON, event_id=an_order("order-1").event_id, answered_at=NOON, changed_at=NOON,
)  # fmt: skip
AMENDED = msgspec.structs.replace(ANSWER, version=2, state="sent", score=4)
IMPORTED = msgspec.structs.replace(ANSWER, id=UUID(int=2), origin="import", event_id=None, invited_at=NOON)
CASE = Case(
    id=UUID(int=3), number=1, version=1, state="open", answer_id=ANSWER.id, event_id=ANSWER.event_id,
    customer_id=KIM.id, person=PERSON, score=3, opened_at=NOON, due_at=NOON,
)  # fmt: skip
CLOSED = msgspec.structs.replace(CASE, version=2, state="closed", closed_at=NOON)


@dataclass
class Orders:
    """The dispatcher of one company, with all that it has published."""

    database: Database
    sender: Sender
    client: httpx.AsyncClient
    topics: dict[tuple[str, bytes], bytes | None] = field(default_factory=dict)
    """The last record of each key, as a broker keeps it."""
    reasons: dict[UUID, str] = field(default_factory=dict)
    """What became of each event when it was decided."""

    async def same_id(self) -> None:
        """A client uses the id of another customer's order once more."""
        await decide(self.database, an_order("order-4", BO))
        await decide(self.database, an_order("order-4", KIM, digest="another"))

    async def consume(self, topic: Any, data: Any) -> None:
        context = context_on(SERVICE, self.database)
        (subscription,) = [each for each in SERVICE.consumed(context) if each.topic is topic]
        async with self.database.transaction() as uow:
            await subscription.handle(uow, [event_of(topic, data)])

    async def send(self) -> None:
        """Each mail that may leave."""
        await self.relay()
        for _ in range(3):
            await self.sender.step()

    async def unsubscribe(self) -> None:
        """By the links of all mails about this customer's orders."""
        for row in await rows(
            self.database,
            "SELECT i.id FROM invitation i JOIN decision d ON d.invitation_id = i.id "
            "WHERE d.source_id NOT IN ('order-3', 'order-4')",
        ):
            answer = await self.client.post(f"/u/{LinkSigner(SECRET).sign('unsubscribe', row.id)}")
            assert answer.status_code == 200, answer.text

    async def list_customer(self) -> None:
        body = {"customer_id": KIM.id, "email": KIM.email}
        answer = await self.client.post("/v1/suppressions", json=body, headers=by_key())
        assert answer.status_code == 201, answer.text

    async def ask(self) -> None:
        with suppress(ErasureRefused):  # nothing is known of the customer yet
            await ask(self.database, customer_id=KIM.id)

    async def erase(self) -> None:
        await self.ask()
        assert await run_erasing(self.database) == []

    async def relay(self) -> None:
        async with self.database.transaction() as uow:
            sent = (await uow.execute("DELETE FROM outbox RETURNING seq, topic, key, value")).all()
        for row in sorted(sent, key=lambda row: row.seq):
            self.topics[row.topic, bytes(row.key)] = None if row.value is None else bytes(row.value)

    async def run(self, order: Sequence[str]) -> Rows:
        """Begin anew, take these steps and erase at the end; all that is stored then."""
        self.topics.clear()
        self.reasons.clear()
        async with self.database.transaction() as uow:
            for table in reversed(metadata.sorted_tables):
                if table.name not in KEPT:
                    await uow.execute(f"DELETE FROM {table.name}")
        for step in order:
            await STEPS[step](self)
            for row in await rows(self.database, "SELECT event_id, reason FROM decision"):
                assert self.reasons.setdefault(row.event_id, row.reason) == row.reason, step
        await self.erase()
        await self.relay()
        return await self.stored()

    async def stored(self) -> Rows:
        """The rows of each table that no order may change."""
        found = {}
        for table in metadata.sorted_tables:
            if table.name not in JUDGED_APART | KEPT:
                fixed = [c.name for c in table.columns if c.name not in ORDER_DECIDES.get(table.name, ())]
                read = await rows(self.database, f"SELECT {', '.join(fixed)} FROM {table.name}")
                found[table.name] = sorted(repr(tuple(row)) for row in read)
        facts = await rows(
            self.database,
            "SELECT source_id, CAST(convert_from(facts, 'UTF8') AS jsonb) - 'digest' AS facts FROM decision",
        )
        found["decision.facts"] = sorted(repr(tuple(row)) for row in facts)
        return found

    async def judge(self) -> None:
        """What must hold of the tables that depend on the order, and of all texts."""
        assert await places_of(self.database, WORDS) == set()
        assert await places_of(self.database, [PERSON, *ADDRESSES], without=HASHES_STAY_IN) == set()
        records = [key + (value or b"") for (_, key), value in self.topics.items()]
        left = b"\n".join(records).decode(errors="replace").lower()
        assert [word for word in WORDS if word in left] == []

        decided = await rows(self.database, "SELECT event_id, reason, invitation_id FROM decision")
        assert {row.event_id: row.reason for row in decided} == self.reasons
        asked = {row.invitation_id for row in decided if row.reason == "invited"}
        stored = await rows(
            self.database,
            "SELECT i.id, i.version, i.state, i.person, d.state AS delivery FROM invitation i "
            "LEFT JOIN delivery d ON d.about_id = i.id",
        )
        assert {row.id for row in stored} == asked == {row.invitation_id for row in decided} - {None}
        assert {row.person for row in stored} <= {NOBODY, person_of(SECRET, TENANT, BO.id)}
        assert all(row.state == row.delivery for row in stored), stored
        published = [
            INVITATIONS.decode(value).data
            for (topic, _), value in self.topics.items()
            if topic == INVITATIONS.name and value is not None
        ]
        assert {(each.id, each.version, each.state) for each in published} == {
            (row.id, row.version, row.state) for row in stored
        }
        noes = await rows(self.database, "SELECT kind, key, reason FROM suppression")
        assert {(row.kind, row.key) for row in noes} <= {("address", key) for key in {*ADDRESSES, NUMBER}}
        others = {BO.id, customer_hash(SECRET, TENANT, BO.email or "")}
        quarantined = {row.id for row in await rows(self.database, "SELECT id FROM customer")}
        assert quarantined <= ADDRESSES | others
        asked = {row.contact for row in await rows(self.database, "SELECT contact FROM asked")}
        assert asked <= quarantined


ERASED_ANSWER = msgspec.structs.replace(erase_event(AMENDED), version=3)
ERASED_CASE = msgspec.structs.replace(erase_event(CLOSED), version=3)
CONFIRMED = ErasureConfirmed(id=PERSON, service="collector", confirmed_at=NOON)
STEPS: dict[str, Callable[[Orders], Awaitable[Any]]] = {
    "order": lambda orders: decide(orders.database, an_order("order-1")),
    "order of another address": lambda orders: decide(
        orders.database, an_order("order-of-kim-4711", AT_WORK, digest="two")
    ),
    "changed order": lambda orders: decide(orders.database, an_order("order-1", digest="another")),
    "order of another customer": lambda orders: decide(orders.database, an_order("order-3", BO)),
    "same id of another customer": Orders.same_id,
    "mail": Orders.send,
    "answer": lambda orders: orders.consume(ANSWERS, ANSWER),
    "amended answer": lambda orders: orders.consume(ANSWERS, AMENDED),
    "erased answer": lambda orders: orders.consume(ANSWERS, ERASED_ANSWER),
    "import": lambda orders: orders.consume(ANSWERS, IMPORTED),
    "case": lambda orders: orders.consume(CASES, CASE),
    "closed case": lambda orders: orders.consume(CASES, CLOSED),
    "erased case": lambda orders: orders.consume(CASES, ERASED_CASE),
    "no": Orders.unsubscribe,
    "listed": Orders.list_customer,
    "confirmed": lambda orders: orders.consume(ERASURES, CONFIRMED),
    "asked": Orders.ask,
    "erased": Orders.erase,
}
"""All that can happen, in an order that has the erasure last."""


@pytest.fixture
async def orders(database: Database, sender: Sender) -> AsyncIterator[Orders]:
    """A company with a live survey, and a key."""
    digest = KeyDigest(id="k", name="shop", digest=digest_of(KEY), scopes=("surveys:write",))
    await keep_tenant(database, version=2, keys=(digest,))
    async with api_client(SERVICE, context_on(SERVICE, database)) as client:
        yield Orders(database, sender, client)


@pytest.fixture
async def canonical(orders: Orders) -> Rows:
    """What is stored after the order that has the erasure last."""
    found = await orders.run(list(STEPS))
    await orders.judge()
    assert len(orders.reasons) == 4
    assert sum(map(len, found.values())) > 8
    return found


@given(order=st.permutations(list(STEPS)), again=st.lists(st.sampled_from(list(STEPS)), max_size=12))
@settings(
    max_examples=examples(10),
    deadline=None,
    phases=[Phase.reuse, Phase.generate],  # to look for a shorter order takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_every_order_of_all_that_the_dispatcher_hears_of_a_customer_ends_alike(
    orders: Orders, canonical: Rows, order: Sequence[str], again: Sequence[str]
) -> None:
    assert await orders.run([*order, *again]) == canonical
    await orders.judge()
