"""What happens in the stream follows from its number alone."""

from datetime import UTC, date, datetime

import msgspec
import pytest

from deploy.demo import personas
from deploy.demo.model import Model
from deploy.demo.purchases import Purchase
from deploy.demo.sentences import Sentences
from deploy.demo.stream import EventStream
from services.dispatcher.decisions.numbers import number_quality
from shared.intake.domain import transaction
from shared.intake.schemas import EventIn

MODEL = Model("a seed", Sentences(()))
PURCHASES = [Purchase(n + 1, f"{n % 7:05d}", date(1997, 1, 1), 1 + n % 3, 1177) for n in range(20)]
STREAM = EventStream(MODEL, PURCHASES)
NOW = datetime(2026, 11, 22, 11, 30, tzinfo=UTC)


def test_purchases_come_in_their_order_and_every_fifth_event_is_a_call() -> None:
    types = [STREAM.at(n).type for n in range(10)]
    assert types == [*["order.delivered"] * 4, "support.closed"] * 2
    orders = [STREAM.at(n).attributes["order_id"] for n in range(10) if n % 5 != 4]
    assert orders == [f"{n:05d}" for n in range(1, 9)]


def test_when_the_purchases_end_they_begin_again_as_new_orders() -> None:
    again = STREAM.at(25)
    assert again.attributes["order_id"] == "00001-2"
    assert again.customer == STREAM.at(0).customer
    assert len({STREAM.at(n).id for n in range(100)}) == 100


def test_one_order_in_twenty_events_is_sent_back_by_the_same_customer() -> None:
    refunds = {n: refund for n in range(60) if (refund := STREAM.refund_of(STREAM.at(n))) is not None}
    assert list(refunds) == [16, 36, 56]
    for number, refund in refunds.items():
        order = STREAM.at(number)
        assert (refund.type, refund.customer) == ("order.refunded", order.customer)
        assert refund.attributes["order_id"] == order.attributes["order_id"]
        assert refund.id != order.id


def test_an_event_is_the_same_to_the_last_byte_however_often_it_is_said() -> None:
    first, second = (EventStream(MODEL, PURCHASES).at(7).body(NOW) for _ in range(2))
    assert msgspec.json.encode(first) == msgspec.json.encode(second)


@pytest.mark.parametrize("number", range(10))
def test_the_trigger_accepts_each_event(number: int) -> None:
    event = msgspec.json.decode(msgspec.json.encode(STREAM.at(number).body(NOW)), type=EventIn)
    accepted = transaction(event, source="demo", customer_id=str, now=NOW).transaction
    assert accepted.segments["touchpoint"]
    assert accepted.organisation
    assert (accepted.handled_by is not None) == (accepted.type == "support.closed")


def test_addresses_and_numbers_lead_back_to_the_customer_and_only_ours_do() -> None:
    customers = [personas.customer(MODEL, f"{n:05d}") for n in range(300)]
    assert [personas.number_of(customer.address) for customer in customers] == [c.number for c in customers]
    assert personas.number_of("you@example.com") is None
    assert personas.number_of("+4512345678") is None
    assert {customer.locale for customer in customers} == {"da", "en", "nl"}
    assert sum(customer.is_left_to_the_visitor for customer in customers) == 100


def test_one_customer_in_seven_has_a_phone_that_takes_texts_and_no_address_and_some_are_the_visitors() -> (
    None
):
    customers = [personas.customer(MODEL, f"{n:05d}") for n in range(0, 23_570, 10)]
    phones = [customer for customer in customers if customer.has_only_a_phone]
    assert len(phones) == pytest.approx(len(customers) / 7, abs=1)
    assert {number_quality(customer.address) for customer in phones} == {"good"}
    assert {(customer.locale, customer.country) for customer in phones} == {("da", "DK")}
    assert {customer.is_left_to_the_visitor for customer in phones} == {True, False}
    numbers = [number for number in range(100) if STREAM.at(number).customer.has_only_a_phone]
    for body in (STREAM.at(number).body(NOW) for number in numbers):
        assert "email" not in body["customer"]
        assert body["customer"]["phone"].startswith("+45")
