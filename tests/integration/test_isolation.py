"""Two companies with the same kinds of data, and every route of every service: nobody sees or changes what
is not theirs.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from support.companies import (
    Company,
    Person,
    Rows,
    World,
    a_note,
    a_survey,
    a_world,
    an_answer,
    an_event,
    an_import,
)
from support.http_clients import SECRET
from support.stack import Postgres
from support.streams import stream_until_change

from shared.http.csrf import CSRF_FIELD
from shared.link_tokens import LinkSigner

PAGE = {"accept": "text/html"}


@dataclass(frozen=True)
class Knock:
    """How a route is asked about a company's things."""

    at: Mapping[str, object] = field(default_factory=dict)
    """The parts of its path."""
    query: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    """What the answer may repeat, because it was sent or follows from it."""
    public: bool = False
    foreign: int | None = None
    """What somebody else is answered; None: the route speaks of its caller's own things only."""


def knocks(of: Company, by: Company) -> dict[str, Knock | tuple[Knock, ...]]:
    """Every route of every service, asked by one company about another's things, or its own."""
    survey, event, case = {"survey_id": of.survey}, {"event_id": of.event}, {"case": of.case}
    changed = {**a_survey(of.name), "name": "changed"}
    typed = {name: str(value) for name, value in changed.items() if name != "texts"}
    typed |= {"default_language": "en", "quarantine_days": "1", "link_days": "1", "max_age_days": "1"}
    person = str(of.people["agent"].staff.id)
    empty, public = Knock(), Knock(public=True)
    found: dict[str, Knock | tuple[Knock, ...]] = {
        "trigger POST /v1/events": Knock(
            json=an_event(of.name), told=(f"{of.name}-order", f"{of.name}-shop", str(of.event))
        ),
        "dispatcher GET /v1/surveys": empty,
        "dispatcher POST /v1/surveys": Knock(json=a_survey("own"), headers={"idempotency-key": "1"}),
        "dispatcher GET /v1/surveys/{survey_id}": Knock(survey, foreign=404),
        "dispatcher PUT /v1/surveys/{survey_id}": Knock(survey, json=changed, foreign=404),
        "dispatcher PATCH /v1/surveys/{survey_id}": Knock(survey, json={"name": "changed"}, foreign=404),
        "dispatcher GET /v1/suppressions": Knock(told=(f"{of.name}-never",)),
        "dispatcher POST /v1/suppressions": Knock(
            json={"email": f"never@{of.name}.example", "customer_id": f"{of.name}-never"},
            told=(f"{of.name}-never",),
        ),
        "dispatcher DELETE /v1/suppressions/{suppression_id:path}": Knock(
            {"suppression_id:path": of.suppression}, foreign=404
        ),
        "dispatcher GET /v1/suppressions/lifted": empty,
        "dispatcher GET /v1/placeholder-ids": empty,
        "dispatcher PUT /v1/placeholder-ids": Knock(json={"ids": ["walk by"]}),
        "dispatcher GET /v1/decisions": Knock(query={"event_id": f"{of.name}-order"}),
        "dispatcher GET /surveys": empty,
        "dispatcher GET /surveys/new": empty,
        "dispatcher POST /surveys/new": Knock(form={**typed, "name": "made"}),
        "dispatcher GET /surveys/live": empty,
        "dispatcher POST /surveys/live": Knock(form={"confirmed": "on"}),
        **{
            f"dispatcher {method} /surveys/{act}": Knock(form={} if method == "POST" else None)
            for act in ("test-mode", "stop", "resume")
            for method in ("GET", "POST")
        },
        **{
            f"dispatcher {method} /surveys/{{survey_id}}/{act}": Knock(
                survey, form={"version": "1"} if method == "POST" else None, foreign=404
            )
            for act in ("start", "pause")
            for method in ("GET", "POST")
        },
        "dispatcher GET /surveys/{survey_id}/preview": Knock(survey, query={"language": "en"}, foreign=404),
        "dispatcher POST /surveys/test-addresses": Knock(form={"addresses": "tester@example.com"}),
        "dispatcher GET /surveys/{survey_id}": Knock(survey, foreign=404),
        "dispatcher POST /surveys/{survey_id}": Knock(survey, form=typed, foreign=404),
        "dispatcher GET /surveys/{survey_id}/mail": Knock(survey, foreign=404),
        "dispatcher GET /events": (empty, Knock(query={"q": f"{of.name}-order"}, told=(f"{of.name}-order",))),
        "dispatcher GET /events/live": empty,
        "dispatcher GET /events/{event_id}": Knock(event, foreign=404),
        "collector POST /v1/answers/import": Knock(
            json={"answers": [{**an_import(of.name), "comment": "", "segments": {}, "customer": "c"}]},
            told=(f"{of.name}-old",),
        ),
        "collector GET /v1/answers": (empty, Knock(query={"segment": f"touchpoint:{of.name}-checkout"})),
        "scorer GET /": empty,
        "scorer GET /segments": (
            empty,
            Knock(
                query={"segment": f"touchpoint:{of.name}-checkout"},
                told=(f"{of.name}-checkout", f"{of.name}-checkout".capitalize()),
            ),
            Knock(query={"q": of.name}, told=(of.name,)),
        ),
        "scorer GET /segments/live": empty,
        "scorer GET /v1/scores": Knock(
            query={"segment": f"touchpoint:{of.name}-checkout"}, told=(f"{of.name}-checkout",)
        ),
        "scorer GET /v1/segments": empty,
        "alerts GET /v1/cases": (empty, Knock(query={"owner": person})),
        "alerts GET /v1/cases/{case}": Knock(case, foreign=404),
        "alerts POST /v1/cases/{case}/actions": Knock(case, json=a_note("own"), foreign=404),
        "alerts GET /inbox": (
            empty,
            Knock(query={"state": "all", "touchpoint": f"{of.name}-checkout"}, told=(f"{of.name}-checkout",)),
        ),
        "alerts GET /inbox/live": empty,
        "alerts GET /cases/{case}": Knock(case, foreign=404),
        "alerts POST /cases/{case}": Knock(case, form={"act": "note", "text": "own"}, foreign=404),
        "alerts GET /settings": empty,
        "alerts POST /settings": tuple(
            Knock(form={"act": act, "person": person, "role": "admin"})
            for act in ("change", "link", "deactivate", "activate")
        ),
        "alerts GET /login": public,
        "alerts POST /login": Knock(form={"address": "nobody@example.com", "password": "x"}, public=True),
        "alerts GET /login/company": public,
        "alerts POST /login/company": Knock(form={"tenant": of.name}, public=True, foreign=404),
        "alerts GET /login/renew": public,
        "alerts POST /login/renew": Knock(form={}, public=True),
        "alerts POST /logout": Knock(form={}),
    }
    link = {"token": _link(of, by)}
    found |= {
        "alerts GET /login/link/{token}": Knock(link, public=True, foreign=410),
        "alerts POST /login/link/{token}": Knock(
            link, form={"password": "a sentence of their own"}, public=True, foreign=410
        ),
        "collector GET /s/{token}": Knock({"token": _token("answer", of, by)}, public=True, foreign=404),
        "collector POST /s/{token}": Knock(
            {"token": _token("answer", of, by)}, form=an_answer(of), public=True, foreign=404
        ),
        "dispatcher GET /u/{token}": Knock(
            {"token": _token("unsubscribe", of, by)}, public=True, foreign=404
        ),
        "dispatcher POST /u/{token}": Knock(
            {"token": _token("unsubscribe", of, by)}, form={}, public=True, foreign=404
        ),
        "dispatcher GET /u/{token}/again": Knock(
            {"token": _token("unsubscribe", of, by)}, public=True, foreign=404
        ),
        "dispatcher POST /u/{token}/again": Knock(
            {"token": _token("unsubscribe", of, by)}, form={}, public=True, foreign=404
        ),
    }
    for service in ("trigger", "dispatcher", "collector", "scorer", "alerts"):
        for path in ("/healthz", f"/openapi/{service}.json"):
            found[f"{service} GET {path}"] = public
        for path in ("/readyz", "/metrics"):
            found[f"{service} GET {path}"] = Knock(headers={"host": "127.0.0.1:8000"}, public=True)
        style = {"owner": "shared", "digest": "0", "name": "afterword.css"}
        found[f"{service} GET /static/{{owner}}/{{digest}}/{{name}}"] = Knock(style, public=True, foreign=404)
    return found


def _token(purpose: Any, of: Company, by: Company) -> str:
    """A customer's link; somebody else's has the right id, and what we wrote for their own."""
    signer, half = LinkSigner(SECRET), 22
    return signer.sign(purpose, of.invitation)[:half] + signer.sign(purpose, by.invitation)[half:]


def _link(of: Company, by: Company) -> str:
    """A one-time link; somebody else's has the right secret and their own company."""
    return f"{of.link.partition('.')[0]}.{by.name}"


@dataclass(frozen=True)
class Asked:
    """A route with one way to ask it."""

    service: str
    method: str
    route: str
    knock: Knock

    @property
    def name(self) -> str:
        return f"{self.service} {self.method} {self.route}"

    @property
    def takes_keys(self) -> bool:
        return self.route.startswith("/v1/")

    async def by(
        self, world: World, headers: Mapping[str, str], person: Person | None = None, method: str = ""
    ) -> httpx.Response:
        """Ask it. A live page answers its headers only, since it never ends."""
        path, knock = self.route, self.knock
        for part, value in knock.at.items():
            path = path.replace(f"{{{part}}}", str(value))
        form = (
            knock.form if knock.form is None or person is None else {CSRF_FIELD: person.csrf(), **knock.form}
        )
        door = world.clients[self.service]
        door.cookies.clear()
        return await door.request(
            method or ("HEAD" if self.is_stream else self.method),
            path,
            params=knock.query,
            json=knock.json,
            data=form,
            headers={**headers, **knock.headers},
        )

    @property
    def is_stream(self) -> bool:
        return self.route.endswith("/live") and self.route != "/surveys/live"


def every_route(world: World, of: Company, by: Company) -> Iterator[Asked]:
    """Each route of each service with each way to ask it.

    :raises AssertionError: naming a route that nobody told this test how to ask.
    """
    known = knocks(of, by)
    for service in world.clients:
        for route in iter_route_contexts(world.app(service).routes):
            for method in sorted((route.methods or set()) - {"HEAD"}):
                name = f"{service} {method} {route.path}"
                assert name in known, f"tell knocks() how to ask {name}"
                ways = known[name]
                for knock in ways if isinstance(ways, tuple) else (ways,):
                    yield Asked(service, method, str(route.path), knock)


@pytest.fixture(scope="module")
async def world(postgres: Postgres, kafka: str) -> AsyncIterator[World]:
    async with a_world(postgres, kafka) as world:
        yield world


@pytest.fixture(scope="module")
async def birch(world: World) -> Company:
    return await world.create_company("birch")


@pytest.fixture(scope="module")
async def quartz(world: World) -> Company:
    return await world.create_company("quartz")


def of_company(rows: Rows, company: Company) -> Rows:
    """The rows that belong to it."""
    return {table: [row for row in kept if row[0] == company.name] for table, kept in rows.items()}


def words_of(rows: Rows) -> set[str]:
    """Every id of what is kept: each is of one company alone."""
    return {str(value) for kept in rows.values() for row in kept for value in row if isinstance(value, UUID)}


def leaks(answer: httpx.Response, words: set[str], told: tuple[str, ...] = ()) -> set[str]:
    """The words that an answer says."""
    said = answer.text + repr(answer.headers)
    for known in told:
        said = said.replace(known, "")
    return {word for word in words if word.lower() in said.lower()}


@pytest.mark.parametrize("credentials", ["key", "staff"])
async def test_another_company_is_never_seen_nor_changed(
    world: World, birch: Company, quartz: Company, credentials: str
) -> None:
    before = of_company(await world.rows(), quartz)
    words = {quartz.name, *words_of(before)}
    faults = []
    for asked in every_route(world, quartz, birch):
        if credentials == "key" and not (asked.takes_keys or asked.knock.public):
            continue
        person = birch.people["admin"] if credentials == "staff" else None
        headers = person.headers(page=not asked.takes_keys) if person else birch.headers
        answer = await asked.by(world, headers, person)
        if asked.knock.foreign and answer.status_code != asked.knock.foreign:
            faults.append(f"{asked.name}: {answer.status_code}, not {asked.knock.foreign}")
        if answer.status_code in {403, 500}:
            faults.append(f"{asked.name}: {answer.status_code} {answer.text}")
        faults += [f"{asked.name} says {word}" for word in leaks(answer, words, asked.knock.told)]
    await world.deliver_all()
    after = of_company(await world.rows(), quartz)
    faults += [f"{table} changed" for table in before if before[table] != after[table]]
    assert not faults, "\n".join(faults)
    assert [event.tenant for event in await world.transactions()].count(quartz.name) == 1


async def test_a_look_changes_nothing_and_shows_the_company_its_own(world: World, quartz: Company) -> None:
    person, faults = quartz.people["admin"], []
    before = await world.rows()
    for asked in every_route(world, quartz, quartz):
        if asked.method != "GET":
            continue
        for headers in [quartz.headers] if asked.takes_keys else []:
            assert (await asked.by(world, headers)).status_code == 200, asked.name
        for method in ("GET", "HEAD") if not asked.is_stream else ("HEAD",):
            answer = await asked.by(world, person.headers(page=not asked.takes_keys), person, method)
            if answer.status_code >= 400 and "/static/" not in asked.route:
                faults.append(f"{method} {asked.name}: {answer.status_code}")
            after = await world.rows()
            faults += [
                f"{method} {asked.name} changes {table}" for table in before if before[table] != after[table]
            ]
            before = after
    assert not faults, "\n".join(faults)


async def test_without_credentials_every_door_is_closed(world: World, quartz: Company) -> None:
    faults = []
    for asked in every_route(world, quartz, quartz):
        if asked.knock.public:
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
        if asked.method != "GET" or asked.knock.public:
            continue
        answer = await asked.by(world, limited.headers(page=not asked.takes_keys), limited)
        if names & set(asked.knock.at) and answer.status_code != 404:
            faults.append(f"{asked.name}: {answer.status_code}")
        sent = (*asked.knock.told, *asked.knock.query.values())
        faults += [f"{asked.name} says {word}" for word in leaks(answer, hidden, sent)]
    assert not faults, "\n".join(faults)


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
        ("leader", "POST", "/settings", 404),
        ("agent", "POST", "/surveys/{survey_id}", 404),
        ("agent", "POST", "/surveys/stop", 404),
        ("agent", "POST", "/settings", 404),
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
        if asked.method == "GET" and not asked.knock.public:
            answer = await asked.by(world, analyst.headers(page=not asked.takes_keys), analyst)
            faults += [f"{asked.name} says {word}" for word in leaks(answer, names, asked.knock.told)]
    assert not faults, "\n".join(faults)


LIVE = {"/events/live": "dispatcher", "/segments/live": "scorer", "/inbox/live": "alerts"}


@pytest.mark.parametrize("path", LIVE)
async def test_a_live_page_tells_of_the_own_company_only(
    world: World, birch: Company, quartz: Company, path: str
) -> None:
    for company in (quartz, birch):
        await world.post("alerts", company, f"/v1/cases/{company.case}/actions", a_note(company.name))
        await world.deliver_all()
    said = await stream_until_change(world, LIVE[path], path, birch.people["admin"])
    assert not {word for word in words_of(of_company(await world.rows(), quartz)) if word in said}
