"""Mail to the customer of a case, and the customer's answer on it: once, and in whatever order it is told."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.alerts_api import AlertsApi, Person
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
from support.erasing import erase_customer
from support.examples import examples
from support.http_clients import SECRET
from support.webhooks import MovedClock

from services.alerts.app import SERVICE
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.mail_handlers import act_on_case_mails
from services.alerts.cases.replying import MAX_MAILS_PER_DAY
from services.alerts.cases.repository.cases import find_case
from services.alerts.cases.repository.export import read_export
from services.alerts.notice_kinds import NOTICE_KINDS
from services.alerts.notices.topics import TOPIC_BY_KIND
from services.alerts.recovery.mails import restore_mails
from services.alerts.rules.setup_cache import CompanySetups
from shared.db.database import UnitOfWork
from shared.events import REPLIES, Answer, CaseMail, CaseMailState, CaseReply, Customer, Event
from shared.ids import uuid7
from shared.privacy.export import ExportQuery
from shared.privacy.persons import person_of

WORDS = {"subject": "Your sofa", "text": "Dear Karen,\nwe send a new leg.\n\nJonas"}
DAY = timedelta(days=1)
erase = partial(erase_customer, SERVICE, secret=SECRET)


async def take(uow: UnitOfWork, events: Sequence[Event[CaseMail]]) -> None:
    await act_on_case_mails(POLICY, CompanySetups(), uow, events)


@pytest.fixture
def clock(alerts: AlertsApi) -> MovedClock:
    clock = MovedClock()
    alerts.database.clock = clock
    return clock


async def act(alerts: AlertsApi, case: UUID, key: str | None = None, **action: Any) -> httpx.Response:
    headers = alerts.key("cases:write", "cases:read") | ({"idempotency-key": key} if key else {})
    return await alerts.client().post(f"/v1/cases/{case}/actions", json=action, headers=headers)


async def close(alerts: AlertsApi, case: UUID, outcome: str = "recovered") -> httpx.Response:
    return await act(
        alerts, case, act="close", cause="delivery.late", action="A new leg.", outcome=outcome, told=True
    )


async def file_of(alerts: AlertsApi, case: UUID) -> CaseFile:
    async with alerts.database.reading() as uow:
        found = await find_case(uow, TENANT, case)
    assert found is not None
    return found


async def case_with(alerts: AlertsApi, answer: Answer, *, invited: bool = True, **changes: Any) -> UUID:
    if invited:
        await deliver(alerts.database, keep_invitations, an_invitation(answer, **changes))
    await deliver(alerts.database, act_on_answers, answer)
    (row,) = await rows(
        alerts.database, "SELECT case_id FROM case_answer WHERE answer_id = :id", id=answer.id
    )
    return UUID(str(row.case_id))


async def replied(alerts: AlertsApi, case: UUID, **changes: Any) -> UUID:
    """The id of a mail that was written from a case."""
    mail_id = uuid7()
    done = await act(alerts, case, act="reply", **{"id": str(mail_id), **WORDS, **changes})
    assert done.status_code == 200, done.text
    return mail_id


async def published(alerts: AlertsApi) -> list[CaseReply]:
    found = await rows(alerts.database, "SELECT value FROM outbox WHERE topic = 'replies.v1' ORDER BY seq")
    return [REPLIES.decode(row.value).data for row in found if row.value]


async def entries(alerts: AlertsApi, case: UUID, *kinds: str) -> list[dict[str, Any]]:
    found = await alerts.client().get(f"/v1/cases/{case}", headers=alerts.key("cases:read"))
    return [one for one in found.json()["timeline"] if one["kind"] in (kinds or ("mailed", "wrote"))]


async def told(alerts: AlertsApi, person: Person, kind: str = "wrote") -> list[UUID]:
    found = await rows(
        alerts.database,
        "SELECT case_id FROM notification WHERE staff_id = :id AND kind = :kind",
        id=person.id,
        kind=kind,
    )
    return [UUID(str(row.case_id)) for row in found]


def state_of(
    mail_id: UUID, case: UUID, answer: UUID, state: CaseMailState, version: int, **more: Any
) -> CaseMail:
    """What the dispatcher tells of a mail of ours."""
    return a_case_mail(
        mail_id,
        case,
        answer,
        id=mail_id,
        version=version,
        direction="out",
        state=state,
        subject=None,
        text=None,
        **more,
    )


async def test_a_mail_is_written_once_and_its_event_has_words_and_name_but_no_address(
    alerts: AlertsApi,
) -> None:
    jonas, answer = await alerts.signed_in(), an_answer()
    case = await case_with(alerts, answer)
    key, csrf = str(uuid7()), await jonas.csrf()
    form = {"csrf": csrf, "act": "reply", "key": key, **WORDS}
    for _ in range(2):
        done = await jonas.client.post(f"/cases/{case}", data=form)
        assert done.status_code == 303
    (reply,) = await published(alerts)
    assert (reply.id, reply.case_id, reply.answer_id) == (UUID(key), case, answer.id)
    assert (reply.subject, reply.text, reply.author, reply.language) == (
        "Your sofa",
        WORDS["text"],
        "Jonas Holt",
        "en",
    )
    assert reply.number == (await file_of(alerts, case)).number
    assert reply.person == person_of(SECRET, TENANT, answer.customer_id or "") or reply.person is not None
    assert b"karen@example.com" not in REPLIES.encode(REPLIES.event(TENANT, reply, datetime.now(UTC)))
    (entry,) = await entries(alerts, case)
    assert (entry["facts"]["text"], entry["facts"]["state"]) == (WORDS["text"], "waiting")
    page = (await jonas.get(f"/cases/{case}")).text
    assert "A mail to the customer: Your sofa" in page
    assert "The mail waits to be sent." in page


async def test_the_form_says_to_whom_it_goes_and_a_text_block_fills_it(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    case = await case_with(alerts, an_answer(language="da"), language="da")
    block = uuid7()
    made = await alerts.client().put(
        f"/v1/text-blocks/{block}",
        json={"name": "Leg", "language": "da", "text": "Kære {name}, sag {number}."},
        headers=alerts.key("cases:write", "cases:read", "admin"),
    )
    assert made.status_code == 200, made.text
    page = (await jonas.get(f"/cases/{case}?do=reply&block={block}")).text
    assert "k•••@e•••.com" in page
    assert "karen@example.com" not in page
    assert "Jonas Holt, Havnbo" in page
    assert "Dansk" in page
    assert 'lang="da"' in page
    assert f"Kære Karen Whitfield, sag {(await file_of(alerts, case)).number}." in page
    assert "It does not come back to this case." in page


async def test_what_is_missing_is_said_and_nothing_typed_is_lost(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    case = await case_with(alerts, an_answer())
    done = await jonas.do(f"/cases/{case}", act="reply", key=str(uuid7()), subject=" ", text="x" * 5_001)
    assert done.status_code == 422
    assert "Write what the mail is about." in done.text
    assert "Make it shorter: at most 5,000 characters." in done.text
    assert "x" * 5_001 in done.text
    refused = await act(alerts, case, act="reply", id=str(uuid7()), subject=" ", text="x" * 5_001)
    assert {fault["field"] for fault in refused.json()["errors"]} == {"/reply/subject", "/reply/text"}
    assert await published(alerts) == []


async def test_nobody_writes_to_who_said_no_is_unknown_or_was_erased(alerts: AlertsApi) -> None:
    anonymous = an_answer(anonymous=True, customer_id=None)
    unknown = an_answer()
    without_mail = an_answer()
    said_no = an_answer(may_contact=False)
    erased = an_answer(person=person_of(SECRET, TENANT, "c-9"), customer_id="c-9")
    cases = {
        "The answer is anonymous": await case_with(alerts, anonymous, invited=False),
        "We know no mail address": await case_with(alerts, unknown, invited=False),
        "We know no mail address of this customer": await case_with(
            alerts, without_mail, customer=Customer(id="c-7", phone="+4512345678")
        ),
        "The customer does not want to be contacted": await case_with(alerts, said_no),
        "This customer was erased": await case_with(alerts, erased),
    }
    await erase(alerts.database, TENANT, "c-9")
    jonas = await alerts.signed_in()
    for reason, case in cases.items():
        refused = await act(alerts, case, act="reply", id=str(uuid7()), **WORDS)
        assert refused.status_code == 409, refused.text
        assert reason in refused.text
        assert "Write to the customer" not in (await jonas.get(f"/cases/{case}")).text
    assert await published(alerts) == []


async def test_an_id_is_one_mails_and_a_repeated_request_writes_nothing_again(alerts: AlertsApi) -> None:
    case, other = [await case_with(alerts, an_answer()) for _ in range(2)]
    mail_id = await replied(alerts, case)
    assert (await act(alerts, case, act="reply", id=str(mail_id), **WORDS)).status_code == 200
    for where, words in ((case, {**WORDS, "text": "Something else."}), (other, WORDS)):
        refused = await act(alerts, where, act="reply", id=str(mail_id), **words)
        assert (refused.status_code, "that of another mail" in refused.text) == (409, True)
    assert [reply.id for reply in await published(alerts)] == [mail_id]


async def test_no_case_floods_its_customer(alerts: AlertsApi, clock: MovedClock) -> None:
    case = await case_with(alerts, an_answer())
    for _ in range(MAX_MAILS_PER_DAY):
        await replied(alerts, case)
    refused = await act(alerts, case, act="reply", id=str(uuid7()), **WORDS)
    assert (refused.status_code, "Wait until tomorrow." in refused.text) == (409, True)
    clock.ahead = DAY + timedelta(seconds=1)
    await replied(alerts, case)


async def test_a_mail_that_was_sent_is_the_first_contact_and_an_answer_that_it_was_reached(
    alerts: AlertsApi, clock: MovedClock
) -> None:
    answer = an_answer()
    case = await case_with(alerts, answer)
    mail_id = await replied(alerts, case)
    assert (await file_of(alerts, case)).first_contact_at is None
    sent_at = clock()
    for _ in range(2):
        await deliver(alerts.database, take, state_of(mail_id, case, answer.id, "sent", 2, at=sent_at))
    assert (await file_of(alerts, case)).first_contact_at == sent_at
    assert len(await entries(alerts, case, "mail_left")) == 1
    for days in (3, 3):
        clock.ahead += timedelta(days=days)
        assert (
            await act(alerts, case, act="contact", how="call", reached=False, text="Nobody there.")
        ).status_code == 200
    assert (await close(alerts, case, "no_contact")).status_code == 200, "three tries by two ways"
    assert (await act(alerts, case, act="reopen", text="They wrote.")).status_code == 200
    await deliver(alerts.database, take, a_case_mail(mail_id, case, answer.id, at=clock()))
    refused = await close(alerts, case, "no_contact")
    assert (refused.status_code, "The customer was reached." in refused.text) == (409, True)


@pytest.mark.parametrize("besides", ["", "another mail", "a call", "an answer", "an automatic answer"])
async def test_a_first_contact_that_comes_back_was_none_unless_there_was_another(
    alerts: AlertsApi, clock: MovedClock, besides: str
) -> None:
    answer = an_answer()
    case = await case_with(alerts, answer)
    mail_id, sent_at, due_at = await replied(alerts, case), clock(), (await file_of(alerts, case)).due_at
    await deliver(alerts.database, take, state_of(mail_id, case, answer.id, "sent", 2, at=sent_at))
    assert (await file_of(alerts, case)).due_at > due_at, "it is to be closed next"
    match besides:
        case "another mail":
            other = await replied(alerts, case)
            await deliver(alerts.database, take, state_of(other, case, answer.id, "sent", 2, at=clock()))
        case "a call":
            reached = await act(alerts, case, act="contact", how="call", reached=True, text="Spoke.")
            assert reached.status_code == 200
        case "an answer" | "an automatic answer":
            mail = a_case_mail(mail_id, case, answer.id, at=clock(), automatic=besides != "an answer")
            await deliver(alerts.database, take, mail)
    for _ in range(2):
        await deliver(
            alerts.database, take, state_of(mail_id, case, answer.id, "bounced", 3, reason="no mailbox")
        )
    file, came_back = await file_of(alerts, case), await entries(alerts, case, "mail_came_back")
    if besides in {"", "an automatic answer"}:
        assert (file.first_contact_at, file.due_at, len(came_back)) == (None, due_at, 1)
        again = await replied(alerts, case)
        await deliver(alerts.database, take, state_of(again, case, answer.id, "sent", 2, at=sent_at))
        assert (await file_of(alerts, case)).first_contact_at == sent_at
    else:
        assert (file.first_contact_at, came_back) == (sent_at, [])


async def test_what_the_customer_writes_is_on_the_case_once_and_its_owner_is_told(alerts: AlertsApi) -> None:
    jonas, ada = await alerts.signed_in(), await alerts.person(name="Ada Winther")
    answer = an_answer()
    case = await case_with(alerts, answer)
    await jonas.do(f"/cases/{case}", act="take")
    mail_id = await replied(alerts, case)
    mail = a_case_mail(
        mail_id, case, answer.id, text="The leg came.\n\nThanks!", attachments=("leg.jpg",), other_sender=True
    )
    for _ in range(2):
        await deliver(alerts.database, take, mail)
    (entry,) = await entries(alerts, case, "wrote")
    assert (entry["by"], entry["facts"]["text"], entry["facts"]["attachments"]) == (
        "",
        "The leg came.\n\nThanks!",
        "leg.jpg",
    )
    assert (await told(alerts, jonas.person), await told(alerts, ada)) == ([case], [])
    page = (await jonas.get(f"/cases/{case}")).text
    for words in (
        "The customer answered by mail.",
        "It came from another address than ours went to.",
        "Attached, and not kept: leg.jpg",
        "<bdi>Thanks!</bdi>",
    ):
        assert words in page
    assert {"wrote", "unsent"} <= NOTICE_KINDS.keys() & TOPIC_BY_KIND.keys()


async def test_it_ends_a_wait_and_what_a_program_answers_does_not(alerts: AlertsApi) -> None:
    jonas, answer = await alerts.signed_in(), an_answer()
    case = await case_with(alerts, answer)
    await jonas.do(f"/cases/{case}", act="take")
    mail_id = await replied(alerts, case)
    until = (alerts.database.clock() + 9 * DAY).isoformat()
    assert (await act(alerts, case, act="wait", until=until, text="A photo.")).status_code == 200
    await deliver(
        alerts.database, take, a_case_mail(mail_id, case, answer.id, automatic=True, text="I am away.")
    )
    assert (await file_of(alerts, case)).waiting_since is not None
    assert await told(alerts, jonas.person) == []
    await deliver(alerts.database, take, a_case_mail(mail_id, case, answer.id))
    assert (await file_of(alerts, case)).waiting_since is None
    assert await told(alerts, jonas.person) == [case]
    assert "A program answered the mail." in (await jonas.get(f"/cases/{case}")).text


@pytest.mark.parametrize(
    ("after", "automatic", "state"),
    [(14 * DAY, False, "open"), (14 * DAY + DAY / 86_400, False, "closed"), (DAY, True, "closed")],
)
async def test_a_closed_case_is_open_again_within_fourteen_days(
    alerts: AlertsApi, after: timedelta, automatic: bool, state: str
) -> None:
    jonas, answer = await alerts.person(), an_answer()
    case = await case_with(alerts, answer)
    mail_id = await replied(alerts, case)
    assert (await close(alerts, case)).status_code == 200
    closed_at = (await file_of(alerts, case)).closed_at
    assert closed_at is not None
    mail = a_case_mail(mail_id, case, answer.id, at=closed_at + after, automatic=automatic)
    for _ in range(2):
        await deliver(alerts.database, take, mail)
    assert (await file_of(alerts, case)).state == state
    (entry,) = await entries(alerts, case, "wrote")
    assert entry["facts"]["opened"] == (state == "open")
    assert await told(alerts, jonas) == ([] if automatic else [case])


async def test_where_the_person_has_another_open_case_the_work_goes_on_there(alerts: AlertsApi) -> None:
    jonas, answer = await alerts.signed_in(), an_answer(customer_id="c-17")
    case = await case_with(alerts, answer)
    mail_id = await replied(alerts, case)
    assert (await close(alerts, case)).status_code == 200
    other = await case_with(alerts, an_answer(customer_id="c-17"))
    mail = a_case_mail(mail_id, case, answer.id)
    for _ in range(2):
        await deliver(alerts.database, take, mail)
    assert [(await file_of(alerts, one)).state for one in (case, other)] == ["closed", "open"]
    (here,), (there,) = await entries(alerts, case, "wrote"), await entries(alerts, other, "wrote")
    assert (here["facts"]["text"], here["facts"]["case_id"]) == ("The leg came.", str(other))
    assert ("text" in there["facts"], there["facts"]["case_id"]) == (False, str(case))
    assert await told(alerts, jonas.person) == [other]


async def test_an_answer_to_a_case_that_was_merged_is_told_where_the_work_goes_on(alerts: AlertsApi) -> None:
    answer = an_answer()
    case, into = await case_with(alerts, answer), await case_with(alerts, an_answer())
    mail_id = await replied(alerts, case)
    assert (await act(alerts, case, act="merge", into=str(into))).status_code == 200
    await deliver(alerts.database, take, a_case_mail(mail_id, case, answer.id))
    assert len(await entries(alerts, into, "wrote")) == 1
    refused = await act(alerts, case, act="reply", id=str(uuid7()), **WORDS)
    assert "This case is a duplicate." in refused.text


async def test_of_a_mail_that_did_not_reach_the_customer_the_owner_is_told_why(alerts: AlertsApi) -> None:
    jonas, answer = await alerts.signed_in(), an_answer()
    case = await case_with(alerts, answer)
    await jonas.do(f"/cases/{case}", act="take")
    mail_id = await replied(alerts, case)
    refused = state_of(mail_id, case, answer.id, "refused", 1, reason="opted_out")
    for _ in range(2):
        await deliver(alerts.database, take, refused)
    assert await told(alerts, jonas.person, "unsent") == [case]
    page = (await jonas.get(f"/cases/{case}")).text
    assert "The mail was not sent. The customer wants no mail of yours." in page
    (entry,) = await entries(alerts, case)
    assert (entry["facts"]["state"], entry["facts"]["reason"]) == ("refused", "opted_out")


TOLD: list[tuple[CaseMailState, int]] = [("waiting", 1), ("sent", 2), ("bounced", 3)]


@given(order=st.permutations([*range(len(TOLD)), "wrote", "away", "wrote"]), together=st.booleans())
@settings(
    max_examples=examples(12), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_in_whatever_order_it_is_told_a_case_ends_up_the_same(
    alerts: AlertsApi, order: list[Any], together: bool
) -> None:
    answer = an_answer()
    case = await case_with(alerts, answer)
    mail_id = await replied(alerts, case)
    now = datetime.now(UTC)
    wrote = a_case_mail(mail_id, case, answer.id, at=now)
    away = a_case_mail(mail_id, case, answer.id, at=now, automatic=True)
    events = [
        state_of(mail_id, case, answer.id, *TOLD[each], at=now)
        if isinstance(each, int)
        else {"wrote": wrote, "away": away}[each]
        for each in order
    ]
    for batch in [events] if together else [[each] for each in events]:
        await deliver(alerts.database, take, *batch)
    (mailed,) = await entries(alerts, case, "mailed")
    assert mailed["facts"]["state"] == "bounced"
    texts = sorted(str(one["facts"].get("automatic", False)) for one in await entries(alerts, case, "wrote"))
    assert texts == ["False", "True"]
    assert (await file_of(alerts, case)).first_contact_at == now


async def test_a_reader_of_other_segments_is_told_that_there_was_a_mail_and_not_what_it_says(
    alerts: AlertsApi,
) -> None:
    jonas = await alerts.signed_in(segments=["organisation:south"])
    answer = an_answer(customer_id="c-3")
    case = await case_with(alerts, answer)
    mail_id = await replied(alerts, case)
    await deliver(alerts.database, take, a_case_mail(mail_id, case, answer.id))
    later = an_answer(customer_id="c-3", organisation=("south",), segments={})
    await deliver(alerts.database, act_on_answers, later)
    page = await jonas.get(f"/cases/{case}")
    assert page.status_code == 200
    assert "A mail to the customer." in page.text
    assert "new leg" not in page.text
    assert "The leg came." not in page.text


async def test_an_export_has_what_was_written_both_ways_and_an_erasure_leaves_none_of_it(
    alerts: AlertsApi,
) -> None:
    person = person_of(SECRET, TENANT, "c-11")
    answer = an_answer(customer_id="c-11", person=person)
    case = await case_with(alerts, answer)
    mail_id = await replied(alerts, case)
    mail = a_case_mail(mail_id, case, answer.id, attachments=("leg.jpg",))
    await deliver(alerts.database, take, mail)
    async with alerts.database.reading() as uow:
        sections = await read_export(uow, ExportQuery(tenant=TENANT, person=person, kind="case"))
    steps = {step.step: step for section in sections for record in section.records for step in record.steps}  # type: ignore[union-attr]
    assert (steps["mailed"].text, steps["wrote"].text) == (WORDS["text"], "The leg came.")
    assert steps["wrote"].attachments == "leg.jpg"
    await erase(alerts.database, TENANT, "c-11")
    left = repr(await rows(alerts.database, "SELECT facts FROM timeline"))
    for words in ("leg", "sofa"):
        assert words not in left
    gone = await rows(alerts.database, "SELECT key FROM outbox WHERE topic = 'replies.v1' AND value IS NULL")
    assert [bytes(row.key).decode() for row in gone] == [f"{TENANT}/{mail_id}"]
    await deliver(alerts.database, take, replace(mail, id=uuid7()))
    assert "leg" not in repr(await rows(alerts.database, "SELECT facts FROM timeline"))


async def test_after_a_restore_the_words_of_a_mail_come_back_from_its_topic_once(alerts: AlertsApi) -> None:
    answer = an_answer()
    case = await case_with(alerts, answer)
    await replied(alerts, case)
    (reply,) = await published(alerts)
    async with alerts.database.transaction() as uow:
        await uow.execute("DELETE FROM timeline WHERE kind = 'mailed'")
        await uow.execute("DELETE FROM case_mail")
    for _ in range(2):
        await deliver(alerts.database, restore_mails, reply)
    await deliver(alerts.database, take, state_of(reply.id, case, answer.id, "sent", 2))
    (entry,) = await entries(alerts, case, "mailed")
    assert (entry["facts"]["text"], entry["facts"]["state"]) == (WORDS["text"], "sent")
