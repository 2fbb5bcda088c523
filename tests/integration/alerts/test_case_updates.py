"""That a customer was told what has been done is a line on their case, and nothing else."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from support.alerts_api import AlertsApi
from support.alerts_builders import (
    POLICY,
    TENANT,
    act_on_answers,
    an_answer,
    an_invitation,
    deliver,
    keep_invitations,
    rows,
)
from support.case_mails import a_case_mail
from support.webhooks import MovedClock

from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.mail_handlers import act_on_case_mails
from services.alerts.cases.repository.cases import find_case
from services.alerts.rules.setup_cache import CompanySetups
from shared.db.database import UnitOfWork
from shared.events import Answer, CaseMail, CaseMailState, Event
from shared.ids import uuid7

LINE = "Told what has been done about it."


async def take(uow: UnitOfWork, events: Sequence[Event[CaseMail]]) -> None:
    await act_on_case_mails(POLICY, CompanySetups(), uow, events)


@pytest.fixture
def clock(alerts: AlertsApi) -> MovedClock:
    clock = MovedClock()
    alerts.database.clock = clock
    return clock


async def case_of(alerts: AlertsApi, answer: Answer) -> UUID:
    await deliver(alerts.database, keep_invitations, an_invitation(answer))
    await deliver(alerts.database, act_on_answers, answer)
    (row,) = await rows(
        alerts.database, "SELECT case_id FROM case_answer WHERE answer_id = :id", id=answer.id
    )
    return UUID(str(row.case_id))


async def act(alerts: AlertsApi, case: UUID, **action: Any) -> None:
    done = await alerts.client().post(
        f"/v1/cases/{case}/actions", json=action, headers=alerts.key("cases:write", "cases:read")
    )
    assert done.status_code == 200, done.text


async def close(alerts: AlertsApi, case: UUID) -> None:
    await act(
        alerts, case, act="close", cause="delivery.late", action="A new leg.", outcome="recovered", told=True
    )


async def file_of(alerts: AlertsApi, case: UUID) -> CaseFile:
    async with alerts.database.reading() as uow:
        found = await find_case(uow, TENANT, case)
    assert found is not None
    return found


async def kinds(alerts: AlertsApi, case: UUID) -> list[str]:
    found = await alerts.client().get(f"/v1/cases/{case}", headers=alerts.key("cases:read"))
    return [one["kind"] for one in found.json()["timeline"]]


def an_update(
    mail_id: UUID, case: UUID, answer: UUID, state: CaseMailState, version: int, **more: Any
) -> CaseMail:
    """What the dispatcher tells of the mail that tells a customer what has been done."""
    facts: dict[str, Any] = {
        "id": mail_id,
        "version": version,
        "direction": "out",
        "kind": "update",
        "improvement_id": UUID(int=71),
        "state": state,
        "subject": None,
        "text": None,
    }
    return a_case_mail(mail_id, case, answer, **{**facts, **more})


async def test_it_is_a_line_on_the_case_once_and_no_first_contact(
    alerts: AlertsApi, clock: MovedClock
) -> None:
    jonas, answer = await alerts.signed_in(), an_answer()
    case, mail_id = await case_of(alerts, answer), uuid7()
    before = await file_of(alerts, case)
    waits = an_update(mail_id, case, answer.id, "waiting", 1)
    await deliver(alerts.database, take, waits)
    assert "informed" not in await kinds(alerts, case)
    for told in (an_update(mail_id, case, answer.id, "sent", 2, at=clock()), waits) * 2:
        await deliver(alerts.database, take, told)
    after = await file_of(alerts, case)
    assert (await kinds(alerts, case)).count("informed") == 1
    assert (after.first_contact_at, after.due_at, after.state) == (None, before.due_at, before.state)
    page = (await jonas.get(f"/cases/{case}")).text
    assert LINE in page
    assert "The mail was sent." not in page
    notices = await rows(
        alerts.database, "SELECT kind FROM notification WHERE case_id = :id AND kind = 'unsent'", id=case
    )
    assert notices == []


@pytest.mark.parametrize("state", ["refused", "failed"])
async def test_of_one_that_did_not_leave_the_case_hears_nothing(
    alerts: AlertsApi, clock: MovedClock, state: CaseMailState
) -> None:
    jonas, answer = await alerts.signed_in(), an_answer()
    case, before = await case_of(alerts, answer), None
    before = await kinds(alerts, case)
    await deliver(alerts.database, take, an_update(uuid7(), case, answer.id, state, 2, reason="opted_out"))
    assert await kinds(alerts, case) == before
    assert await rows(alerts.database, "SELECT id FROM case_mail") == []
    assert (await rows(alerts.database, "SELECT id FROM notification WHERE kind = 'unsent'")) == []
    assert LINE not in (await jonas.get(f"/cases/{case}")).text


async def test_one_that_comes_back_says_so_and_takes_no_contact_back(
    alerts: AlertsApi, clock: MovedClock
) -> None:
    jonas, answer = await alerts.signed_in(), an_answer()
    case = await case_of(alerts, answer)
    reply = uuid7()
    words = {"subject": "Your sofa", "text": "We send a new leg."}
    await act(alerts, case, act="reply", id=str(reply), **words)
    sent = a_case_mail(
        *(reply, case, answer.id), id=reply, version=2, direction="out", state="sent", at=clock(), text=None
    )
    await deliver(alerts.database, take, sent)
    contact = (await file_of(alerts, case)).first_contact_at
    assert contact is not None
    mail_id = uuid7()
    await deliver(alerts.database, take, an_update(mail_id, case, answer.id, "sent", 2))
    await deliver(alerts.database, take, an_update(mail_id, case, answer.id, "bounced", 3, reason="5.1.1"))
    assert (await file_of(alerts, case)).first_contact_at == contact
    page = (await jonas.get(f"/cases/{case}")).text
    assert LINE in page
    assert "The mail came back." in page


async def test_a_reply_that_comes_back_was_no_contact_though_an_update_was_sent(
    alerts: AlertsApi, clock: MovedClock
) -> None:
    answer = an_answer()
    case, reply = await case_of(alerts, answer), uuid7()
    await act(alerts, case, act="reply", id=str(reply), subject="Your sofa", text="We send a new leg.")
    mail = a_case_mail(
        *(reply, case, answer.id), id=reply, version=2, direction="out", state="sent", at=clock(), text=None
    )
    await deliver(alerts.database, take, mail)
    await deliver(alerts.database, take, an_update(uuid7(), case, answer.id, "sent", 2))
    came_back: dict[str, Any] = {"id": reply, "version": 3, "state": "bounced", "reason": "5.1.1"}
    await deliver(
        alerts.database,
        take,
        a_case_mail(reply, case, answer.id, direction="out", text=None, **came_back),
    )
    assert (await file_of(alerts, case)).first_contact_at is None


async def test_what_the_customer_answers_to_it_comes_to_the_case(
    alerts: AlertsApi, clock: MovedClock
) -> None:
    answer = an_answer()
    case, mail_id = await case_of(alerts, answer), uuid7()
    await close(alerts, case)
    await deliver(alerts.database, take, an_update(mail_id, case, answer.id, "sent", 2))
    clock.ahead += timedelta(days=1)
    await deliver(alerts.database, take, a_case_mail(mail_id, case, answer.id, kind="update", at=clock()))
    assert (await kinds(alerts, case))[-2:] == ["informed", "wrote"]
    assert (await file_of(alerts, case)).state != "closed", "it is open again"


async def test_an_erased_case_hears_nothing(alerts: AlertsApi, clock: MovedClock) -> None:
    answer = an_answer()
    case = await case_of(alerts, answer)
    left = an_update(uuid7(), case, answer.id, "sent", 3, erased=True, person="")
    await deliver(alerts.database, take, left)
    assert "informed" not in await kinds(alerts, case)
