"""A fault in one item never changes how another is judged, among events and among answers."""

import json
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.collector.imports import read_batch
from services.trigger.intake import read_event, split_events
from shared.intake.domain import transaction
from shared.intake.errors import Unacceptable

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
A_TIME = "2026-11-22T05:00:00Z"

# In place of a value: some are not JSON at all, some are values that cannot be stored.
VALUES = [
    *('"x"', '""', '" "', "0", "9", "9.0", "1e1", "9.5", '"9"', "true", "null", "[]", "{}", "-0", "11"),
    *("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 5_000, "01", "+1", ".5", "0x1F", "nul"),
    *('"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"\\\\u0000"', '"\\x"', '"a\tb"', '"\U0001f600"'),
    *('"0001-01-01T00:00:00+14:00"', '"2999-01-01T00:00:00Z"', '"9999-12-31T23:59:59-14:00"'),
    *('"2026-11-22T05:00:00"', f'"{A_TIME}"', '"1969-12-31T23:59:59Z"'),
    *("[" * 70 + "]" * 70, "[" * 20_000 + "]" * 20_000, '{"a":' * 40 + "1" + "}" * 40),
    *('{"store": "aarhus"}', '{"store": 4}', '{"": "x"}', '{"a.b/c": NaN}', '{"x": null}'),
    json.dumps({"store": "長" * 100}),
    json.dumps({"長" * 100: "𝄞" * 200}),
    json.dumps(["長" * 200] * 6),
    json.dumps("x" * 6_000),
]
FIELDS = [
    *("id", "score", "answered_at", "invited_at", "comment", "segments", "organisation", "measurement"),
    *("type", "occurred_at", "customer", "account", "handled_by", "attributes", "source", "unknown"),
]
values = st.sampled_from(VALUES)


class Item(bytes):
    """One item of a batch, with a short representation: hypothesis refuses to print long ones."""

    def __repr__(self) -> str:
        return super().__repr__() if len(self) < 300 else f"{self[:300]!r}... of {len(self)} bytes"


def an_object(base: dict[str, str]) -> st.SearchStrategy[bytes]:
    """An item that is good but for some of its fields."""
    changes = st.dictionaries(st.sampled_from(FIELDS), values, max_size=2)
    return changes.map(
        lambda change: (
            "{" + ",".join(f'"{name}":{value}' for name, value in {**base, **change}.items()) + "}"
        ).encode()
    )


def items(base: dict[str, str]) -> st.SearchStrategy[list[bytes]]:
    odd = values.map(str.encode) | st.sampled_from([b'"\xff"', b'{"id":"\xed\xa0\x80"}'])
    return st.lists(st.one_of(an_object(base), an_object(base), odd).map(Item), min_size=1, max_size=8)


ANSWER = {"id": '"a"', "score": "9", "answered_at": f'"{A_TIME}"'}
EVENT = {"id": '"e"', "type": '"order"', "occurred_at": f'"{A_TIME}"', "customer": '{"id":"c"}'}


def answers_judged(batch: list[bytes]) -> list[object]:
    body = b'{"answers": [' + b" , ".join(batch) + b"]}"
    return [repr(each) for each in read_batch(body, NOW)]


def events_judged(batch: list[bytes]) -> list[object]:
    found, _ = split_events(b"[" + b" , ".join(batch) + b"]", {"content-type": "application/json"})
    assert len(found) == len(batch)
    judged: list[object] = []
    for piece in found:
        try:
            event, spoilt = read_event(piece)
            accepted = transaction(event, source="s", customer_id=lambda _: "hash", now=NOW, spoilt=spoilt)
            # Encoded, since a Raw is represented by its memory address.
            judged.append((msgspec.json.encode(accepted.transaction), accepted.warnings))
        except Unacceptable as fault:
            judged.append((fault.field, fault.remedy))
    return [repr(each) for each in judged]


@given(items(ANSWER))
def test_an_answer_is_judged_in_a_batch_as_it_is_alone(batch: list[bytes]) -> None:
    assert answers_judged(batch) == [answers_judged([item])[0] for item in batch]


@given(items(EVENT))
def test_an_event_is_judged_in_a_batch_as_it_is_alone(batch: list[bytes]) -> None:
    assert events_judged(batch) == [events_judged([item])[0] for item in batch]


@pytest.mark.parametrize("bad", VALUES)
def test_a_time_or_a_name_beyond_the_limits_is_refused_whatever_its_neighbours(bad: str) -> None:
    future = json.dumps({"id": "f", "score": 9, "answered_at": "2999-01-01T00:00:00Z"})
    long = json.dumps(
        {"id": "l", "score": 9, "answered_at": A_TIME, "segments": {"a": "長" * 200, "b": "長" * 200}}
    )
    too_long = json.dumps({"id": "t", "score": 9, "answered_at": A_TIME, "organisation": ["長" * 200] * 6})
    body = f'{{"answers": [{future}, {{"x": {bad}}}, {long}, {too_long}]}}'
    reads = read_batch(body.encode(), NOW)
    assert [read.item is not None for read in reads] == [False, False, True, False]
    assert reads[0].faults[0]["field"] == "/answered_at"
    assert reads[3].faults[0]["field"] == "/organisation"


@pytest.mark.parametrize(
    ("score", "whole"),
    [("9", 9), ("9.0", 9), ("1e1", 10), ("0.0", 0), ("-0.0", 0), ("10.000", 10), ("0E5", 0)],
)
def test_a_whole_number_is_a_score_however_it_is_written(score: str, whole: int) -> None:
    body = f'{{"answers": [{{"id": "a", "score": {score}, "answered_at": "{A_TIME}"}}]}}'
    (read_one,) = read_batch(body.encode(), NOW)
    assert read_one.item is not None
    assert repr(read_one.item.score) == repr(whole)


@pytest.mark.parametrize(
    "score", ["9.5", '"9"', "true", "false", "null", "[]", "{}", "-1", "11", "1e300", "NaN", "-Infinity"]
)
def test_a_score_that_is_no_whole_number_up_to_ten_is_refused_with_a_remedy(score: str) -> None:
    body = f'{{"answers": [{{"id": "a", "score": {score}, "answered_at": "{A_TIME}"}}]}}'
    (read_one,) = read_batch(body.encode(), NOW)
    (fault,) = read_one.faults
    assert fault["field"] == "/score"
    detail = str(fault["detail"])
    assert "`" not in detail
    assert not any(word in detail for word in ("float", "int ", "str", "bool"))
