"""In events and imported answers null is absent, text has one form, and a number in attributes stays as written."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.collector import imports
from services.trigger.intake import EncodedEvent, read_event
from shared.events import Transaction, segments_of
from shared.events.segments import normalized_segment
from shared.intake import schemas
from shared.intake.attributes import canonical_attributes
from shared.intake.domain import transaction
from shared.intake.errors import Unacceptable
from shared.values.text import normalized_text

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
EVENT: dict[str, Any] = {
    "id": "order-1",
    "type": "order.delivered",
    "occurred_at": "2026-11-22T05:00:00Z",
    "customer": {"id": "c-17", "basis": {"kind": "consent"}},
    "account": {"id": "a-1"},
}
ANSWER: dict[str, Any] = {
    "id": "a",
    "score": 9,
    "answered_at": "2026-11-22T05:00:00Z",
    "customer": {"id": "c"},
}


def accepted(event: dict[str, Any] | bytes) -> Transaction:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    sent, spoilt = read_event(EncodedEvent(body))
    return transaction(sent, source="shop", customer_id=lambda _: "hash", now=NOW, spoilt=spoilt).transaction


def imported(answer: dict[str, Any]) -> imports.AnswerIn:
    (found,) = imports.read_batch(json.dumps({"answers": [answer]}).encode(), NOW)
    assert found.item is not None, found.faults
    return found.item


def optional_fields(kind: type, place: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every place, at any depth, that may be left out."""
    (struct,) = msgspec.inspect.multi_type_info([kind])
    assert isinstance(struct, msgspec.inspect.StructType)
    for each in struct.fields:
        if not each.required:
            yield (*place, each.encode_name)
        inner = each.type.types if isinstance(each.type, msgspec.inspect.UnionType) else (each.type,)
        for part in inner:
            if isinstance(part, msgspec.inspect.StructType):
                yield from optional_fields(part.cls, (*place, each.encode_name))


def with_value(base: dict[str, Any], place: tuple[str, ...], value: object) -> dict[str, Any]:
    changed = deepcopy(base)
    inner = changed
    for name in place[:-1]:
        inner = inner[name]
    if value is ...:
        inner.pop(place[-1], None)
    else:
        inner[place[-1]] = value
    return changed


READERS: list[tuple[type, dict[str, Any], Callable[[dict[str, Any]], Any]]] = [
    (schemas.EventIn, {**EVENT, "customer": {**EVENT["customer"], "email": "a@example.com"}}, accepted),
    (imports.AnswerIn, ANSWER, imported),
]


@pytest.mark.parametrize(
    ("base", "take", "place"),
    [
        pytest.param(base, take, place, id="/".join((kind.__name__, *place)))
        for kind, base, take in READERS
        for place in optional_fields(kind)
    ],
)
def test_null_is_absent_wherever_absent_is_allowed(
    base: dict[str, Any], take: Callable[[dict[str, Any]], Any], place: tuple[str, ...]
) -> None:
    assert take(with_value(base, place, None)) == take(with_value(base, place, ...))


@pytest.mark.parametrize("nothing", [None, "", " ", "\u00a0\u200b"])
def test_a_dimension_without_a_value_is_absent(nothing: str | None) -> None:
    segments = {"store": nothing, "touchpoint": "checkout"}
    assert accepted({**EVENT, "segments": segments}).segments == {"touchpoint": "checkout"}
    assert imported({**ANSWER, "segments": segments}).segments == {"touchpoint": "checkout"}


@pytest.mark.parametrize(
    "written",
    [
        "Sønder Århus",
        "Sønder A\u030arhus",
        " Sønder  Århus ",
        "Sønder\u00a0Århus",
        "\ufeffSønder\tÅrhus\u200b",
        "\u202aSønder\u3000Århus\u202c",
        "Sønder\r\nÅrhus",
    ],
)
def test_what_looks_the_same_is_one_segment_in_both_apis_and_where_it_is_typed(written: str) -> None:
    sent = {"segments": {written: written}, "organisation": [written, " a/%: "]}
    event = accepted({**EVENT, "type": written, "source": written, **sent})
    answer = imported({**ANSWER, **sent})
    assert event.segments == answer.segments == {"Sønder Århus": "Sønder Århus"}
    assert list(event.organisation) == answer.organisation == ["Sønder Århus", "a/%:"]
    assert (event.type, event.source) == ("Sønder Århus", "Sønder Århus")
    assert normalized_segment(f"{written}:{written}/ a%2F%25%3A ") == "Sønder Århus:Sønder Århus/a%2F%25%3A"


def test_two_spellings_of_one_dimension_are_one_where_they_agree_and_refused_where_they_differ() -> None:
    assert accepted({**EVENT, "segments": {"store": "a", "store ": "a"}}).segments == {"store": "a"}
    with pytest.raises(Unacceptable) as caught:
        accepted({**EVENT, "segments": {"store": "a", "store ": "b"}})
    assert caught.value.field == "/segments/store "


@given(st.text())
def test_one_form_is_reached_once_and_for_all(text: str) -> None:
    form = normalized_text(text)
    assert normalized_text(form) == form
    assert form == form.strip()
    assert "  " not in form


@given(
    st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
    st.lists(st.text(max_size=5), max_size=3),
)
def test_a_segment_that_is_typed_as_it_is_kept_stays_as_it_is(
    segments: dict[str, str], organisation: list[str]
) -> None:
    try:
        event = accepted({**EVENT, "segments": segments, "organisation": organisation})
    except Unacceptable:
        return
    for segment in segments_of(event)[1:]:
        assert normalized_segment(segment) == segment


NUMBERS = [
    "19.90",
    "1e5",
    "1E+05",
    "-0",
    "-0.0",
    "0.10",
    "100000000000000000000000000000001",
    "2.50e-3",
    "1.0",
    "0",
]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_stays_as_it_was_written(number: str) -> None:
    body = json.dumps({**EVENT, "attributes": {"b": ["N"], "a": "N", "text": "1.50"}}).replace('"N"', number)
    attributes = accepted(body.encode()).attributes
    assert isinstance(attributes, msgspec.Raw)
    assert bytes(attributes) == f'{{"a":{number},"b":[{number}],"text":"1.50"}}'.encode()


@given(
    number=st.from_regex(r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,6})?([eE][+-]?[0-9]{1,2})?", fullmatch=True),
    text=st.sampled_from(["1.50", "2026-01-05", "none"]),
)
def test_any_number_stays_so_beside_any_text(number: str, text: str) -> None:
    shown, _ = canonical_attributes(
        msgspec.Raw(f'{{"b": [{number}], "t": "{text}", "a": {number}}}'.encode())
    )
    assert isinstance(shown, msgspec.Raw)
    assert bytes(shown) == f'{{"a":{number},"b":[{number}],"t":"{text}"}}'.encode()


def test_another_spelling_of_a_number_is_no_other_content_and_another_number_is() -> None:
    def digest(number: str) -> str:
        return accepted(
            json.dumps({**EVENT, "attributes": "N"}).replace('"N"', f'{{"a": {number}}}').encode()
        ).digest

    assert digest("19.9") == digest("19.90") == digest("1.99e1")
    assert digest("19.9") != digest("19.91")


@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 5_000, "NaN", "Infinity"])
def test_a_number_beyond_all_bounds_is_refused_at_the_attributes(number: str) -> None:
    with pytest.raises(Unacceptable) as caught:
        accepted(json.dumps({**EVENT, "attributes": {"a": "N"}}).replace('"N"', number).encode())
    assert caught.value.field.startswith("/attributes")


# As the version before computed them: who sends an event again after an upgrade has sent no other content.
BEFORE = json.dumps(
    {
        **EVENT,
        "source": "webshop",
        "customer": {
            "id": "c-17",
            "email": "a@example.com",
            "phone": "+45 12 34 56 78",
            "name": "Kim",
            "locale": "da_DK",
            "time_zone": "Europe/Copenhagen",
            "country": "DK",
            "basis": {"kind": "consent", "at": "2026-03-02T09:00:00+01:00", "source": "form"},
        },
        "account": {"id": "a-1", "manager": "m"},
        "handled_by": "p-1",
        "segments": {"store": "aarhus", "touchpoint": "shop"},
        "organisation": ["north", "sales"],
        "attributes": {"total": 19.9, "b": [1, 2], "a": "x"},
    }
).encode()


def test_the_digest_of_what_was_sent_is_that_of_the_version_before() -> None:
    minimal = {**EVENT, "customer": {"id": "c-17"}}
    del minimal["account"]
    assert accepted(minimal).digest == "6d2a3de9e4a77c9dd89f0d00447d7b0b80cce0e66dddcdbc1de7288e49c4b5a7"
    assert accepted(BEFORE).digest == "741c9844993e2a931d9c8caefdf074e785171916bbbb020bc2cc2c88e9e00255"
