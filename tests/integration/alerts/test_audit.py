"""What alerts adds to the log of who looked at or changed what: one line for each act."""

from support.alerts_api import AlertsApi
from support.audit import audit_lines

from services.alerts.staff.staff_commands import create_staff, dismiss, set_password, sign_in_link
from shared.db.database import Database


async def test_each_sight_of_an_address_is_a_line_that_does_not_have_it(alerts: AlertsApi) -> None:
    case = await alerts.open_case()
    key, client = {**alerts.key("cases:read", "cases:write"), "idempotency-key": "show"}, alerts.client()
    agent = await alerts.signed_in()
    path = f"/v1/cases/{case}"
    assert (await client.get(path, headers=key)).status_code == 200
    assert (await agent.get(f"/cases/{case}")).status_code == 200
    assert await audit_lines(alerts.database) == []
    for _ in range(2):
        assert (await client.post(f"{path}/actions", json={"act": "reveal"}, headers=key)).status_code == 200
    await agent.do(f"/cases/{case}", act="reveal")
    assert "karen@example.com" in (await agent.get(f"/cases/{case}")).text
    lines = await audit_lines(alerts.database)
    assert [(line.who, line.who_kind, line.facts) for line in lines] == [
        ("the key crm", "key", {"email": True, "phone": True}),
        ("the key crm", "key", {"email": True, "phone": True, "again": True}),
        (lines[2].who, "staff", {"email": True, "phone": True}),
    ]
    assert all((line.act, line.about) == ("address_shown", str(case)) and line.who_id for line in lines)
    for word in ("karen", "4512345678", "example.com"):
        assert word not in str(lines).lower()


async def test_what_is_refused_leaves_no_line(alerts: AlertsApi) -> None:
    case = await alerts.open_case(may_contact=False)
    agent, admin = await alerts.signed_in(), await alerts.signed_in("admin")
    assert (await agent.do(f"/cases/{case}", act="reveal")).status_code == 409
    fields = {"address": "no address", "role": "agent", "name": "Sara"}
    assert (await admin.do("/settings/people", act="invite", **fields)).status_code == 422
    assert await audit_lines(alerts.database) == []


async def test_each_change_of_a_colleague_is_a_line(alerts: AlertsApi) -> None:
    admin = await alerts.signed_in("admin", name="Anna Holm")
    person = await alerts.person(name="Mads Dal")
    invited = {
        "address": "new@example.com",
        "name": "Sara Lund",
        "role": "leader",
        "segments": "touchpoint:shop",
    }
    assert (await admin.do("/settings/people", act="invite", **invited)).status_code == 303
    assert (
        await admin.do("/settings/people", act="change", person=str(person.id), role="leader")
    ).status_code == 303
    for act in ("link", "deactivate", "activate"):
        answer = await admin.do("/settings/people", act=act, person=str(person.id), sure="on")
        assert answer.status_code == 303, answer.text
    lines = await audit_lines(alerts.database)
    assert [(line.act, line.facts) for line in lines] == [
        ("person_invited", {"role": "leader", "segments": 1}),
        ("person_changed", {"role": "leader", "segments": 0}),
        ("sign_in_link", {}),
        ("person_deactivated", {}),
        ("person_activated", {}),
    ]
    assert {line.who for line in lines} == {"Anna Holm"}
    assert {line.about for line in lines[1:]} == {str(person.id)}
    assert "example.com" not in str(lines)


async def test_each_command_about_a_colleague_is_a_line(database: Database) -> None:
    address = "sara@example.com"
    await create_staff(database, "https://x.example", "acme", address=address, name="Sara Lund", role="agent")
    await sign_in_link(database, "https://x.example", "acme", address)
    await set_password(database, "acme", address, "a long enough password")
    await dismiss(database, "acme", address)
    lines = await audit_lines(database)
    assert [line.act for line in lines] == [
        "person_invited", "sign_in_link", "password_set", "person_deactivated",
    ]  # fmt: skip
    assert {(line.who, line.who_kind, line.who_id) for line in lines} == {
        ("the command line", "command_line", None)
    }
    assert "sara" not in str(lines).lower()
