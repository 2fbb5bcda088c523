"""The search in decisions finds what each filter says, page by page, whatever is combined with whatever."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.dispatcher_builders import NOON, rows
from support.examples import examples

from services.dispatcher.decisions.reasons import MAIL_STATES, SEARCHED_REASONS
from services.dispatcher.decisions.repository.search import DecisionFilter, search
from services.dispatcher.invitations import repository as invitation_rows
from services.dispatcher.models import decision, invitation, known_customer
from services.dispatcher.story import repository as story_rows
from shared.db.bulk import insert
from shared.db.database import Database
from shared.ids import derived

SURVEYS = (derived("survey", "1"), derived("survey", "2"))
REFUSALS = ("quarantine", "no_survey", "no_address")
DROPS = ("quarantine", "no_address", "opted_out", "expired")
RULES = ("quarantine", "no_address", "order", "conditions")
SEGMENTS = ("store:aarhus", "store:odense", "organisation:north")
_companies = count()


@dataclass(frozen=True)
class MadeDecision:
    """A decision with its invitation, as they are stored."""

    tenant: str
    number: int
    after_s: int
    source: str
    source_id: str
    customer_id: str
    contact_key: str | None
    reason: str
    survey_id: UUID | None
    fallen: Sequence[str] | None
    state: str | None
    mail_reason: str | None
    segments: Sequence[str]

    @property
    def event_id(self) -> UUID:
        return derived(self.tenant, "event", str(self.number))

    @property
    def invitation_id(self) -> UUID | None:
        return derived(self.tenant, "invitation", str(self.number)) if self.survey_id else None

    @property
    def id(self) -> UUID | None:
        return self.invitation_id

    @property
    def drop_reason(self) -> str | None:
        known = self.state == "dropped" and self.mail_reason in SEARCHED_REASONS
        return self.mail_reason if known else None

    @property
    def person(self) -> str:
        return f"person of {self.customer_id}"

    @property
    def contact(self) -> str:
        return self.contact_key or ""

    @property
    def phone(self) -> str:
        return "phone-1" if self.customer_id == "c-1" and self.contact_key != "hash-2" else ""

    @property
    def decided_at(self) -> datetime:
        return NOON + timedelta(seconds=self.after_s)


@st.composite
def decisions(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Some that happen at the same moment, share customers, addresses and the back-end's ids."""
    made = []
    for number in range(draw(st.integers(0, 25))):
        survey = draw(st.sampled_from((None, *SURVEYS)))
        customer = draw(st.sampled_from(("c-1", "c-2", "order-1")))
        made.append(
            {
                "number": number,
                "after_s": draw(st.integers(0, 4)),
                "source": draw(st.sampled_from(("webshop", "store"))),
                "source_id": draw(st.sampled_from(("order-1", "order-2", "order-3"))),
                "customer_id": customer,
                "contact_key": draw(st.sampled_from((None, "hash-1", "hash-2"))),
                "reason": "invited" if survey else draw(st.sampled_from(REFUSALS)),
                "survey_id": survey,
                "fallen": [
                    f"{other}/{draw(st.sampled_from(RULES))}"
                    for other in SURVEYS
                    if other != survey and draw(st.booleans())
                ]
                or None,
                "state": draw(st.sampled_from(MAIL_STATES)) if survey else None,
                "mail_reason": draw(st.sampled_from((None, "first_day", "cap", *DROPS))),
                "segments": draw(st.lists(st.sampled_from(SEGMENTS), unique=True)),
            }
        )
    return made


def maybe(*values: Any) -> st.SearchStrategy[Any]:
    """Mostly none of them."""
    return st.one_of(st.none(), st.none(), st.sampled_from(values))


def one_name(made: DecisionFilter) -> DecisionFilter:
    """An address or a number is looked for beside a name alone, and never both."""
    if made.named is None:
        return made._replace(named_contact=None, named_number=None)
    return made._replace(named_number=None) if made.named_contact else made


MOMENTS = tuple(NOON + timedelta(seconds=second) for second in range(-1, 6))
filters = st.builds(
    DecisionFilter,
    named=maybe("order-1", "c-1"),
    named_contact=maybe("hash-1"),
    named_number=maybe("phone-1"),
    source_id=maybe("order-1", "order-2"),
    source=maybe("webshop", "store"),
    customer_id=maybe("c-1", "c-3"),
    contact=maybe("hash-1", "hash-3"),
    number=maybe("phone-1", "phone-2"),
    reason=maybe("invited", "conditions", *REFUSALS, *DROPS),
    survey_id=maybe(*SURVEYS),
    channel=maybe("mail"),
    state=maybe(*MAIL_STATES),
    postponed_by=maybe("first_day", "cap"),
    since=maybe(*MOMENTS),
    until=maybe(*MOMENTS),
    allowed=st.sampled_from(((), (), SEGMENTS[:1], SEGMENTS[1:])),
).map(one_name)


def is_wanted(one: MadeDecision, wanted: DecisionFilter) -> bool:
    """Judged by the words of the filter alone."""
    asks = wanted.survey_id in {None, one.survey_id} and wanted.reason in {None, one.reason, one.drop_reason}
    rules = [each.partition("/")[2] for each in one.fallen or () if each.startswith(f"{wanted.survey_id}/")]
    fell = any(wanted.reason in {None, rule} for rule in rules)
    of_mail = wanted.channel or wanted.state or wanted.postponed_by
    names = {one.source_id, one.customer_id, one.contact_key and f"@{one.contact_key}", one.phone}
    contact = wanted.named_contact and f"@{wanted.named_contact}"
    named = {wanted.named, contact, wanted.named_number} - {None}
    return all(
        (
            wanted.named is None or names & named,
            wanted.source_id in {None, one.source_id},
            wanted.source in {None, one.source},
            wanted.customer_id in {None, one.customer_id},
            wanted.contact in {None, one.contact_key},
            wanted.number in {None, one.phone},
            asks or (fell and not of_mail),
            wanted.channel is None or one.state is not None,
            wanted.state in {None, one.state},
            wanted.postponed_by is None
            or (one.state == "waiting" and one.mail_reason == wanted.postponed_by),
            wanted.since is None or one.decided_at >= wanted.since,
            wanted.until is None or one.decided_at < wanted.until,
            not wanted.allowed or set(one.segments) & set(wanted.allowed),
        )
    )


def outcome_of(one: MadeDecision, wanted: DecisionFilter) -> str:
    """What counts: of a survey that is looked for and did not ask, the rule by which it fell."""
    if wanted.survey_id is not None and wanted.survey_id != one.survey_id:
        return next(
            each.partition("/")[2] for each in one.fallen or () if each.startswith(str(wanted.survey_id))
        )
    if one.state in {"withheld", "dropped", "failed", "bounced"}:
        return one.drop_reason or one.state or ""
    return one.reason


async def store(database: Database, made: Sequence[MadeDecision]) -> None:
    if not made:
        return
    async with database.transaction() as uow:
        await insert(uow, decision, made, digest="", facts=b"{}", grounds=b"{}")
        asked = [one for one in made if one.survey_id]
        if asked:
            await insert(
                uow,
                invitation,
                asked,
                version=1,
                reason=[one.mail_reason for one in asked],
                test=False,
                next_at=NOON,
                changed_at=NOON,
                body=b"{}",
            )
        known = list({(one.tenant, one.person, one.contact): one for one in made}.values())
        await insert(uow, known_customer, known, known_at=NOON)


@settings(max_examples=examples(50), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=decisions(), wanted=filters, size=st.integers(1, 7))
async def test_any_filters_together_find_what_they_say_and_each_of_it_once(
    database: Database, made: list[dict[str, Any]], wanted: DecisionFilter, size: int
) -> None:
    here, there = (f"company-{next(_companies)}" for _ in range(2))
    ours = [MadeDecision(tenant=here, **each) for each in made]
    await store(database, [*ours, *(MadeDecision(tenant=there, **each) for each in made)])
    expected = [one for one in ours if is_wanted(one, wanted)]
    expected.sort(key=lambda one: (one.decided_at, one.event_id), reverse=True)

    found: list[UUID] = []
    place = None
    async with database.reading() as uow:
        while True:
            page = await search(uow, here, wanted, before=place, limit=size)
            found += [row.event_id for row in page]
            if len(page) < size:
                break
            place = page[-1].decided_at, page[-1].event_id
        listed = await story_rows.list_events(uow, here, wanted, before=None, limit=100)
        counts = await story_rows.count_outcomes(uow, here, wanted, limit=100)
    assert found == [one.event_id for one in expected]
    assert [row.event_id for row in listed] == found
    outcomes = [outcome_of(one, wanted) for one in expected]
    assert counts == {outcome: outcomes.count(outcome) for outcome in outcomes}


async def test_mails_of_an_earlier_version_get_their_place_in_the_search(database: Database) -> None:
    made = [
        MadeDecision(
            *(
                "acme",
                n,
                n,
                "webshop",
                f"order-{n}",
                "c-1",
                None,
                "invited",
                SURVEYS[0],
                None,
                "failed",
                None,
                (),
            )
        )
        for n in range(3)
    ]
    await store(database, made)
    async with database.transaction() as uow:
        await uow.execute("UPDATE invitation SET decided_at = NULL")
        await uow.execute("DELETE FROM decision WHERE source_id = 'order-1'")
    placed: list[int] = []
    while not placed or placed[-1]:
        async with database.transaction() as uow:
            placed.append(await invitation_rows.place(uow, 2))
    assert placed == [2, 1, 0]
    async with database.reading() as uow:
        found = await search(uow, "acme", DecisionFilter(state="failed"), before=None, limit=10)
    assert [row.source_id for row in found] == ["order-2", "order-0"]
    assert await rows(database, "SELECT 1 FROM invitation WHERE decided_at IS NULL") == []
