"""The pages of teams, calendars and absences: each act, each fault, who may, and what an older form does."""

from datetime import UTC, datetime
from typing import Any

import pytest
from support.alerts_api import AlertsApi, Browser
from support.alerts_builders import rows
from support.audit import audit_lines
from support.forms import forms_of

from shared.ids import uuid7

AWAY = {"from": "2030-11-28", "until": "2030-12-04"}


def hours(**changes: str) -> dict[str, str]:
    form = {
        "new_id": str(uuid7()),
        "name": "Office",
        "zone": "Europe/Copenhagen",
        "country": "DK",
        "closed": "2026-12-24",
        "monday_0_from": "08:00",
        "monday_0_to": "12:00",
        "monday_2_from": "13:00",
        "monday_2_to": "00:00",
    }
    return {**form, **changes}


def a_team(**changes: Any) -> dict[str, Any]:
    return {"new_id": str(uuid7()), "name": "Delivery", **changes}


async def form_at(browser: Browser, path: str, act: str = "save") -> dict[str, str]:
    """The fields of the form of a page by which something is saved."""
    page = (await browser.get(path)).text
    forms = [one.fields for one in forms_of(page) if one.action == path]
    fields = next(one for one in forms if one.get("act", act) == act and "drawn" in one)
    return {name: value for name, value in fields.items() if name != "csrf"}


class TestCalendars:
    async def test_a_calendar_is_made_changed_and_deleted_as_the_api_would(self, alerts: AlertsApi) -> None:
        admin, form = await alerts.signed_in("admin"), hours()
        path = f"/settings/calendars/{form['new_id']}"
        made = await admin.do("/settings/calendars", **form)
        assert made.headers["location"] == f"{path}?did=made"
        assert (await admin.do("/settings/calendars", **form)).status_code == 303  # sent twice
        async with alerts.client() as client:
            found = await client.get("/v1/calendars", headers=alerts.key("admin"))
        (calendar,) = found.json()["calendars"]
        assert calendar == {
            "id": form["new_id"],
            "name": "Office",
            "zone": "Europe/Copenhagen",
            "week": {"monday": [{"from": "08:00", "to": "12:00"}, {"from": "13:00", "to": "24:00"}]},
            "country": "DK",
            "closed": ["2026-12-24"],
        }
        assert "Hours a week" in (await admin.get("/settings/calendars")).text
        again = await form_at(admin, path)
        assert (again["monday_1_from"], again["monday_1_to"]) == ("13:00", "00:00")
        saved = await admin.do(path, **{**again, "name": "Shop", "closed": ""})
        assert saved.headers["location"] == f"{path}?did=saved"
        (row,) = await rows(alerts.database, "SELECT body FROM calendar")
        assert (row.body["name"], row.body["closed"]) == ("Shop", [])
        assert (await admin.do(path, act="delete")).headers["location"] == "/settings/calendars?did=deleted"
        assert await rows(alerts.database, "SELECT id FROM calendar") == []
        lines = await audit_lines(alerts.database)
        assert [(line.act, line.about, line.facts) for line in lines] == [
            *[("calendar", form["new_id"], {})] * 3,
            ("calendar", form["new_id"], {"deleted": True}),
        ]

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"name": " "}, "Write a name by which colleagues know it."),
            ({"zone": "Mars"}, "Write a time zone by its name"),
            ({"country": "Nowhere"}, "Write a country as its two letters"),
            ({"closed": "2026-12-24\n\nsoon"}, "Line 3 has something that is no day."),
            ({"monday_0_to": ""}, "Write a time of day such as 08:00"),
            ({"monday_2_from": "11:00"}, "Write the hours of a day in order"),
            (dict.fromkeys(("monday_0_from", "monday_0_to", "monday_2_from", "monday_2_to"), ""), "one day"),
        ],
        ids=["name", "zone", "country", "closed", "time", "order", "never-open"],
    )
    async def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(
        self, alerts: AlertsApi, changes: dict[str, str], words: str
    ) -> None:
        admin = await alerts.signed_in("admin")
        answer = await admin.do("/settings/calendars", **hours(**changes))
        assert answer.status_code == 422
        assert words in answer.text
        assert "-wrong" in answer.text
        assert await rows(alerts.database, "SELECT id FROM calendar") == []

    async def test_an_older_form_and_a_calendar_in_use_are_refused(self, alerts: AlertsApi) -> None:
        admin, form = await alerts.signed_in("admin"), hours()
        path = f"/settings/calendars/{form['new_id']}"
        await admin.do("/settings/calendars", **form)
        older = await form_at(admin, path)
        assert (await admin.do(path, **{**older, "name": "Newer"})).status_code == 303
        refused = await admin.do(path, **{**older, "name": "Older"})
        assert refused.status_code == 409
        assert "somebody changed this calendar meanwhile" in refused.text
        assert 'value="Newer"' in refused.text
        second = await admin.do("/settings/calendars", **{**form, "name": "Another"})
        assert second.status_code == 409
        assert "Another calendar was made by this form already." in second.text
        assert (await admin.do("/settings/teams", **a_team(calendar=form["new_id"]))).status_code == 303
        used = await admin.do(path, act="delete")
        assert used.status_code == 409
        assert "the team Delivery has this calendar" in used.text
        (row,) = await rows(alerts.database, "SELECT body FROM calendar")
        assert row.body["name"] == "Newer"


class TestTeams:
    async def test_a_team_is_made_changed_and_deleted_as_the_api_would(self, alerts: AlertsApi) -> None:
        await alerts.open_case(touchpoint="delivery")
        admin, form = await alerts.signed_in("admin"), a_team()
        dina, carl = await alerts.person(name="Dina"), await alerts.person(name="Carl")
        chosen = {
            "member": [str(dina.id), str(carl.id)],
            "leader": str(admin.person.id),
            "segment": ["touchpoint:delivery"],
            "segments": "store:aarhus\n",
        }
        path = f"/settings/teams/{form['new_id']}"
        made = await admin.do("/settings/teams", **form, **chosen)
        assert made.headers["location"] == f"{path}?did=made"
        async with alerts.client() as client:
            (team,) = (await client.get("/v1/teams", headers=alerts.key("admin"))).json()["teams"]
        assert team == {
            "id": form["new_id"],
            "name": "Delivery",
            "members": [str(dina.id), str(carl.id)],
            "leader": str(admin.person.id),
            "segments": ["touchpoint:delivery", "store:aarhus"],
            "calendar": None,
        }
        page = (await admin.get(path)).text
        assert page.count(" checked") == 4
        drawn = (await form_at(admin, path))["drawn"]
        saved = await admin.do(path, act="save", drawn=drawn, name="Desk", member=[str(carl.id)])
        assert saved.headers["location"] == f"{path}?did=saved"
        (row,) = await rows(alerts.database, "SELECT body FROM team")
        assert (row.body["name"], row.body["members"]) == ("Desk", [str(carl.id)])
        assert (await admin.do(path, act="delete")).headers["location"] == "/settings/teams?did=deleted"
        lines = await audit_lines(alerts.database)
        assert [(line.act, line.about, line.facts) for line in lines] == [
            *[("team", form["new_id"], {})] * 2,
            ("team", form["new_id"], {"deleted": True}),
        ]

    async def test_what_is_wrong_is_said_beside_its_field(self, alerts: AlertsApi) -> None:
        admin, foreign = await alerts.signed_in("admin"), await alerts.person(tenant="other")
        for changes, words in (
            ({"name": ""}, "Write a name by which colleagues know it."),
            ({"member": str(foreign.id)}, "Nobody of your company who may sign in has this id."),
            ({"leader": str(foreign.id)}, "Nobody of your company who may sign in has this id."),
            ({"calendar": str(uuid7())}, "Your company has no such calendar."),
            ({"segments": "delivery"}, "Write a segment as dimension:value"),
        ):
            answer = await admin.do("/settings/teams", **a_team(**changes))
            assert answer.status_code == 422
            assert words in answer.text
        assert await rows(alerts.database, "SELECT id FROM team") == []

    async def test_an_older_form_does_not_overwrite_what_was_saved_since(self, alerts: AlertsApi) -> None:
        admin, form = await alerts.signed_in("admin"), a_team()
        path = f"/settings/teams/{form['new_id']}"
        await admin.do("/settings/teams", **form)
        drawn = (await form_at(admin, path))["drawn"]
        assert (await admin.do(path, drawn=drawn, name="Newer")).status_code == 303
        refused = await admin.do(path, drawn=drawn, name="Older")
        assert refused.status_code == 409
        assert "somebody changed this team meanwhile" in refused.text
        (row,) = await rows(alerts.database, "SELECT body FROM team")
        assert row.body["name"] == "Newer"

    async def test_only_administrators_of_the_whole_company_reach_teams_and_calendars(
        self, alerts: AlertsApi
    ) -> None:
        for role, segments, status in (
            ("admin", ["store:aarhus"], 403),
            ("leader", [], 404),
            ("agent", [], 404),
        ):
            person = await alerts.signed_in(role, segments=segments)
            for path, form in (("/settings/teams", a_team()), ("/settings/calendars", hours())):
                assert (await person.get(path)).status_code == status
                assert (await person.do(path, **form)).status_code == status
        stranger, admin, form = (
            await alerts.signed_in("admin", tenant="other"),
            await alerts.signed_in("admin"),
            hours(),
        )
        await admin.do("/settings/calendars", **form)
        path = f"/settings/calendars/{form['new_id']}"
        assert (await stranger.get(path)).status_code == 404
        assert (await stranger.do(path, **form)).status_code == 404
        assert (await stranger.do(path, act="delete")).status_code == 404
        assert len(await rows(alerts.database, "SELECT id FROM calendar")) == 1


class TestAbsences:
    async def test_a_person_says_when_they_are_away_and_takes_it_back(self, alerts: AlertsApi) -> None:
        dina, carl = await alerts.signed_in(name="Dina"), await alerts.person(name="Carl")
        path = "/settings/absence"
        saved = await dina.do(path, **AWAY, drawn="", deputy=str(carl.id))
        assert saved.headers["location"] == f"{path}?did=saved"
        (row,) = await rows(alerts.database, "SELECT * FROM absence")
        assert (row.staff_id, row.deputy_id) == (dina.person.id, carl.id)
        # Whole days by the company's clock, that of Copenhagen.
        assert (row.since, row.until) == (
            datetime(2030, 11, 27, 23, tzinfo=UTC),
            datetime(2030, 12, 4, 23, tzinfo=UTC),
        )
        page = (await dina.get(path)).text
        assert "You are away from 28 November 2030 until 4 December 2030." in page
        assert "New cases go to Carl meanwhile." in page
        fields = await form_at(dina, path)
        assert (fields["from"], fields["until"], fields["until_time"]) == ("2030-11-28", "2030-12-04", "")
        timed = await dina.do(path, **{**fields, "from_time": "12:30", "until_time": "08:00"})
        assert timed.status_code == 303
        (row,) = await rows(alerts.database, "SELECT * FROM absence")
        assert (row.since.hour, row.since.minute, row.until.day, row.until.hour) == (11, 30, 4, 7)
        page = (await dina.get(path)).text
        assert "You are away from 28 November 2030, 12:30 until 4 December 2030, 08:00." in page
        drawn = (await form_at(dina, path))["drawn"]
        assert (await dina.do(path, act="end", drawn=drawn)).headers["location"] == f"{path}?did=ended"
        assert await rows(alerts.database, "SELECT * FROM absence") == []
        about = str(dina.person.id)
        lines = await audit_lines(alerts.database)
        assert [(line.act, line.about, line.facts) for line in lines] == [
            *[("absence", about, {})] * 2,
            ("absence", about, {"deleted": True}),
        ]

    async def test_what_is_wrong_is_said_beside_its_field(self, alerts: AlertsApi) -> None:
        dina = await alerts.signed_in(name="Dina", segments=["store:aarhus"])
        elsewhere = await alerts.person(name="Odin", segments=["store:odense"])
        analyst = await alerts.person("analyst", name="Ann")
        for changes, words in (
            ({"from": ""}, "Write a day like 2026-11-28."),
            ({"until": "soon"}, "Write a day like 2026-11-28."),
            ({"until_time": "8"}, "Write a time of day such as 08:00, or leave it empty."),
            ({"until": "2030-11-27"}, "The absence must end after it begins."),
            ({"deputy": str(elsewhere.id)}, "may see the same segments."),
            ({"deputy": str(analyst.id)}, "may see the same segments."),
            ({"deputy": str(dina.person.id)}, "may see the same segments."),
            ({"deputy": str(uuid7())}, "Nobody of your company who may sign in has this id."),
        ):
            answer = await dina.do("/settings/absence", **{**AWAY, **changes})
            assert answer.status_code == 422
            assert words in answer.text
        assert "Odin" not in (await dina.get("/settings/absence")).text
        assert await rows(alerts.database, "SELECT * FROM absence") == []

    async def test_an_older_form_does_not_overwrite_what_was_saved_since(self, alerts: AlertsApi) -> None:
        dina, admin = await alerts.signed_in(name="Dina"), await alerts.signed_in("admin")
        theirs = f"/settings/absence/{dina.person.id}"
        older = await form_at(dina, "/settings/absence")
        assert (await admin.do(theirs, **AWAY, drawn="")).status_code == 303
        refused = await dina.do("/settings/absence", **{**older, "from": "2031-01-01", "until": "2031-01-02"})
        assert refused.status_code == 409
        assert "the absence was changed meanwhile" in refused.text
        assert (await dina.do("/settings/absence", act="end", drawn="")).status_code == 409
        (row,) = await rows(alerts.database, "SELECT * FROM absence")
        assert row.since == datetime(2030, 11, 27, 23, tzinfo=UTC)

    async def test_administrators_and_the_leader_of_a_team_set_those_of_their_people_and_nobody_else_does(
        self, alerts: AlertsApi
    ) -> None:
        admin, lea = await alerts.signed_in("admin"), await alerts.signed_in("leader", name="Lea")
        dina = await alerts.person(name="Dina", segments=["store:aarhus"])
        path = f"/settings/absence/{dina.id}"
        assert (await lea.do(path, **AWAY)).status_code == 404
        team = a_team(member=str(dina.id), leader=str(lea.person.id))
        assert (await admin.do("/settings/teams", **team)).status_code == 303
        assert "Dina is not away." in (await lea.get("/settings/absence")).text
        assert (await lea.do(path, **AWAY)).headers["location"] == f"{path}?did=saved"
        assert "Dina is away from 28 November 2030" in (await admin.get(f"/settings/people/{dina.id}")).text
        for role, facts in (
            ("agent", {}),
            ("leader", {}),
            ("admin", {"segments": ["store:odense"]}),
            ("admin", {"tenant": "other"}),
        ):
            stranger = await alerts.signed_in(role, **facts)
            assert (await stranger.get(path)).status_code == 404
            assert (await stranger.do(path, act="end")).status_code == 404
        limited = await alerts.signed_in("admin", segments=["store:aarhus"])
        drawn = (await form_at(limited, path))["drawn"]
        assert (await limited.do(path, act="end", drawn=drawn)).status_code == 303


@pytest.mark.parametrize(
    "address", ["/settings/teams", "/settings/calendars", "/settings/chats", "/webhooks", "/cases/no-id"]
)
async def test_a_form_or_address_whose_id_is_none_is_answered_404_everywhere(
    alerts: AlertsApi, address: str
) -> None:
    admin = await alerts.signed_in("admin")
    acts = {"act": "take", "key": str(uuid7())} if address.startswith("/cases") else {}
    for typed in ("", "no-id"):
        answer = await admin.do(address, new_id=typed, name="Delivery", **acts)
        assert answer.status_code == 404, answer.text
