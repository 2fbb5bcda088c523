"""CloudEvents 1.0.2 over HTTP, with the inputs on which the official SDKs and the conformance tests are tried."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.trigger import cloud_events
from services.trigger.cloud_events import header_value, read_structured
from services.trigger.intake import UnsupportedContentType, read_event, split_events
from shared.events import Transaction
from shared.http.json_items import NotJson
from shared.intake.domain import transaction
from shared.intake.errors import Unacceptable
from shared.intake.schemas import EventContent

NOW = datetime(2018, 4, 6, tzinfo=UTC)
DATA: dict[str, Any] = {"customer": {"id": "c-17"}, "segments": {"store": "aarhus"}}
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "type": "com.example.someevent",
    "time": "2018-04-05T03:56:24Z",
    "id": "1234-1234-1234",
    "source": "/mycontext/subcontext",
    "datacontenttype": "application/json",
    "data": DATA,
}
HEADERS = {f"ce-{name}": EVENT[name] for name in ("specversion", "type", "time", "id", "source")}
STRUCTURED = "application/cloudevents+json"


def taken(body: bytes, headers: dict[str, str]) -> Transaction:
    (piece,), _ = split_events(body, headers)
    event, spoilt = read_event(piece)
    try:
        return transaction(
            event, source="s", customer_id=lambda _: "hash", now=NOW, spoilt=spoilt
        ).transaction
    except Unacceptable as fault:
        raise Unacceptable(piece.place(fault.field), fault.remedy) from None


def structured(event: dict[str, Any], kind: str = STRUCTURED) -> Transaction:
    return taken(json.dumps(event).encode(), {"content-type": kind})


def binary(headers: dict[str, str], data: bytes | None = None) -> Transaction:
    given = {"content-type": "application/json", **HEADERS, **headers}
    return taken(json.dumps(DATA).encode() if data is None else data, given)


def without(name: str, **changes: Any) -> dict[str, Any]:
    return {key: value for key, value in {**EVENT, **changes}.items() if key != name}


def refused_at(field: str, call: Any, *args: Any, **kwargs: Any) -> None:
    with pytest.raises(Unacceptable) as caught:
        call(*args, **kwargs)
    assert caught.value.field == field
    assert str(caught.value.remedy).endswith(".")


# sdk-csharp, HttpUtilitiesTest
@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("simple", "simple"),
        ("", ""),
        ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € \U0001f600"),
        ("Euro%20%e2%82%ac%20%f0%9F%98%80", "Euro € \U0001f600"),
        ("space%20encoded", "space encoded"),
        ("percent%25encoded", "percent%encoded"),
        ("quote%22encoded", 'quote"encoded'),
        ("caf%C3%A9", "café"),
        ("line1%0D%0Aline2", "line1\r\nline2"),
        ("lenient decoding %30%31", "lenient decoding 01"),
        ('"  quoted  text  "unquoted', "  quoted  text  unquoted"),
        ('"escaped quote\\"end"', 'escaped quote"end'),
        ('"escaped backslash\\\\end"', "escaped backslash\\end"),
        ("non-escaping backslash\\end", "non-escaping backslash\\end"),
        ('"quoted%20and%20encoded"', "quoted and encoded"),
        ("percent%2525twice", "percent%25twice"),
        ("a+b", "a+b"),
        ("Euro € \U0001f600".encode().decode("latin-1"), "Euro € \U0001f600"),
    ],
)
def test_a_header_is_taken_out_of_quotes_and_percent_decoded_once(sent: str, meant: str) -> None:
    assert header_value("ce-subject", sent) == meant


@pytest.mark.parametrize(
    "sent",
    [
        "unterminated percent %",
        "unterminated percent %0",
        "non hex percent %g0",
        "non hex percent %0g",
        "non hex percent %0$",
        "low surrogate %ED%B0%80",
        "high surrogate %ED%A0%80",
        "surrogate pair via two UTF-16 %ED%A0%80%ED%B0%80",
        "overlong UTF-8 %C0%A0",
        "incomplete end UTF-8 %E2",
        "incomplete end UTF-8 %E2%",
        "incomplete non-percent UTF-8 %E2x",
        "invalid UTF-8 first byte %82",
        "invalid UTF-8 second byte %E2%E2",
        '"unterminated quote',
        '"unterminated escape \\',
        '"unterminated escape \\"',
        "raw Latin-1 caf\xe9",
    ],
)
def test_a_header_that_cannot_be_decoded_is_refused_by_its_name(sent: str) -> None:
    refused_at("header/ce-id", binary, {"ce-id": sent})


# cloudevents/conformance, features/http-protocol-binding.feature, and what HTTP allows of a media type
@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
        "Application/JSON ; x=y",
        "text/json",
        "application/vnd.shop.order+json",
        "",
    ],
)
def test_binary_mode_takes_json_under_each_of_its_names(kind: str) -> None:
    accepted = binary({"content-type": kind})
    assert (accepted.id, accepted.type, accepted.source) == (EVENT["id"], EVENT["type"], EVENT["source"])
    assert (accepted.occurred_at, accepted.segments) == (
        datetime(2018, 4, 5, 3, 56, 24, tzinfo=UTC),
        {"store": "aarhus"},
    )


@pytest.mark.parametrize(
    "kind",
    [
        "application/cloudevents+json",
        "application/cloudevents+json; charset=utf-8",
        "Application/CloudEvents+JSON; Charset=UTF-8",
        'application/cloudevents+json ;charset="utf-8"',
    ],
)
def test_structured_mode_says_what_binary_mode_says(kind: str) -> None:
    assert structured(EVENT, kind) == binary({})
    batch, is_batch = split_events(
        json.dumps([EVENT]).encode(), {"content-type": kind.lower().replace("events+", "events-batch+")}
    )
    assert (is_batch, read_event(batch[0])[0].id) == (True, EVENT["id"])


def test_the_content_type_decides_the_mode_before_any_header() -> None:
    assert (
        taken(json.dumps(EVENT).encode(), {"content-type": STRUCTURED, **HEADERS, "ce-id": "x"}).id
        == EVENT["id"]
    )


@pytest.mark.parametrize(
    "kind",
    [
        "application/cloudevents+xml",
        "application/cloudevents+avro",
        "application/cloudevents+protobuf",
        "application/cloudevents-batch+protobuf",
        "application/cloudevents",
        "application/xml",
        "text/plain",
        "application/octet-stream",
    ],
)
def test_a_format_that_is_not_read_is_no_form_of_ours(kind: str) -> None:
    with pytest.raises(UnsupportedContentType):
        split_events(json.dumps(EVENT).encode(), {"content-type": kind, **HEADERS})


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type", "time"])
@pytest.mark.parametrize("value", [None, ""])
def test_an_attribute_that_is_missing_or_empty_is_named(name: str, value: str | None) -> None:
    refused_at(f"/{name}", structured, without(name) if value is None else {**EVENT, name: value})
    headers = {"content-type": "application/json", **HEADERS}
    del headers[f"ce-{name}"]
    if value is not None:
        headers[f"ce-{name}"] = value
    refused_at(f"header/ce-{name}", taken, json.dumps(DATA).encode(), headers)


@pytest.mark.parametrize("version", ["0.3", "1.1", "2.0", "1"])
def test_another_version_is_refused_by_name(version: str) -> None:
    refused_at("/specversion", structured, {**EVENT, "specversion": version})
    refused_at("header/ce-specversion", binary, {"ce-specversion": version})


# JSON format, 2.2: null is the same as absent
@pytest.mark.parametrize("name", ["datacontenttype", "data_base64", "dataschema", "subject", "myextension"])
def test_null_is_absent_in_the_json_format(name: str) -> None:
    assert structured({**EVENT, name: None}) == structured(EVENT)


@pytest.mark.parametrize("value", ["text", 42, True, "2018-04-05T03:56:24Z"])
def test_extension_attributes_of_every_type_are_let_pass(value: Any) -> None:
    assert structured({**EVENT, "comexampleextension1": value}) == structured(EVENT)
    assert binary({"ce-comexampleextension1": str(value)}) == structured(EVENT)


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "text/json", "application/x+json", None]
)
def test_data_in_base64_are_the_data(kind: str | None) -> None:
    packed = base64.b64encode(json.dumps(DATA).encode()).decode()
    assert structured(without("data", data_base64=packed, datacontenttype=kind)) == structured(EVENT)


def test_data_in_base64_may_begin_with_a_byte_order_mark_like_any_json() -> None:
    packed = base64.b64encode(b"\xef\xbb\xbf" + json.dumps(DATA).encode()).decode()
    assert structured(without("data", data_base64=packed)) == structured(EVENT)


@pytest.mark.parametrize(
    "kind",
    ["application/json; charset*=utf-8''utf-8\n", "application/json; x*" + "9" * 5_000 + "=a"],
)
def test_odd_parameters_of_the_data_are_passed_over(kind: str) -> None:
    assert structured({**EVENT, "datacontenttype": kind}) == structured(EVENT)


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (without("data"), "/data"),
        ({**EVENT, "data": None}, "/data"),
        ({**EVENT, "data": "text"}, "/data"),
        ({**EVENT, "data": []}, "/data"),
        ({**EVENT, "data_base64": "e30="}, "/data_base64"),
        (without("data", data_base64="no base64!"), "/data_base64"),
        (without("data", data_base64="/////w=="), "/data"),
        ({**EVENT, "datacontenttype": "application/xml", "data": "<a/>"}, "/datacontenttype"),
        ({**EVENT, "datacontenttype": "text/plain"}, "/datacontenttype"),
        ({**EVENT, "id": 17}, "/id"),
        ({**EVENT, "id": "x" * 201}, "/id"),
        ({**EVENT, "time": "2018-04-05"}, "/time"),
        ({**EVENT, "time": "2018-04-05T03:56:24"}, "/time"),
        ({**EVENT, "time": "2019-04-05T03:56:24Z"}, "/time"),
        ({**EVENT, "type": " \u00a0"}, "/type"),
        ({**EVENT, "data": {"customer": {}}}, "/data/customer"),
        ({**EVENT, "data": {"customer": {"id": 4}}}, "/data/customer/id"),
        ({**EVENT, "data": {**DATA, "segments": {"a/b.c": 4}}}, "/data/segments/a~1b.c"),
        ({**EVENT, "data": {**DATA, "attributes": 4}}, "/data/attributes"),
    ],
)
def test_a_fault_is_named_where_it_stands_in_the_cloudevent(event: dict[str, Any], field: str) -> None:
    refused_at(field, structured, event)


@pytest.mark.parametrize(
    ("headers", "data", "field"),
    [
        ({}, b"", "/"),
        ({}, b'{"customer": {"id": 4}}', "/customer/id"),
        ({}, b'{"customer": {"id": NaN}}', "/customer/id"),
        ({}, b"[]", "/"),
        ({"ce-time": "yesterday"}, None, "header/ce-time"),
        ({"ce-time": "2019-04-05T03:56:24Z"}, None, "header/ce-time"),
        ({"ce-id": "x" * 201}, None, "header/ce-id"),
        ({"ce-id": "a%00b"}, None, "header/ce-id"),
        ({"ce-type": "%20"}, None, "header/ce-type"),
    ],
)
def test_a_fault_in_binary_mode_is_named_by_header_or_by_place_in_the_body(
    headers: dict[str, str], data: bytes | None, field: str
) -> None:
    refused_at(field, binary, headers, data)


def test_a_batch_of_none_is_none_and_one_that_is_no_array_is_refused() -> None:
    kind = {"content-type": "application/cloudevents-batch+json"}
    assert split_events(b"[]", kind) == ([], True)
    with pytest.raises(NotJson):
        split_events(json.dumps(EVENT).encode(), kind)


def test_half_a_character_in_a_hint_of_a_cloudevent_costs_the_hint_alone() -> None:
    event = {**EVENT, "data": {"customer": {"id": "c", "phone": "\ud83d"}}}
    assert structured(event).dropped == ("/customer/phone",)
    refused_at("/data/customer/id", structured, {**EVENT, "data": {"customer": {"id": "\ud83d"}}})


ODD_VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", "1.0", "x", "a\0b", "æ", "x" * 201, 7, [], {"id": "c-1"}, "e30=", "\ud800"]
)
CHANGES = st.dictionaries(
    st.sampled_from([*EVENT, "data_base64", "dataschema", "traceparent"]), ODD_VALUES, max_size=3
)
DATA_CHANGES = st.dictionaries(
    st.sampled_from(
        ["customer", "segments", "organisation", "attributes", "delay_minutes", "handled_by", "x"]
    ),
    ODD_VALUES,
    max_size=2,
)


@given(changes=CHANGES, of_data=DATA_CHANGES, left_out=st.sets(st.sampled_from([*EVENT]), max_size=1))
def test_what_is_read_at_once_is_what_the_two_steps_read(
    changes: dict[str, Any], of_data: dict[str, Any], left_out: set[str]
) -> None:
    event = {**EVENT, "data": {**DATA, **of_data}, **changes}
    item = json.dumps({name: value for name, value in event.items() if name not in left_out}).encode()
    at_once = cloud_events._read_at_once(item)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cloud_events, "_read_at_once", lambda _: None)
        try:
            in_steps = read_structured(item)
        except Unacceptable:
            assert at_once is None
            return
    assert at_once is None or (at_once, []) == in_steps


def test_each_field_of_the_data_is_a_field_of_the_event() -> None:
    data = {
        "customer": {"id": "c-17", "email": None, "basis": None},
        "account": {"id": "a-1"},
        "handled_by": "ida",
        "segments": {"store": "aarhus"},
        "organisation": ["north"],
        "attributes": {"total": 50},
        "delay_minutes": 7,
    }
    assert data.keys() == set(EventContent.__struct_fields__)
    event, _ = read_structured(json.dumps({**EVENT, "data": data}).encode())
    sent = json.loads(msgspec.json.encode(event))
    assert {name: sent[name] for name in data} == data


def test_a_usual_event_is_read_at_once() -> None:
    assert cloud_events._read_at_once(json.dumps(EVENT).encode()) is not None
