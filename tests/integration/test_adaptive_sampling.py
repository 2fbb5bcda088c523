"""Through all services: who is asked although not drawn opens a case by a bad answer, and counts in no score."""

from typing import Any
from uuid import UUID

from support.adaptive import an_order, drawn
from support.audit import an_actor
from support.companies import Company, World
from support.contact_rules import write_at_any_time
from support.contact_world import ANSWER_LINK
from support.dispatcher_builders import Clock, event_of
from support.dispatcher_reminders import ScriptedChannel, a_scripted_sender
from support.http_clients import ORIGIN

from deploy.demo.form import survey_form
from services.dispatcher.adaptive_sampling import repository
from services.dispatcher.adaptive_sampling.shares import ComputedShare
from services.dispatcher.sending import sending_commands
from services.dispatcher.surveys.survey_commands import find_survey
from services.trigger import tenants
from shared.events import TRANSACTIONS
from shared.events.surveys import AdaptiveSampling

WANTED = AdaptiveSampling(dimension="store", margin=5)
SURVEY = {
    "name": "A purchase", "trigger": "order.delivered", "state": "live", "delay_minutes": 0,
    "quarantine_days": 0, "first_day_per_hour": 0, "adaptive_sampling": {"dimension": "store", "margin": 5},
}  # fmt: skip


async def test_a_detractor_who_is_not_drawn_is_heard_and_the_score_stays_that_of_the_draw(
    world: World,
) -> None:
    company, clock = Company("willow"), Clock()
    for context in world.contexts.values():
        context.database.clock = clock
    dispatcher = world.contexts["dispatcher"].database
    channel = ScriptedChannel()
    sender = a_scripted_sender(dispatcher, clock, channel)
    trigger = world.contexts["trigger"].database
    await tenants.create_tenant(trigger, company.name, name="Willow", time_zone="Europe/Copenhagen")
    company.key = await tenants.create_key(trigger, company.name, ("admin",), name="shop")
    await world.deliver_all()
    made = await world.post("dispatcher", company, "/v1/surveys", SURVEY)
    async with dispatcher.transaction() as uow:
        await sending_commands.set_mode(uow, company.name, an_actor("the test"), "live")
        await write_at_any_time(uow, company.name)
        survey = await find_survey(uow, company.name, UUID(made["id"]))
    sad, happy = [n for n in (f"c-{n}" for n in range(99)) if not drawn(survey, n, 10, company.name)][:2]

    async def buy_and_answer(n: int, **scores: int) -> None:
        clock.on(minutes=1)
        for name in (sad, happy):
            order = an_order("aarhus", name, clock, n)
            await world.deliver(event_of(TRANSACTIONS, order, company.name), TRANSACTIONS.name)
        await world.deliver_all()
        before = len(channel.handed)
        while await sender.step() == 0:
            pass
        await world.deliver_all()
        for message, _ in channel.handed[before:]:
            link = ANSWER_LINK.search(message.text)
            assert link is not None
            client, path = world.clients["collector"], f"/s/{link[1]}"
            form = survey_form((await client.get(path)).text, f"{ORIGIN}{path}")
            assert form is not None
            score = scores["sad" if message.recipient.startswith(f"{sad}@") else "happy"]
            typed = {"action": "send", **form.values, "touched": "1", "score": f"{score}"}
            assert (await client.post(path, data=typed)).status_code == 303
        await world.deliver_all()

    async def of(service: str, path: str, **query: Any) -> Any:
        answer = await world.clients[service].get(path, params=query, headers=company.headers)
        assert answer.is_success, answer.text
        return answer.json()

    await buy_and_answer(1, sad=2, happy=9)
    async with dispatcher.transaction() as uow:
        share = ComputedShare(
            segment="store:aarhus", percent=10, asked=900, eligible=9_000, answers=400, variance=0.6,
            response_rate=0.4, needed=380,
        )  # fmt: skip
        await repository.replace_shares(uow, company.name, survey.id, WANTED, [share])
    await buy_and_answer(2, sad=1)
    scores = await of("scorer", "/v1/scores", window="7d")
    assert (scores["n"], scores["counts"][1], scores["counts"][2], scores["counts"][9]) == (2, 0, 1, 1)
    answers = (await of("collector", "/v1/answers"))["answers"]
    assert [(one["score"], one["drawn_percent"], one["beyond_draw"]) for one in answers][2:] == [
        (1, 10, True)
    ]
    assert {(one["score"], one["drawn_percent"], one["beyond_draw"]) for one in answers[:2]} == {
        (2, 100, False), (9, 100, False),
    }  # fmt: skip
    async with world.contexts["alerts"].database.reading() as uow:
        cases = await uow.execute(
            "SELECT count(*) FROM case_answer WHERE tenant = :tenant", {"tenant": company.name}
        )
        assert cases.scalar_one() == 2
    async with world.contexts["scorer"].database.reading() as uow:
        asked = await uow.execute(
            "SELECT count(*) FILTER (WHERE beyond_draw), count(*) FROM invitation WHERE tenant = :tenant",
            {"tenant": company.name},
        )
        assert tuple(asked.one()) == (1, 3)
