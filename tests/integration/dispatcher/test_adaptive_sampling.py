"""A survey asks only as many of a segment as its margin needs, and spares nobody whose last answer was bad."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from support.adaptive import (
    ADAPTIVE,
    STORES,
    a_history,
    an_order,
    answered,
    compute,
    drawn,
    send_all,
    undrawn,
)
from support.dispatcher_builders import (
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    decide,
    event_of,
    go_live,
    invitations,
    keep_tenant,
    list_test_addresses,
    make_survey,
    reasons,
    relay_all,
    rows,
)
from support.http_clients import SECRET, context_on

from services.dispatcher.adaptive_sampling import repository
from services.dispatcher.adaptive_sampling.computing import COMPUTED_EVERY, refresh_shares
from services.dispatcher.adaptive_sampling.repository import DETRACTOR_FOR, MAX_AGE
from services.dispatcher.app import SERVICE
from services.dispatcher.decisions.explanation import decode_explanation
from services.dispatcher.dry_runs import simulation
from services.dispatcher.dry_runs.schemas import candidate_of
from services.dispatcher.recovery import restore_invitations, restore_surveys
from services.dispatcher.repository.survey_figures import count_by_survey
from services.dispatcher.surveys.domain import StoredSurvey
from services.dispatcher.surveys.survey_commands import change_survey, survey_events
from shared.db.database import Database
from shared.events import INVITATIONS, SURVEYS, Customer, Invitation
from shared.events.surveys import AdaptiveSampling

AARHUS, ODENSE = (TENANT, "store:aarhus"), (TENANT, "store:odense")


@pytest.fixture
async def survey(database: Database) -> StoredSurvey:
    await keep_tenant(database)
    await go_live(database)
    return await make_survey(database, **ADAPTIVE)


async def decided(database: Database, source_id: str) -> Any:
    (row,) = await rows(database, "SELECT reason, grounds FROM decision WHERE source_id = :id", id=source_id)
    return row.reason, decode_explanation(row.grounds)


async def invitation_of(database: Database, source_id: str) -> Invitation:
    (row,) = await rows(
        database,
        "SELECT i.id FROM decision d JOIN invitation i ON i.id = d.invitation_id WHERE d.source_id = :id",
        id=source_id,
    )
    return next(one for one in await invitations(database) if one.id == row.id)


async def set_adaptive(database: Database, survey: StoredSurvey, adaptive: AdaptiveSampling | None) -> None:
    async with database.transaction() as uow:
        await change_survey(uow, TENANT, survey.id, replace(survey.draft, adaptive_sampling=adaptive))


async def test_a_segment_that_reaches_its_margin_is_sampled_and_its_neighbour_is_not(
    database: Database, clock: Clock, survey: StoredSurvey
) -> None:
    await a_history(database, clock)
    shares = await compute(database)
    # Half 3, half 10: v = .995 with the pseudo answers, 59 answers for ±25 of 300 who would all answer.
    assert shares == {AARHUS: 20, ODENSE: 100}
    names = [f"new-{n}" for n in range(60)]
    await decide(
        database, *(an_order(store, name, clock) for store in ("aarhus", "odense") for name in names)
    )
    found = await reasons(database)
    for name in names:
        expected = "invited" if drawn(survey, name, 20) else "sampled_out"
        assert found[f"aarhus-{name}-0"] == expected, name
        assert found[f"odense-{name}-0"] == "invited"
    asked, spared = (next(n for n in names if drawn(survey, n, 20) is is_drawn) for is_drawn in (True, False))
    invited = await invitation_of(database, f"aarhus-{asked}-0")
    assert (invited.drawn_percent, invited.beyond_draw) == (20, False)
    assert (await invitation_of(database, f"odense-{asked}-0")).drawn_percent == 100
    _, explanation = await decided(database, f"aarhus-{spared}-0")
    (one,) = explanation.considered
    assert (one.why, one.share.segment, one.share.percent, one.share.margin, one.share.answers) == (
        "sampled_out", "store:aarhus", 20, 25, 300,
    )  # fmt: skip


async def test_whoever_the_surveys_own_percent_does_not_draw_is_not_asked_whatever_the_share(
    database: Database, clock: Clock, survey: StoredSurvey
) -> None:
    await a_history(database, clock)
    await compute(database)
    async with database.transaction() as uow:
        await change_survey(uow, TENANT, survey.id, replace(survey.draft, sampling_percent=15))
    detractors = [f"a-{n}" for n in range(1, 120, 2)]
    await decide(database, *(an_order("aarhus", name, clock, 1) for name in detractors))
    found = await reasons(database)
    for name in detractors:
        assert found[f"aarhus-{name}-1"] == ("invited" if drawn(survey, name, 15) else "sampled_out")
    (row,) = await rows(database, "SELECT count(*) AS n FROM invitation WHERE beyond_draw")
    assert row.n == 0


async def test_a_known_detractor_who_is_not_drawn_is_asked_with_a_mark_and_counted_nowhere(
    database: Database, clock: Clock, survey: StoredSurvey
) -> None:
    await a_history(database, clock)
    await compute(database)
    detractor, *_ = undrawn(survey, (f"a-{n}" for n in range(1, 300, 2)), 20)
    promoter, *_ = undrawn(survey, (f"a-{n}" for n in range(0, 300, 2)), 20)
    await decide(database, *(an_order("aarhus", name, clock, 1) for name in (detractor, promoter)))
    reason, explanation = await decided(database, f"aarhus-{detractor}-1")
    assert (reason, explanation.beyond_draw, explanation.considered[0].share.percent) == ("invited", True, 20)
    assert (await decided(database, f"aarhus-{promoter}-1"))[0] == "sampled_out"
    invited = await invitation_of(database, f"aarhus-{detractor}-1")
    assert (invited.drawn_percent, invited.beyond_draw) == (20, True)
    since = clock.now - timedelta(days=30)
    async with database.reading() as uow:
        before = (await count_by_survey(uow, TENANT, since, ()))[survey.id]
    await answered(database, (f"aarhus-{detractor}-1", 2), clock=clock)
    async with database.reading() as uow:
        after = (await count_by_survey(uow, TENANT, since, ()))[survey.id]
    assert (after.delivered, after.answered) == (before.delivered, before.answered) == (320, 320)
    clock.now += COMPUTED_EVERY - timedelta(minutes=55)
    await set_adaptive(database, survey, replace(STORES, margin=26))
    await compute(database)
    (row,) = await rows(
        database, "SELECT asked, eligible, answers FROM adaptive_share WHERE segment = 'store:aarhus'"
    )
    assert tuple(row) == (300, 300, 300)


async def test_the_newest_answer_decides_and_one_of_last_year_does_not(
    database: Database, clock: Clock, survey: StoredSurvey
) -> None:
    await a_history(database, clock)
    await compute(database)
    happy_again, still_sad, *_ = undrawn(survey, (f"a-{n}" for n in range(1, 300, 2)), 20)
    await decide(database, *(an_order("odense", name, clock, 1) for name in (happy_again, still_sad)))
    clock.on(seconds=1)
    await answered(database, (f"odense-{happy_again}-1", 9), (f"odense-{still_sad}-1", 6), clock=clock)
    await decide(database, *(an_order("aarhus", name, clock, 2) for name in (happy_again, still_sad)))
    found = await reasons(database)
    assert found[f"aarhus-{happy_again}-2"] == "sampled_out"
    assert found[f"aarhus-{still_sad}-2"] == "invited"
    clock.now += DETRACTOR_FOR + timedelta(days=1)
    async with database.transaction() as uow:  # the shares of then, as if they were computed now
        await uow.execute("UPDATE adaptive_share SET computed_at = :now", {"now": uow.now})
    await decide(database, an_order("aarhus", still_sad, clock, 3))
    assert (await reasons(database))[f"aarhus-{still_sad}-3"] == "sampled_out"


async def test_a_detractor_is_known_under_another_address_of_the_same_id_and_another_id_of_the_address(
    database: Database, clock: Clock, survey: StoredSurvey
) -> None:
    await a_history(database, clock)
    await compute(database)
    detractor, *_ = undrawn(survey, (f"a-{n}" for n in range(1, 300, 2)), 20)
    address = f"{detractor}@example.com"
    others = [Customer(id=detractor, email=f"{detractor}-{n}@elsewhere.example") for n in range(20)] + [
        Customer(id=f"other-{n}", email=address) for n in range(2)
    ]
    orders = [
        replace(an_order("aarhus", "x", clock, n), id=f"x-{n}", customer=one) for n, one in enumerate(others)
    ]
    await decide(database, *orders)
    found = await reasons(database)
    assert {found[order.id] for order in orders} == {"invited"}
    (row,) = await rows(database, "SELECT count(*) AS n FROM invitation WHERE beyond_draw")
    assert row.n >= 2


async def test_test_addresses_and_waves_are_not_drawn(
    database: Database, clock: Clock, survey: StoredSurvey
) -> None:
    await a_history(database, clock)
    await compute(database)
    name, *_ = undrawn(survey, (f"t-{n}" for n in range(50)), 20)
    await list_test_addresses(database, f"{name}@example.com")
    await decide(database, an_order("aarhus", name, clock))
    (test,) = await invitations(database)
    assert (test.test, test.drawn_percent, test.beyond_draw) == (True, None, False)


async def test_shares_are_drawn_by_only_while_they_are_new_and_for_what_the_survey_wants(
    database: Database, clock: Clock, survey: StoredSurvey
) -> None:
    await a_history(database, clock)
    await compute(database)
    names = undrawn(survey, (f"n-{n}" for n in range(60)), 20)[:4]

    async def outcome(name: str) -> str:
        await decide(database, an_order("aarhus", name, clock))
        return (await reasons(database))[f"aarhus-{name}-0"]

    assert await outcome(names[0]) == "sampled_out"
    await set_adaptive(database, survey, replace(STORES, margin=24))
    assert await outcome(names[1]) == "invited"
    await set_adaptive(database, survey, STORES)
    assert await outcome(names[2]) == "sampled_out"
    clock.now += MAX_AGE + timedelta(minutes=1)
    assert await outcome(names[3]) == "invited"


async def test_they_are_computed_each_hour_at_once_for_another_wish_and_deleted_without_one(
    database: Database, clock: Clock, survey: StoredSurvey
) -> None:
    await a_history(database, clock)

    async def computed_at() -> set[Any]:
        await refresh_shares(database)
        return {row.computed_at for row in await rows(database, "SELECT computed_at FROM adaptive_share")}

    first = clock.now
    assert await computed_at() == {first}
    clock.on(minutes=1)
    assert await computed_at() == {first}
    await set_adaptive(database, survey, replace(STORES, margin=30))
    assert await computed_at() == {clock.now}
    clock.now += COMPUTED_EVERY
    assert await computed_at() == {clock.now}
    await set_adaptive(database, survey, None)
    assert await computed_at() == set()


async def test_a_company_whose_shares_cannot_be_computed_keeps_no_other_one_waiting(
    database: Database, clock: Clock, survey: StoredSurvey
) -> None:
    other = "aaa"
    await keep_tenant(database, other)
    await go_live(database, other)
    broken = await make_survey(database, other, **ADAPTIVE)
    await a_history(database, clock)
    async with database.transaction() as uow:
        await uow.execute(
            "UPDATE survey SET adaptive_sampling = 'no JSON' WHERE tenant = :tenant AND id = :id",
            {"tenant": other, "id": broken.id},
        )
    assert await compute(database) == {AARHUS: 20, ODENSE: 100}


async def test_a_share_counts_those_who_rest_in_quarantine_as_they_are_and_not_their_events(
    database: Database, clock: Clock, survey: StoredSurvey
) -> None:
    """Who is not drawn comes again with each event: were these counted, the next share would be too small."""
    await a_history(database, clock)
    assert (await compute(database))[AARHUS] == 20
    loyal = [f"loyal-{n}" for n in range(100)]
    for n in range(5):
        await decide(
            database,
            *(an_order("aarhus", name, clock, n) for name in loyal if n == 0 or not drawn(survey, name, 20)),
        )
    await send_all(database)
    clock.now += COMPUTED_EVERY
    await compute(database)
    (row,) = await rows(database, "SELECT asked, eligible FROM adaptive_share WHERE segment = 'store:aarhus'")
    asked = sum(drawn(survey, name, 20) for name in loyal)
    # What was asked before any share has left the window; of the others each stands for five.
    assert row.eligible - row.asked == 4 * asked


async def test_a_survey_that_asks_for_less_than_a_window_asks_everybody(
    database: Database, clock: Clock, survey: StoredSurvey
) -> None:
    await set_adaptive(database, survey, replace(STORES, window_days=30))
    await a_history(database, clock)
    assert set((await compute(database)).values()) == {100}


async def test_a_rehearsal_draws_by_the_shares_and_a_dry_run_by_those_of_what_it_tries(
    database: Database, clock: Clock, survey: StoredSurvey
) -> None:
    await a_history(database, clock)
    await compute(database)
    names = [f"n-{n}" for n in range(40)]
    await decide(database, *(an_order("aarhus", name, clock) for name in names))
    spared = len(undrawn(survey, names, 20))

    async def would_spare(adaptive: AdaptiveSampling | None) -> int:
        tried = candidate_of(replace(survey.draft, adaptive_sampling=adaptive), survey.id)
        made = await simulation.run(
            database, SECRET, TENANT, survey=tried, company=None, period=timedelta(days=1)
        )
        return made.would_be.get("sampled_out", 0)

    assert await would_spare(STORES) == spared
    assert await would_spare(None) == 0
    assert await would_spare(replace(STORES, margin=5)) == 0  # 300 answers do not reach it
    async with database.transaction() as uow:
        await change_survey(uow, TENANT, survey.id, replace(survey.draft, state="paused"))
        await change_survey(uow, TENANT, survey.id, replace(survey.draft, state="rehearsal"))
    again = undrawn(survey, (f"r-{n}" for n in range(20)), 20)[0]
    await decide(database, an_order("aarhus", again, clock))
    _, explanation = await decided(database, f"aarhus-{again}-0")
    assert [(one.why, one.share.percent) for one in explanation.rehearsed] == [("sampled_out", 20)]


async def test_after_a_restore_the_field_and_the_mark_are_there_and_everybody_is_asked_until_it_is_computed(
    database: Database, clock: Clock, survey: StoredSurvey
) -> None:
    async with database.transaction() as uow:
        (published_survey,) = await survey_events(uow, TENANT, survey.id)
    await a_history(database, clock)
    await compute(database)
    detractor, another, *_ = undrawn(survey, (f"a-{n}" for n in range(1, 300, 2)), 20)
    await decide(database, an_order("aarhus", detractor, clock, 1))
    marked = await invitation_of(database, f"aarhus-{detractor}-1")
    await decide(database, an_order("aarhus", another, clock, 1))
    async with database.transaction() as uow:
        await uow.execute("DELETE FROM invitation WHERE id = :id", {"id": marked.id})
        await uow.execute("DELETE FROM decision WHERE invitation_id = :id", {"id": marked.id})
        await uow.execute("UPDATE survey SET adaptive_sampling = NULL, version = 0")
        await uow.execute("DELETE FROM adaptive_share")
        await restore_surveys(uow, [event_of(SURVEYS, published_survey)])
        await restore_invitations(context_on(SERVICE, database), uow, [event_of(INVITATIONS, marked)])
    (row,) = await rows(
        database,
        "SELECT i.drawn_percent, i.beyond_draw, d.grounds FROM invitation i "
        "JOIN decision d ON d.invitation_id = i.id WHERE i.id = :id",
        id=marked.id,
    )
    explanation = decode_explanation(row.grounds)
    assert (row.drawn_percent, row.beyond_draw) == (20, True)
    assert (explanation.drawn_percent, explanation.beyond_draw) == (20, True)
    await decide(database, an_order("aarhus", next(iter(undrawn(survey, ["x-1", "x-2", "x-3"], 1))), clock))
    assert not [why for why in (await reasons(database)).values() if why == "sampled_out"]
    assert await compute(database) == {AARHUS: 20, ODENSE: 100}


async def test_companies_without_the_field_cost_no_statement(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> Any:
        raise AssertionError("was asked for")

    monkeypatch.setattr(repository, "find_shares", fail)
    monkeypatch.setattr(repository, "find_detractors", fail)
    await keep_tenant(database)
    await go_live(database)
    await make_survey(database, first_day_per_hour=0)
    await decide(database, a_transaction("one", a_customer("c-1")))
    await relay_all(database)
    assert (await reasons(database)) == {"one": "invited"}
    (row,) = await rows(database, "SELECT drawn_percent, beyond_draw FROM invitation")
    assert tuple(row) == (100, False)
