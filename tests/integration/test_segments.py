"""A company with two segments, everything of each marked with a word of its own, one customer in both, and every route
of every service: who is limited to one segment reads nothing of the other.
"""

import html
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from support.audit import an_actor
from support.companies import NOTHING, Company, Person, World
from support.contact_rules import write_at_any_time
from support.route_requests import LIVE, every_route, leaks
from support.streams import stream_until_change

from services.dispatcher.invitations import repository as invitation_rows
from services.dispatcher.invitations.states import move_invitation, read_invitation
from services.dispatcher.repository.survey_figures import count_by_survey
from services.dispatcher.sending import sending_commands
from shared.events import TRANSACTIONS
from shared.permissions import Role

LIMITED: tuple[Role, ...] = ("leader", "agent", "analyst", "editor")
CASE_ROLES = ("leader", "agent")
HERE, THERE = "marienlyst", "oedenburg"


@dataclass
class Part:
    """What happened in one segment. Every word that is its own contains its name."""

    name: str
    company: Company
    shared_event: UUID = NOTHING
    own_case: UUID = NOTHING
    people: dict[str, Person] = field(default_factory=dict)


@dataclass
class Town:
    """A company with two parts that share a customer, and the case of that customer."""

    world: World
    here: Part
    there: Part
    shared_case: UUID

    def parts(self) -> list[tuple[Part, Part]]:
        """Each part with the one of which its people must learn nothing."""
        return [(self.here, self.there), (self.there, self.here)]


@pytest.fixture(scope="module")
async def town(world: World) -> Town:
    company = await world.create_company("twin")
    admin = company.people["admin"]
    await world.post(
        "dispatcher",
        company,
        "/v1/surveys",
        {
            "name": "twice",
            "trigger": "again",
            "state": "live",
            "delay_minutes": 0,
            "quarantine_days": 0,
            "position": 1,
        },
    )
    async with world.contexts["dispatcher"].database.transaction() as uow:
        await sending_commands.set_mode(uow, company.name, an_actor("twin admin"), "live")
        await write_at_any_time(uow, company.name)
    await world.deliver_all()
    parts = []
    for name in (HERE, THERE):
        part = Part(name, replace(company, name=name))
        for role in LIMITED:
            part.people[role] = await world.add_person(
                company, role, (f"store:{name}-store",), f"{role}-{name[:2]}"
            )
        parts.append(part)
    here, there = parts
    for part in parts:
        part.company.event, _ = await _answered(world, company, part.name, f"{part.name}-customer")
        part.own_case = part.company.case = await _case_of(world, company, f"{part.name}-customer")
        part.company.segment_alert = await world.fall(company, f"store:{part.name}-store")
    for part in parts:
        part.shared_event, invitation = await _answered(world, company, part.name, "both")
        part.company.invitation = invitation
    shared = await _case_of(world, company, "both")
    for part in parts:
        leader = part.people["leader"]
        for case in (part.own_case, shared):
            await _act(world, leader, case, {"act": "note", "text": f"{part.name}-note"})
            contact = {"act": "contact", "how": "call", "reached": True, "text": f"{part.name}-talk"}
            await _act(world, leader, case, contact)
            await _act(world, leader, case, {"act": "reveal"})
    await _act(world, admin, shared, {"act": "note", "text": f"{HERE}-both {THERE}-both"})
    await world.deliver_all()
    return Town(world, here, there, shared)


async def _answered(
    world: World, company: Company, part: str, customer: str, contact: str = ""
) -> tuple[UUID, UUID]:
    """An event in one part, asked about and answered twice: an amended answer keeps its old words."""
    contact = contact or customer
    identity = f"{part}-order-{contact}"
    event = {
        "id": identity, "source": f"{part}-shop", "type": "again", "occurred_at": datetime.now(UTC).isoformat(),
        "customer": {"id": customer, "email": f"{contact}@twin.example", "name": f"Kim {contact}"},
        "segments": {
            "touchpoint": f"{part}-checkout", "store": f"{part}-store", f"{part}-dimension": f"{part}-value"
        },
        "organisation": [f"{part}-region"], "handled_by": f"{part}-handler",
        "account": {"id": f"{part}-account"},
        "attributes": {f"{part}-attribute": f"{part}-product", "order": f"https://{part}.example/order"},
    }  # fmt: skip
    await world.post("trigger", company, "/v1/events", event)
    found = [
        one for one in await world.transactions() if one.tenant == company.name and one.data.id == identity
    ]
    await world.deliver(found[0], TRANSACTIONS.name)
    async with world.contexts["dispatcher"].database.transaction() as uow:
        row = await uow.execute(
            "SELECT invitation_id FROM decision WHERE tenant = :tenant AND event_id = :event",
            {"tenant": company.name, "event": found[0].data.event_id},
        )
        invitation: UUID = row.scalar_one()
        stored = await invitation_rows.find_by_id(uow, invitation)
        assert stored is not None
        waiting = read_invitation(stored)
        assert await move_invitation(uow, company.name, waiting, "sent")
    await world.deliver_all()
    token = replace(company, invitation=invitation).token("answer")
    for score, comment in ((1, f"{part}-first"), (2, f"{part}-then")):
        page = (await world.clients["collector"].get(f"/s/{token}?change=1")).text
        drawn = dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', page))
        form = {
            **{name: html.unescape(value) for name, value in drawn.items()},
            "score": str(score),
            "comment": comment,
            "may_contact": "yes",
            "action": "send",
            "touched": "1",
        }
        answer = await world.clients["collector"].post(f"/s/{token}", data=form)
        assert answer.status_code == 303, answer.text
        await world.deliver_all()
    return found[0].data.event_id, invitation


async def _case_of(world: World, company: Company, customer: str) -> UUID:
    async with world.contexts["alerts"].database.reading() as uow:
        row = await uow.execute(
            "SELECT id FROM cases WHERE tenant = :tenant AND customer_id = :customer",
            {"tenant": company.name, "customer": customer},
        )
        return UUID(str(row.scalar_one()))


async def _act(world: World, person: Person, case: UUID, action: dict[str, Any], status: int = 200) -> str:
    client = world.clients["alerts"]
    client.cookies.clear()
    answer = await client.post(f"/v1/cases/{case}/actions", json=action, headers=person.headers(page=False))
    assert answer.status_code == status, answer.text
    return answer.text


async def _faults(town: Town) -> list[str]:
    """What people of each part read of the other, on every GET route, asked about either part."""
    faults = []
    for part, other in town.parts():
        for role, person in part.people.items():
            for about in (part, other):
                for asked in every_route(town.world, about.company, part.company):
                    if asked.method != "GET" or asked.request.public:
                        continue
                    answer = await asked.by(town.world, person.headers(page=not asked.takes_keys), person)
                    sent = (*asked.request.may_repeat, *asked.request.query.values())
                    if answer.status_code == 500:
                        faults.append(f"{role}: {asked.name}: 500")
                    if (
                        about is other
                        and {"event_id", "case"} & set(asked.request.at)
                        and answer.status_code not in {403, 404}
                    ):
                        faults.append(f"{role}: {asked.name} of the other part: {answer.status_code}")
                    if leaks(answer, {other.name}, sent):
                        at = answer.text.find(other.name)
                        faults.append(f"{role}: {asked.name}: {answer.text[max(0, at - 80) : at + 60]!r}")
            faults += await _faults_of_the_shared_case(town, part, other, person)
    return faults


async def _faults_of_the_shared_case(town: Town, part: Part, other: Part, person: Person) -> list[str]:
    faults = []
    works = person.staff.role in CASE_ROLES
    for path in (f"/cases/{town.shared_case}", f"/cases/{town.shared_case}?before=4"):
        page = await _read(town.world, person, "alerts", path, page=True)
        if (f"{part.name}-then" in page or f"{part.name}-note" in page) is not works:
            faults.append(f"{person.staff.role}: {path} does not show what is its reader's")
        faults += [f"{person.staff.role}: {path} tells of {other.name}"] if other.name in page else []
    paths = ["alerts /v1/cases?limit=200", f"alerts /v1/cases/{town.shared_case}"]
    paths += [f"alerts /v1/cases?segment=store:{other.name}-store"]
    paths += [f"dispatcher /v1/decisions?event_id={other.name}-order-both"]
    for service, _, path in (one.partition(" ") for one in paths):
        told = await _read(town.world, person, service, path, page=False)
        if other.name in told.replace(f"{other.name}-order-both", ""):
            faults.append(f"{person.staff.role}: {path} tells of {other.name}")
    for path in (
        f"/events/{part.shared_event}",
        "/events?q=both",
        "/inbox?state=all",
        "/surveys",
        "/",
        "/segments",
    ):
        service = {"/events": "dispatcher", "/survey": "dispatcher", "/inbox?": "alerts"}.get(
            path[:7], "scorer"
        )
        page = await _read(town.world, person, service, path, page=True)
        faults += [f"{person.staff.role}: {path} tells of {other.name}"] if other.name in page else []
    return faults


async def _read(world: World, person: Person, service: str, path: str, *, page: bool) -> str:
    client = world.clients[service]
    client.cookies.clear()
    return (await client.get(path, headers=person.headers(page=page))).text


async def test_a_reader_of_one_segment_learns_nothing_of_another(town: Town) -> None:
    faults = await _faults(town)
    assert not faults, "\n".join(faults)


async def test_roles_without_cases_find_no_case_on_any_page(town: Town) -> None:
    """A case is not there for an analyst or an editor: no link, no number, no word of it."""
    world, company, faults = town.world, town.here.company, []
    for role in ("analyst", "editor"):
        everybody = await world.add_person(replace(company, name="twin"), role, (), f"free-{role}")
        for person in (town.here.people[role], everybody):
            for asked in every_route(world, company, company):
                if asked.method == "GET" and not asked.request.public:
                    answer = await asked.by(world, person.headers(page=not asked.takes_keys), person)
                    if "/cases/" in answer.text or "case_id" in answer.text:
                        faults.append(f"{role}: {asked.name} links to a case")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("path", LIVE)
@pytest.mark.parametrize("role", CASE_ROLES)
async def test_a_stream_says_no_word_of_another_segment(town: Town, role: str, path: str) -> None:
    for part, other in town.parts():
        for case in (other.own_case, town.shared_case):
            note = {"act": "note", "text": f"{other.name}-more"}
            await _act(town.world, other.people["leader"], case, note)
        await town.world.deliver_all()
        said = await stream_until_change(town.world, LIVE[path], path, part.people[role])
        for word in (other.name, str(other.own_case), str(other.company.event)):
            assert word not in said


async def test_what_is_done_in_one_segment_answers_with_nothing_of_another(town: Town) -> None:
    for part, other in town.parts():
        leader, agent = part.people["leader"], part.people["agent"]
        for action in ({"act": "take"}, {"act": "note", "text": "x"}, {"act": "reveal"}, {"act": "release"}):
            assert other.name not in await _act(town.world, leader, town.shared_case, action)
        elsewhere = {"act": "assign", "to": str(other.people["agent"].staff.id)}
        assert other.name not in await _act(town.world, leader, town.shared_case, elsewhere, status=409)
        await _act(town.world, leader, town.shared_case, {**elsewhere, "to": str(agent.staff.id)})
        await _act(town.world, leader, town.shared_case, {"act": "release"})


async def test_how_a_shared_case_was_closed_is_told_to_whom_it_concerns(town: Town) -> None:
    closing = {
        "act": "close", "cause": "delivery.lost", "action": f"{THERE}-action", "outcome": "lost", "told": True,
    }  # fmt: skip
    told = await _act(town.world, town.there.people["leader"], town.shared_case, closing)
    assert f"{THERE}-action" in told
    await town.world.deliver_all()
    leader = town.here.people["leader"]
    case = await _read(town.world, leader, "alerts", f"/v1/cases/{town.shared_case}", page=False)
    assert '"state":"closed"' in case
    assert "delivery.lost" not in case
    found = await _read(town.world, leader, "alerts", "/inbox?state=closed&cause=delivery.lost", page=True)
    assert str(town.shared_case) not in found
    faults = await _faults(town)
    assert not faults, "\n".join(faults)


async def test_a_survey_counts_for_a_reader_what_left_in_their_segments(town: Town) -> None:
    database = town.world.contexts["dispatcher"].database
    counted = []
    async with database.reading() as uow:
        for segments in ((), (f"store:{HERE}-store",), ("store:elsewhere",)):
            since = uow.now - timedelta(days=30)
            found = await count_by_survey(uow, "twin", since, segments)
            counted.append(sum(each.sent + each.withheld for each in found.values()))
    assert counted[1:] == [2, 0]
    assert counted[0] >= 4


async def test_each_contact_of_a_customer_id_has_a_case_with_their_own_name_and_address(town: Town) -> None:
    """From the event to the page, through all services."""
    world, company = town.world, replace(town.here.company, name="twin")
    for contact in ("anna", "bo"):
        await _answered(world, company, "elsewhere", "one account", contact)
    async with world.contexts["alerts"].database.reading() as uow:
        rows = await uow.execute("SELECT id FROM cases WHERE customer_id = 'one account' ORDER BY opened_at")
        found = [row.id for row in rows]
    assert len(found) == 2
    for case, contact in zip(found, ("anna", "bo"), strict=True):
        shown = await _act(world, company.people["admin"], case, {"act": "reveal"})
        assert f"{contact}@twin.example" in shown
        page = await _read(world, company.people["admin"], "alerts", f"/cases/{case}", page=True)
        assert f"Kim {contact} gave a 2" in page
