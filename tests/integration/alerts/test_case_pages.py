"""The inbox and the case: what people see, what they do, and what they may not."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import msgspec
from support.alerts_api import AlertsApi
from support.alerts_builders import (
    TENANT,
    act_on_answers,
    an_answer,
    an_invitation,
    deliver,
    keep_invitations,
    rows,
)

from shared.events import ChosenValue, Reply, SendingMode, TenantSending
from shared.tenancy.sending import keep_sending

CLOSING = {
    "act": "close",
    "cause": "delivery.late",
    "action": "Called and apologised.",
    "outcome": "recovered",
    "told": "yes",
}


async def test_an_empty_inbox_says_that_nobody_is_waiting(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    page = await jonas.get("/inbox")
    assert page.status_code == 200
    assert "Nobody is waiting." in page.text


async def test_the_page_says_what_was_done_only_while_it_is_so(alerts: AlertsApi) -> None:
    case, jonas = await alerts.open_case(), await alerts.signed_in()
    for act, form, words, later in (
        ("take", {}, "is yours.", {"act": "release"}),
        ("close", CLOSING, "is closed.", {"act": "reopen", "text": "It is not over."}),
        ("reopen", {}, "is open again.", CLOSING),
    ):
        if act != "reopen":
            assert (await jonas.do(f"/cases/{case}", **{"act": act, **form})).status_code == 303
        assert words in (await jonas.get(f"/cases/{case}?did={act}")).text, act
        assert (await jonas.do(f"/cases/{case}", **later)).status_code == 303
        assert words not in (await jonas.get(f"/cases/{case}?did={act}")).text, act


async def test_a_company_is_in_test_mode_before_its_first_survey(alerts: AlertsApi) -> None:
    browser = await alerts.signed_in()
    assert "Test mode." in (await browser.get("/inbox")).text


async def test_the_newest_event_says_how_mail_is_sent_in_whatever_order_the_versions_come(
    alerts: AlertsApi,
) -> None:
    browser = await alerts.signed_in()
    changes: list[tuple[int, SendingMode, bool]] = [(2, "live", True), (1, "test", False)]
    for version, mode, stopped in changes:
        sending = TenantSending(
            version=version, mode=mode, stopped=stopped, changed_at=alerts.database.clock()
        )
        await deliver(alerts.database, keep_sending, sending)
        page = (await browser.get("/inbox")).text
        assert ("Test mode." in page, "All sending is stopped." in page) == (False, True)


async def test_the_inbox_counts_who_waits_in_words_and_groups_by_deadline(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    for score in (0, 2, 5):
        await alerts.open_case(score=score)
    then = datetime.now(UTC) - timedelta(hours=30)
    await alerts.open_case(answered_at=then, changed_at=then)
    page = (await jonas.get("/inbox")).text
    assert "Four customers are waiting to hear from us; one of them too long." in page
    assert "Too late" in page
    assert "Karen Whitfield" in page
    assert "Nobody yet" in page


async def test_who_is_not_signed_in_is_sent_to_renew_and_then_to_the_form(alerts: AlertsApi) -> None:
    client = alerts.client()
    answer = await client.get("/inbox?owner=me")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/login/renew?next=%2Finbox%3Fowner%3Dme",
    )
    answer = await client.get(answer.headers["location"])
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Finbox%3Fowner%3Dme")


async def test_roles_without_cases_find_no_page(alerts: AlertsApi) -> None:
    case = await alerts.open_case()
    for role in ("analyst", "editor"):
        somebody = await alerts.signed_in(role)
        assert [(await somebody.get(path)).status_code for path in ("/inbox", f"/cases/{case}")] == [404, 404]


async def test_cases_of_other_segments_and_other_companies_are_not_there(alerts: AlertsApi) -> None:
    mine = await alerts.open_case(organisation=("north", "sales"))
    other = await alerts.open_case(organisation=("south",))
    foreign = await alerts.open_case(tenant="other")
    jonas = await alerts.signed_in(segments=["organisation:north"])
    inbox = (await jonas.get("/inbox")).text
    assert str(mine) in inbox
    assert str(other) not in inbox
    assert str(foreign) not in inbox
    for case, status in ((mine, 200), (other, 404), (foreign, 404), (uuid4(), 404), ("no-id", 404)):
        assert (await jonas.get(f"/cases/{case}")).status_code == status
        assert (await jonas.do(f"/cases/{case}", act="take")).status_code == (303 if status == 200 else 404)


async def test_the_case_shows_who_what_was_bought_the_words_and_earlier_answers(alerts: AlertsApi) -> None:
    earlier = an_answer(
        customer_id="c-17", score=9, comment="Lovely.", answered_at=datetime.now(UTC) - timedelta(days=90)
    )
    await deliver(alerts.database, act_on_answers, earlier)
    case = await alerts.open_case(
        customer_id="c-17", may_contact=True, follow_up_question="What should change?", follow_up="The legs."
    )
    jonas = await alerts.signed_in()
    page = (await jonas.get(f"/cases/{case}")).text
    for words in (
        "Karen Whitfield gave a 2 and wants to be contacted.",
        "The leg is split again.",
        "What should change?",
        "The legs.",
        "Sofa table Ebba, oak",
        "129.90",
        "1e3",
        "a-9, manager p-204",
        "p-118",
        "An earlier answer: 9.",
        "Lovely.",
    ):
        assert words in page, words
    assert "karen@example.com" not in page
    assert "+4512345678" not in page


async def test_the_case_shows_the_replies_to_further_questions(alerts: AlertsApi) -> None:
    long = ChosenValue(id="long", words="Too <long>")
    case = await alerts.open_case(
        customer_id="c-17",
        replies=(
            Reply(question="wait", kind="one_of", asked="How long did it take?", chosen=(long,)),
            Reply(question="why", kind="text", asked="Who told you?", text="Nobody did."),
        ),
    )
    page = (await (await alerts.signed_in()).get(f"/cases/{case}")).text
    for words in ("How long did it take?", "Too &lt;long&gt;", "Who told you?", "Nobody did."):
        assert words in page


async def test_an_amended_answer_shows_the_replies_that_were_changed_or_taken_back(alerts: AlertsApi) -> None:
    def replies(wait: str, *others: Reply) -> tuple[Reply, ...]:
        chosen = ChosenValue(id=wait, words=f"It took {wait}.")
        return (
            Reply(question="wait", kind="one_of", asked="How long did it take?", chosen=(chosen,)),
            *others,
        )

    why = Reply(question="why", kind="text", asked="Who told you?", text="Nobody did.")
    first = an_answer(replies=replies("long", why))
    second = msgspec.structs.replace(first, version=2, replies=replies("ages"))
    later = msgspec.structs.replace(why, text="Nobody did. Really.")
    third = msgspec.structs.replace(first, version=3, replies=replies("ages", later))
    for version in (first, second, third):
        await deliver(alerts.database, act_on_answers, version)
    (case,) = await rows(alerts.database, "SELECT id FROM cases")
    page = (await (await alerts.signed_in()).get(f"/cases/{case.id}")).text
    assert '<s dir="auto">It took long.</s>' in page
    assert '<s dir="auto">It took ages.</s>' not in page
    assert '<s dir="auto">Nobody did.</s>' not in page, "it goes on in what stands now"
    assert page.count('class="amended"') == 1, "the second was only continued"


async def test_a_case_is_whole_before_its_invitation_has_come(alerts: AlertsApi) -> None:
    answer = an_answer()
    await deliver(alerts.database, act_on_answers, answer)
    jonas = await alerts.signed_in()
    (row,) = await rows(alerts.database, "SELECT id FROM cases")
    assert "A customer gave a 2." in (await jonas.get(f"/cases/{row.id}")).text
    await deliver(alerts.database, keep_invitations, an_invitation(answer))
    assert "Karen Whitfield gave a 2." in (await jonas.get(f"/cases/{row.id}")).text


async def test_an_amended_score_shows_both_and_says_that_the_case_stays_open(alerts: AlertsApi) -> None:
    answer = an_answer(score=3, state="saved")
    await deliver(alerts.database, act_on_answers, answer)
    jonas = await alerts.signed_in()
    (row,) = await rows(alerts.database, "SELECT id FROM cases")
    assert "still writing" in (await jonas.get("/inbox")).text
    await deliver(
        alerts.database, act_on_answers, msgspec.structs.replace(answer, version=2, score=8, state="sent")
    )
    page = (await jonas.get(f"/cases/{row.id}")).text
    assert "The customer has changed the score to 8. The case stays open until somebody closes it." in page
    assert 'class="wasn"' in page
    assert "Changed the score from 3 to 8." in page


async def test_the_address_is_shown_only_on_request_and_that_is_written_down(alerts: AlertsApi) -> None:
    case = await alerts.open_case(may_contact=None)
    jonas, sara = await alerts.signed_in(), await alerts.signed_in(name="Sara Lund")
    assert (await jonas.do(f"/cases/{case}", act="reveal")).status_code == 303
    page = (await jonas.get(f"/cases/{case}")).text
    assert "karen@example.com" in page
    assert "Jonas Holt looked at the address and number." in page
    assert "karen@example.com" not in (await sara.get(f"/cases/{case}")).text


async def test_who_does_not_want_to_be_contacted_is_never_shown(alerts: AlertsApi) -> None:
    case = await alerts.open_case(may_contact=False)
    jonas = await alerts.signed_in()
    page = (await jonas.get(f"/cases/{case}")).text
    assert "The address stays hidden." in page
    assert 'value="reveal"' not in page
    refused = await jonas.do(f"/cases/{case}", act="reveal")
    assert refused.status_code == 409
    assert "karen@example.com" not in refused.text


async def test_a_race_of_two_takers_has_one_winner_and_a_clear_word_for_the_other(alerts: AlertsApi) -> None:
    case = await alerts.open_case()
    people = [await alerts.signed_in(name=f"Person {n}") for n in range(4)]
    tokens = [await one.csrf() for one in people]
    version = (await rows(alerts.database, "SELECT version FROM cases"))[0].version
    answers = await asyncio.gather(
        *(
            one.client.post(f"/cases/{case}", data={"csrf": token, "act": "take", "version": version})
            for one, token in zip(people, tokens, strict=True)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409]
    winner = [answer.status_code for answer in answers].index(303)
    for answer in answers:
        if answer.status_code == 409:
            assert f"Not taken: Person {winner} took this case a moment ago." in answer.text
    (row,) = await rows(alerts.database, "SELECT owner_id, state FROM cases")
    assert (row.owner_id, row.state) == (people[winner].person.id, "assigned")
    assert len(await rows(alerts.database, "SELECT 1 FROM timeline WHERE kind = 'taken'")) == 1


async def test_closing_names_all_that_is_missing_at_once_and_keeps_what_was_typed(alerts: AlertsApi) -> None:
    case = await alerts.open_case()
    jonas = await alerts.signed_in()
    answer = await jonas.do(f"/cases/{case}", act="close", action="Half a sent", told="yes")
    assert answer.status_code == 422
    assert "Choose a cause. Without it nobody learns from this case." in answer.text
    assert "Choose how it ended." in answer.text
    assert "Half a sent</textarea>" in answer.text
    answer = await jonas.do(f"/cases/{case}", act="close", cause="delivery.late", outcome="lost")
    assert "Write what we did." in answer.text
    assert "Say whether the customer has been told." in answer.text
    assert 'value="delivery.late" selected' in answer.text
    assert (await rows(alerts.database, "SELECT state FROM cases"))[0].state == "open"


async def test_a_case_goes_from_taken_to_contacted_to_closed_and_all_stays_readable(
    alerts: AlertsApi,
) -> None:
    case = await alerts.open_case()
    jonas = await alerts.signed_in()
    path = f"/cases/{case}"
    assert (await jonas.do(path, act="take")).status_code == 303
    assert (
        await jonas.do(path, act="contact", how="call", reached="yes", text="She wants a table that stands.")
    ).status_code == 303
    assert (await jonas.do(path, act="note", text="Batch of week 41.")).status_code == 303
    assert (await jonas.do(path, **CLOSING)).status_code == 303
    page = (await jonas.get(path)).text
    for words in (
        "Jonas Holt took the case.",
        "Call, reached.",
        "She wants a table that stands.",
        "Batch of week 41.",
        "Closed. Delivery: late.",
    ):
        assert words in page
    published = await rows(
        alerts.database,
        "SELECT convert_from(value, 'UTF8') AS value FROM outbox WHERE topic = 'cases.v1' ORDER BY seq",
    )
    assert '"state":"closed"' in published[-1].value
    assert "Batch of week 41" not in "".join(row.value for row in published)
    kinds = [row.kind for row in await rows(alerts.database, "SELECT kind FROM timeline ORDER BY seq")]
    assert kinds == ["opened", "taken", "contact", "note", "closed"]


async def test_who_closes_too_late_is_told_and_keeps_the_text(alerts: AlertsApi) -> None:
    case = await alerts.open_case()
    jonas, sara = await alerts.signed_in(), await alerts.signed_in(name="Sara Lund")
    (row,) = await rows(alerts.database, "SELECT version FROM cases")
    assert (await sara.do(f"/cases/{case}", **CLOSING, version=row.version)).status_code == 303
    late = await jonas.do(f"/cases/{case}", **{**CLOSING, "action": "My long text."}, version=row.version)
    assert late.status_code == 409
    assert "Not saved: Sara Lund closed this case a moment ago. Your text is still here." in late.text
    assert "My long text." in late.text


async def test_a_customer_who_goes_on_writing_stops_nobody_from_closing(alerts: AlertsApi) -> None:
    answer = an_answer(state="saved")
    await deliver(alerts.database, act_on_answers, answer)
    (row,) = await rows(alerts.database, "SELECT id, version FROM cases")
    await deliver(alerts.database, act_on_answers, msgspec.structs.replace(answer, version=2, score=4))
    jonas = await alerts.signed_in()
    assert (await jonas.do(f"/cases/{row.id}", **CLOSING, version=row.version)).status_code == 303


async def test_a_button_pressed_twice_writes_one_note(alerts: AlertsApi) -> None:
    case = await alerts.open_case()
    jonas = await alerts.signed_in()
    key = str(uuid4())
    for _ in range(2):
        assert (await jonas.do(f"/cases/{case}", act="note", text="Once.", key=key)).status_code == 303
    assert len(await rows(alerts.database, "SELECT 1 FROM timeline WHERE kind = 'note'")) == 1


async def test_leaders_give_cases_to_colleagues_who_may_see_them_and_agents_do_not(alerts: AlertsApi) -> None:
    case = await alerts.open_case(organisation=("north",))
    leader, agent = await alerts.signed_in("leader"), await alerts.signed_in(name="Sara Lund")
    elsewhere = await alerts.person(segments=["organisation:south"])
    foreign = await alerts.person(tenant="other")
    for person in (elsewhere, foreign):
        assert (await leader.do(f"/cases/{case}", act="assign", to=str(person.id))).status_code == 409
    assert (await agent.do(f"/cases/{case}", act="assign", to=str(agent.person.id))).status_code == 409
    assert (await leader.do(f"/cases/{case}", act="assign", to=str(agent.person.id))).status_code == 303
    assert "Jonas Holt gave the case to Sara Lund." in (await leader.get(f"/cases/{case}")).text


async def test_a_closed_case_opens_again_unless_the_customer_has_another_open_one(alerts: AlertsApi) -> None:
    case = await alerts.open_case(customer_id="c-17")
    jonas = await alerts.signed_in()
    await jonas.do(f"/cases/{case}", **CLOSING)
    assert (await jonas.do(f"/cases/{case}", act="reopen", text="She called back.")).status_code == 303
    await jonas.do(f"/cases/{case}", **CLOSING)
    await alerts.open_case(customer_id="c-17")
    refused = await jonas.do(f"/cases/{case}", act="reopen", text="Again.")
    assert refused.status_code == 409
    other = await rows(alerts.database, "SELECT number FROM cases WHERE state <> 'closed'")
    assert f"another open case, number {other[0].number}" in refused.text


async def test_nothing_changes_by_get_or_without_the_sessions_token(alerts: AlertsApi) -> None:
    case = await alerts.open_case()
    jonas = await alerts.signed_in()
    assert (await jonas.client.post(f"/cases/{case}", data={"act": "take"})).status_code == 403
    await jonas.get(f"/cases/{case}?act=take")
    assert (await rows(alerts.database, "SELECT version FROM cases"))[0].version == 1


async def test_hostile_words_of_a_customer_are_only_words(alerts: AlertsApi) -> None:
    case = await alerts.open_case(comment='</blockquote><script>alert("x")</script> \u202e')
    jonas = await alerts.signed_in()
    for path in ("/inbox", f"/cases/{case}"):
        assert "<script>alert" not in (await jonas.get(path)).text


async def test_the_company_of_the_reader_stands_in_the_frame(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    assert TENANT.title() in (await jonas.get("/inbox")).text
