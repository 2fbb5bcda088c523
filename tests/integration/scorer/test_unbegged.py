"""The unbegged score: the same as counting one by one, for whom it is told, and as a file."""

import csv
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from io import StringIO
from math import sqrt
from random import Random
from statistics import NormalDist
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.any_order import ORDERS, forget_all, tell_in_any_order
from support.asked_dispatcher import AskedDispatcher
from support.examples import examples
from support.invitations import ASKED_AT, an_answer_to, an_invitation, invite
from support.scorer_builders import count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant
from support.share_model import called, check_share_difference

from services.scorer.domain import Groups, score_interval
from shared.db.database import Database
from shared.events import Answer, Invitation
from shared.events.nps import group_of
from shared.events.segments import segments_of

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NORTH: dict[str, Any] = {"role": "leader", "segments": ("organisation:north",)}
MINUTE = timedelta(minutes=1)
SIGNS = (
    ("fewer_asked", "asked_difference", "lower"),
    ("more_quick", "quick_difference", "higher"),
    ("quick_happier", "happier_difference", "higher"),
    ("staff_network", "staff_network_difference", "higher"),
    ("shared_device", "shared_device_difference", "higher"),
)
"""Each sign, the difference that it comes from, and which way that goes."""


@pytest.fixture
def dispatcher() -> AskedDispatcher:
    return AskedDispatcher(None, NOW)


@pytest.fixture
async def client(database: Database, dispatcher: AskedDispatcher) -> AsyncIterator[ScorerClient]:
    database.clock = lambda: NOW
    async with a_scorer_client(
        database, a_tenant("acme"), a_tenant("other", "UTC"), a_tenant("keyless", "UTC", "cases:write")
    ) as client:
        dispatcher.answers(client)
        yield client


async def read(client: ScorerClient, **query: Any) -> dict[str, Any]:
    answer = await client.get("/v1/unbegged", **query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


PLACES = st.tuples(
    st.sampled_from((("north", "sales"), ("north", "service"), ("south",))),
    st.one_of(
        st.none(),
        st.tuples(
            st.integers(0, 10),
            st.integers(0, 30),
            st.sampled_from((None, True, False, False)),
            st.sampled_from((None, 1, 2, 3)),
        ),
    ),
    st.booleans(),
)
INVITED = st.one_of(st.lists(PLACES, max_size=20), st.lists(PLACES, min_size=90, max_size=200))
DECIDED = st.dictionaries(
    st.sampled_from(("north", "north/sales", "south", "west")),
    st.tuples(*[st.integers(0, 90)] * 5),
)
"""Of each place: how many were asked, and not asked for each of three reasons and for another one."""


@settings(
    max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(INVITED, DECIDED, ORDERS)
async def test_what_was_asked_and_answered_is_what_counting_one_by_one_comes_to(
    database: Database,
    client: ScorerClient,
    dispatcher: AskedDispatcher,
    invited: list[tuple[tuple[str, ...], tuple[int, int, bool | None, int | None] | None, bool]],
    decided: dict[str, tuple[int, ...]],
    shuffled: Random,
) -> None:
    """Each answer so many minutes after its mail had left, from the company's network or not, which one of its device; in any order of invitations and answers, which come
    twice, are amended or erased.
    """
    await forget_all(database)
    invitations = [
        an_invitation(f"i{n}", organisation=path, sent_at=ASKED_AT + n * MINUTE, beyond_draw=beyond)
        for n, (path, _, beyond) in enumerate(invited)
    ]
    answers = [
        an_answer_to(
            one,
            f"i{n}",
            score=given[0],
            beyond_draw=one.beyond_draw,
            answered_at=(one.sent_at or ASKED_AT) + given[1] * MINUTE,
            staff_network=given[2],
            device_ordinal=given[3],
        )
        for n, (one, (_, given, _)) in enumerate(zip(invitations, invited, strict=True))
        if given is not None
    ]
    await tell_in_any_order(database, shuffled, answers, invitations)
    dispatcher.counts = {f"organisation:{name}": [sum(own), *own[:4]] for name, own in decided.items()}
    told = {place["segment"]: place for place in (await read(client))["places"]}
    names = {name for one in invitations if not one.beyond_draw for name in segments_of(one)}
    names = {name for name in names if name.startswith("organisation:")} | set(dispatcher.counts)
    assert set(told) == names
    for name, place in told.items():
        own = [one for one in invitations if name in segments_of(one) and not one.beyond_draw]
        sent_at = {one.id: one.sent_at or ASKED_AT for one in own}
        given = [answer for answer in answers if answer.id in sent_at]
        quick = [each for each in given if at(each) < sent_at[each.id] + 2 * MINUTE]
        groups = groups_of(given)
        interval = score_interval(groups) if groups.n >= 10 else None
        assert (place["sent"], place["answered"]) == (len(own), len(given))
        assert place["quick"] == len(quick)
        inside = [each.staff_network for each in given if each.staff_network is not None]
        check_share_of(place, "staff_network", inside.count(True), "known_network", len(inside))
        ordinals = [each.device_ordinal for each in given if each.device_ordinal is not None]
        check_share_of(place, "shared_device", ordinals.count(3), "known_device", len(ordinals))
        assert place["burst"] == max(
            (sum(at(one) <= at(other) <= at(one) + 10 * MINUTE for other in given) for one in given),
            default=0,
        )
        assert place["nps"] == (pytest.approx(groups.points) if interval else None)
        assert (place["low"], place["high"]) == (pytest.approx(interval) if interval else (None, None))
        matched = dispatcher.counts.get(name, [0] * 5)
        assert [place[each] for each in ("matched", "asked", "no_address", "unwilling", "rested")] == matched
        assert place["otherwise"] == matched[0] - sum(matched[1:])
        assert (place["asked_share"] is None) is (matched[0] < 10)
        assert (place["answered_share"] is None) is (len(own) < 10)
    check_differences(told)


def check_differences(told: dict[str, dict[str, Any]]) -> None:
    """Each place against all others of its level together, and what it lacks, from the counts that are told."""
    for name, place in told.items():
        level = name.count("/")
        rest = [each for other, each in told.items() if other != name and other.count("/") == level]

        def of_rest(what: str, rest: list[dict[str, Any]] = rest) -> int:
            return int(sum(each[what] for each in rest))

        check_share_difference(
            place["asked_difference"],
            *(place["asked"], place["matched"], of_rest("asked"), of_rest("matched")),
        )
        check_share_difference(
            place["quick_difference"],
            *(place["quick"], place["answered"], of_rest("quick"), of_rest("answered")),
        )
        check_share_difference(
            place["staff_network_difference"],
            *(place["of_staff_network"], place["of_known_network"]),
            *(of_rest("of_staff_network"), of_rest("of_known_network")),
        )
        check_share_difference(
            place["shared_device_difference"],
            *(place["of_shared_device"], place["of_known_device"]),
            *(of_rest("of_shared_device"), of_rest("of_known_device")),
        )
        enough = min(place["answered"], of_rest("answered")) >= 30
        assert (place["difference"] is not None) == enough
        rates = [
            each("asked") / each("matched") * each("answered") / each("sent")
            if each("matched") and each("sent")
            else None
            for each in (place.__getitem__, of_rest)
        ]
        if not enough or not rates[0] or rates[1] is None:
            assert place["selection"] is None
            continue
        missing = int(place["answered"] * (rates[1] / rates[0] - 1) + 0.5 + 1e-9)
        if missing < 1:
            assert place["selection"] is None
            continue
        scores = [each["nps"] * each["answered"] for each in rest if each["nps"] is not None]
        n, selection = place["answered"], place["selection"]
        assert selection["missing"] == missing
        assert selection["worst_case"] == pytest.approx((n * place["nps"] - 100 * missing) / (n + missing))
        if len(scores) == len([each for each in rest if each["answered"]]):
            usual = sum(scores) / of_rest("answered")
            expected = (n * place["nps"] + missing * usual) / (n + missing)
            assert selection["like_rest"] == pytest.approx(expected)
    for sign, name, way in SIGNS:
        verdicts = called([place[name] for place in told.values()])
        assert [sign in place["signs"] for place in told.values()] == [each == way for each in verdicts]
    higher = called([place["difference"] for place in told.values()])
    for place, direction in zip(told.values(), higher, strict=True):
        explained = (place["selection"] or {"explained": None})["explained"]
        assert (explained is not None) == (direction == "higher" and place["selection"] is not None)
        assert ("selection" in place["signs"]) == (explained in {"worst_case", "like_rest"})


def check_share_of(place: dict[str, Any], name: str, part: int, of: str, whole: int) -> None:
    """A share of those answers of which it is known, with its interval."""
    assert (place[f"of_{name}"], place[f"of_{of}"]) == (part, whole)
    if whole < 10:
        assert place[f"{name}_share"] is None
        return
    low, high = wilson(part, whole)
    assert place[f"{name}_share"] == {
        "percent": pytest.approx(100 * part / whole),
        "low": pytest.approx(100 * low, abs=1e-9),
        "high": pytest.approx(100 * high, abs=1e-9),
    }


def wilson(part: int, whole: int) -> tuple[float, float]:
    """The interval of a share, as its source writes it."""
    share, z = part / whole, NormalDist().inv_cdf(0.975)
    middle = share + z**2 / (2 * whole)
    half = z * sqrt(share * (1 - share) / whole + z**2 / (4 * whole**2))
    below = 1 + z**2 / whole
    return (middle - half) / below, (middle + half) / below


def at(answer: Answer) -> datetime:
    assert answer.answered_at is not None
    return answer.answered_at


def groups_of(answers: Sequence[Answer]) -> Groups:
    groups = [group_of(answer.score) for answer in answers if answer.score is not None]
    return Groups(*(groups.count(name) for name in ("detractor", "passive", "promoter")))


async def asked_and_answered(database: Database, path: str, n: int, scores: Sequence[int]) -> None:
    own: list[Invitation] = [an_invitation(f"{path}{number}", organisation=(path,)) for number in range(n)]
    await invite(database, *own)
    given = zip(own, scores, strict=False)
    await count(
        database,
        *(an_answer_to(one, f"{path}{number}", score=score) for number, (one, score) in enumerate(given)),
    )


async def test_a_place_that_asks_fewer_and_stands_higher_is_marked_with_words_that_accuse_nobody(
    database: Database, client: ScorerClient, dispatcher: AskedDispatcher
) -> None:
    await asked_and_answered(database, "north", 100, [10] * 45 + [8] * 5)
    await asked_and_answered(database, "south", 100, [10] * 25 + [8] * 15 + [2] * 10)
    dispatcher.counts = {
        "organisation:north": [400, 100, 300, 0, 0],
        "organisation:south": [110, 100, 0, 0, 10],
    }
    body = await read(client)
    north, south = body["places"]
    assert (north["segment"], north["signs"]) == ("organisation:north", ["fewer_asked", "selection"])
    assert south["signs"] == []
    assert north["asked_difference"]["points"] == pytest.approx(25 - 100 / 1.1)
    assert north["selection"]["missing"] == round(50 * ((100 / 110) / 0.25 - 1))
    assert north["selection"]["explained"] == "like_rest"
    page = (await client.get("/unbegged", role="leader")).text
    for words in (
        "1 place raises a question.",
        "Fewer are asked than elsewhere. Why?",
        "Who was not asked or did not answer could explain the higher score.",
        "A mark is a question, not an accusation",
        "300 without an address",
        "10 asked lately",
    ):
        assert words in page


async def test_a_place_whose_answers_come_from_the_companys_networks_is_marked_and_the_page_says_of_how_many(
    database: Database, client: ScorerClient, dispatcher: AskedDispatcher
) -> None:
    dispatcher.counts = {}
    for path, inside in (("north", 30), ("south", 2)):
        own = [an_invitation(f"{path}{n}", organisation=(path,)) for n in range(50)]
        await invite(database, *own)
        given = [
            an_answer_to(one, f"{path}{n}", score=9, staff_network=None if n >= 45 else n < inside)
            for n, one in enumerate(own)
        ]
        await count(database, *given)
    body = await read(client)
    north, south = body["places"]
    assert (north["signs"], south["signs"]) == (["staff_network"], [])
    assert (north["of_staff_network"], north["of_known_network"]) == (30, 45)
    assert north["staff_network_difference"]["points"] == pytest.approx(100 * (30 - 2) / 45)
    page = (await client.get("/unbegged", role="leader")).text
    assert "More answers come from your own networks than elsewhere. Who gives them?" in page
    assert "30 of 45" in page
    assert "by its own Wi-Fi" in page
    assert "From shared devices" not in page
    file = (await client.get("/v1/unbegged/export")).text
    assert csv_numbers(file, "organisation:north", "of_staff_network", "of_known_network") == ["30", "45"]


async def test_a_place_whose_answers_share_devices_is_marked_and_the_page_says_which_harmless_reasons_there_are(
    database: Database, client: ScorerClient, dispatcher: AskedDispatcher
) -> None:
    dispatcher.counts = {}
    for path, shared in (("north", 25), ("south", 1)):
        own = [an_invitation(f"{path}{n}", organisation=(path,)) for n in range(50)]
        await invite(database, *own)
        given = [
            an_answer_to(one, f"{path}{n}", score=9, device_ordinal=3 if n < shared else 1 + n % 2)
            for n, one in enumerate(own[:40])
        ]
        await count(database, *given)
    north, south = (await read(client))["places"]
    assert (north["signs"], south["signs"]) == (["shared_device"], [])
    assert (north["of_shared_device"], north["of_known_device"]) == (25, 40)
    assert north["shared_device_difference"]["points"] == pytest.approx(100 * (25 - 1) / 40)
    page = (await client.get("/unbegged", role="leader")).text
    assert "More answers than elsewhere share a device with two others of that day. Whose is it?" in page
    assert "25 of 40" in page
    assert "a tablet that is meant for all" in page
    assert "From your networks:" not in page
    file = (await client.get("/v1/unbegged/export")).text
    assert csv_numbers(file, "organisation:north", "of_shared_device", "of_known_device") == ["25", "40"]


async def test_of_answers_of_before_and_of_companies_without_networks_the_page_says_that_it_is_not_known(
    database: Database, client: ScorerClient, dispatcher: AskedDispatcher
) -> None:
    dispatcher.counts = {}
    await asked_and_answered(database, "north", 60, [9] * 40)
    (north,) = (await read(client))["places"]
    assert (north["of_known_network"], north["of_staff_network"]) == (0, 0)
    assert (north["staff_network_share"], north["staff_network_difference"]) == (None, None)
    page = (await client.get("/unbegged", role="leader")).text
    assert "Whether answers come from your own networks is not known" in page
    assert "From your networks" not in page
    assert "From shared devices" not in page


def csv_numbers(file: str, segment: str, *names: str) -> list[str]:
    (row,) = [
        row for row in csv.DictReader(StringIO(file.removeprefix("\ufeff"))) if row["segment"] == segment
    ]
    return [row[name] for name in names]


async def test_the_file_has_the_figures_of_the_api(
    database: Database, client: ScorerClient, dispatcher: AskedDispatcher
) -> None:
    await asked_and_answered(database, "north", 100, [10] * 45 + [8] * 5)
    await asked_and_answered(database, "south", 100, [10] * 25 + [8] * 15 + [2] * 10)
    dispatcher.counts = {"organisation:north": [400, 100, 300, 0, 0], "organisation:=1+1": [10, 9, 0, 0, 0]}
    body = await read(client)
    file = (await client.get("/unbegged/download", role="leader")).text
    assert file == (await client.get("/v1/unbegged/export")).text
    rows = list(csv.DictReader(StringIO(file.removeprefix("\ufeff"))))
    assert [row["segment"] for row in rows] == [place["segment"] for place in body["places"]]
    for row, place in zip(rows, body["places"], strict=True):
        assert row["signs"] == " ".join(place["signs"])
        for name in ("matched", "asked", "sent", "answered", "nps", "low", "high", "quick", "burst"):
            assert row[name] == ("" if place[name] is None else repr(place[name]))
        for name in ("asked_share", "asked_difference", "difference", "selection"):
            for part, value in (place[name] or {}).items():
                assert row[f"{name}_{part}"] == (
                    value if isinstance(value, str) else "" if value is None else repr(value)
                )


async def test_who_is_limited_sees_only_their_places_and_nobody_a_single_employee(
    database: Database, client: ScorerClient, dispatcher: AskedDispatcher
) -> None:
    await asked_and_answered(database, "north", 60, [10] * 40)
    await asked_and_answered(database, "south", 60, [2] * 40)
    dispatcher.counts = {
        f"organisation:{name}": [100, 60, 40, 0, 0] for name in ("north", "north/a", "south", "north/a/eva")
    }
    whole = await read(client)
    assert sorted(place["segment"] for place in whole["places"]) == [
        *("organisation:north", "organisation:north/a", "organisation:south"),
    ]
    limited = await read(client, **NORTH)
    assert sorted(place["segment"] for place in limited["places"]) == [
        "organisation:north",
        "organisation:north/a",
    ]
    for place in limited["places"]:
        assert (place["asked_difference"], place["difference"], place["selection"]) == (None, None, None)
    page = (await client.get("/unbegged", **NORTH)).text
    assert "south" not in page
    assert "eva" not in page
    assert "Scores of single employees are not shown here." in page
    dispatcher.counts = {"agent:eva": [100, 60, 40, 0, 0]}
    assert (await read(client, by="agent"))["places"] == []


async def test_the_dispatcher_is_asked_for_the_days_of_the_companys_zone_and_for_its_own_company(
    client: ScorerClient, dispatcher: AskedDispatcher
) -> None:
    dispatcher.counts = {"touchpoint:checkout": [10, 5, 5, 0, 0]}
    await read(client, window="2d", until="2026-11-02", by="touchpoint")
    assert (await read(client, tenant="other", by="touchpoint"))["places"] == []
    first, second = dispatcher.claims
    assert first == {
        "tenant": "acme",
        "dimension": "touchpoint",
        "first": "2026-11-01T00:00:00+01:00",
        "until": "2026-11-03T00:00:00+01:00",
    }
    assert second["tenant"] == "other"


@pytest.mark.parametrize("counts", [{"organisation:north": [1]}, {"organisation:north": "x"}])
async def test_a_dispatcher_that_does_not_answer_is_said_in_words(
    client: ScorerClient, dispatcher: AskedDispatcher, counts: dict[str, Any]
) -> None:
    dispatcher.counts = counts
    for status in (200, 503):
        dispatcher.status = status
        answer = await client.get("/v1/unbegged")
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "60"
        assert "cannot be counted now" in answer.json()["detail"]
    page = await client.get("/unbegged", role="leader", language="da")
    assert page.status_code == 503
    assert "kan ikke tælles nu" in page.text


@pytest.mark.parametrize(
    ("query", "status"), [({"window": "367d"}, 422), ({"window": "x"}, 422), ({"until": "x"}, 422)]
)
async def test_a_window_that_is_none_is_refused(
    client: ScorerClient, query: dict[str, Any], status: int
) -> None:
    for path in ("/v1/unbegged", "/v1/unbegged/export"):
        assert (await client.get(path, **query)).status_code == status


async def test_a_key_needs_the_scope(client: ScorerClient) -> None:
    assert (await client.get("/v1/unbegged", tenant="keyless")).status_code == 403
    assert (await client.get("/v1/unbegged", key="")).status_code == 401


@pytest.mark.parametrize(
    ("language", "words"), [("da", "Hvem bliver spurgt?"), ("nl", "Wie wordt gevraagd?")]
)
async def test_the_page_speaks_the_language_of_its_reader(
    client: ScorerClient, dispatcher: AskedDispatcher, language: str, words: str
) -> None:
    dispatcher.counts = {"organisation:north": [100, 60, 40, 0, 0]}
    page = (await client.get("/unbegged", role="leader", language=language)).text
    assert words in page
    assert "A mark is a question" not in page
