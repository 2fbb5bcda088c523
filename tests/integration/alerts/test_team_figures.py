"""How the work on cases goes: counted as one by one, told to whom it is for, and of nobody's few cases."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from threading import get_ident
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.alerts_api import AlertsApi
from support.alerts_builders import TENANT, rows
from support.case_histories import CaseHistory, a_history, causes_one_by_one, counted_one_by_one
from support.examples import examples

from services.alerts.calendars.domain import Calendar, Opening
from services.alerts.cases.domain.actor import Actor
from services.alerts.cases.repository import cases
from services.alerts.rules.setup import CompanySetup
from services.alerts.team_figures import reading
from services.alerts.team_figures.domain import Figures, FigureScope, TeamFigures
from services.alerts.team_figures.repository import count_figures, last_instants
from services.alerts.team_figures.working_hours import hours_of_teams
from services.alerts.teams.domain import CaseTeam
from services.alerts.teams.team_commands import save_team
from shared.db.database import Database
from shared.privacy.audit import AuditActor

WHO = AuditActor("command_line", None, "a test")
JSON = {"accept": "application/json"}
CALENDAR = Calendar(
    name="Office",
    zone="Europe/Copenhagen",
    country="DK",
    week=(*[(Opening(start=480, end=720), Opening(start=780, end=1020))] * 5, (), ()),
)
OFFICE, ROUND_THE_CLOCK, CALENDAR_ID = UUID(int=1), UUID(int=2), UUID(int=3)
SETUP = CompanySetup(
    teams={
        OFFICE: CaseTeam(name="Office", calendar=CALENDAR_ID),
        ROUND_THE_CLOCK: CaseTeam(name="Others"),
    },
    calendars={CALENDAR_ID: CALENDAR},
)
TEAMS = ((OFFICE, CALENDAR), (OFFICE, CALENDAR), (ROUND_THE_CLOCK, None), (None, None))
PEOPLE = [Actor(UUID(int=10 + number), f"Person {number}") for number in range(2)]
_tenants = count()


async def store(database: Database, histories: Sequence[CaseHistory]) -> None:
    """Write cases as they have become, with the segments of their answers."""
    async with database.transaction() as uow:
        await cases.insert_cases(uow, [one.case for one in histories])
        for one in histories:
            for belongs in one.answers:
                await uow.execute(
                    "INSERT INTO case_answer (tenant, answer_id, case_id, belongs)"
                    " VALUES (:tenant, :answer, :case, :belongs)",
                    {"tenant": one.case.tenant, "answer": uuid4(), "case": one.case.id, "belongs": belongs},
                )


def facts_of(figures: Figures) -> dict[str, Any]:
    """As ``counted_one_by_one`` has them, but for what floating point does to times."""
    found = {name: getattr(figures, name) for name in Figures.__dataclass_fields__}
    for name in ("to_contact", "to_contact_working", "to_close", "to_close_working"):
        spread = found[name]
        found[name] = (spread.n, pytest.approx(spread.median_hours), pytest.approx(spread.p90_hours))
    return {**found, "outcomes": dict(found["outcomes"])}


@settings(
    max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.integers(0, 2**32),
    size=st.integers(0, 60),
    segments=st.sampled_from([(), ("organisation:a",), ("organisation:a", "organisation:b")]),
)
async def test_the_statement_counts_what_one_by_one_comes_to(
    database: Database, seed: int, size: int, segments: tuple[str, ...]
) -> None:
    random, tenant, now = Random(seed), f"company-{next(_tenants)}", datetime.now(UTC)
    since, until = now - timedelta(days=95), now - timedelta(days=45)
    found = [a_history(random, tenant, now - timedelta(days=100), PEOPLE, TEAMS) for _ in range(size)]
    await store(database, [*found, a_history(random, f"{tenant}-not", since, PEOPLE, TEAMS)])
    async with database.reading() as uow:

        async def counted(scope: FigureScope) -> TeamFigures:
            lasts = await last_instants(uow, tenant, segments, since, until, scope)
            hours = hours_of_teams(SETUP, since, lasts)
            return await count_figures(uow, tenant, segments, since, until, scope, hours)

        read = await counted(FigureScope())
        few = await counted(FigureScope(teams=(OFFICE,), owner=PEOPLE[0].id))
        led = await counted(FigureScope(teams=(ROUND_THE_CLOCK,), reader=PEOPLE[1].id))
        now = uow.now
    within = [one for one in found if since <= one.case.opened_at < until]
    assert facts_of(read.total) == counted_one_by_one(within, segments, now)
    assert dict(read.causes) == causes_one_by_one(within, segments)
    for told, name in ((read.teams, "team_id"), (read.people, "owner_id")):
        seen = {getattr(one.case, name) for one in within if one.readable(segments)}
        assert {one.id for one in told} == seen
        for one in told:
            own = [each for each in within if getattr(each.case, name) == one.id]
            assert facts_of(one.figures) == counted_one_by_one(own, segments, now)
    own = [each for each in within if (each.case.team_id, each.case.owner_id) == (OFFICE, PEOPLE[0].id)]
    assert facts_of(few.total) == counted_one_by_one(own, segments, now)
    own = [
        each for each in within if each.case.team_id == ROUND_THE_CLOCK or each.case.owner_id == PEOPLE[1].id
    ]
    assert facts_of(led.total) == counted_one_by_one(own, segments, now)
    assert {one.id for one in led.teams} <= {ROUND_THE_CLOCK}


async def give(alerts: AlertsApi, team: UUID | None, owner: UUID, n: int, **changes: Any) -> None:
    """Cases of a team that somebody has."""
    for _ in range(n):
        case = await alerts.open_case(**changes)
        await rows_changed(alerts, case, team, owner)


async def rows_changed(alerts: AlertsApi, case: UUID, team: UUID | None, owner: UUID) -> None:
    async with alerts.database.transaction() as uow:
        await uow.execute(
            "UPDATE cases SET team_id = :team, owner_id = :owner, state = 'assigned',"
            " first_contact_at = opened_at + interval '1 hour' WHERE tenant = :tenant AND id = :case",
            {"team": team, "owner": owner, "tenant": TENANT, "case": case},
        )


async def a_team(alerts: AlertsApi, name: str, leader: UUID | None = None) -> UUID:
    key = uuid4()
    async with alerts.database.transaction() as uow:
        await save_team(uow, TENANT, WHO, key, CaseTeam(name=name, leader=leader))
    return key


async def test_everybody_is_told_of_those_whom_it_is_for(alerts: AlertsApi) -> None:
    admin, leader = await alerts.signed_in("admin"), await alerts.signed_in("leader", name="Ada Winther")
    jonas, sara = await alerts.signed_in(), await alerts.signed_in(name="Sara Lund")
    mine, other = await a_team(alerts, "Shop", leader.person.id), await a_team(alerts, "Drivers")
    await give(alerts, mine, jonas.person.id, 10)
    await give(alerts, other, sara.person.id, 2)
    await give(alerts, other, leader.person.id, 1)

    async def told(who: Any, query: str = "") -> Any:
        answer = await who.client.get(f"/v1/team-figures{query}", headers=JSON)
        return answer.json() if answer.status_code == 200 else answer.status_code

    everything = await told(admin)
    assert everything["total"]["cases"] == 13
    assert {one["name"]: one["cases"] for one in everything["teams"]} == {"Shop": 10, "Drivers": 3}
    assert {one["name"]: one["cases"] for one in everything["people"]} == {
        "Jonas Holt": 10,
        "Sara Lund": 2,
        "Ada Winther": 1,
    }
    by_key = await alerts.client().get("/v1/team-figures", headers=alerts.key("cases:read"))
    assert by_key.json() == everything

    of_leader = await told(leader)
    assert [(one["name"], one["cases"]) for one in of_leader["teams"]] == [("Shop", 10)]
    assert {one["name"]: one["cases"] for one in of_leader["people"]} == {"Jonas Holt": 10, "Ada Winther": 1}
    assert of_leader["total"]["cases"] == 11
    assert await told(leader, f"?team={other}") == 403
    assert (await told(leader, f"?person={sara.person.id}"))["total"]["cases"] == 0
    assert (await told(leader, f"?person={leader.person.id}"))["total"]["cases"] == 1

    of_sara = await told(sara)
    assert (of_sara["total"]["cases"], of_sara["teams"]) == (2, [])
    assert [one["name"] for one in of_sara["people"]] == ["Sara Lund"]
    assert (await told(sara, f"?team={mine}"))["total"]["cases"] == 0
    assert await told(sara, f"?person={jonas.person.id}") == 403
    assert await told(await alerts.signed_in("analyst")) == 403

    assert await told(admin, f"?team={uuid4()}") == 404
    assert await told(admin, f"?person={uuid4()}") == 404
    foreign = await alerts.signed_in("admin", tenant="other")
    assert (await told(foreign))["total"]["cases"] == 0
    assert await told(foreign, f"?team={mine}") == 404
    assert await told(foreign, f"?person={jonas.person.id}") == 404


async def test_a_leader_of_no_team_is_told_of_their_own_cases(alerts: AlertsApi) -> None:
    leader, jonas = await alerts.signed_in("leader"), await alerts.person(name="Jonas Berg")
    team = await a_team(alerts, "Shop", jonas.id)
    await give(alerts, team, jonas.id, 2)
    await give(alerts, None, leader.person.id, 3)
    got = (await leader.client.get("/v1/team-figures", headers=JSON)).json()
    assert (got["total"]["cases"], got["teams"], len(got["people"])) == (3, [], 1)


async def test_hours_are_computed_in_a_thread_and_of_the_teams_and_time_that_are_counted(
    alerts: AlertsApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, dict[UUID, datetime]]] = []

    def spied(setup: CompanySetup, since: datetime, lasts: dict[UUID, datetime]) -> Any:
        seen.append((get_ident(), lasts))
        return hours_of_teams(setup, since, lasts)

    monkeypatch.setattr(reading, "hours_of_teams", spied)
    jonas = await alerts.person()
    team, _ = await a_team(alerts, "Shop"), await a_team(alerts, "Drivers")
    await give(alerts, team, jonas.id, 1)
    assert (
        await alerts.client().get("/v1/team-figures", headers=alerts.key("cases:read"))
    ).status_code == 200
    ((thread, lasts),) = seen
    assert thread != get_ident()
    (contact,) = await rows(alerts.database, "SELECT first_contact_at FROM cases")
    assert lasts == {team: contact.first_contact_at}


async def test_no_share_and_no_time_is_told_of_fewer_than_ten(alerts: AlertsApi) -> None:
    jonas, sara = await alerts.person(), await alerts.person(name="Sara Lund")
    await give(alerts, None, jonas.id, 10)
    await give(alerts, None, sara.id, 9)
    got = await alerts.client().get("/v1/team-figures", headers=alerts.key("cases:read"))
    by_name = {one["name"]: one for one in got.json()["people"]}
    ten, nine = by_name["Jonas Holt"], by_name["Sara Lund"]
    assert (ten["due"], ten["in_time"], ten["in_time_percent"]) == (10, 10, 100)
    assert ten["time_to_contact"] == {"n": 10, "median_hours": 1, "p90_hours": 1}
    assert (nine["due"], nine["in_time"], nine["in_time_percent"]) == (9, 9, None)
    assert nine["time_to_contact"] == {"n": 9, "median_hours": None, "p90_hours": None}


async def test_who_is_limited_to_segments_is_told_of_the_cases_that_they_may_see(alerts: AlertsApi) -> None:
    jonas = await alerts.person()
    await give(alerts, None, jonas.id, 2, organisation=("north",))
    await give(alerts, None, jonas.id, 3, organisation=("south",))
    leader = await alerts.signed_in("leader", segments=("organisation:north",))
    got = (await leader.client.get("/v1/team-figures", headers=JSON)).json()
    assert got["total"]["cases"] == 2


@pytest.mark.parametrize(
    "query",
    ["from=x", "from=2026-02-30", "from=0001-01-01", "to=0001-01-01", "from=9999-12-31", "to=9999-12-31"],
)
async def test_days_that_are_none_or_out_of_bounds_are_refused(alerts: AlertsApi, query: str) -> None:
    admin = await alerts.signed_in("admin")
    for path in ("/v1/team-figures", "/v1/team-figures/export", "/team", "/team/download"):
        assert (await admin.client.get(f"{path}?{query}")).status_code == 422, path


async def test_days_are_those_of_the_company_and_both_are_in(alerts: AlertsApi) -> None:
    case, jonas = await alerts.open_case(), await alerts.person()
    await rows_changed(alerts, case, None, jonas.id)
    async with alerts.database.transaction() as uow:
        await uow.execute("UPDATE cases SET opened_at = '2026-07-14T22:30:00Z'", {})  # half past midnight
    key, client = alerts.key("cases:read"), alerts.client()
    for days, n in (("14&to=2026-07-14", 0), ("15&to=2026-07-15", 1), ("16&to=2026-07-20", 0)):
        got = (await client.get(f"/v1/team-figures?from=2026-07-{days}", headers=key)).json()
        assert got["total"]["cases"] == n, days
    got = (await client.get("/v1/team-figures?from=2026-07-15", headers=key)).json()
    assert (got["from"], got["to"]) == ("2026-07-15", "2026-10-12")


async def test_the_file_has_the_same_and_no_formula(alerts: AlertsApi) -> None:
    admin = await alerts.signed_in("admin", name="=1+1")
    await give(alerts, None, admin.person.id, 10)
    by_page = await admin.client.get("/team/download")
    by_key = await alerts.client().get("/v1/team-figures/export", headers=alerts.key("cases:read"))
    assert by_page.text == by_key.text
    assert by_page.headers["content-type"] == "text/csv; charset=utf-8"
    assert by_page.text.startswith("\ufeff")
    lines = by_page.text.splitlines()
    assert [line.split(",")[2:6] for line in lines[1:]] == [
        ["all", "", "", "10"],
        ["team", "", "", "10"],
        ["person", str(admin.person.id), "'=1+1", "10"],
    ]


async def test_the_page_says_the_same_as_the_api(alerts: AlertsApi) -> None:
    admin, jonas = await alerts.signed_in("admin"), await alerts.person()
    assert "No case was opened on these days." in (await admin.get("/team")).text
    team = await a_team(alerts, "Shop <b>")
    await give(alerts, team, jonas.id, 12)
    page = (await admin.get(f"/team?team={team}&person=")).text
    assert "100.0\u00a0% of 12 cases had their first contact in time." in page
    assert "Shop &lt;b&gt;" in page
    assert f"/team/download?team={team}" in page
    assert 'href="/team"' in (await admin.get("/inbox")).text
    assert await rows(alerts.database, "SELECT 1 FROM cases WHERE owner_id IS NULL") == []
