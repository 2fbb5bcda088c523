"""What the simulated staff do with a case: the same for the same case, and never against its customer's will."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from deploy.demo.case_plan import (
    ANSWER_STANDS,
    REAL_WAIT,
    CaseRow,
    CaseStep,
    Colleagues,
    duplicates,
    next_steps,
    times_closed,
)
from deploy.demo.company import KEY_NAME
from deploy.demo.model import Model
from deploy.demo.personas import Customer
from deploy.demo.sentences import Sentences
from services.alerts.cases.schemas import Action

NOW = datetime(2026, 11, 22, 11, 30, tzinfo=UTC)
CLARA, DRIES = "0190a0e0-0000-7000-8000-000000000001", "0190a0e0-0000-7000-8000-000000000002"
COLLEAGUES = Colleagues({CLARA: "Clara", DRIES: "Dries"})
MODEL = Model("a seed", Sentences(()))
MAILED = Customer("00001", "Freja Holm", "da", "DK")
TEXTED = Customer("00005", "Asger Lund", "da", "DK")
NUMBERS = range(1_000, 1_400)


def case(number: int, **given_fields: Any) -> CaseRow:
    fields: CaseRow = {
        "id": f"case {number}",
        "number": number,
        "customer_id": "c-00001",
        "opened_at": NOW.isoformat(),
        "may_contact": True,
        "touchpoint": "checkout",
        "waits_until": None,
        "timeline": [],
    }
    return fields | given_fields


def entry(kind: str, age: timedelta = timedelta(0), by: str = KEY_NAME, **facts: Any) -> dict[str, Any]:
    return {"kind": kind, "at": (NOW - age).isoformat(), "by": by, "facts": facts}


def steps(one: CaseRow, customer: Customer = MAILED) -> list[CaseStep]:
    return next_steps(MODEL, COLLEAGUES, customer, one, NOW)


def acts(one: CaseRow, customer: Customer = MAILED) -> list[str]:
    return [step["act"] for step in steps(one, customer)]


@given(
    number=st.integers(1_000, 10**9),
    may_contact=st.sampled_from((True, False, None)),
    customer=st.sampled_from((MAILED, TEXTED)),
)
def test_each_step_is_one_that_the_api_takes_and_the_same_for_the_same_case(
    number: int, may_contact: bool | None, customer: Customer
) -> None:
    one = case(number, may_contact=may_contact)
    planned = steps(one, customer)
    assert planned == steps(one, customer)
    assert planned[0]["act"] == "assign"
    assert planned[-1]["act"] in {"close", "wait"}
    for step in planned:
        body = {name: value for name, value in step.items() if name != "key"}
        TypeAdapter[Action](Action).validate_json(TypeAdapter(dict).dump_json(body))
        written = step.get("text", step.get("action"))
        assert written is None or "simulated" in written
    keys = [(step["act"], step.get("key")) for step in planned]
    assert len(set(keys)) == len(keys)


def test_of_many_cases_some_are_handed_over_asked_about_noted_answered_by_mail_and_let_wait() -> None:
    found = Counter(act for number in NUMBERS for act in set(acts(case(number))))
    assert found["assign"] == len(NUMBERS)
    assert set(found) == {"assign", "note", "ask", "hand_over", "reply", "contact", "wait", "close"}
    shares = {act: found[act] / len(NUMBERS) for act in ("hand_over", "ask", "reply", "wait")}
    assert 0.12 < shares["hand_over"] < 0.28
    assert 0.12 < shares["ask"] < 0.28
    assert 0.32 < shares["reply"] < 0.48
    assert shares["reply"] < shares["wait"] < 0.6


def test_who_wants_no_contact_gets_none_and_who_has_no_mail_address_no_mail() -> None:
    for number in NUMBERS:
        assert {"reply", "contact", "wait"}.isdisjoint(acts(case(number, may_contact=False)))
        assert "reply" not in acts(case(number), TEXTED)


def test_a_mail_is_written_in_the_customer_s_language_and_names_its_case() -> None:
    one = next(one for one in map(case, NUMBERS) if "reply" in acts(one))
    mail = next(step for step in steps(one) if step["act"] == "reply")
    assert mail["text"].startswith("Kære Freja Holm")
    assert f"sag {one['number']}" in mail["subject"]


def test_a_case_is_handed_over_to_the_one_who_has_it_not() -> None:
    for planned in (steps(case(number)) for number in NUMBERS):
        owner = planned[0]["to"]
        for step in planned[1:]:
            assert step["act"] not in {"hand_over", "ask"} or step["to"] == COLLEAGUES.other_than(owner)


def waiting(age: timedelta, by: str = KEY_NAME) -> CaseRow:
    return case(1, waits_until=NOW.isoformat(), timeline=[entry("waiting", age, by)])


def test_a_case_that_waits_is_left_alone_for_some_minutes_then_goes_on_without_the_customer() -> None:
    assert acts(waiting(REAL_WAIT - timedelta(seconds=1))) == []
    assert acts(waiting(REAL_WAIT)) == ["resume", "contact", "close"]


def test_what_a_person_lets_wait_waits_on() -> None:
    assert acts(waiting(timedelta(days=2), by="Agnes Agent")) == []


def test_an_answer_is_taken_up_a_moment_later_and_an_automatic_one_is_none() -> None:
    moment = timedelta(seconds=1)
    waited = entry("waiting", REAL_WAIT - moment)
    new, older = entry("wrote", ANSWER_STANDS), entry("wrote", ANSWER_STANDS + moment)
    assert acts(case(1, timeline=[waited, new])) == []
    assert acts(case(1, timeline=[waited, older])) == ["note", "close"]
    out_of_office = entry("wrote", ANSWER_STANDS + moment, automatic=True)
    assert acts(case(1, waits_until=NOW.isoformat(), timeline=[waited, out_of_office])) == []


def test_a_case_that_was_opened_again_is_begun_anew() -> None:
    again = case(1, timeline=[entry("waiting"), entry("wrote"), entry("closed"), entry("reopened")])
    assert times_closed(again) == 1
    assert acts(again)[0] == "assign"


def test_a_younger_case_of_the_same_customer_is_a_duplicate_unless_it_waits() -> None:
    old = case(1, opened_at=(NOW - timedelta(hours=2)).isoformat())
    new, other = case(2), case(3, customer_id="c-00002")
    assert duplicates([new, other, old]) == [(new, old)]
    assert duplicates([new | {"waits_until": NOW.isoformat()}, old]) == []
