"""All five services in this process, with the same kinds of data for several companies, made through their APIs.
What a service publishes is delivered to those that consume it, as the broker would.
"""

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from unittest.mock import patch
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy import Table
from support.audit import an_actor
from support.contact_rules import write_at_any_time
from support.dns import a_dns_server
from support.eventually import eventually
from support.falls import a_segment_fall
from support.http_clients import SECRET, a_context, api_client, environment_of
from support.introductions import store_task
from support.kernel_service import create_topics, records_of
from support.stack import Postgres

from services import SERVICES
from services.alerts.segment_alerts.domain import alert_id
from services.alerts.segment_alerts.handlers import act_on_falls
from services.alerts.staff import accounts
from services.alerts.staff.provider_claims import ClaimRules
from services.alerts.staff.repository.providers import save_provider
from services.alerts.staff.sessions import new_session
from services.alerts.staff.sign_in_tokens import new_link
from services.collector.forms import PageNonce
from services.command import service
from services.dispatcher.adaptive_sampling.computing import refresh_shares
from services.dispatcher.invitations.repository import find_by_id
from services.dispatcher.invitations.states import move_invitation, read_invitation
from services.dispatcher.programmes.publishing import advance_programmes
from services.dispatcher.sending import sending_commands
from services.scorer.saved_views import screen_uses
from services.trigger import tenants
from services.trigger.company_exports import series_of
from shared.clock import Clock, system_clock
from shared.db import UnitOfWork
from shared.events import FALLS, TOPICS, TRANSACTIONS, Event
from shared.http.csrf import CSRF_HEADER, CsrfGuard
from shared.http.staff_auth import ACCESS_COOKIE, SESSION_COOKIE, AccessPass, Staff
from shared.ids import uuid7
from shared.link_tokens import LinkSigner
from shared.permissions import Role
from shared.privacy.persons import person_of
from shared.privacy.present_access import PeopleAccess
from shared.service import Context
from shared.tenancy import digest_of, find_tenant

SCOPES: tuple[str, ...] = ("admin",)
Rows = Mapping[str, Sequence[tuple[Any, ...]]]
"""What every table holds, by ``service.table``, in one order; each row behind the company that owns it."""


NOTHING = UUID(int=0)
OPERATOR_KEY = "the key of whoever runs the installation of the tests"
OWN_SETTINGS: Mapping[str, Mapping[str, object]] = {
    "dispatcher": {"company_senders": True},
    "trigger": {"operator_key": OPERATOR_KEY},
}


@dataclass(frozen=True)
class Person:
    """A member of staff with an account, a session and an access pass."""

    staff: Staff
    session: str

    def cookies(self) -> str:
        return f"{ACCESS_COOKIE}={AccessPass(SECRET).sign(self.staff)}; {SESSION_COOKIE}={self.session}"

    def csrf(self) -> str:
        return CsrfGuard(SECRET).token(self.staff.session_id)

    def headers(self, *, page: bool) -> dict[str, str]:
        """The headers of this person's browser for a page, or of a script on one of our pages."""
        accept = "text/html" if page else "application/json"
        return {"cookie": self.cookies(), CSRF_HEADER: self.csrf(), "accept": accept}


@dataclass
class Company:
    """One tenant. Every name, id, address and comment that it has contains its own short name."""

    name: str
    key: str = ""
    spare_key: str = ""
    """The id of a key that nothing uses."""
    survey: str = ""
    suppression: str = ""
    imported: str = ""
    """A file that waits for its mapping."""
    erasure: str = ""
    export_link: str = ""
    export_series: UUID = NOTHING
    """Of links to all of the company."""
    dry_run: str = ""
    wave: str = ""
    sender: str = ""
    relation: str = ""
    """The survey that has a programme."""
    event: UUID = NOTHING
    invitation: UUID = NOTHING
    case: UUID = NOTHING
    link: str = ""
    share_link: str = ""
    share_code: str = ""
    source: str = ""
    webhook: str = ""
    segment_alert: UUID = NOTHING
    chat: str = ""
    team: str = ""
    calendar: str = ""
    tool: str = ""
    """The id of a text block, of an entry about an attribute, and of a link."""
    promise: str = ""
    """Of the team."""
    improvement: str = ""
    """An action of improvement about the whole company."""
    mark: str = ""
    """A mark on the trend of the whole company."""
    view: str = ""
    """A view that its administrator has saved, and shares."""
    screen: str = ""
    screen_token: str = ""
    """Of the link by which the screen shows the view."""
    pair: str = ""
    """A declared pair of dimensions."""
    benchmark: str = ""
    """A published benchmark of the whole company."""
    introduction: UUID = NOTHING
    people: dict[str, Person] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key}", "accept": "application/json"}

    def token(self, purpose: str) -> str:
        """The last part of its customer's links."""
        return LinkSigner(SECRET).sign(cast("Any", purpose), self.invitation)


@dataclass(frozen=True)
class World:
    """The contexts of the five services, and a client of each API."""

    contexts: Mapping[str, Context]
    clients: Mapping[str, httpx.AsyncClient]
    began: datetime

    def app(self, name: str) -> FastAPI:
        transport = cast("Any", self.clients[name]._transport)
        return cast("FastAPI", transport.app)

    async def rows(self) -> Rows:
        """Every row of every table of every service."""
        found = {}
        for name, context in self.contexts.items():
            async with context.database.reading() as uow:
                for table in service(name).metadata.sorted_tables:
                    rows = await uow.execute(f"SELECT {_owner(table)}, * FROM {table.name}")
                    found[f"{name}.{table.name}"] = sorted((tuple(row) for row in rows), key=repr)
        return found

    async def next_write(self) -> int:
        """The number of the next transaction that writes: while it stays the same, no row has changed.

        PostgreSQL counts them for all databases of a server, and gives none to a transaction that only reads.
        """
        async with self.contexts["trigger"].database.reading() as uow:
            row = await uow.execute(
                "SELECT CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint)"
            )
            return int(row.scalar_one())

    async def deliver_all(self) -> None:
        """Deliver what is in the outboxes to its consumers, until all outboxes are empty."""
        while any([await self._deliver_from(context) for context in self.contexts.values()]):
            pass
        for context in self.contexts.values():
            await context.keys.refresh()

    async def _deliver_from(self, context: Context) -> bool:
        topics = {topic.name: topic for topic in TOPICS}
        async with context.database.transaction() as uow:
            rows = (await uow.execute("DELETE FROM outbox RETURNING seq, topic, value")).all()
        for row in sorted(rows):
            await self.deliver(topics[row.topic].decode(row.value), row.topic)
        return bool(rows)

    async def deliver(self, event: Event[Any], topic: str) -> None:
        """Deliver one event to every service that consumes its topic."""
        for name, context in self.contexts.items():
            for subscription in service(name).consumed(context):
                if subscription.topic.name == topic:
                    async with context.database.transaction() as uow:
                        await subscription.handle(uow, [event])

    async def transactions(self) -> list[Event[Any]]:
        """Every event of this world on the trigger's topic, which other worlds of the same run use too."""
        records = await records_of(self.contexts["trigger"].afterword.kafka, TRANSACTIONS.name)
        events = [TRANSACTIONS.decode(value) for _, value, _ in records if value]
        return [event for event in events if event.time >= self.began]

    async def add_person(
        self, company: Company, role: Role, segments: tuple[str, ...] = (), name: str = ""
    ) -> Person:
        """Add a signed-in member of staff to a company, under the role or a name."""
        alerts, called = self.contexts["alerts"].database, name or role
        async with alerts.transaction() as uow:
            address, full = f"{called}@{company.name}.example", f"{company.name} {called}"
            one = await accounts.create_person(
                uow, company.name, address=address, name=full, role=role, segments=segments
            )
            token = await new_session(uow, company.name, one)
            row = await uow.execute(
                "SELECT id FROM session WHERE tenant = :tenant AND staff_id = :one",
                {"tenant": company.name, "one": one},
            )
            session = str(row.scalar_one())
        until = datetime.now(UTC) + timedelta(hours=1)
        staff = Staff(company.name, one, full, role, segments, session, until)
        return company.people.setdefault(called, Person(staff, str(token)))

    async def create_company(self, name: str) -> Company:
        """A new company with one of everything."""
        company, trigger = Company(name), self.contexts["trigger"].database
        await tenants.create_tenant(trigger, name, name=name.title(), time_zone="Europe/Copenhagen")
        company.key = await tenants.create_key(trigger, name, SCOPES, name=f"{name}-shop")
        spare = await tenants.create_key(trigger, name, ["scores:read"], name=f"{name}-spare")
        async with trigger.reading() as uow:
            known = await find_tenant(uow, name)
        assert known is not None
        company.spare_key = next(key.id for key in known.keys if key.digest == digest_of(spare))
        await self.deliver_all()
        for role in ("admin", "editor", "leader", "agent", "analyst"):
            await self.add_person(company, role)
        await self._ask(company)
        await self._answer(company)
        await self._care(company)
        await self._make_export_link(company)
        async with trigger.transaction() as uow:
            company.export_series = await series_of(uow, name)
        await refresh_shares(self.contexts["dispatcher"].database)
        tried = {"survey": {**a_survey(name), "name": name}}
        company.dry_run = (await self.post("dispatcher", company, "/v1/dry-runs", tried))["id"]
        await self._set_up_teams(company)
        return company

    async def post(self, name: str, company: Company, path: str, body: Any, **headers: str) -> Any:
        """Post JSON with the company's key."""
        answer = await self.clients[name].post(path, json=body, headers={**company.headers, **headers})
        assert answer.is_success, answer.text
        return answer.json()

    async def _set_up_teams(self, company: Company) -> None:
        """Last, since a company with a team routes its cases."""
        company.calendar, company.team, company.tool = (str(uuid7()) for _ in range(3))
        company.promise = str(uuid7())
        week = {"monday": [{"from": "08:00", "to": "16:00"}]}
        hours = {"name": f"{company.name} hours", "zone": "UTC", "week": week}
        team = {
            "name": f"{company.name} team",
            "segments": [f"desk:{company.name}"],
            "calendar": company.calendar,
        }
        promise = {
            "text": f"{company.name} calls back",
            "person": str(company.people["agent"].staff.id),
            "until": (datetime.now(UTC) + timedelta(days=7)).date().isoformat(),
        }
        for path, body in (
            (f"/v1/calendars/{company.calendar}", hours),
            (f"/v1/teams/{company.team}", team),
            (f"/v1/text-blocks/{company.tool}", a_text_block(f"{company.name} block")),
            (f"/v1/attributes/{company.tool}", {"attribute": f"{company.name}_number"}),
            (f"/v1/case-links/{company.tool}", a_case_link(f"{company.name} shop")),
            (f"/v1/huddles/{company.team}/promises/{company.promise}", promise),
        ):
            answer = await self.clients["alerts"].put(path, json=body, headers=company.headers)
            assert answer.is_success, answer.text
        company.improvement = str(uuid7())
        path = f"/v1/actions/{company.improvement}"
        opened = await self.clients["scorer"].put(
            path, json=an_improvement(company.name), headers=company.headers
        )
        assert opened.is_success, opened.text
        marked = await self.clients["scorer"].post(
            "/v1/marks", json=a_mark(company.name), headers=company.headers
        )
        assert marked.is_success, marked.text
        company.mark = marked.json()["id"]
        declared = await self.clients["scorer"].post(
            "/v1/pairs", json=A_PAIR, headers={**company.headers, "idempotency-key": PAIR_KEY}
        )
        assert declared.is_success, declared.text
        company.pair = declared.json()["id"]
        await self._save_view(company)
        entered = await self.clients["scorer"].post(
            "/v1/benchmarks", json=a_benchmark(company.name), headers=company.headers
        )
        assert entered.is_success, entered.text
        company.benchmark = entered.json()["id"]
        company.introduction = await self._introduce(company)
        await self.deliver_all()

    async def _save_view(self, company: Company) -> None:
        """A view of the whole company, with a screen."""
        scorer, headers = self.clients["scorer"], company.people["admin"].headers(page=False)
        company.view = str(uuid7())
        path = f"/v1/views/{company.view}"
        body = {"name": f"{company.name} view", "address": "/segments?segment=", "shared": True}
        saved = await scorer.put(path, json=body, headers=headers)
        assert saved.is_success, saved.text
        screen = {"name": f"{company.name} reception", "days": 30}
        made = await scorer.post(f"{path}/screens", json=screen, headers=headers)
        assert made.is_success, made.text
        company.screen = made.json()["id"]
        company.screen_token = made.json()["address"].rpartition("/")[2]

    async def _introduce(self, company: Company) -> UUID:
        """A task to ask its customer for an introduction."""
        on = await self.clients["alerts"].put(
            "/v1/introductions/settings", json={"enabled": True}, headers=company.headers
        )
        assert on.is_success, on.text
        customer = f"{company.name}-customer"
        return await store_task(
            self.contexts["alerts"].database,
            company.name,
            company.people["agent"].staff.id,
            person=person_of(SECRET, company.name, customer),
            customer_id=customer,
            account_id=f"{company.name}-account",
            note=f"{company.name} is glad",
        )

    async def fall(self, company: Company, segment: str) -> UUID:
        """The score of a segment falls; the alert about it."""
        database = self.contexts["alerts"].database
        async with database.transaction() as uow:
            fall = a_segment_fall(uow.now, segment=segment)
            await act_on_falls(uow, [FALLS.event(company.name, fall, uow.now)])
        return alert_id(company.name, fall)

    async def _upload(self, company: Company) -> str:
        name = company.name
        answer = await self.clients["dispatcher"].post(
            "/v1/imports",
            params={"kind": "customers", "name": f"{name}-file.csv"},
            content=f"id,email\n{name}-row,row@{name}.example.com\n",
            headers={**company.headers, "content-type": "text/csv"},
        )
        assert answer.is_success, answer.text
        return str(answer.json()["id"])

    async def _ask(self, company: Company) -> None:
        name, dispatcher = company.name, self.contexts["dispatcher"].database
        made = await self.post(
            "dispatcher", company, "/v1/surveys", a_survey(name), **{"Idempotency-Key": "1"}
        )
        company.survey = made["id"]
        own = await self.post("dispatcher", company, "/v1/senders", {"address": f"ask@{name}.example"})
        company.sender = own["id"]
        company.source = (await self.post("trigger", company, "/v1/sources", a_source(name)))["id"]
        company.chat = (await self.post("alerts", company, "/v1/chats", a_chat(name)))["id"]
        company.webhook = (await self.post("alerts", company, "/v1/webhooks", a_webhook(name)))["id"]
        company.segment_alert = await self.fall(company, f"touchpoint:{name}")
        relation = await self.post("dispatcher", company, "/v1/surveys", a_relation(name))
        company.relation = relation["id"]
        await advance_programmes(dispatcher, SECRET)
        listed = {"email": f"never@{name}.example", "customer_id": f"{name}-never"}
        kept = await self.post("dispatcher", company, "/v1/suppressions", listed)
        company.suppression = kept["suppressions"][0]["id"]
        await self.post("dispatcher", company, "/v1/suppressions", {"customer_id": f"{name}-again"})
        path = f"/v1/suppressions/customer:{name}-again?reason={name}-said-so"
        assert (await self.clients["dispatcher"].delete(path, headers=company.headers)).status_code == 204
        company.imported = await self._upload(company)
        await self.post("dispatcher", company, "/v1/suppressions", {"customer_id": f"{name}-gone"})
        gone = {"customer_id": f"{name}-gone", "reason": f"{name} was asked by letter"}
        company.erasure = (await self.post("dispatcher", company, "/v1/erasures", gone))["id"]
        async with dispatcher.transaction() as uow:
            company.wave = str(await add_wave(uow, name, UUID(company.survey)))
            await sending_commands.set_mode(uow, name, an_actor(f"{name} admin"), "live")
            await write_at_any_time(uow, name)
            await sending_commands.add_test_address(
                uow, name, an_actor(f"{name} admin"), f"tester@{name}.example"
            )
        await self.post("trigger", company, "/v1/events", an_event(name))
        (event,) = [one for one in await self.transactions() if one.tenant == name]
        company.event = event.data.event_id
        await self.deliver(event, TRANSACTIONS.name)
        async with dispatcher.transaction() as uow:
            row = await uow.execute(
                "SELECT invitation_id FROM decision WHERE tenant = :tenant", {"tenant": name}
            )
            company.invitation = row.scalar_one()
            waiting = read_invitation(cast("Any", await find_by_id(uow, company.invitation)))
            assert await move_invitation(uow, name, waiting, "sent")
        await self.deliver_all()

    async def _answer(self, company: Company) -> None:
        form = an_answer(company)
        answer = await self.clients["collector"].post(f"/s/{company.token('answer')}", data=form)
        assert answer.status_code == 303, answer.text
        async with self.contexts["collector"].database.transaction() as uow:
            # It was suspect, and is a person's: it counts, and stands on the page of those that were judged.
            await uow.execute(
                "UPDATE answer SET signs = '[\"fast\"]', judgement = 'human' WHERE tenant = :tenant",
                {"tenant": company.name},
            )
        await self.post("collector", company, "/v1/answers/import", {"answers": [an_import(company.name)]})
        place = {"survey_id": company.survey, "name": f"{company.name} counter"}
        shared = await self.post("collector", company, "/v1/share-links", place)
        company.share_link, company.share_code = shared["id"], shared["url"].rpartition("/")[2]
        await self.deliver_all()

    async def _care(self, company: Company) -> None:
        alerts = self.contexts["alerts"].database
        async with alerts.transaction() as uow:
            row = await uow.execute("SELECT id FROM cases WHERE tenant = :tenant", {"tenant": company.name})
            company.case = row.scalar_one()
            admin = company.people["admin"].staff.id
            company.link = str(await new_link(uow, company.name, admin))
            # Nobody answers there, and no guard would let us ask.
            await save_provider(
                uow,
                company.name,
                name=f"{company.name} provider",
                issuer="https://127.0.0.1:1",
                client_id=f"{company.name}-client",
                sealed=None,
                claims=ClaimRules(),
                provisions=False,
                trusts_addresses=False,
            )
        await self.post("alerts", company, f"/v1/cases/{company.case}/actions", a_note(company.name))
        await self.deliver_all()

    async def _make_export_link(self, company: Company) -> None:
        client, admin = self.clients["dispatcher"], company.people["admin"]
        pseudonym = person_of(SECRET, company.name, f"{company.name}-customer")
        client.cookies.clear()
        made = await client.post(
            f"/customers/{pseudonym}/link", data={"csrf": admin.csrf()}, headers=admin.headers(page=True)
        )
        assert made.status_code == 200, made.text
        listed = await client.get("/v1/customers/export-links", headers=company.headers)
        company.export_link = listed.json()["links"][0]["id"]
        await self.deliver_all()


class BetweenServices(httpx.AsyncBaseTransport):
    """The way from one service to the others, without a socket."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        service = request.url.path.split("/")[3]
        return await httpx.ASGITransport(app=self._world.app(service)).handle_async_request(request)


def _owner(table: Table) -> str:
    """Which company a row of this table belongs to."""
    if "tenant" in table.columns:
        return "tenant"
    own = {"tenant": "id", "outbox": "split_part(convert_from(key, 'UTF8'), '/', 1)"}
    return own.get(table.name, "''")


async def add_wave(uow: UnitOfWork, tenant: str, survey_id: UUID) -> UUID:
    """A wave that has ended."""
    wave_id = uuid7()
    await uow.execute(
        "INSERT INTO wave (tenant, id, survey_id, state, size, segments, start_at, spread_hours, "
        "created_at, who, made_from, chosen, ended_at) "
        "VALUES (:tenant, :id, :survey_id, 'done', 1, '{}', :now, 0, :now, :who, 'a test', 1, :now)",
        {"tenant": tenant, "id": wave_id, "survey_id": survey_id, "now": uow.now, "who": f"{tenant} editor"},
    )
    return wave_id


def a_survey(name: str) -> dict[str, Any]:
    return {
        "name": f"{name} survey",
        "trigger": "order.delivered",
        "state": "live",
        "delay_minutes": 0,
        "adaptive_sampling": {"dimension": "touchpoint", "margin": 5},
        "texts": {"en": {"intro": f"{name} asks"}},
    }


def a_relation(name: str) -> dict[str, Any]:
    return {
        **a_survey(name),
        "name": f"{name} relation",
        "trigger": "never",
        "measurement": "relational",
        "programme": {"every_days": 91},
        "adaptive_sampling": None,
    }


def a_source(name: str) -> dict[str, Any]:
    """A Kafka source, whose cluster nobody can reach."""
    return {
        "name": f"{name} shop",
        "topic": f"{name}.orders",
        "connection": {"bootstrap": [f"kafka.{name}.invalid:9092"]},
    }


def a_text_block(name: str) -> dict[str, str]:
    """A text to insert into what is written about a case."""
    return {"name": name, "language": "en", "text": f"{name}: {{number}}"}


def a_mark(name: str) -> dict[str, str]:
    """What happened yesterday in the whole company."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    return {"day": yesterday.date().isoformat(), "text": f"{name} prices"}


A_PAIR = {"first": "touchpoint", "second": "organisation"}
PAIR_KEY = "the pair"
"""Under which it is declared: with it again it is the same."""


def a_benchmark(name: str) -> dict[str, Any]:
    """A score that somebody published of the whole company's branch."""
    return {"name": f"{name} branch", "source": f"{name} survey", "score": 31, "n": 900, "last": "2026-01-31"}


def an_improvement(name: str) -> dict[str, Any]:
    """An action of improvement about the whole company."""
    return {
        "title": f"{name} drives a second van",
        "theme": f"{name} vans",
        "owner": f"{name} leader",
        "due": (datetime.now(UTC) + timedelta(days=30)).date().isoformat(),
    }


def a_case_link(name: str) -> dict[str, str]:
    """A link from cases into the company's own systems."""
    return {"name": name, "link": "https://shop.example/tickets/{number}"}


def a_webhook(name: str) -> dict[str, Any]:
    """A webhook, whose endpoint nobody can reach."""
    return {
        "name": f"{name} crm",
        "url": f"https://hooks.{name}.invalid/afterword",
        "types": ["answer.changed"],
    }


def a_chat(name: str) -> dict[str, Any]:
    """A channel of Teams, whose workflow nobody can reach."""
    return {
        "name": f"{name} care",
        "kind": "teams",
        "address": f"https://{name}.invalid.logic.azure.com/workflows/own",
        "topics": ["cases"],
    }


def an_event(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"{name}-order",
        "source": f"{name}-shop",
        "type": "order.delivered",
        "occurred_at": datetime.now(UTC).isoformat(),
        "customer": {
            "id": f"{name}-customer",
            "email": f"customer@{name}.example",
            "phone": "+4512345678",
            "name": f"{name} Whitfield",
        },
        "segments": {"touchpoint": f"{name}-checkout"},
        "organisation": [f"{name}-north"],
        "attributes": {"product": f"{name} table"},
        **changes,
    }


def an_answer(company: Company, score: int = 2) -> dict[str, str]:
    return {
        "score": str(score),
        "comment": f"{company.name} was late",
        "may_contact": "yes",
        "nonce": PageNonce(SECRET).make(company.invitation, datetime.now(UTC)),
        "action": "send",
    }


def an_import(name: str) -> dict[str, Any]:
    return {
        "id": f"{name}-old",
        "score": 9,
        "comment": f"{name} was early",
        "answered_at": "2026-10-01T12:00:00Z",
        "customer": f"{name}-other",
        "segments": {"touchpoint": f"{name}-desk"},
    }


def a_note(name: str) -> dict[str, str]:
    return {"act": "note", "text": f"{name} called back"}


@asynccontextmanager
async def a_world(
    postgres: Postgres, kafka: str, *, clock: Clock = system_clock, **settings: object
) -> AsyncIterator[World]:
    """The five services, ready for requests.

    :param clock: of all their databases, and so of all that they do.
    :param settings: further ones that they share.
    """
    await create_topics(kafka, [TRANSACTIONS.name], 3)
    began = clock()
    # The dispatcher's handlers take the secret of their hashes from the environment.
    async with AsyncExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, environment_of(kafka)))
        # What is noted of screens is not written beside a look at all rows, however long that takes.
        stack.enter_context(patch.object(screen_uses, "WRITE_INTERVAL_S", 3_600.0))
        dns = await stack.enter_async_context(a_dns_server())  # answers at once that there is no such name
        contexts, clients = {}, {}
        for name in SERVICES:
            own = OWN_SETTINGS.get(name)
            context = contexts[name] = await a_context(
                service(name), postgres, kafka, own=own, dns=dns.address, **settings
            )
            context.database.clock = clock
            stack.push_async_callback(context.database.close)
            clients[name] = await stack.enter_async_context(api_client(service(name), context))
        world = World(contexts, clients, began)
        for name in ("dispatcher", "scorer", "trigger"):
            app = world.app(name)
            services = replace(app.state.context.services, transport=BetweenServices(world))
            app.state.context = replace(app.state.context, services=services)
        scorer = world.app("scorer").state
        asking = replace(scorer.context.people.services, transport=BetweenServices(world))
        scorer.context = replace(scorer.context, people=PeopleAccess(asking))
        await eventually(lambda: not contexts["trigger"].health.unready())
        yield world
