"""What is kept of a customer, in words."""

from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import UUID, uuid4

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from services.dispatcher.exports import labels
from services.dispatcher.exports.schemas import EXAMPLE, Export
from services.dispatcher.exports.views import facts_of
from shared.events.retention import RETENTION_KINDS
from shared.privacy.export import ExportQuery, section_of
from shared.privacy.export_records import (
    EXPORT_KINDS,
    KEPT,
    PURPOSES,
    AnyRecord,
    CaseStepKind,
    DeliveryRecord,
    ExportOrigin,
    ExportPurpose,
    KeptKind,
)

RECORDS = get_args(AnyRecord)
START = datetime(2026, 1, 1, tzinfo=UTC)


def test_each_kind_field_and_code_has_its_words() -> None:
    fields = {name for record in RECORDS for name in record.__struct_fields__}
    assert fields == set(labels.FIELDS) | labels.FIELDS_IN_FILE_ONLY
    assert not set(labels.FIELDS) & labels.FIELDS_IN_FILE_ONLY
    assert set(labels.HEADINGS) == set(EXPORT_KINDS) == set(KEPT) == set(PURPOSES)
    assert set(labels.PURPOSES) == set(get_args(ExportPurpose))
    assert set(labels.KEPT) == set(get_args(KeptKind)) <= {*RETENTION_KINDS, "files", "always"}
    assert set(labels.ORIGINS) == set(get_args(ExportOrigin))
    assert set(labels.STEPS) == set(get_args(CaseStepKind))
    assert {record.__struct_config__.tag for record in RECORDS} == set(EXPORT_KINDS)
    assert all(record in labels.sentence_of.registry for record in RECORDS)


def test_the_documented_example_is_an_export() -> None:
    read = msgspec.convert(EXAMPLE, Export)
    assert msgspec.json.decode(msgspec.json.encode(read)) == EXAMPLE


def test_an_object_that_the_company_sent_has_a_fact_for_each_member() -> None:
    raw = msgspec.Raw(b'{"product":"table","sizes":[1,2],"gift":true,"note":null}')
    assert [(fact.label, fact.text) for fact in facts_of("attributes", raw)] == [
        ("More that the company sent: product", "table"),
        ("More that the company sent: sizes", "[1,2]"),
        ("More that the company sent: gift", "Yes"),
    ]
    assert list(facts_of("attributes", msgspec.UNSET)) == list(facts_of("name", None)) == []
    assert [fact.text for fact in facts_of("may_contact", False)] == ["No"]
    assert list(facts_of("test", False)) == list(facts_of("survey", UUID(int=1))) == []


def a_delivery(minutes: int | None) -> DeliveryRecord:
    at = None if minutes is None else START + timedelta(minutes=minutes)
    return DeliveryRecord(
        at=at, obtained_from="afterword", invitation=uuid4(), n=1, channel="mail", mail="sent", attempts=0
    )


def selected(kept: list[DeliveryRecord], query: ExportQuery) -> list[DeliveryRecord]:
    """What ``newest_first`` selects of rows in its order."""
    before, limit = query.before, query.values()["limit"]
    found = [each for each in kept if before is None or each.at is None or each.at < before]
    ties = [each for each in found[limit:] if each.at == found[limit - 1].at]
    return found[:limit] + ties


@given(st.lists(st.none() | st.integers(0, 12), max_size=40), st.integers(1, 7))
def test_what_is_cut_goes_on_without_a_gap_or_a_doubling(minutes: list[int | None], limit: int) -> None:
    kept = [a_delivery(each) for each in sorted(minutes, key=lambda each: (each is None, -(each or 0)))]
    before, read = None, list[AnyRecord]()
    while True:
        query = ExportQuery(tenant="t", person="p", before=before, limit=limit)
        section = section_of(query, "dispatcher", "delivery", selected(kept, query))
        assert len(section.records) <= limit or len({each.at for each in section.records}) == 1
        read += section.records
        if section.older_before is None:
            break
        before = section.older_before
    assert read == kept
