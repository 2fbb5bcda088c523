"""Whose case it is: several people behind one customer id, and customers who want no contact."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from support.alerts_api import AlertsApi
from support.alerts_builders import (
    act_on_answers,
    an_answer,
    an_invitation,
    deliver,
    keep_invitations,
    rows,
)

from shared.db.database import Database
from shared.events import CASES, Answer, Customer

ANNA, BO = "a" * 64, "b" * 64


def answer_of(contact_key: str | None, name: str, **changes: object) -> Answer:
    return an_answer(customer_id="account-7", contact_key=contact_key, comment=f"words of {name}", **changes)


async def asked(database: Database, answer: Answer, name: str) -> None:
    customer = Customer(id="account-7", email=f"{name}@example.com", phone=None, name=name.title())
    invitation = an_invitation(answer, customer=customer, contact_key=answer.contact_key)
    await deliver(database, keep_invitations, invitation)


@pytest.mark.parametrize("late", [False, True], ids=["invitations first", "answers first"])
async def test_each_contact_of_an_id_has_a_case_with_their_own_name_words_and_address(
    alerts: AlertsApi, late: bool
) -> None:
    people = {"anna": answer_of(ANNA, "anna", may_contact=True), "bo": answer_of(BO, "bo", may_contact=True)}
    if not late:
        for name, answer in people.items():
            await asked(alerts.database, answer, name)
    await deliver(alerts.database, act_on_answers, *people.values())
    if late:
        for name, answer in people.items():
            await asked(alerts.database, answer, name)
    found = await rows(alerts.database, "SELECT id, answer_id FROM cases WHERE customer_id = 'account-7'")
    assert {row.answer_id for row in found} == {answer.id for answer in people.values()}
    agent = await alerts.signed_in()
    for name, answer in people.items():
        (case,) = [row.id for row in found if row.answer_id == answer.id]
        other = {"anna": "bo", "bo": "anna"}[name]
        await agent.do(f"/cases/{case}", act="reveal")
        page = (await agent.get(f"/cases/{case}")).text
        assert f"{name.title()} gave a 2 and wants to be contacted." in page
        assert f"words of {name}" in page
        assert f"mailto:{name}@example.com" in page
        assert f"words of {other}" not in page
        assert f"{other}@example.com" not in page
        assert f"<bdi>{other.title()}</bdi>, 2, open" in page  # the other's case, by their own name


async def test_the_same_contact_stays_in_one_case_whatever_their_colleagues_answer(alerts: AlertsApi) -> None:
    await deliver(alerts.database, act_on_answers, answer_of(ANNA, "anna"))
    await deliver(alerts.database, act_on_answers, answer_of(BO, "bo"))
    await deliver(alerts.database, act_on_answers, answer_of(ANNA, "anna"), answer_of(BO, "bo"))
    sizes = await rows(alerts.database, "SELECT count(*) AS n FROM case_answer GROUP BY case_id")
    assert [row.n for row in sizes] == [2, 2]


async def test_an_answer_of_which_the_address_is_not_known_joins_the_open_case_of_its_id(
    alerts: AlertsApi,
) -> None:
    await deliver(alerts.database, act_on_answers, answer_of(None, "anna"))
    await deliver(alerts.database, act_on_answers, answer_of(ANNA, "anna"))
    await deliver(alerts.database, act_on_answers, answer_of(None, "anna"), answer_of(BO, "bo"))
    found = await rows(
        alerts.database,
        "SELECT c.contact_key, count(*) AS n FROM cases c JOIN case_answer t ON t.case_id = c.id GROUP BY 1 ORDER BY 1",
    )
    assert [tuple(row) for row in found] == [(ANNA, 3), (BO, 1)]


async def test_one_contacts_case_opens_again_beside_the_open_one_of_another(alerts: AlertsApi) -> None:
    await deliver(alerts.database, act_on_answers, answer_of(ANNA, "anna"))
    (case,) = await rows(alerts.database, "SELECT id FROM cases")
    agent = await alerts.signed_in()
    closing = {"act": "close", "cause": "other", "action": "x", "outcome": "lost", "told": "yes"}
    await agent.do(f"/cases/{case.id}", **closing)
    await deliver(alerts.database, act_on_answers, answer_of(BO, "bo"))
    assert (await agent.do(f"/cases/{case.id}", act="reopen", text="Again.")).status_code == 303


async def test_who_wants_no_contact_has_no_clock_for_it_anywhere(alerts: AlertsApi) -> None:
    then = datetime.now(UTC) - timedelta(days=3)
    answer = an_answer(may_contact=False, answered_at=then, changed_at=then)
    await deliver(alerts.database, keep_invitations, an_invitation(answer))
    await deliver(alerts.database, act_on_answers, answer)
    agent, key = await alerts.signed_in(), alerts.key("cases:read", "cases:write")
    (case,) = await rows(alerts.database, "SELECT id, due_at, close_due_at FROM cases")
    assert case.due_at == case.close_due_at
    inbox = (await agent.get("/inbox")).text
    assert "does not want to be contacted" in inbox
    assert "One customer is waiting to hear from us." in inbox
    assert "Nobody is waiting too long." in (await agent.get("/inbox?state=late")).text
    page = (await agent.get(f"/cases/{case.id}")).text
    for withheld in (
        "First contact",
        "Log a contact",
        'value="reveal"',
        'value="contact"',
        "karen@example.com",
    ):
        assert withheld not in page
    told = (await alerts.client().get(f"/v1/cases/{case.id}", headers=key)).json()
    assert (told["may_contact"], told["contact_due_at"]) == (False, None)
    contact = {"act": "contact", "how": "call", "reached": True, "text": "x"}
    refused = await alerts.client().post(f"/v1/cases/{case.id}/actions", json=contact, headers=key)
    assert refused.status_code == 409
    assert "does not want to be contacted" in refused.json()["title"]
    (said,) = await rows(alerts.database, "SELECT value FROM outbox WHERE topic = 'cases.v1'")
    assert CASES.decode(said.value).data.due_at == case.close_due_at


async def test_a_customer_who_allows_it_later_gets_a_clock_of_the_same_length(alerts: AlertsApi) -> None:
    then = datetime.now(UTC) - timedelta(days=1, hours=12)
    answer = an_answer(may_contact=False, answered_at=then, changed_at=then)
    await deliver(alerts.database, act_on_answers, answer)
    later = msgspec.structs.replace(answer, version=2, may_contact=True, changed_at=datetime.now(UTC))
    await deliver(alerts.database, act_on_answers, later)
    (case,) = await rows(alerts.database, "SELECT id, version, due_at FROM cases")
    assert case.due_at == later.changed_at + timedelta(days=1)
    agent = await alerts.signed_in()
    page = (await agent.get(f"/cases/{case.id}")).text
    assert "Wants to be contacted." in page
    assert "Log a contact" in page
    no = msgspec.structs.replace(later, version=3, may_contact=False, changed_at=datetime.now(UTC))
    await deliver(alerts.database, act_on_answers, no)
    assert "Log a contact" not in (await agent.get(f"/cases/{case.id}")).text
    published = await rows(alerts.database, "SELECT value FROM outbox WHERE topic = 'cases.v1' ORDER BY seq")
    assert [CASES.decode(row.value).data.may_contact for row in published] == [False, True, False]


async def test_what_was_sent_before_it_was_amended_stays_readable_in_the_list_and_on_the_case(
    alerts: AlertsApi,
) -> None:
    first = an_answer(score=2, comment="It broke.")
    versions = [
        first,
        msgspec.structs.replace(first, version=2, score=2, comment="It broke. Twice."),
        msgspec.structs.replace(first, version=3, score=9, comment="All is well."),
    ]
    for batch in ([versions[2]], [versions[0]], versions):  # late, doubled and at once
        await deliver(alerts.database, act_on_answers, *batch)
    agent = await alerts.signed_in()
    (case,) = await rows(alerts.database, "SELECT id FROM cases")
    page = ""
    for path in ("/inbox", f"/cases/{case.id}"):
        page = (await agent.get(path)).text
        assert "All is well." in page
        assert "<s>" in page
        assert "It broke. Twice." in page
    assert page.count(">It broke.") == 1  # what only grew is told once, as it was at the end


async def test_the_mail_about_an_answer_goes_to_who_may_read_it_and_names_no_other_segment(
    alerts: AlertsApi,
) -> None:
    north = await alerts.person(segments=["organisation:north"])
    south = await alerts.person(segments=["organisation:south"])
    await alerts.open_case(customer_id="c-1", organisation=("north",))
    await deliver(alerts.database, act_on_answers, an_answer(customer_id="c-1", organisation=("south",)))
    told = await rows(
        alerts.database,
        "SELECT n.staff_id, a.body FROM notification n JOIN answer a ON a.tenant = n.tenant AND a.id = n.answer_id",
    )
    assert {(row.staff_id, b"south" in row.body) for row in told} == {(north.id, False), (south.id, True)}
