"""What the tests of exports do: a company with one of everything, and requests for what is kept."""

import importlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import httpx
import msgspec
from support.companies import (
    BetweenServices,
    Company,
    Person,
    World,
    an_event,
)
from support.http_clients import SECRET

from services.dispatcher.context import DispatcherContext
from services.dispatcher.exports.schemas import Export
from shared.events import CUSTOMERS, TRANSACTIONS, CustomerErased
from shared.ids import uuid7
from shared.privacy.backfill import fill_persons
from shared.privacy.erased import keep_erased
from shared.privacy.export import ASKED_SERVICES
from shared.privacy.persons import person_of


async def a_company_with_everything(world: World) -> Company:
    """A company with one of everything, and a customer who has had more than one of some things."""
    company = await world.create_company("amber")
    await world.post("dispatcher", company, "/v1/suppressions", {"customer_id": "amber-customer"})
    path = "/v1/suppressions/customer:amber-customer"
    await world.clients["dispatcher"].delete(path, headers=company.headers)
    await world.post("dispatcher", company, "/v1/suppressions", {"customer_id": "amber-customer"})
    listed = {"email": "customer@amber.example"}
    await world.post("dispatcher", company, "/v1/suppressions", listed)
    link = f"/u/{company.token('unsubscribe')}/choice"
    assert (await world.clients["dispatcher"].post(link, data={"choice": "fewer"})).status_code == 200
    await world.post("alerts", company, f"/v1/cases/{company.case}/actions", a_call("amber was told"))
    reply = {"act": "reply", "id": str(uuid7()), "subject": "Your order", "text": "We send a new one."}
    await world.post("alerts", company, f"/v1/cases/{company.case}/actions", reply)
    complaint = {"event_type": "complaint", "effect": "hold", "hold_hours": 1, "scope": "customer"}
    rules = {"counter_events": [complaint]}
    await world.clients["dispatcher"].put("/v1/contact-policy", json=rules, headers=company.headers)
    await send_event(world, company, 7, {"id": "amber-customer"}, type="complaint")
    await world.deliver_all()
    await fill(world)
    return company


async def fill(world: World) -> None:
    """Give each row its pseudonym, as the loop of the workers does."""
    for name in ("dispatcher", *ASKED_SERVICES):
        module = importlib.import_module(f"services.{name}.models")
        async with world.contexts[name].database.transaction() as uow:
            while await fill_persons(uow, SECRET, module.PERSONAL_TABLES, 1_000):
                pass


def a_call(text: str) -> dict[str, Any]:
    return {"act": "contact", "how": "call", "reached": True, "text": text}


def context_of(world: World) -> DispatcherContext:
    return cast("DispatcherContext", world.app("dispatcher").state.context)


def person(company: Company) -> str:
    return person_of(SECRET, company.name, f"{company.name}-customer")


async def get(world: World, company: Company, path: str, **query: str) -> httpx.Response:
    return await world.clients["dispatcher"].get(path, params=query, headers=company.headers)


async def page(world: World, who: Person, path: str, form: dict[str, str] | None = None) -> httpx.Response:
    client = world.clients["dispatcher"]
    client.cookies.clear()
    if form is None:
        return await client.get(path, headers=who.headers(page=True))
    return await client.post(path, data={"csrf": who.csrf(), **form}, headers=who.headers(page=True))


async def export(world: World, company: Company, path: str = "", **query: str) -> Export:
    answer = await get(world, company, path or f"/v1/customers/{company.name}-customer/export", **query)
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=Export)


def kinds(document: Export) -> dict[tuple[str, str], int]:
    return {(each.service, each.kind): len(each.records) for each in document.sections}


async def send_event(
    world: World, company: Company, number: int, customer: dict[str, str], **more: Any
) -> None:
    sent = an_event(company.name, id=f"{company.name}-{number}", customer=customer, **more)
    await world.post("trigger", company, "/v1/events", sent)
    events = [
        one
        for one in await world.transactions()
        if one.tenant == company.name and one.data.id == f"{company.name}-{number}"
    ]
    await world.deliver(max(events, key=lambda one: one.time), TRANSACTIONS.name)
    await world.deliver_all()


async def erase(world: World, company: Company, whom: str, contact: str | None = None) -> None:
    target = CustomerErased(
        id=whom if contact is None else f"{whom}.{contact}",
        version=1,
        erased_at=datetime.now(UTC),
        person=whom,
        contact=contact,
    )
    async with world.contexts["dispatcher"].database.transaction() as uow:
        await keep_erased(uow, [CUSTOMERS.event(company.name, target, uow.now)])


@asynccontextmanager
async def way_between(world: World, transport: httpx.AsyncBaseTransport) -> AsyncIterator[None]:
    """Let the dispatcher ask the other services over this transport."""
    before, app = context_of(world), world.app("dispatcher")
    app.state.context = replace(before, services=replace(before.services, transport=transport))
    yield
    app.state.context = before


class Broken(httpx.AsyncBaseTransport):
    """The way to services of which one is away, slow, or answers something else."""

    def __init__(self, world: World, service: str, how: Any) -> None:
        self._way, self._service, self._how = BetweenServices(world), service, how

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.split("/")[3] == self._service:
            found: httpx.Response = await self._how(request)
            return found
        return await self._way.handle_async_request(request)


async def link_of(world: World, company: Company, customer: str = "customer") -> str:
    """The path of a new link to what is kept of the customer whose id ends so."""
    whom = person_of(SECRET, company.name, f"{company.name}-{customer}")
    made = await page(world, company.people["admin"], f"/customers/{whom}/link", {})
    assert made.status_code == 200
    (path,) = re.findall(r"http://afterword\.example(/x/[\w-]+)", made.text)
    return str(path)


async def opened(world: World, path: str, language: str = "en") -> httpx.Response:
    client = world.clients["dispatcher"]
    client.cookies.clear()
    return await client.get(path, headers={"accept": "text/html", "accept-language": language})
