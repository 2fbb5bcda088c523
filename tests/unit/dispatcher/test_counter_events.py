"""Which counter-event counters which mail, and how the company writes its table of them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Raw
from pydantic import ValidationError

from services.dispatcher.contact_policies.counter_rows import COUNTER_ROWS
from services.dispatcher.contact_policies.domain import CompanyPolicy
from services.dispatcher.contact_policies.forms import PolicyForm, form_of
from services.dispatcher.contact_policies.schemas import ContactPolicyAnswer, ContactPolicyBody
from services.dispatcher.decisions.counter_events import (
    Asking,
    Countered,
    CounterIndex,
    RememberedCounter,
    judge_counters,
    order_of,
    strongest,
)
from shared.events import ContactRules, CounterEvent
from shared.events.contact_policies import MAX_COUNTER_EVENTS, MAX_HOLD_HOURS

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def a_counter(number: int = 1, **changes: Any) -> RememberedCounter:
    facts: dict[str, Any] = {
        "tenant": "havnbo", "event_id": UUID(int=number), "scope": "customer", "effect": "cancel",
        "occurred_at": NOON, "known_at": NOON, "hold_until": None, "order_id": None, "person": "kim",
        "contact": "kim@",
    }  # fmt: skip
    return RememberedCounter(**{**facts, **changes})


def an_asking(**changes: Any) -> Asking:
    facts: dict[str, Any] = {
        "tenant": "havnbo", "event_id": UUID(int=99), "occurred_at": NOON - HOUR, "order_id": "17",
        "person": "kim", "contact": "kim@",
    }  # fmt: skip
    return Asking(**{**facts, **changes})


def is_countered(counter: RememberedCounter, asking: Asking) -> bool:
    found = judge_counters([counter], asking)
    return found.cancelled_by is not None or found.held_until is not None


@pytest.mark.parametrize(
    ("asking", "expected"),
    [
        ({}, True),
        ({"occurred_at": NOON}, True),
        ({"occurred_at": NOON + HOUR}, False),
        ({"occurred_at": NOON + HOUR, "decided_at": NOON - HOUR}, True),
        ({"occurred_at": NOON + HOUR, "decided_at": NOON}, False),
        ({"tenant": "zenith"}, False),
        ({"event_id": UUID(int=1)}, False),
        ({"contact": "other@"}, True),
        ({"person": "kit"}, True),
        ({"person": "kit", "contact": None}, False),
    ],
)
def test_it_counters_what_its_customer_did_before_it_and_what_waited_when_it_came_but_never_itself(
    asking: dict[str, Any], expected: bool
) -> None:
    assert is_countered(a_counter(), an_asking(**asking)) is expected


@pytest.mark.parametrize("asked_at", [NOON - HOUR, NOON + HOUR, NOON + 300 * 24 * HOUR])
def test_a_wave_asks_about_nothing_that_happened_so_what_is_about_its_customer_counters_it_at_any_time(
    asked_at: datetime,
) -> None:
    of_wave = an_asking(occurred_at=asked_at, of_wave=True)
    assert is_countered(a_counter(), of_wave)
    held_until = NOON + 48 * HOUR
    hold = a_counter(effect="hold", hold_until=held_until)
    assert judge_counters([hold], of_wave).held_until == held_until
    assert not is_countered(a_counter(person="kit", contact=None), of_wave)
    of_order = a_counter(scope="order", order_id="17")
    assert is_countered(of_order, of_wave) is (asked_at <= NOON)


@given(asked_at=st.integers(-99, 99))
def test_what_holds_all_mails_to_a_customer_holds_those_about_what_happens_after_it_too(
    asked_at: int,
) -> None:
    later = an_asking(occurred_at=NOON + asked_at * HOUR)
    held_until = NOON + 72 * HOUR
    hold = a_counter(effect="hold", hold_until=held_until)
    assert judge_counters([hold], later) == Countered(held_by=hold.event_id, held_until=held_until)
    of_order = hold._replace(scope="order", order_id="17")
    assert is_countered(of_order, later) is (asked_at <= 0)


def test_of_an_event_that_itself_cancels_all_mails_to_its_customer_it_is_said_so() -> None:
    own = an_asking(event_id=UUID(int=1))
    assert judge_counters([a_counter()], own) == Countered(cancels_itself=True)
    for other in ({"effect": "hold", "hold_until": NOON + HOUR}, {"scope": "order", "order_id": "17"}):
        assert judge_counters([a_counter(**other)], own) == Countered()


def test_an_index_finds_what_a_mail_of_the_order_the_person_or_the_address_is_countered_by() -> None:
    index = CounterIndex()
    assert not index
    of_order = a_counter(1, scope="order", order_id="17", person="bo", contact=None)
    of_person = a_counter(2, contact=None)
    of_address = a_counter(3, person="")
    for each in (
        of_order,
        of_person,
        of_address,
        a_counter(4, tenant="zenith"),
        a_counter(5, person="x", contact="x@"),
    ):
        index.add(each)
    assert index
    assert index.about(an_asking()) == {of_order, of_person, of_address}
    assert index.about(an_asking(order_id=None, person="", contact=None)) == set()


def test_of_nobody_and_without_an_address_it_counters_nothing() -> None:
    assert not is_countered(a_counter(person="", contact=None), an_asking(person="", contact=None))


@pytest.mark.parametrize(("order", "expected"), [("17", True), ("18", False), (None, False)])
def test_one_of_an_order_counters_that_order_whoever_the_customer_is(
    order: str | None, expected: bool
) -> None:
    counter = a_counter(scope="order", order_id="17", person="bo", contact=None)
    assert is_countered(counter, an_asking(order_id=order)) is expected
    assert not is_countered(counter._replace(order_id=None), an_asking(order_id=order))


@pytest.mark.parametrize(
    ("attributes", "order"),
    [
        (b'{"order_id":"A-17"}', "A-17"),
        (b'{"order_id":" A-17 "}', "A-17"),
        (b'{"order_id":17}', "17"),
        (b'{"total":19.9,"order_id":"A-17","lines":[{"order_id":1}]}', "A-17"),
        (b'{"order_id":null}', None),
        (b'{"order_id":""}', None),
        (b'{"order_id":0}', None),
        (b'{"order_id":"unknown"}', None),
        (b'{"order_id":1.5}', None),
        (b'{"order_id":["A"]}', None),
        (b'{"order":{"order_id":"A"}}', None),
        (b"{}", None),
    ],
)
def test_an_event_names_its_order_in_its_attributes(attributes: bytes, order: str | None) -> None:
    assert order_of(Raw(attributes)) == order
    assert order_of(UNSET) is None


def test_of_the_rules_that_an_event_meets_the_strongest_of_each_scope_counts() -> None:
    def rule(effect: Any, scope: Any, hours: int | None = None) -> CounterEvent:
        return CounterEvent(event_type="x", effect=effect, scope=scope, hold_hours=hours)

    found = strongest(
        [rule("hold", "order", 5), rule("cancel", "order"), rule("hold", "order", 99),
         rule("hold", "customer", 5), rule("hold", "customer", 24)]
    )  # fmt: skip
    assert found == {"order": rule("cancel", "order"), "customer": rule("hold", "customer", 24)}


COUNTERS = st.builds(
    lambda number, effect, ago, hours, known: a_counter(
        number, effect=effect, occurred_at=NOON + timedelta(hours=ago), known_at=NOON + timedelta(hours=known),
        hold_until=NOON + timedelta(hours=ago + hours) if effect == "hold" else None,
    ),
    st.integers(1, 9), st.sampled_from(["cancel", "hold"]), st.integers(-9, 9), st.integers(1, 9),
    st.integers(-9, 9),
)  # fmt: skip


@given(known=st.lists(COUNTERS, max_size=6), occurred=st.integers(-9, 9), decided=st.integers(-9, 9))
def test_what_they_do_depends_on_no_order(
    known: list[RememberedCounter], occurred: int, decided: int
) -> None:
    asking = an_asking(
        event_id=UUID(int=3), occurred_at=NOON + timedelta(hours=occurred),
        decided_at=NOON + timedelta(hours=decided),
    )  # fmt: skip
    found = judge_counters(known, asking)
    assert found == judge_counters(list(reversed(known)), asking)
    ours = [
        each
        for each in known
        if each.event_id != UUID(int=3)
        and (
            each.effect == "hold"
            or each.occurred_at >= asking.occurred_at
            or each.known_at > (asking.decided_at or NOON)
        )
    ]
    assert (found.cancelled_by is not None) == any(each.effect == "cancel" for each in ours)
    holds = [each.hold_until for each in ours if each.hold_until is not None]
    assert found.held_until == max(holds, default=None)


RULES = st.lists(
    st.one_of(
        st.builds(
            CounterEvent, event_type=st.sampled_from(["refund.*", "x"]), effect=st.just("cancel"),
            scope=st.sampled_from(["order", "customer"]),
        ),
        st.builds(
            CounterEvent, event_type=st.just("complaint"), effect=st.just("hold"),
            scope=st.sampled_from(["order", "customer"]), hold_hours=st.integers(1, MAX_HOLD_HOURS),
        ),
        st.just(CounterEvent(event_type="deceased", effect="cancel", scope="customer", for_good=True)),
    ),
    max_size=MAX_COUNTER_EVENTS,
)  # fmt: skip


@given(RULES)
def test_form_and_api_keep_every_table(rules: Sequence[CounterEvent]) -> None:
    kept = CompanyPolicy(ContactRules(counter_events=tuple(rules)), 3)
    form = form_of(kept)
    assert ContactPolicyBody.model_validate(form.values()).rules() == kept.rules
    answer = ContactPolicyAnswer.of(kept).model_dump(mode="json", by_alias=True)
    assert ContactPolicyBody.model_validate(answer).rules() == kept.rules
    # Shown again by somebody else's change, nothing differs.
    assert form.with_conflicts(kept).faults == {}


def test_a_company_that_set_nothing_has_none_and_a_body_of_before_is_read() -> None:
    assert ContactRules().counter_events == ()
    assert ContactPolicyBody.model_validate({"cap_hours": 3}).rules().counter_events == ()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"event_type": "*"}, ("event_type",)),
        ({"event_type": "a b"}, ("event_type",)),
        ({"event_type": ""}, ("event_type",)),
        ({"effect": "drop"}, ("effect",)),
        ({"scope": "all"}, ("scope",)),
        ({"effect": "hold"}, ()),
        ({"hold_hours": 3}, ()),
        ({"effect": "hold", "hold_hours": 0}, ("hold_hours",)),
        ({"for_good": True}, ()),
        ({"for_good": True, "effect": "hold", "hold_hours": 3, "scope": "customer"}, ()),
        ({"effect": "hold", "hold_hours": MAX_HOLD_HOURS + 1}, ("hold_hours",)),
        ({"effect": "hold", "hold_hours": "3"}, ("hold_hours",)),
        ({"why": "x"}, ("why",)),
    ],
)
def test_what_is_no_counter_event_is_refused_beside_its_field(
    changes: dict[str, Any], field: tuple[str, ...]
) -> None:
    body = {"event_type": "refund.created", "effect": "cancel", "scope": "order", **changes}
    with pytest.raises(ValidationError) as refused:
        ContactPolicyBody.model_validate({"counter_events": [body]})
    assert refused.value.errors()[0]["loc"] == ("counter_events", 0, *field)


def test_a_fault_of_a_row_stands_beside_that_row_though_rows_before_it_are_empty() -> None:
    fields = {
        **form_of(CompanyPolicy(ContactRules(), 0)).fields,
        COUNTER_ROWS.name(2, "type"): "refund.*", COUNTER_ROWS.name(2, "effect"): "cancel", COUNTER_ROWS.name(2, "scope"): "order",
        COUNTER_ROWS.name(3, "type"): "complaint", COUNTER_ROWS.name(3, "effect"): "hold", COUNTER_ROWS.name(3, "scope"): "customer",
        COUNTER_ROWS.name(3, "hold"): "", COUNTER_ROWS.name(3, "hold_unit"): "days",
    }  # fmt: skip
    form = PolicyForm(fields)
    with pytest.raises(ValidationError) as refused:
        ContactPolicyBody.model_validate(form.values())
    faulty = form.with_faults(refused.value)
    assert set(faulty.faults) == {COUNTER_ROWS.name(3, "hold")}
    assert faulty.summary[0][1].startswith("Counter-event 3, For how long")
    assert list(COUNTER_ROWS.numbers(faulty.fields)) == [1, 2, 3, 4, 5]


def test_a_time_is_written_in_the_largest_unit() -> None:
    rule = CounterEvent(event_type="x", effect="hold", scope="customer", hold_hours=48)
    fields = COUNTER_ROWS.fields_of((rule,))
    assert (fields[COUNTER_ROWS.name(1, "hold")], fields[COUNTER_ROWS.name(1, "hold_unit")]) == ("2", "days")
    fields = {**fields, COUNTER_ROWS.name(1, "hold"): "36", COUNTER_ROWS.name(1, "hold_unit"): "hours"}
    assert COUNTER_ROWS.bodies(fields) == [
        {"event_type": "x", "effect": "hold", "scope": "customer", "hold_hours": 36}
    ]
