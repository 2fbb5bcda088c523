"""What the dashboard finds, and which segment is lowest: the same as counting one by one, for whom, as a file."""

import csv
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from io import StringIO
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.any_order import ORDERS, forget_all, tell_in_any_order
from support.examples import examples
from support.improvements import an_improvement_body
from support.invitations import an_answer_to, an_invitation, invite
from support.scorer_builders import add_tenant, an_answer, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant
from support.share_model import called, check_share_difference

from services.scorer.domain import Groups, compare_groups
from services.scorer.handlers import keep_cases
from services.scorer.share_differences import share_difference
from shared.db.database import Database
from shared.events import CASES, Answer, Case, People
from shared.permissions import Role
from shared.values.proportions import wilson

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
TODAY = date(2026, 11, 29)
ACME = a_tenant("acme")
OVERVIEW = "/v1/scores/overview"
NORTH: dict[str, Any] = {"role": "leader", "segments": ("organisation:north",)}


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    database.clock = lambda: NOW
    async with a_scorer_client(database, ACME, a_tenant("other", "UTC")) as client:
        yield client


async def read(client: ScorerClient, path: str, **query: Any) -> dict[str, Any]:
    answer = await client.get(path, **query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def a_case(number: int, **given: Any) -> Case:
    facts: dict[str, Any] = {
        "id": UUID(int=number),
        "number": number,
        "version": 1,
        "state": "closed",
        "answer_id": UUID(int=10_000 + number),
        "score": 2,
        "segments": {"touchpoint": "checkout"},
        "organisation": ("north",),
        "opened_at": NOW - timedelta(days=6),
        "due_at": NOW - timedelta(days=2),
        "closed_at": NOW - timedelta(days=3),
        "cause": "delivery.late",
    }
    return Case(**(facts | given))


async def keep(database: Database, *cases: Case, tenant: str = "acme") -> None:
    async with database.transaction() as uow:
        await keep_cases(uow, [CASES.event(tenant, case, uow.now) for case in cases])


PLACES = ("a", "b", "c", "d")
ANSWERS = st.lists(
    st.tuples(
        st.integers(0, 69),  # days before today
        st.sampled_from(PLACES),
        st.sampled_from((0, 3, 6, 7, 8, 9, 10)),
    ),
    min_size=120,
    max_size=400,
)


def groups_of(answers: Sequence[Answer]) -> Groups:
    scores = [answer.score for answer in answers if answer.score is not None]
    return Groups(
        sum(score <= 6 for score in scores),
        sum(7 <= score <= 8 for score in scores),
        sum(score >= 9 for score in scores),
    )


@settings(
    max_examples=examples(6), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ANSWERS, ORDERS)
async def test_the_order_and_the_week_are_what_counting_one_by_one_comes_to(
    database: Database, client: ScorerClient, drawn: Sequence[Any], shuffled: Random
) -> None:
    """In any order, with answers that come twice, that are amended and that are erased. Of every third example
    the answers of one week are detractors'.
    """
    await forget_all(database)
    bad = shuffled.choice((None, None, 20))
    newest = await tell_in_any_order(
        database,
        shuffled,
        [
            an_answer(
                f"a{number}",
                day=TODAY - timedelta(days=days),
                score=2 if bad is not None and 0 <= days - bad < 7 else score,
                touchpoint=place,
                segments={"touchpoint": place},
                organisation=("north",),
            )
            for number, (days, place, score) in enumerate(drawn)
        ],
    )
    first_day = TODAY - timedelta(days=29)
    inside = [each for each in newest if each.day is not None and each.day >= first_day]
    told = await read(client, "/v1/ranking", window="30d")
    by_place = {place: groups_of([each for each in inside if each.touchpoint == place]) for place in PLACES}
    for row in (*told["ranked"], *told["few"]):
        own = by_place[row["segment"].partition(":")[2]]
        rest = groups_of([e for e in inside if f"touchpoint:{e.touchpoint}" != row["segment"]])
        assert (row["n"], row["rest_n"]) == (own.n, rest.n)
        assert row["nps"] == (pytest.approx(own.points) if own.n >= 10 else None)
        change = compare_groups(rest, own)
        if min(own.n, rest.n) >= 30 and change is not None:
            assert row["difference"] == {
                "points": change.points,
                "low": pytest.approx(change.low),
                "high": pytest.approx(change.high),
                "p": pytest.approx(change.p),
            }
        else:
            assert row["difference"] is None
    assert [row["segment"] for row in told["few"]] == sorted(
        f"touchpoint:{place}" for place, own in by_place.items() if 0 < own.n < 30
    )
    verdicts = called([row["difference"] for row in told["ranked"]])
    assert [row["is_lower"] for row in told["ranked"]] == [each == "lower" for each in verdicts]
    lowest = [row["segment"] for row in told["ranked"] if row["is_lower"]]
    assert told["lowest"] == (lowest[0] if lowest else None)
    check_week((await read(client, OVERVIEW, window="30d"))["week"], newest)


def check_week(found: dict[str, Any] | None, answers: Sequence[Answer]) -> None:
    """The lowest of the calendar weeks of two windows that are lower than all others together."""
    shown = [TODAY - timedelta(days=59 - number) for number in range(60)]
    weeks: dict[tuple[int, int], list[date]] = {}
    for day in shown:
        weeks.setdefault(day.isocalendar()[:2], []).append(day)
    inside = [each for each in answers if each.day in shown]
    counted = [
        (days[0], days[-1], groups_of([e for e in inside if e.day in days]),
         groups_of([e for e in inside if e.day not in days]))
        for days in weeks.values()
    ]  # fmt: skip
    changes = [compare_groups(rest, own) if min(own.n, rest.n) >= 30 else None for _, _, own, rest in counted]
    tests = [
        None if each is None else {"points": each.points, "low": each.low, "high": each.high, "p": each.p}
        for each in changes
    ]
    lower = [
        (own.points, first, last, own, rest)
        for (first, last, own, rest), each, test in zip(counted, called(tests), tests, strict=True)
        if each == "lower" and test is not None and test["points"] <= -5
    ]
    number = sum(test is not None for test in tests)
    if number < 4 or not lower:
        assert found is None
        return
    points, first, last, own, rest = min(lower, key=lambda each: each[:2])
    assert found is not None
    assert (found["first"], found["last"], found["tests"]) == (str(first), str(last), number)
    assert (found["n"], found["rest_n"], found["is_lower"]) == (own.n, rest.n, True)
    assert found["nps"] == pytest.approx(points)


ASKED_PARTS = st.lists(
    st.tuples(st.sampled_from(PLACES), st.integers(0, 90), st.integers(0, 90)), min_size=2, max_size=6
)


@settings(
    max_examples=examples(6), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ASKED_PARTS, ORDERS)
async def test_who_answers_least_is_what_counting_one_by_one_comes_to(
    database: Database, client: ScorerClient, drawn: Sequence[tuple[str, int, int]], shuffled: Random
) -> None:
    """In any order of invitations and answers, which come twice, are amended or erased."""
    await forget_all(database)
    invitations, answers = [], []
    numbers = dict.fromkeys(PLACES, (0, 0))
    for part, (place, answered, silent) in enumerate(drawn):
        for number in range(answered + silent):
            name = f"i{part}-{number}"
            one = an_invitation(
                name, sent_at=NOW - timedelta(days=9), touchpoint=place, segments={"touchpoint": place}
            )
            invitations.append(one)
            if number < answered:
                answers.append(an_answer_to(one, name))
        numbers[place] = (numbers[place][0] + answered, numbers[place][1] + answered + silent)
    await tell_in_any_order(database, shuffled, answers, invitations)
    found = (await read(client, OVERVIEW, window="30d", by="touchpoint"))["least_answered"]
    parts = {place: own for place, own in numbers.items() if own[1]}
    whole = tuple(map(sum, zip(*parts.values(), strict=True))) or (0, 0)
    tests = {
        place: share_difference(*own, whole[0] - own[0], whole[1] - own[1]) for place, own in parts.items()
    }
    verdicts = called([None if test is None else test._asdict() for test in tests.values()])
    lower = [place for place, each in zip(tests, verdicts, strict=True) if each == "lower"]
    if not lower:
        assert found is None
        return
    place = min(lower, key=lambda each: (Fraction(*parts[each]), each))
    answered, asked = parts[place]
    rest = (whole[0] - answered, whole[1] - asked)
    assert found["segment"] == f"touchpoint:{place}"
    assert (found["answered"], found["asked"]) == (answered, asked)
    assert (found["rest_answered"], found["rest_asked"]) == rest
    assert found["tests"] == sum(test is not None for test in tests.values())
    check_share_difference(found, answered, asked, *rest)


CASES_DRAWN = st.lists(
    st.tuples(
        st.sampled_from(("open", "assigned", "closed", "closed", "closed")),
        st.sampled_from(("delivery.late", "people.attitude", "price.level", None)),
        st.integers(0, 40),  # days ago it was closed
        st.integers(-5, 5),  # days from its deadline
        st.booleans(),  # of an anonymous answer
        st.sampled_from((("north",), ("south",))),
    ),
    max_size=60,
)


@settings(
    max_examples=examples(6), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(CASES_DRAWN, ORDERS)
async def test_the_work_on_cases_is_what_counting_one_by_one_comes_to(
    database: Database, client: ScorerClient, drawn: Sequence[Any], shuffled: Random
) -> None:
    """In any order of their versions, which come twice."""
    await forget_all(database, "case_copy")
    newest, versions = [], []
    for number, (state, cause, ago, slack, anonymous, path) in enumerate(drawn, 1):
        closed = NOW - timedelta(days=ago) if state == "closed" else None
        one = a_case(
            number,
            version=3,
            state=state,
            cause=cause if closed else None,
            opened_at=NOW - timedelta(days=60),
            closed_at=closed,
            due_at=(closed or NOW) + timedelta(days=slack, hours=1),
            anonymous=anonymous,
            organisation=path,
        )
        newest.append(one)
        opened = replace(one, version=1, state="open", closed_at=None, cause=None)
        versions += [opened, one, one if number % 4 else replace(opened, version=2, cause=None)]
    shuffled.shuffle(versions)
    while versions:
        size = shuffled.randint(1, 20)
        batch, versions = versions[:size], versions[size:]
        await keep(database, *sorted(batch, key=lambda each: each.version))  # as handlers get them
    told = await read(client, OVERVIEW, segment="organisation:north", role="leader")
    own = [each for each in newest if each.organisation == ("north",)]
    first = NOW.replace(hour=0) - timedelta(days=29, hours=1)  # the day begins in Copenhagen
    done = [each for each in own if each.closed_at is not None and each.closed_at >= first]
    in_time = sum(each.closed_at <= each.due_at for each in done if each.closed_at)
    waiting = [each for each in own if each.state != "closed"]
    late = sum(each.due_at < NOW for each in waiting)
    cases = told["cases"]
    assert [cases[name] for name in ("open", "late", "closed", "in_time")] == [
        *(len(waiting), late, len(done), in_time)
    ]
    if len(done) < 10:
        assert cases["in_time_share"] is None
    else:
        low, high = wilson(in_time, len(done))
        ends = {"percent": 100 * in_time / len(done), "low": 100 * low, "high": 100 * high}
        assert cases["in_time_share"] == pytest.approx(ends)
    causes = Counter(each.cause for each in done if each.cause is not None and not each.anonymous)
    whole = causes.total()
    expected = sorted(causes.items(), key=lambda each: (-each[1], each[0]))
    assert told["causes"] == [
        {"cause": cause, "cases": n, "with_cause": whole, "share": n / whole}
        for cause, n in expected
        if n >= 5 and whole >= 10
    ]


async def test_the_lowest_segment_is_named_only_where_it_is_lower_by_more_than_chance(
    database: Database, client: ScorerClient
) -> None:
    low = [
        an_answer(f"l{n}", day=TODAY, score=(2, 2, 9)[n % 3], segments={"store": "low"}) for n in range(60)
    ]
    high = [an_answer(f"h{n}", day=TODAY, score=(9, 7)[n % 2], segments={"store": "high"}) for n in range(60)]
    few = [an_answer(f"f{n}", day=TODAY, score=0, segments={"store": "few"}) for n in range(12)]
    none = [an_answer(f"n{n}", day=TODAY, score=0, segments={"store": "none"}) for n in range(3)]
    await count(database, *low, *high, *few, *none)
    told = await read(client, "/v1/ranking", dimension="store")
    assert told["lowest"] == "store:low"
    assert [row["segment"] for row in told["ranked"]] == ["store:low", "store:high"]
    assert [row["segment"] for row in told["few"]] == ["store:few", "store:none"]
    page = words_of((await client.get("/segments?dimension=store", role="leader")).text)
    assert "Low is lowest: −33. Chance alone seldom does that." in page
    ranked, apart = page.split("Too few answers for a place in the order")
    assert "Few" not in ranked.partition("Against the others")[2]
    assert "Few" in apart
    assert "7 more needed" in apart
    # By another dimension all answers are of one value: there is nothing to compare.
    assert (await read(client, "/v1/ranking", dimension="touchpoint"))["lowest"] is None


async def test_where_segments_are_alike_none_is_called_lowest(
    database: Database, client: ScorerClient
) -> None:
    await count(
        database,
        *(
            an_answer(f"{store}{n}", day=TODAY, score=(2, 9, 8)[n % 3], segments={"store": store})
            for store in ("x", "y", "z")
            for n in range(45)
        ),
    )
    page = words_of((await client.get("/segments?dimension=store", role="leader")).text)
    assert "None is lower than the others beyond chance." in page
    assert "3 segments were compared, each with all the others together." in page


async def test_who_is_limited_sees_their_segments_in_order_and_single_employees_are_in_none(
    database: Database, client: ScorerClient
) -> None:
    for path, score in ((("north", "a"), 2), (("north", "b"), 9), (("south", "c"), 0)):
        await count(
            database,
            *(
                an_answer(f"{path}{n}", day=TODAY, score=score, organisation=path, segments={"agent": "ida"})
                for n in range(40)
            ),
        )
    told = await read(client, "/v1/ranking", dimension="organisation", **NORTH)
    assert {row["segment"] for row in told["ranked"]} == {"organisation:north/a", "organisation:north/b"}
    assert {row["rest_n"] for row in told["ranked"]} == {40}
    assert "south" not in (await client.get("/segments?dimension=organisation", **NORTH)).text.lower()
    assert (await client.get(OVERVIEW, **NORTH)).status_code == 404
    assert (await client.get(OVERVIEW, segment="organisation:south", **NORTH)).status_code == 404
    assert (await read(client, OVERVIEW, segment="organisation:north", **NORTH))["week"] is None
    # What is asked for by a dimension of single employees is told by another one.
    assert (await read(client, "/v1/ranking", dimension="agent"))["dimension"] != "agent"
    await add_tenant(database, replace(ACME, version=2, people=People(level=1)))
    assert (await read(client, "/v1/ranking", dimension="organisation"))["dimension"] != "organisation"


async def test_deadlines_kept_and_causes_are_what_counting_the_cases_comes_to(
    database: Database, client: ScorerClient
) -> None:
    late = {"closed_at": NOW - timedelta(days=1)}
    cases = [
        *(a_case(number) for number in range(1, 9)),
        *(a_case(number, cause="people.attitude", **late) for number in range(9, 15)),
        *(a_case(number, cause="price.level") for number in range(15, 17)),
        a_case(17, state="open", closed_at=None, cause=None),
        a_case(18, state="assigned", closed_at=None, cause=None, due_at=NOW + timedelta(days=1)),
        a_case(19, closed_at=NOW - timedelta(days=90)),
        a_case(20, anonymous=True),
        a_case(21, organisation=("south",)),
    ]
    await keep(database, *cases)
    await keep(database, *(a_case(number) for number in range(100, 140)), tenant="other")
    overview = await read(client, OVERVIEW, segment="organisation:north", role="leader")
    told = overview["cases"]
    assert {name: told[name] for name in ("open", "late", "closed", "in_time")} == {
        "open": 2,
        "late": 1,
        "closed": 17,
        "in_time": 11,
    }
    low, high = wilson(11, 17)
    assert told["in_time_share"] == {
        "percent": pytest.approx(1100 / 17),
        "low": pytest.approx(100 * low),
        "high": pytest.approx(100 * high),
    }
    # Of two cases nothing is told, and those of anonymous answers are in none.
    assert overview["causes"] == [
        {"cause": "delivery.late", "cases": 8, "with_cause": 16, "share": 8 / 16},
        {"cause": "people.attitude", "cases": 6, "with_cause": 16, "share": 6 / 16},
    ]


async def test_the_page_tells_what_the_document_and_the_file_tell(
    database: Database, client: ScorerClient
) -> None:
    made = [
        an_invitation(
            f"i{n}",
            sent_at=NOW - timedelta(days=n % 20),
            channel="mail",
            touchpoint=("desk", "web")[n % 2],
            segments={"touchpoint": ("desk", "web")[n % 2]},
        )
        for n in range(200)
    ]
    await invite(database, *made)
    answered = [(n, one) for n, one in enumerate(made) if n % 2 == 0 or n % 10 == 1]
    await count(database, *(an_answer_to(one, f"i{n}", score=(9, 3)[n % 2]) for n, one in answered))
    await keep(database, *(a_case(number) for number in range(1, 13)))
    action = an_improvement_body(title="A second van", segment=None, due="2026-12-20")
    made_one = await client.send("PUT", f"/v1/actions/{UUID(int=5)}", action, role="leader")
    assert made_one.status_code in {200, 201}, made_one.text
    told = await read(client, OVERVIEW, by="touchpoint", role="leader")
    least = told["least_answered"]
    assert (told["response"]["asked"], told["response"]["answered"]) == (200, 120)
    assert least["segment"] == "touchpoint:web"
    assert (least["answered"], least["rest_answered"]) == (20, 100)
    page = words_of((await client.get("/", role="leader")).text)
    assert "80 of 200 customers have not answered. Web is answered least." in page
    assert "20.0 % answered there" in page.replace("\N{NO-BREAK SPACE}", " ")
    assert "12 cases were closed in these days, 12 of them in time" in page
    assert "Closed most often with: Delivery: late (12 of 12)." in page
    assert "A second van" in page
    file = await client.get(f"{OVERVIEW}/export", by="touchpoint", role="leader")
    rows = {row["of"]: row for row in csv.DictReader(StringIO(file.text.removeprefix("\ufeff")))}
    assert rows["response"]["answered"] == "120"
    assert (rows["least_answered"]["segment"], rows["least_answered"]["answered"]) == ("touchpoint:web", "20")
    assert (rows["cases"]["closed"], rows["cases"]["in_time"]) == ("12", "12")
    assert (rows["causes"]["cause"], rows["causes"]["cases"]) == ("delivery.late", "12")


async def test_the_list_of_answers_is_filtered_by_score_theme_words_and_channel(
    database: Database, client: ScorerClient
) -> None:
    made = [an_invitation(f"i{n}", sent_at=NOW - timedelta(days=2), channel=("mail", "sms")[n % 2])
            for n in range(12)]  # fmt: skip
    await invite(database, *made)
    await count(
        database,
        *(an_answer_to(one, f"i{n}", score=n % 11, comment=f"Said {n}.") for n, one in enumerate(made)),
    )
    shown = an_invitation("o", sent_at=NOW - timedelta(days=2), channel="link")
    await invite(database, shown)
    await count(database, an_answer_to(shown, "o", score=3, comment="By a link."))
    await count(database, an_answer("m", day=TODAY, score=3, origin="import", comment="Moved in."))

    async def said(**query: Any) -> set[str]:
        page = (await client.get("/segments", role="leader", segment="", **query)).text
        return set(re.findall(r"(Said \d+|By a link|Moved in)\.", page[page.index('id="answers"') :]))

    assert await said(kind="3") == {"Said 3", "By a link", "Moved in"}
    assert await said(channel="sms") == {f"Said {n}" for n in range(1, 12, 2)}
    assert await said(channel="mail", kind="detractors") == {f"Said {n}" for n in (0, 2, 4, 6)}
    assert await said(channel="link") == {"By a link"}
    assert await said(channel="import", kind="3", words="moved") == {"Moved in"}
    assert (await client.get("/segments?segment=&channel=pigeon", role="leader")).status_code == 422


async def test_by_an_unusual_choice_the_page_names_all_that_it_leaves_out(
    database: Database, client: ScorerClient
) -> None:
    await count(database, *(an_answer(f"a{n}", day=TODAY) for n in range(40)))
    for language, named in (
        ("en", ("who did not answer", "themes", "causes", "marks", "falls", "benchmarks", "list of answers")),
        ("da", ("ikke svarede", "temaer", "årsager", "markeringer", "fald", "sammenligningstal", "listen")),
        ("nl", ("niet antwoordde", "thema’s", "oorzaken", "markeringen", "dalingen", "benchmarks", "lijst")),
    ):
        page = (await client.get("/?amended=first", role="leader", language=language)).text
        for word in named:
            assert word in page
        for part in ("part-why", "part-asked", 'id="beside"'):
            assert part not in page


async def test_of_windows_that_share_days_no_part_is_said_to_have_moved(
    database: Database, client: ScorerClient
) -> None:
    """Neither the whole nor a part is compared: their difference would mean nothing."""
    old = [an_answer(f"o{n}", day=TODAY - timedelta(days=480), score=0) for n in range(40)]
    new = [an_answer(f"n{n}", day=TODAY - timedelta(days=1), score=10) for n in range(40)]
    await count(database, *old, *new)
    query: dict[str, Any] = {"window": "500d", "against": "year"}
    told = await read(client, OVERVIEW, **query)
    assert told["shared_days"] == 135
    assert told["change"] is None
    assert [(part["change"], part["moved"]) for part in told["parts"]] == [(None, False)]
    assert (told["compared"], told["moved"]) == (0, 0)
    page = (await client.get("/", role="leader", **query)).text
    assert "rose by" not in words_of(page)
    apart = await read(client, OVERVIEW, window="400d", against="before")
    assert apart["parts"][0]["moved"]


@pytest.mark.parametrize(
    ("role", "reads"),
    [("admin", True), ("leader", True), ("agent", True), ("analyst", True), ("editor", False)],
)
async def test_who_may_not_read_answers_sees_none_on_any_page_of_scores(
    database: Database, client: ScorerClient, role: Role, reads: bool
) -> None:
    """Neither in the list, nor among the words, nor as the latest one; the scores of them are seen."""
    words = "The parcel was wet."
    at = NOW - timedelta(minutes=5)
    told = [
        an_answer(f"a{n}", day=TODAY, score=2, comment=words, language="en", answered_at=at, changed_at=at)
        for n in range(12)
    ]
    await count(database, *told)
    for path in ("/", "/segments?segment=", "/segments?segment=touchpoint:checkout"):
        page = (await client.get(path, role=role)).text
        assert (words in page) is reads, path
        assert ('id="last-answer"' in page) is reads, path
        assert ('id="answers"' in page) is (reads and path != "/"), path
    overview = await read(client, OVERVIEW, role=role)
    assert overview["now"]["n"] == 12
    assert (overview["latest"] is not None) is reads
    assert (await client.get("/v1/scores/answers/export", role=role)).status_code == (200 if reads else 403)
