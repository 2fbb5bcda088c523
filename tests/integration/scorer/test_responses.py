"""Who of those that were asked answered: the same as counting one by one, for whom it is told, and as a file."""

import csv
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs
from support.any_order import ORDERS, forget_all, tell_in_any_order
from support.examples import examples
from support.invitations import ASKED_AT, an_answer_to, an_invitation, invite
from support.scorer_builders import add_tenant, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant

from shared.db.database import Database
from shared.events import Answer, Invitation
from shared.events.segments import segments_of
from shared.values.proportions import wilson

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Copenhagen")
SCORES = {"detractors": 2, "promoters": 10}


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    database.clock = lambda: NOW
    async with a_scorer_client(
        database, a_tenant("acme"), a_tenant("other", "UTC"), a_tenant("keyless", "UTC", "cases:write")
    ) as client:
        yield client


def asked(n: int, name: str = "i", **how: Any) -> list[Invitation]:
    return [an_invitation(f"{name}{number}", **how) for number in range(n)]


async def read(client: ScorerClient, **query: Any) -> dict[str, Any]:
    answer = await client.get("/v1/responses", **query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_numerator_and_denominator_are_the_same_invitations(
    database: Database, client: ScorerClient
) -> None:
    """Counted by the day on which they were asked; an answer that came after the window counts."""
    late = an_invitation("late", sent_at=datetime(2026, 11, 2, 22, 59, tzinfo=UTC))
    tomorrow = an_invitation("tomorrow", sent_at=datetime(2026, 11, 2, 23, 0, tzinfo=UTC))
    yesterday = an_invitation("yesterday", sent_at=datetime(2026, 11, 1, 22, 59, tzinfo=UTC))
    await invite(database, late, tomorrow, yesterday)
    await count(
        database, *(an_answer_to(one, name) for one, name in ((late, "late"), (tomorrow, "tomorrow")))
    )
    total = (await read(client, window="1d", until="2026-11-02"))["total"]
    assert (total["asked"], total["answered"]) == (1, 1)


@pytest.mark.parametrize(
    "how",
    [
        {"test": True},
        {"anonymous": True},
        {"beyond_draw": True},
        {"channel": "link"},
        {"sent_at": None, "state": "waiting"},
        {"measurement": "relational"},
        {"measurement": "recovery"},
    ],
    ids=str,
)
async def test_who_could_not_answer_for_the_score_is_not_among_those_asked(
    database: Database, client: ScorerClient, how: dict[str, Any]
) -> None:
    await invite(database, *asked(3), *asked(4, "out", **how))
    assert (await read(client))["total"]["asked"] == 3


async def test_the_dashboard_and_this_page_count_the_same(database: Database, client: ScorerClient) -> None:
    invitations = asked(12)
    await invite(database, *invitations, *asked(5, "link", channel="link"))
    await count(database, *(an_answer_to(one, f"i{n}") for n, one in enumerate(invitations[:4])))
    page = (await client.get("/", role="leader")).text
    assert "12 customers were asked in these days." in page
    assert "4 of them have answered so far." in page
    total = (await read(client))["total"]
    assert (total["asked"], total["answered"]) == (12, 4)
    assert "/responses?measurement=transactional&amp;window=30d&amp;until=2026-11-20" in page


async def test_a_link_that_was_followed_is_no_answer_and_what_came_back_was_not_delivered(
    database: Database, client: ScorerClient
) -> None:
    invitations = asked(10)
    bounced = [an_invitation("b", state="bounced"), an_invitation("s", channel="sms", report="undeliverable")]
    await invite(database, *invitations, *bounced)
    await count(
        database,
        an_answer_to(invitations[0], "i0", state="clicked", score=None, day=None),
        an_answer_to(invitations[1], "i1", state="saved"),
        an_answer_to(invitations[2], "i2"),
    )
    told = await read(client)
    assert {name: told["total"][name] for name in ("asked", "delivered", "opened", "answered")} == {
        "asked": 12,
        "delivered": 10,
        "opened": 3,
        "answered": 2,
    }
    low, high = wilson(2, 12)
    assert told["total"]["answered_share"] == {
        "percent": pytest.approx(100 * 2 / 12),
        "low": pytest.approx(100 * low),
        "high": pytest.approx(100 * high),
    }
    assert {one["key"]: one["asked"] for one in told["channels"]} == {"mail": 11, "sms": 1}
    assert told["channels"][1]["answered_share"] is None


PLACES = st.sampled_from(
    (
        ({}, ()),
        ({"touchpoint": "web"}, ("north",)),
        ({"touchpoint": "desk"}, ("north", "a")),
        ({}, ("south",)),
    )
)
ASKED = st.lists(
    st.tuples(
        st.integers(0, 23 * 24 * 4),  # quarters of an hour before now
        PLACES,
        st.sampled_from(("mail", "sms", "link")),
        st.sampled_from(("sent", "bounced")),
        st.sampled_from((None, "clicked", "detractors", "promoters")),
        st.sampled_from((False, False, True)),
    ),
    max_size=60,
)


@settings(
    max_examples=examples(8), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ASKED, ORDERS)
async def test_the_figures_are_what_counting_one_by_one_comes_to(
    database: Database, client: ScorerClient, drawn: Sequence[Any], shuffled: Random
) -> None:
    """In any order of invitations and answers, which come twice, are amended or erased."""
    await forget_all(database)
    made: list[tuple[Invitation, str | None]] = []
    answers: list[Answer] = []
    for n, (quarters, (segments, path), channel, state, reaction, test) in enumerate(drawn):
        sent_at = NOW - timedelta(minutes=15 * quarters)
        touchpoint = segments.get("touchpoint")
        one = an_invitation(
            f"i{n}", sent_at=sent_at, segments=segments, organisation=path, channel=channel, state=state,
            test=test, touchpoint=touchpoint,
        )  # fmt: skip
        made.append((one, reaction))
        if reaction == "clicked":
            answers.append(an_answer_to(one, f"i{n}", state="clicked", score=None, test=test))
        elif reaction is not None:
            answers.append(an_answer_to(one, f"i{n}", score=SCORES[reaction], test=test))
    await tell_in_any_order(database, shuffled, answers, [one for one, _ in made])
    told = await read(client, window="14d", by="touchpoint")
    first = date(2026, 11, 7)
    counted = [
        (one, reaction, one.sent_at.astimezone(ZONE))
        for one, reaction in made
        if not one.test
        and one.channel != "link"
        and one.sent_at is not None
        and one.sent_at.astimezone(ZONE).date() >= first
    ]

    def figures(own: Sequence[tuple[Invitation, str | None, datetime]]) -> tuple[int, ...]:
        return (
            len(own),
            sum(one.state != "bounced" for one, _, _ in own),
            sum(reaction is not None for _, reaction, _ in own),
            sum(reaction not in {None, "clicked"} for _, reaction, _ in own),
        )

    def listed(parts: list[dict[str, Any]]) -> dict[str, tuple[int, ...]]:
        return {
            part["key"]: tuple(part[name] for name in ("asked", "delivered", "opened", "answered"))
            for part in parts
        }

    def grouped(keys: Any) -> dict[str, tuple[int, ...]]:
        names = {key for each in counted for key in keys(each)}
        return {name: figures([each for each in counted if name in keys(each)]) for name in names}

    total = told["total"]
    assert tuple(total[name] for name in ("asked", "delivered", "opened", "answered")) == figures(counted)
    assert listed(told["channels"]) == grouped(lambda each: [each[0].channel])
    assert listed(told["hours"]) == grouped(lambda each: [str(each[2].hour)])
    assert listed(told["weekdays"]) == grouped(lambda each: [str(each[2].isoweekday())])
    own = "touchpoint:"
    assert listed(told["segments"]) == grouped(
        lambda each: [name for name in segments_of(each[0]) if name.startswith(own)]
    )
    north = await read(client, window="14d", segment="organisation:north")
    inside = [each for each in counted if "organisation:north" in segments_of(each[0])]
    assert north["total"]["asked"] == len(inside)


async def test_a_window_is_final_when_the_links_of_all_its_invitations_have_ended(
    database: Database, client: ScorerClient
) -> None:
    ended = an_invitation("ended", expires_at=NOW - timedelta(minutes=1))
    works = an_invitation(
        "works", sent_at=ASKED_AT + timedelta(days=1), expires_at=NOW + timedelta(minutes=1)
    )
    await invite(database, ended, works)
    assert (await read(client, window="1d", until="2026-11-02"))["is_over"] is True
    told = await read(client, window="2d", until="2026-11-03")
    assert (told["is_over"], told["open_until"]) == (False, "2026-11-20T12:01:00Z")
    assert (await read(client, window="1d"))["is_over"] is False
    page = (await client.get("/responses", role="leader", window="2d", until="2026-11-03")).text
    assert "Not final: answers may come until the last link ends, on 20 November." in page


async def test_what_an_earlier_version_kept_is_filled_when_it_is_published_again(
    database: Database, client: ScorerClient
) -> None:
    invitations = asked(3, channel="sms", state="bounced")
    await invite(database, *invitations)
    async with database.transaction() as uow:
        await uow.execute(
            "UPDATE invitation SET state = NULL, channel = NULL, report = NULL, expires_at = NULL"
        )
    told = await read(client)
    assert (told["total"]["delivered"], told["channels"][0]["key"]) == (3, "")
    assert told["open_until"] == "2027-11-02T08:00:00Z"
    await invite(database, *invitations)
    told = await read(client)
    assert (told["total"]["delivered"], told["channels"][0]["key"]) == (0, "sms")
    assert told["open_until"] == "2026-12-02T08:00:00Z"


async def test_what_the_silence_could_mean_is_a_range_and_changes_no_score(
    database: Database, client: ScorerClient
) -> None:
    happy = asked(20, "happy", segments={"touchpoint": "web"}, touchpoint="web")
    unhappy = asked(30, "unhappy", segments={"touchpoint": "desk"}, touchpoint="desk")
    await invite(database, *happy, *unhappy)
    await count(
        database,
        *(an_answer_to(one, f"happy{n}", score=10) for n, one in enumerate(happy)),
        *(an_answer_to(one, f"unhappy{n}", score=0) for n, one in enumerate(unhappy[:10])),
    )
    silence = (await read(client))["silence"]
    # 20 promoters and 10 detractors answered; 20 are silent, and the unhappiest part stands at -100.
    assert silence == {
        "score": pytest.approx(100 / 3),
        "unhappiest": -100.0,
        "low": pytest.approx((1000 - 2000) / 50),
        "high": pytest.approx(100 / 3),
        "units": "segment",
        "unit_count": 2,
        "reason": None,
    }
    assert (await client.get("/v1/scores")).json()["nps"] == pytest.approx(100 / 3)
    page = (await client.get("/responses", role="leader")).text
    assert "anywhere from −20 to +33" in page


async def test_the_file_has_the_figures_of_the_api_and_no_formula(
    database: Database, client: ScorerClient
) -> None:
    evil = "=cmd()"
    invitations = asked(11, segments={"=store": evil, "touchpoint": "web"})
    await invite(database, *invitations, *asked(2, "sms", channel="sms"))
    await count(database, *(an_answer_to(one, f"i{n}") for n, one in enumerate(invitations[:7])))
    query: dict[str, Any] = {"by": "=store", "window": "30d"}
    told = await read(client, **query)
    answer = await client.get("/v1/responses/export", **query)
    rows = list(csv.DictReader(StringIO(answer.text.removeprefix("\ufeff"))))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    groups = {"segment": "segments", "channel": "channels", "hour": "hours", "weekday": "weekdays"}
    expected = [told["total"], *(part for name in groups.values() for part in told[name])]
    assert len(rows) == len(expected)
    for row, part in zip(rows, expected, strict=True):
        for name in ("asked", "delivered", "opened", "answered"):
            assert int(row[name]) == part[name]
        for name in ("delivered_share", "opened_share", "answered_share"):
            cells = [row[f"{name}_{end}"] for end in ("percent", "low", "high")]
            share = part[name]
            assert cells == (
                ["", "", ""] if share is None else [str(share[end]) for end in ("percent", "low", "high")]
            )
    assert [row["key"] for row in rows if row["of"] == "segment"] == [f"'=store:{evil}"]
    assert (await client.get("/responses/download", role="leader", **query)).text == answer.text


async def test_a_reader_of_one_segment_learns_nothing_of_another(
    database: Database, client: ScorerClient
) -> None:
    await invite(
        database,
        *asked(12, "north", segments={"touchpoint": "web"}, organisation=("north",)),
        *asked(15, "south", segments={"touchpoint": "desk", "shelf": "1"}, organisation=("south",)),
    )
    own: dict[str, Any] = {"role": "leader", "segments": ("organisation:north",)}
    for path in ("/v1/responses", "/v1/responses/export", "/responses", "/responses/download"):
        other = await client.get(path, **own, segment="organisation:south")
        assert other.status_code == 404
    assert (await client.get("/v1/responses", **own)).status_code == 404
    page = await client.get("/responses", **own)
    assert "12 of 12 customers have not answered." in page.text
    assert "desk" not in page.text
    assert "shelf" not in page.text
    told = (await client.get("/v1/responses", **own, segment="organisation:north", by="organisation")).json()
    assert [part["key"] for part in told["segments"]] == ["organisation:north"]


async def test_levels_above_a_segment_are_none_of_its_parts(database: Database, client: ScorerClient) -> None:
    await invite(database, *asked(12), *asked(3, "other", organisation=("north", "desk")))
    told = await read(client, segment="organisation:north/sales", by="organisation")
    assert [part["key"] for part in told["segments"]] == ["organisation:north/sales"]


async def test_single_employees_are_in_no_part(database: Database, client: ScorerClient) -> None:
    await invite(database, *asked(12, segments={"agent": "sara"}, organisation=("north", "sales", "sara")))
    assert (await read(client, by="agent"))["segments"] == []
    keys = [part["key"] for part in (await read(client, by="organisation"))["segments"]]
    assert keys == ["organisation:north", "organisation:north/sales"]
    assert (await client.get("/v1/responses", segment="agent:sara")).status_code == 404


async def test_nothing_is_told_of_another_company_or_without_the_scope(
    database: Database, client: ScorerClient
) -> None:
    await invite(database, *asked(12), tenant="other")
    assert (await read(client))["total"]["asked"] == 0
    assert (await client.get("/v1/responses", tenant="keyless")).status_code == 403
    assert (await client.get("/v1/responses", key="")).status_code == 401


@pytest.mark.parametrize("window", ["367d", "0d", "x"])
async def test_a_window_that_is_none_is_refused_in_words(client: ScorerClient, window: str) -> None:
    answer = await client.get("/v1/responses", window=window)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "window"


@pytest.mark.parametrize(
    ("language", "words"), [("da", "Hvem svarede ikke?"), ("nl", "Wie heeft niet geantwoord?")]
)
async def test_the_page_speaks_the_language_of_its_reader(
    database: Database, client: ScorerClient, language: str, words: str
) -> None:
    await invite(database, *asked(12))
    page = (await client.get("/responses", role="analyst", language=language)).text
    assert words in page
    assert "Who did not" not in page


async def test_after_a_companys_zone_has_changed_all_parts_of_the_page_are_of_the_same_invitations(
    database: Database, client: ScorerClient
) -> None:
    """A day is that of the company's clock when the mail left, in the total, in the hours and in the parts."""
    at_night = datetime(2026, 11, 2, 23, 30, tzinfo=UTC)  # of the third in Copenhagen
    await invite(database, *(an_invitation(f"n{number}", sent_at=at_night) for number in range(12)))
    moved = structs.replace(a_tenant("acme", "America/New_York"), version=9)
    await add_tenant(database, moved)
    for day, n in (("2026-11-02", 0), ("2026-11-03", 12)):
        for segment in ("", "touchpoint:checkout"):
            told = await read(client, window="1d", until=day, segment=segment, by="touchpoint")
            assert told["window"]["time_zone"] == "America/New_York"
            assert told["total"]["asked"] == n, (day, segment)
            assert sum(part["asked"] for part in told["hours"]) == n, (day, segment)
            if not segment:
                assert sum(part["asked"] for part in told["segments"]) == n, day
