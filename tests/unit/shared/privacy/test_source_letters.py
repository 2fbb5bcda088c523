"""Dead letters of the companies' own topics: whoever they name is found, in whatever format they name them."""

import json
from io import BytesIO

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kafka.kernel.source_letters import (
    SOURCE_KEY_HEADER,
    SOURCE_LETTERS,
    source_place,
    tenant_of_place,
)
from shared.privacy.dead_letters import DeadLetterSearch, LetterRecord, texts_of_foreign
from shared.privacy.erased import Target
from shared.privacy.persons import person_of
from shared.secrets import customer_hash

SECRET = "a secret of the tests, long enough for all"
SCHEMA = {
    "type": "record",
    "name": "Order",
    "fields": [{"name": name, "type": "string"} for name in ("first", "who", "last")],
}
SEARCH = DeadLetterSearch("", SECRET, [SOURCE_LETTERS], None)  # type: ignore[arg-type]


def avro(*texts: str) -> bytes:
    encoded = BytesIO()
    record = dict(zip(("first", "who", "last"), texts, strict=True))
    fastavro.schemaless_writer(encoded, fastavro.parse_schema(SCHEMA), record)
    return b"\0\0\0\0\1" + encoded.getvalue()


def a_letter(value: bytes, tenant: str = "acme", key: bytes | None = None) -> LetterRecord:
    headers = {"afterword-topic": source_place(tenant, "1").encode()}
    return LetterRecord(SOURCE_LETTERS, b"k", value, headers | ({SOURCE_KEY_HEADER: key} if key else {}))


@pytest.mark.parametrize(
    "letter",
    [
        a_letter(
            json.dumps({"tenant": "other", "customer": {"id": "x"}, "mail": "Kim@Shop.example"}).encode()
        ),
        a_letter(b'{"mail": "kim@shop.example", broken'),
        a_letter(avro("a" * 60, "kim@shop.example", "b" * 40)),
        a_letter(b"{}", key=b"kim@shop.example"),
    ],
)
def test_the_customer_of_a_letter_is_found_and_another_company_s_is_not(letter: LetterRecord) -> None:
    contact = customer_hash(SECRET, "acme", "kim@shop.example")
    target = Target("acme", "1", person_of(SECRET, "acme", contact), contact)
    assert SEARCH.named_in(letter, [target]) == [target]
    elsewhere = Target("zenith", "1", person_of(SECRET, "zenith", contact), contact)
    assert SEARCH.named_in(letter, [elsewhere]) == []


def test_an_id_that_is_a_number_is_found() -> None:
    target = Target("acme", "1", person_of(SECRET, "acme", "4711"), None)
    assert SEARCH.named_in(a_letter(b'{"who": 4711}'), [target]) == [target]


@given(*[st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=200)] * 3)
def test_every_text_of_an_avro_record_is_found(first: str, who: str, last: str) -> None:
    assert {first, who, last} <= set(texts_of_foreign(avro(first, who, last)))


def test_whose_a_letter_is_stands_in_its_place() -> None:
    assert tenant_of_place(source_place("acme", "1")) == "acme"
    assert [tenant_of_place(each) for each in ("answers.v1", "sources.v1", "sources.v1/")] == [None] * 3
