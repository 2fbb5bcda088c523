"""How many could have been asked: the same as counting the decisions one by one."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.examples import examples

from services.dispatcher.decisions.reasons import REASONS
from services.dispatcher.decisions.repository.asked_counts import (
    MATCHED,
    NO_ADDRESS,
    OTHERWISE,
    RESTED,
    UNWILLING,
    MatchedEvents,
    count_asked,
)
from shared.db.database import Database
from shared.events.transactions import OWN_TURNS

FIRST = datetime(2026, 11, 1, tzinfo=UTC)
UNTIL = datetime(2026, 11, 8, tzinfo=UTC)
NEVER = {"unknown_tenant", "company_paused", "no_survey", "paused", "conditions", "sampled_out"}
"""No survey matched that ran, or a draw left the customer out."""

INSERT_DECISION = """
    INSERT INTO decision (tenant, event_id, decided_at, source, source_id, customer_id, digest, reason,
        invitation_id, segments, facts, grounds, channel)
    VALUES (:tenant, :id, :at, :source, 'x', 'c', '', :reason, :invitation, :segments, '{}', '{}', :channel)
"""
INSERT_INVITATION = """
    INSERT INTO invitation (tenant, id, version, event_id, customer_id, survey_id, state, test, next_at,
        changed_at, body, beyond_draw)
    VALUES (:tenant, :id, 1, :event, 'c', :id, 'sent', :test, :at, :at, '{}', :beyond)
"""
Decided = tuple[str, int, str, str | None, bool, bool, list[str], str]
DECISIONS = st.lists(
    st.tuples(
        st.sampled_from(REASONS),
        st.integers(-1, 7),
        st.sampled_from(("shop", "shop", "shop", *(f"{own}x" for own in OWN_TURNS))),
        st.sampled_from((None, None, "sms", "link")),
        st.booleans(),
        st.booleans(),
        st.lists(
            st.sampled_from(("store:a", "store:b", "storey:c", "touchpoint:a", "organisation:a")), unique=True
        ),
        st.sampled_from(("acme", "acme", "other")),
    ),
    max_size=25,
)


async def keep(database: Database, decisions: Sequence[Decided]) -> None:
    async with database.transaction() as uow:
        await uow.execute("TRUNCATE decision, invitation")
        for reason, day, source, channel, test, beyond, segments, tenant in decisions:
            event, at = uuid4(), FIRST + timedelta(days=day)
            values = {"tenant": tenant, "id": event, "at": at, "source": source, "reason": reason}
            values |= {"invitation": event if reason == "invited" else None, "channel": channel}
            await uow.execute(INSERT_DECISION, values | {"segments": segments})
            if reason == "invited":
                own = {"tenant": tenant, "id": event, "event": event, "at": at}
                await uow.execute(INSERT_INVITATION, own | {"test": test, "beyond": beyond})


@settings(
    max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(DECISIONS)
async def test_what_could_have_been_asked_is_what_counting_one_by_one_comes_to(
    database: Database, decisions: list[Decided]
) -> None:
    await keep(database, decisions)
    expected: dict[str, Counter[str]] = {}
    for reason, day, source, channel, test, beyond, segments, tenant in decisions:
        left_out = (reason == "invited" and (test or beyond)) or channel == "link" or source != "shop"
        if tenant != "acme" or reason in NEVER or left_out or not 0 <= day < 7:
            continue
        for segment in segments:
            if segment.startswith("store:"):
                expected.setdefault(segment, Counter())[reason] += 1
    async with database.reading() as uow:
        found = await count_asked(uow, "acme", "store", FIRST, UNTIL)
    assert found == {
        segment: MatchedEvents(
            counts.total(),
            counts["invited"],
            sum(counts[reason] for reason in NO_ADDRESS),
            sum(counts[reason] for reason in UNWILLING),
            sum(counts[reason] for reason in RESTED),
        )
        for segment, counts in expected.items()
    }


def test_each_reason_is_in_one_group_or_says_that_nobody_could_have_been_asked() -> None:
    groups = [("invited",), NO_ADDRESS, UNWILLING, RESTED, OTHERWISE, tuple(NEVER)]
    found = [reason for group in groups for reason in group]
    assert sorted(found) == sorted(REASONS)
    assert sorted(MATCHED) == sorted(set(REASONS) - NEVER)
