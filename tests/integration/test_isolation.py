"""Two companies with the same kinds of data, and every route of every service: nobody sees or changes what
is not theirs.
"""

import asyncio

import pytest
from support.companies import Company, Rows, World, a_note
from support.route_requests import LIVE, PAGE, every_route, leaks, of_company, words_of
from support.streams import stream_until_change

SETTLED_WITHIN_S = 5.0


@pytest.mark.parametrize("credentials", ["key", "staff"])
async def test_another_company_is_never_seen_nor_changed(
    world: World, birch: Company, quartz: Company, credentials: str
) -> None:
    before = of_company(await world.rows(), quartz)
    words = {quartz.name, *words_of(before)}
    faults = []
    for asked in every_route(world, quartz, birch):
        if credentials == "key" and not (asked.takes_keys or asked.request.public):
            continue
        person = birch.people["admin"] if credentials == "staff" else None
        headers = person.headers(page=not asked.takes_keys) if person else birch.headers
        answer = await asked.by(world, headers, person)
        if asked.request.foreign and answer.status_code != asked.request.foreign:
            faults.append(f"{asked.name}: {answer.status_code}, not {asked.request.foreign}")
        if answer.status_code in {403, 500}:
            faults.append(f"{asked.name}: {answer.status_code} {answer.text}")
        faults += [f"{asked.name} says {word}" for word in leaks(answer, words, asked.request.may_repeat)]
    await world.deliver_all()
    after = of_company(await world.rows(), quartz)
    faults += [f"{table} changed" for table in before if before[table] != after[table]]
    assert not faults, "\n".join(faults)
    assert [event.tenant for event in await world.transactions()].count(quartz.name) == 1


def changed_tables(before: Rows, after: Rows) -> set[str]:
    return {table for table in before if before[table] != after[table]}


async def rows_after(world: World, before: Rows, logged: set[str]) -> Rows:
    """All rows. A download whose client went away gives its hold back a moment after the response ended."""
    after = await world.rows()
    deadline = asyncio.get_running_loop().time() + SETTLED_WITHIN_S
    while changed_tables(before, after) - logged and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(SETTLED_WITHIN_S / 100)
        after = await world.rows()
    return after


async def test_a_look_changes_nothing_and_shows_the_company_its_own(world: World, quartz: Company) -> None:
    person, faults = quartz.people["admin"], []
    before, next_write = await world.rows(), await world.next_write()
    for asked in every_route(world, quartz, quartz):
        if asked.method != "GET":
            continue
        for headers in [quartz.headers] if asked.takes_keys else []:
            assert (await asked.by(world, headers)).status_code == (asked.request.own or 200), asked.name
        for method in ("GET", "HEAD") if not asked.is_stream else ("HEAD",):
            answer = await asked.by(world, person.headers(page=not asked.takes_keys), person, method)
            refused = answer.status_code >= 400 and answer.status_code != asked.request.own
            if refused and "/static/" not in asked.route:
                faults.append(f"{method} {asked.name}: {answer.status_code}")
        after = before
        logged = {f"{asked.service}.outbox"} if asked.request.is_logged else set()
        if (next_write_after := await world.next_write()) != next_write:
            after, next_write = await rows_after(world, before, logged), next_write_after
        changed = changed_tables(before, after)
        faults += [f"{asked.name}: changes or does not log {table}" for table in changed ^ logged]
        before = after
    assert not faults, "\n".join(faults)


async def test_without_credentials_every_door_is_closed(world: World, quartz: Company) -> None:
    faults = []
    for asked in every_route(world, quartz, quartz):
        if asked.request.public:
            continue
        program = await asked.by(world, {"accept": "application/json"})
        if program.status_code != 401:
            faults.append(f"{asked.name} answers a program {program.status_code}")
        if not asked.takes_keys:
            browser = await asked.by(world, PAGE)
            if not browser.headers.get("location", "").startswith("/login/renew?next="):
                faults.append(f"{asked.name} answers a browser {browser.status_code}")
    assert not faults, "\n".join(faults)


async def test_staff_of_one_segment_see_nothing_of_the_others(world: World, quartz: Company) -> None:
    limited = await world.add_person(quartz, "leader", ("touchpoint:quartz-desk",), "limited")
    hidden = {
        *map(str, (quartz.event, quartz.invitation, quartz.case)),
        *("quartz-order", "quartz-customer", "customer@quartz", "quartz Whitfield", "quartz table"),
        *("quartz was late", "quartz called back", "quartz-checkout", "quartz-north"),
    }
    names = {"event_id", "case"}
    faults = []
    for asked in every_route(world, quartz, quartz):
        if asked.method != "GET" or asked.request.public:
            continue
        answer = await asked.by(world, limited.headers(page=not asked.takes_keys), limited)
        if names & set(asked.request.at) and answer.status_code != 404:
            faults.append(f"{asked.name}: {answer.status_code}")
        sent = (*asked.request.may_repeat, *asked.request.query.values())
        faults += [f"{asked.name} says {word}" for word in leaks(answer, hidden, sent)]
    assert not faults, "\n".join(faults)


WHOLE_COMPANY = tuple(
    f"{beginning}{path}"
    for beginning in ("", "/v1")
    for path in ("/customers", "/erasures", "/retention", "/audit", "/suppressions")
)
"""The beginnings of the routes with data of customers of all segments, or rules about it."""


async def test_an_administrator_of_one_segment_reaches_no_data_of_the_whole_company(
    world: World, quartz: Company
) -> None:
    limited = await world.add_person(quartz, "admin", ("touchpoint:quartz-desk",), "limited-admin")
    before, asked_of = await world.rows(), set()
    for asked in every_route(world, quartz, quartz):
        if asked.request.public or not asked.route.startswith(WHOLE_COMPANY):
            continue
        asked_of.add(asked.route)
        answer = await asked.by(world, limited.headers(page=not asked.takes_keys), limited)
        assert answer.status_code == 403, asked.name
        assert "You see a part of the company only." in answer.text, asked.name
    assert await world.rows() == before
    assert len({route.removeprefix("/v1").split("/")[1] for route in asked_of}) == len(WHOLE_COMPANY) / 2
    for path in ("/surveys", "/settings"):
        page = await world.clients["dispatcher" if path == "/surveys" else "alerts"].get(
            path, headers=limited.headers(page=True)
        )
        assert page.status_code == 200
        assert not [there for there in WHOLE_COMPANY if f'href="{there}' in page.text]


@pytest.mark.parametrize(
    ("role", "method", "path", "status"),
    [
        ("analyst", "GET", "/inbox", 404),
        ("analyst", "GET", "/cases/{case}", 404),
        ("analyst", "GET", "/v1/cases", 403),
        ("analyst", "GET", "/v1/surveys", 403),
        ("editor", "GET", "/inbox", 404),
        ("editor", "GET", "/v1/answers", 403),
        ("editor", "POST", "/surveys/live", 404),
        ("editor", "POST", "/surveys/stop", 404),
        ("leader", "GET", "/surveys/new", 404),
        ("leader", "GET", "/v1/suppressions", 403),
        ("leader", "POST", "/settings/people", 404),
        ("agent", "POST", "/surveys/{survey_id}", 404),
        ("agent", "POST", "/surveys/stop", 404),
        ("agent", "POST", "/settings/people", 404),
        ("agent", "POST", "/v1/answers/import", 401),
    ],
)
async def test_a_role_is_refused_what_is_not_its_to_do(
    world: World, quartz: Company, role: str, method: str, path: str, status: int
) -> None:
    before, person = await world.rows(), quartz.people[role]
    found = [one for one in every_route(world, quartz, quartz) if (one.method, one.route) == (method, path)]
    for asked in found:
        answer = await asked.by(world, person.headers(page=not asked.takes_keys), person)
        assert answer.status_code == status, asked.name
    assert found
    assert await world.rows() == before


async def test_an_analyst_reads_answers_without_names(world: World, quartz: Company) -> None:
    analyst = quartz.people["analyst"]
    names = {"quartz-customer", "quartz-other", "customer@quartz", "quartz Whitfield", "+4512345678"}
    faults = []
    for asked in every_route(world, quartz, quartz):
        if asked.method == "GET" and not asked.request.public:
            answer = await asked.by(world, analyst.headers(page=not asked.takes_keys), analyst)
            faults += [f"{asked.name} says {word}" for word in leaks(answer, names, asked.request.may_repeat)]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("path", LIVE)
async def test_a_live_page_tells_of_the_own_company_only(
    world: World, birch: Company, quartz: Company, path: str
) -> None:
    for company in (quartz, birch):
        await world.post("alerts", company, f"/v1/cases/{company.case}/actions", a_note(company.name))
        await world.deliver_all()
    said = await stream_until_change(world, LIVE[path], path, birch.people["admin"])
    assert not {word for word in words_of(of_company(await world.rows(), quartz)) if word in said}
