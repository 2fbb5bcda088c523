"""What an event must say, and what each form of it comes down to."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.trigger.intake import EncodedEvent, UnsupportedContentType, read_event, split_events
from shared.events import TRANSACTIONS, Transaction
from shared.http.json_items import NotJson, TooManyItems
from shared.intake.domain import AcceptedEvent, transaction
from shared.intake.errors import Unacceptable

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def an_event(**changes: object) -> dict[str, object]:
    event: dict[str, object] = {
        "id": "order-1",
        "type": "order.delivered",
        "occurred_at": "2026-11-22T05:00:00Z",
        "customer": {"id": "c-17"},
    }
    return {name: value for name, value in {**event, **changes}.items() if value is not ...}


def taken(piece: EncodedEvent, country: str | None = None) -> AcceptedEvent:
    event, spoilt = read_event(piece)
    return transaction(
        event, source="shop", customer_id=lambda _: "hash", now=NOW, country=country, spoilt=spoilt
    )


def accept(body: object, **headers: str) -> Transaction:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    (piece,), _ = split_events(raw, {name.replace("_", "-"): value for name, value in headers.items()})
    return taken(piece).transaction


def refused(body: object) -> Unacceptable:
    with pytest.raises(Unacceptable) as caught:
        accept(body)
    return caught.value


def test_an_event_with_only_what_is_required_is_accepted_and_named_after_its_key() -> None:
    accepted = accept(an_event())
    assert (accepted.source, accepted.id, accepted.customer.id) == ("shop", "order-1", "c-17")


def test_without_an_id_the_keyed_hash_of_the_address_stands_in() -> None:
    assert accept(an_event(customer={"email": "a@example.com"})).customer.id == "hash"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": ...}, "/id"),
        ({"type": ...}, "/type"),
        ({"customer": ...}, "/customer"),
        ({"customer": {}}, "/customer"),
        ({"customer": {"id": 17}}, "/customer/id"),
        ({"customer": {"email": "no address"}}, "/customer/email"),
        ({"customer": {"email": "a@localhost"}}, "/customer/email"),
        ({"customer": {"phone": "ring me"}}, "/customer/phone"),
        ({"customer": {"id": "c", "basis": {"kind": "consent", "at": "2026-03-02"}}}, "/customer/basis/at"),
        ({"occurred_at": "2026-11-22T05:00:00"}, "/occurred_at"),
        ({"occurred_at": "yesterday"}, "/occurred_at"),
        ({"occurred_at": 1763800000}, "/occurred_at"),
        ({"occurred_at": "2026-11-22T10:00:00Z"}, "/occurred_at"),
        ({"occurred_at": "2026-10-01T10:00:00Z"}, "/occurred_at"),
        ({"segmants": {}}, "/segmants"),
        ({"segments": {"": "x"}}, "/segments"),
        ({"segments": {f"d{i}": "x" for i in range(9)}}, "/segments"),
        ({"organisation": ["a"] * 7}, "/organisation"),
        ({"organisation": ["長" * 200] * 6}, "/organisation"),
        ({"segments": {"長" * 100: "𝄞" * 200}}, "/segments"),
        ({"attributes": {"large": "x" * 70_000}}, "/attributes"),
        ({"attributes": []}, "/attributes"),
        ({"attributes": "x"}, "/attributes"),
        ({"id": ""}, "/id"),
        ({"id": "x" * 201}, "/id"),
        ({"id": "a\u0000b"}, "/"),
    ],
)
def test_a_fault_is_named_with_its_field_and_a_remedy(change: dict[str, object], field: str) -> None:
    fault = refused(an_event(**change))
    assert fault.field.startswith(field)
    assert str(fault.remedy).endswith(".")


@pytest.mark.parametrize(
    "body",
    [
        b'{"id": NaN}',
        b'{"id": "\\ud800"}',
        b"{" * 10_000,
        b'{"a":' * 10_000,
        b'\xff\xfe{"id":1}',
        json.dumps(an_event()).encode()[:-1],
        json.dumps(an_event()).encode().replace(b'"c-17"', b'"c", "basis": 1e999'),
        json.dumps(an_event(attributes={"x": "X"})).encode().replace(b'"X"', b"1e999"),
        json.dumps(an_event(attributes={"x": "X"})).encode().replace(b'"X"', b"[" * 5_000 + b"]" * 5_000),
        json.dumps(an_event(attributes={"x": "X"})).encode().replace(b'"X"', b'"\\ud800"'),
    ],
)
def test_what_is_no_sound_json_is_a_fault_and_never_a_crash(body: bytes) -> None:
    refused(body)


@given(st.binary(max_size=200))
def test_no_bytes_at_all_crash_the_reader(body: bytes) -> None:
    try:
        found, _ = split_events(body, {"content-type": "application/json"})
        for piece in found:
            read_event(piece)
    except (Unacceptable, NotJson):
        pass


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_whatever_is_accepted_can_be_read_from_the_topic(value: object) -> None:
    try:
        accepted = accept(an_event(attributes={"value": value}))
    except Unacceptable:
        return
    event = TRANSACTIONS.event("acme", accepted, NOW)
    assert TRANSACTIONS.decode(TRANSACTIONS.encode(event)).data == accepted


def test_spacing_is_no_difference_and_content_is() -> None:
    tight = json.dumps(an_event(attributes={"a": 1}), separators=(",", ":")).encode()
    loose = json.dumps(an_event(attributes={"a": 1}), indent=4).encode()
    assert accept(tight).digest == accept(loose).digest
    assert accept(tight).digest != accept(an_event(attributes={"a": 2})).digest


def test_what_is_only_written_otherwise_is_no_other_content() -> None:
    basis = {"kind": "consent", "at": "2026-03-02T09:00:00Z"}
    one = accept(
        an_event(
            customer={"id": "hash", "basis": basis},
            segments={"store": "aarhus", "touchpoint": "shop"},
            attributes={"total": 1, "lines": {"a": 1, "b": 2}},
        )
    )
    other = accept(
        an_event(
            source="shop",
            occurred_at="2026-11-22T06:00:00+01:00",
            customer={"basis": {**basis, "at": "2026-03-02T10:00:00+01:00"}, "email": None, "id": "hash"},
            segments={"touchpoint": "shop", "store": "aarhus"},
            attributes={"lines": {"b": 2, "a": 1}, "total": 1},
        )
    )
    assert one == other
    by_address = {"email": "a@example.com"}
    assert accept(an_event(customer=by_address)) == accept(an_event(customer={**by_address, "id": "hash"}))


def test_a_time_of_consent_beyond_the_calendar_is_refused_by_name() -> None:
    basis = {"kind": "consent", "at": "0001-01-01T00:00:00+14:00"}
    assert refused(an_event(customer={"id": "c", "basis": basis})).field == "/customer/basis/at"


def test_the_clocks_of_two_machines_may_differ_by_minutes() -> None:
    ahead = (NOW + timedelta(minutes=4)).isoformat()
    assert accept(an_event(occurred_at=ahead)).occurred_at == NOW + timedelta(minutes=4)


A_CLOUD_EVENT = {
    "specversion": "1.0",
    "id": "order-1",
    "source": "/shop",
    "type": "order.delivered",
    "time": "2026-11-22T05:00:00Z",
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "data": {"customer": {"id": "c-17"}, "segments": {"store": "aarhus"}},
}


def test_the_three_modes_of_cloudevents_say_the_same() -> None:
    structured = accept(A_CLOUD_EVENT, content_type="application/cloudevents+json; charset=utf-8")
    batch, is_batch = split_events(
        json.dumps([A_CLOUD_EVENT]).encode(), {"content-type": "application/cloudevents-batch+json"}
    )
    headers = {
        f"ce-{name}": str(A_CLOUD_EVENT[name]) for name in ("specversion", "id", "source", "type", "time")
    }
    (binary,), _ = split_events(
        json.dumps(A_CLOUD_EVENT["data"]).encode(), {"content-type": "application/json", **headers}
    )
    assert is_batch
    for piece in (*batch, binary):
        assert taken(piece).transaction == structured
    assert (structured.source, structured.segments) == ("/shop", {"store": "aarhus"})


def test_binary_mode_reads_percent_encoded_headers_and_cannot_be_broken_out_of() -> None:
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "%C3%A6%22,%22x",
        "ce-source": "s",
        "ce-type": "t",
        "ce-time": "2026-11-22T05:00:00Z",
    }
    (piece,), _ = split_events(b'{"customer": {"id": "c"}}', headers)
    assert read_event(piece)[0].id == 'æ","x'


@pytest.mark.parametrize("missing", ["specversion", "id", "source", "type", "time", "data"])
def test_a_cloudevent_without_what_it_needs_is_refused(missing: str) -> None:
    body = {name: value for name, value in A_CLOUD_EVENT.items() if name != missing}
    (piece,), _ = split_events(json.dumps(body).encode(), {"content-type": "application/cloudevents+json"})
    with pytest.raises(Unacceptable) as caught:
        read_event(piece)
    assert caught.value.field == f"/{missing}"


def test_ndjson_and_arrays_come_apart_and_a_bad_line_stays_alone() -> None:
    lines, _ = split_events(b'{"id":"a"}\n\n{bad\n{"id":"b"}\n', {"content-type": "application/x-ndjson"})
    array, is_batch = split_events(b'[{"id":"a"}, 7, {"id":"b"}]', {"content-type": "application/json"})
    assert [piece.body for piece in lines] == [b'{"id":"a"}', b"{bad", b'{"id":"b"}']
    assert [piece.body for piece in array] == [b'{"id":"a"}', b"7", b'{"id":"b"}']
    assert is_batch


def test_a_thousand_are_taken_and_one_more_is_not() -> None:
    assert len(split_events(b"[" + b",".join([b"1"] * 1_000) + b"]", {})[0]) == 1_000
    with pytest.raises(TooManyItems):
        split_events(b"[" + b",".join([b"1"] * 1_001) + b"]", {})
    with pytest.raises(TooManyItems):
        split_events(b"1\n" * 1_001, {"content-type": "application/x-ndjson"})


def test_a_form_that_is_none_of_ours_is_named() -> None:
    with pytest.raises(UnsupportedContentType):
        split_events(b"id=1", {"content-type": "application/x-www-form-urlencoded"})
    with pytest.raises(NotJson):
        split_events(b"[1, 2", {"content-type": "application/json"})
