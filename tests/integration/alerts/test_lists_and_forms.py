"""Lists by the page, lines by the page, and forms that say which version of the case they were drawn from."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from support.alerts_api import AlertsApi
from support.alerts_builders import act_on_answers, an_answer, an_invitation, deliver, keep_invitations, rows

from services.alerts.cases.case_detail import LINES_PER_PAGE
from services.alerts.cases.forms import CASES_PER_PAGE

CLOSING = {
    "act": "close", "cause": "delivery.late", "action": "Called.", "outcome": "recovered", "told": "yes",
}  # fmt: skip
FORM = re.compile(r'<form method="post" action="/cases/.*?</form>', re.DOTALL)


def forms_of(page: str) -> dict[str, tuple[str, str]]:
    """By act: the version and the key that a form of a case's page sends."""
    found = {}
    for form in FORM.findall(page):
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))
        found[hidden["act"]] = (hidden.get("version", ""), hidden.get("key", ""))
    return found


async def test_every_form_of_a_case_carries_its_version_and_a_key_of_its_own(alerts: AlertsApi) -> None:
    case, leader = await alerts.open_case(), await alerts.signed_in("leader")
    path, seen = f"/cases/{case}", set()
    for act in ({}, {"act": "take"}, CLOSING):
        if act:
            await leader.do(path, **act)
        (row,) = await rows(alerts.database, "SELECT version FROM cases")
        forms = forms_of((await leader.get(path)).text)
        assert {version for version, _ in forms.values()} == {str(row.version)}
        assert len({key for _, key in forms.values()}) == len(forms)
        seen |= set(forms)
    assert seen == {
        *("take", "assign", "hand_over", "ask", "release", "wait", "contact", "note", "close", "merge"),
        *("reopen", "reveal", "reply"),
    }


@pytest.mark.parametrize("act", ["take", "assign", "release", "close", "reopen"])
async def test_a_tab_that_was_drawn_before_a_decision_decides_nothing(alerts: AlertsApi, act: str) -> None:
    """Somebody else has decided meanwhile, and the case looks to this form as it did when it was drawn."""
    case = await alerts.open_case()
    sara, mads = await alerts.signed_in("leader", name="Sara Lund"), await alerts.person(name="Mads Dal")
    jonas, path = await alerts.signed_in("leader"), f"/cases/{case}"
    if act in {"release", "reopen"}:
        await sara.do(path, act="take")
    if act == "reopen":
        await sara.do(path, **CLOSING)
    stale = forms_of((await jonas.get(path)).text)[act][0]
    if act == "reopen":
        await sara.do(path, act="reopen", text="x")
        await sara.do(path, **{**CLOSING, "cause": "other"})
    else:
        await sara.do(path, act="assign", to=str(mads.id))
    before = await rows(alerts.database, "SELECT * FROM cases")
    typed = {
        "take": {},
        "release": {},
        "assign": {"to": str(jonas.person.id)},
        "close": CLOSING,
        "reopen": {"text": "y"},
    }
    late = await jonas.do(path, **{**typed[act], "act": act, "version": stale})
    assert late.status_code == 409
    assert await rows(alerts.database, "SELECT * FROM cases") == before


@pytest.mark.parametrize("version", ["-1", "1e9", "x", "9" * 5000, "1.5", "0x1"])
async def test_a_version_that_is_none_is_refused_in_words(alerts: AlertsApi, version: str) -> None:
    case, jonas = await alerts.open_case(), await alerts.signed_in()
    assert (await jonas.do(f"/cases/{case}", act="take", version=version)).status_code == 422


async def many_cases(alerts: AlertsApi, count: int) -> None:
    now = datetime.now(UTC)
    for n in range(count):
        await alerts.open_case(
            comment=f"case number-{n:03}.", answered_at=now, changed_at=now + timedelta(milliseconds=n)
        )


async def test_lists_go_on_page_by_page_and_the_last_closed_case_comes_first(alerts: AlertsApi) -> None:
    await many_cases(alerts, CASES_PER_PAGE + 7)
    jonas = await alerts.signed_in()
    for state in ("open", "closed"):
        if state == "closed":
            async with alerts.database.transaction() as uow:
                await uow.execute(
                    "UPDATE cases SET state = 'closed', cause = 'delivery.late', outcome = 'lost', closed_at = "
                    "now() - interval '1 minute' * (SELECT count(*) FROM cases o WHERE o.id < cases.id)"
                )
        pages = [(await jonas.get(f"/inbox?state={state}&page={n}")).text for n in (1, 2)]
        found = [re.findall(r'href="/cases/([0-9a-f-]{36})[?"]', page) for page in pages]
        assert [len(page) for page in found] == [CASES_PER_PAGE, 7]
        assert len({*found[0], *found[1]}) == CASES_PER_PAGE + 7
        assert 'rel="next"' in pages[0]
        assert 'rel="next"' not in pages[1]
        if state == "closed":
            order = await rows(alerts.database, "SELECT id FROM cases ORDER BY closed_at DESC")
            assert found[0] + found[1] == [str(row.id) for row in order]


async def test_closed_cases_are_found_by_cause_end_and_customer_and_an_empty_list_says_by_what(
    alerts: AlertsApi,
) -> None:
    late, other = await alerts.open_case(customer_id="c-1"), await alerts.open_case(customer_id="c-2")
    jonas = await alerts.signed_in()
    await jonas.do(f"/cases/{late}", **CLOSING)
    await jonas.do(f"/cases/{other}", **{**CLOSING, "cause": "other", "outcome": "lost"})
    for query, found in {
        "cause=delivery": {late},
        "cause=delivery.late": {late},
        "cause=other": {other},
        "outcome=lost": {other},
        "cause=delivery&outcome=lost": set(),
        "customer=c-2": {other},
        "touchpoint=home delivery": {late, other},
        "touchpoint=home": set(),
    }.items():
        page = (await jonas.get(f"/inbox?state=closed&{query}")).text
        assert set(re.findall(r'href="/cases/([0-9a-f-]{36})[?"]', page)) == {str(one) for one in found}, (
            query
        )
    empty = (await jonas.get("/inbox?state=closed&touchpoint=home&owner=nobody")).text
    assert "No closed case about home is nobody’s." in empty
    assert (await jonas.get("/inbox?cause=the weather")).status_code == 422


async def test_after_closing_the_next_case_and_the_list_are_one_step_away(alerts: AlertsApi) -> None:
    first, second = await alerts.open_case(score=0), await alerts.open_case(score=5)
    jonas = await alerts.signed_in()
    answer = await jonas.do(f"/cases/{first}", **CLOSING)
    page = (await jonas.get(answer.headers["location"])).text
    assert f'Next: <a href="/cases/{second}">' in page
    assert 'href="/inbox?state=closed"' in page


async def test_what_happened_is_told_by_the_page_on_the_page_and_by_the_api(alerts: AlertsApi) -> None:
    case, jonas = await alerts.open_case(), await alerts.signed_in()
    key, client = alerts.key("cases:read", "cases:write"), alerts.client()
    notes = [f"note-{n:03}." for n in range(60)]
    for note in notes:
        action = {"act": "note", "text": note}
        await client.post(f"/v1/cases/{case}/actions", json=action, headers=key)
    told: list[dict[str, Any]] = []
    before, answers = None, 0
    while True:
        query: dict[str, Any] = {"before": before} if before else {}
        page = (await client.get(f"/v1/cases/{case}", params=query, headers=key)).json()
        told, before, answers = page["timeline"] + told, page["earlier"], answers + 1
        if before is None:
            break
    assert answers == 2
    assert [entry["facts"]["text"] for entry in told if entry["kind"] == "note"] == notes
    address = f"/cases/{case}"
    read: list[str] = []
    while address:
        page = (await jonas.get(address)).text
        found = re.findall(r"note-\d{3}\.", page)
        assert len(found) <= LINES_PER_PAGE
        read = found + read
        older = re.search(r'href="(/cases/[^"]+\?before=\d+)#happened"', page)
        address = older[1] if older else ""
    assert read == notes


async def test_attributes_are_read_as_they_were_sent_and_link_to_pages_only(alerts: AlertsApi) -> None:
    answer = an_answer()
    sent = (
        b'{"order_id":48213,"total":19.90,"big":123456789012345678901234567890,"express":false,'
        b'"orderUrl":"https://shop.example/orders/1","script":"javascript:alert(1)","parts":{"a":1}}'
    )
    await deliver(alerts.database, keep_invitations, an_invitation(answer, attributes=msgspec.Raw(sent)))
    await deliver(alerts.database, act_on_answers, answer)
    (row,) = await rows(alerts.database, "SELECT id FROM cases")
    page = (await (await alerts.signed_in()).get(f"/cases/{row.id}")).text
    for words in ("Order id", "19.90", "123456789012345678901234567890", "Express", ">No<", "Order url"):
        assert words in page, words
    assert 'href="https://shop.example/orders/1"' in page
    assert 'href="javascript' not in page


async def test_the_counts_of_a_page_read_no_closed_case(alerts: AlertsApi) -> None:
    """However many cases there were ever, a page counts what is open, by an index of that alone."""
    await alerts.open_case()
    async with alerts.database.transaction() as uow:
        await uow.execute(
            "INSERT INTO cases (tenant, id, number, version, decided_version, decided_by, state, answer_id, score, "
            "segments, organisation, belongs, opened_at, contact_due_at, close_due_at, due_at, closed_at, changed_at) "
            "SELECT 'havnbo', gen_random_uuid(), n, 1, 1, '', 'closed', gen_random_uuid(), 1, '{}', '{}', '{}', now(), "
            "now(), now(), now(), now(), now() FROM generate_series(1, 20000) n"
        )
        await uow.execute("ANALYZE cases")
        plan = await uow.execute(
            "EXPLAIN SELECT count(*) FROM (SELECT c.owner_id, c.due_at FROM cases c WHERE c.tenant = 'havnbo' "
            "AND c.state <> 'closed' LIMIT 10000) counted"
        )
        steps = " ".join(row[0] for row in plan)
    assert "ix_cases_open" in steps or "uq_cases_one_open_person" in steps
    jonas = await alerts.signed_in()
    assert "One customer is waiting to hear from us." in (await jonas.get("/inbox")).text
    assert "More than 10,000 closed cases." in (await jonas.get("/inbox?state=closed")).text
