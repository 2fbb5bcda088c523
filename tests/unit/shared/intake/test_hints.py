"""What only helps never costs an event: kept where it is understood, else left out and named."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.trigger.intake import read_event, split_events
from shared.events import TRANSACTIONS
from shared.intake.domain import AcceptedEvent, transaction
from shared.intake.schemas import HINTS

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
CUSTOMER = {"id": "c-17", "email": "a@example.com"}


def an_event(**changes: Any) -> dict[str, Any]:
    event = {"id": "o", "type": "t", "occurred_at": "2026-11-22T05:00:00Z", "customer": CUSTOMER}
    return {**event, **changes}


def taken(event: dict[str, Any] | bytes, country: str | None = "DK") -> AcceptedEvent:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    (encoded,), _ = split_events(body, {})
    read, spoilt = read_event(encoded)
    return transaction(
        read, source="s", customer_id=lambda _: "hash", now=NOW, country=country, spoilt=spoilt
    )


def customer_with(**hints: Any) -> AcceptedEvent:
    return taken(an_event(customer={**CUSTOMER, **hints}))


@pytest.mark.parametrize(
    ("sent", "country", "kept"),
    [
        ("+45 12 34 56 78", None, "+4512345678"),
        ("12 34 56 78", None, "+4512345678"),
        ("12\u00a034\u202f56\u200978", None, "+4512345678"),
        ("0045 12345678", None, "+4512345678"),
        ("+45\u00a012\u00a034\u00a056\u00a078", None, "+4512345678"),
        ("tel:+4512345678", None, "+4512345678"),
        ("\u202a+45 12345678\u202c", None, "+4512345678"),
        ("+45 ١٢٣٤٥٦٧٨", None, "+4512345678"),
        ("＋４５１２３４５６７８", None, "+4512345678"),
        ("+45 12345678 ext. 5", None, "+4512345678;ext=5"),
        ("+1 (555) 010-9999 x123", None, "+15550109999;ext=123"),
        ("(212) 555-0123", "US", "+12125550123"),
        ("(212) 555-0123", "usa", "+12125550123"),
        ("+44 (0)20 7946 0958", None, "+442079460958"),
        ("06 12345678", "NL", "+31612345678"),
        (4512345678, None, "+4512345678"),
        (12345678, None, "+4512345678"),
    ],
)
def test_a_phone_number_is_kept_as_it_is_dialled(sent: Any, country: str | None, kept: str | None) -> None:
    accepted = customer_with(phone=sent, country=country)
    assert accepted.transaction.customer.phone == kept
    assert bool(accepted.warnings) == (kept is None)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("en-US-u-mu-celsius", "en-US"),
        ("en-US-u-fw-mon-hc-h23-mu-celsius-nu-latn", "en-US"),
        ("iw-IL", "he-IL"),
        ("in-ID", "id-ID"),
        ("ji", "yi"),
        ("sr@latin", "sr-Latn"),
        ("sr__#Latn", "sr-Latn"),
        ("b+sr+Latn", "sr-Latn"),
        ("en_US.UTF-8", "en-US"),
        ("de_DE.ISO8859-15@euro", "de-DE"),
        ("zh-Hant-TW", "zh-Hant-TW"),
        ("zh_TW_#Hant", "zh-Hant-TW"),
        ("zh-rTW", "zh-TW"),
        ("sm-WS", "sm-WS"),
        ("es-419", "es-419"),
        ("en-UK", "en-GB"),
        ("DA_dk", "da-DK"),
        ("dan", "da"),
        ("ca-ES-valencia", "ca-ES"),
        ("de-DE-1996-x-twain", "de-DE"),
        ("nb-NO,nb;q=0.9,en;q=0.8", "nb-NO"),
        ("\ufeffda ", "da"),
    ],
)
def test_a_locale_is_kept_whatever_platform_wrote_it(sent: str, kept: str) -> None:
    accepted = customer_with(locale=sent)
    assert (accepted.transaction.customer.locale, accepted.warnings) == (kept, [])


@pytest.mark.parametrize(
    ("field", "sent", "kept"),
    [
        ("country", "dk", "DK"),
        ("country", "UK", "GB"),
        ("country", "DNK", "DK"),
        ("country", "208", "DK"),
        ("country", " Danmark ", "DK"),
        ("country", "Niederlande", "NL"),
        ("country", "XK", "XK"),
        ("time_zone", "europe/copenhagen", "Europe/Copenhagen"),
        ("time_zone", "Romance Standard Time", "Europe/Paris"),
        ("time_zone", "Asia/Calcutta", "Asia/Calcutta"),
        ("name", " Kim\u00a0 Ko\u0308hler\u200b", "Kim Köhler"),
    ],
)
def test_a_place_or_a_name_is_kept_in_one_form(field: str, sent: str, kept: str) -> None:
    accepted = customer_with(**{field: sent})
    assert (getattr(accepted.transaction.customer, field), accepted.warnings) == (kept, [])


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        ("phone", "ring me"),
        ("phone", "+49"),
        ("phone", "1" * 5_000),
        ("phone", {"number": "12345678"}),
        ("phone", True),
        ("locale", "klingon"),
        ("locale", "C"),
        ("locale", "x" * 5_000),
        ("locale", 7),
        ("country", "XX"),
        ("country", "ZZ"),
        ("country", ["DK"]),
        ("time_zone", "Europe"),
        ("time_zone", "../../etc/passwd"),
        ("time_zone", "+02:00"),
        ("name", 17),
        ("name", {"first": "Kim"}),
    ],
)
def test_what_is_not_understood_is_left_out_and_named_without_its_value(field: str, sent: Any) -> None:
    accepted = customer_with(**{field: sent})
    assert getattr(accepted.transaction.customer, field) is None
    assert accepted.transaction.dropped == (f"/customer/{field}",)
    (warned,) = accepted.warnings
    assert (warned.field, warned.dropped) == (f"/customer/{field}", True)
    assert str(warned.remedy) == warning_of(field)


def warning_of(field: str) -> str:
    """The fault of another value that is not understood."""
    return str(customer_with(**{field: ["?"]}).warnings[0].remedy)


@pytest.mark.parametrize("nothing", [None, "", "  ", "\u200b\u00a0"])
@pytest.mark.parametrize("hint", sorted(HINTS))
def test_a_blank_hint_is_as_good_as_absent(hint: str, nothing: str | None) -> None:
    event = an_event(account={"id": "a"})
    *parents, name = hint.strip("/").split("/")
    place = event
    for parent in parents:
        place[parent] = place = dict(place[parent])
    place[name] = nothing
    accepted = taken(event)
    assert (accepted.warnings, accepted.transaction.dropped) == ([], ())
    absent = taken(an_event(account={"id": "a"})).transaction
    assert accepted.transaction == replace(absent, digest=accepted.transaction.digest)


@pytest.mark.parametrize("broken", ["Kim \\ud83d", "\\u0000Kim", "Kim\\udc00"])
def test_half_a_character_in_a_name_costs_that_character_alone(broken: str) -> None:
    body = json.dumps(an_event(customer={**CUSTOMER, "name": "NAME"})).replace("NAME", broken).encode()
    accepted = taken(body)
    assert accepted.transaction.customer.name == "Kim"
    assert [each.field for each in accepted.warnings] == ["/customer/name"]


def test_a_name_beyond_the_limit_is_cut_and_a_number_stands_for_a_label() -> None:
    accepted = customer_with(name="x" * 300)
    assert accepted.transaction.customer.name == "x" * 200
    assert not accepted.transaction.dropped
    assert taken(an_event(handled_by=118)).transaction.handled_by == "118"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted(HINTS)), json_values)
def test_no_value_of_a_hint_costs_the_event_and_what_is_kept_can_be_read(hint: str, value: Any) -> None:
    event = an_event(account={"id": "a"})
    *parents, name = hint.strip("/").split("/")
    place = event
    for parent in parents:
        place[parent] = place = dict(place[parent])
    place[name] = value
    accepted = taken(event)
    kept = TRANSACTIONS.event("acme", accepted.transaction, NOW)
    assert TRANSACTIONS.decode(TRANSACTIONS.encode(kept)).data == accepted.transaction
    assert all(each.field == hint for each in accepted.warnings)


@pytest.mark.parametrize(
    "number", ["1e400", "-1e999", "9" * 5_000, "[1e400]", '{"a": [-1e400]}', "0." + "1" * 5_000]
)
@pytest.mark.parametrize("hint", sorted(HINTS))
def test_a_number_beyond_all_bounds_in_a_hint_costs_that_hint_alone(hint: str, number: str) -> None:
    event = an_event(account={"id": "a"})
    *parents, name = hint.strip("/").split("/")
    place = event
    for parent in parents:
        place[parent] = place = dict(place[parent])
    place[name] = "here"
    accepted = taken(json.dumps(event).replace('"here"', number).encode())
    assert [(each.field, each.dropped) for each in accepted.warnings] == [(hint, True)]
