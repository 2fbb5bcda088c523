"""Text blocks, attributes and links: what their templates may be, and what a case shows of them."""

from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError
from support.alerts_builders import an_answer, an_invitation

from services.alerts.case_tools.domain import LINK_PLACEHOLDERS, CaseLink, ShownAttribute, TextBlock
from services.alerts.case_tools.for_cases import (
    MAX_ATTRIBUTES,
    EventFact,
    event_facts,
    filled_case_links,
    offered_blocks,
)
from services.alerts.case_tools.link_templates import filled_link, link_fault
from services.alerts.case_tools.placeholders import filled, unknown_placeholder
from services.alerts.case_tools.schemas import AttributeBody, TextBlockBody
from shared.pages.language import ReaderLocale, rendering_for

NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Copenhagen")
ORDERS = "https://shop.example/orders/{value}"
KNOWN = ("value",)


def known(*attributes: ShownAttribute) -> list[tuple[UUID, ShownAttribute]]:
    return [(UUID(int=number), one) for number, one in enumerate(attributes)]


def facts(sent: bytes, *attributes: ShownAttribute) -> list[EventFact]:
    invitation = an_invitation(an_answer(), attributes=msgspec.Raw(sent), account=None, handled_by=None)
    return event_facts(invitation, known(*attributes))


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("http://shop.example/{value}", "begins with https://"),
        ("javascript:alert({value})", "begins with https://"),
        ("//shop.example/{value}", "begins with https://"),
        ("HTTPS://shop.example/{value}", "begins with https://"),
        ("https://{value}.example/", "behind the host only"),
        ("https://shop.example{value}/", "behind the host only"),
        ("https://shop.example:{value}/", "behind the host only"),
        ("https://{value}@shop.example/", "behind the host only"),
        ("https://me:secret@shop.example/{value}", "Leave out the name and password"),
        ("https://shop.example@evil.example/{value}", "Leave out the name and password"),
        ("https:///{value}", "Write a host"),
        ("https://shop.example:port/{value}", "Write a host"),
        ("https://[::1/{value}", "Write a host"),
        ("https://shop.example\\@evil.example/{value}", "without blanks, backslashes"),
        ("https://shop.example/a b/{value}", "without blanks, backslashes"),
        ("https://shop.example/\n{value}", "without blanks, backslashes"),
        ("https://shop.example/{value", "without blanks, backslashes"),
        *(
            (f"https://shop.example/a/{dots}/{{value}}", "are . or .. alone")
            for dots in (".", "..", "%2E%2e")
        ),
        ("https://shop.example/{{value}}", "without blanks, backslashes"),
        ("https://shop.example/{customer_id}", "no placeholder {customer_id} here. Use: {value}."),
        ("https://shop.example/{}", "no placeholder {} here"),
        ("https://shop.example/orders", "Write {value} where the value belongs."),
    ],
)
def test_a_link_that_could_lead_elsewhere_is_refused(template: str, words: str) -> None:
    fault = link_fault(template, KNOWN, needed="value")
    assert fault is not None
    assert words in str(fault)


@pytest.mark.parametrize(
    "template",
    [
        ORDERS,
        "https://shop.example:8443/?order={value}&order={value}",
        "https://shop.example/#/orders/{value}",
        "https://shop.example/.{value}/..{value}/?from=../{value}",
        "https://blåbær.example/{value}",
    ],
)
def test_a_link_with_a_fixed_host_is_taken(template: str) -> None:
    assert link_fault(template, KNOWN, needed="value") is None


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=60))
@example("../../admin")
@example("?a=b#c")
@example("@evil.example/")
@example("{value}")
@example("1e3")
def test_whatever_a_value_holds_the_link_stays_on_its_host_and_in_its_folder(value: str) -> None:
    for template in (
        ORDERS,
        "https://shop.example/find?order={value}&all=1",
        "https://shop.example/#{value}",
    ):
        link = filled_link(template, {"value": value})
        if not link:
            assert value in {".", ".."}
            continue
        before, after = template.split("{value}")
        assert link.startswith(before)
        assert link.endswith(after)
        assert unquote(link[len(before) : len(link) - len(after)]) == value
        parts = urlsplit(link)
        assert (parts.scheme, parts.netloc) == ("https", "shop.example")
        if template == ORDERS:
            assert (parts.path.count("/"), parts.query, parts.fragment) == (2, "", "")


def test_a_link_whose_value_leads_to_another_folder_or_is_not_known_is_not_shown() -> None:
    assert filled_link(ORDERS, {"value": ".."}) == ""
    assert filled_link(ORDERS, {"value": ""}) == ""
    assert filled_link(ORDERS, {}) == ""
    links = [
        (UUID(int=1), CaseLink(name="Customer", link="https://crm.example/{customer_id}")),
        (UUID(int=2), CaseLink(name="Case", link="https://crm.example/cases/{number}")),
    ]
    assert all(link_fault(link.link, LINK_PLACEHOLDERS) is None for _, link in links)
    assert filled_case_links(links, {"number": "17", "event_id": "e"}) == [
        ("Case", "https://crm.example/cases/17")
    ]


def test_a_placeholder_that_is_not_known_is_named() -> None:
    assert unknown_placeholder("Dear {name}, {amount}", ("name",)) == "{amount}"
    assert unknown_placeholder("Dear {name}, { and }\n", ("name",)) == "{ and }"
    assert unknown_placeholder("a { b", ("name",)) is None
    with pytest.raises(ValidationError, match="amount"):
        TextBlockBody(name="Late", language="en", text="Dear {amount}")


@given(st.dictionaries(st.sampled_from(("name", "number", "day")), st.text(max_size=20)))
def test_a_value_is_never_read_as_a_placeholder(values: dict[str, str]) -> None:
    expected = "-".join(values.get(name, f"{{{name}}}") for name in ("name", "number", "day"))
    assert filled("{name}-{number}-{day}", values) == expected


def test_blocks_in_the_customers_language_come_first_then_the_readers() -> None:
    blocks = [
        (UUID(int=number), TextBlock(name=language, language=language, text="{name}, {touchpoint}: {day}"))
        for number, language in enumerate(("de", "en", "nl", "pt-br"))
    ]
    with rendering_for(ReaderLocale("nl", ZONE, NOW)):
        offered = offered_blocks(blocks, {"name": "Karen {number}"}, "pt-br", NOW, ZONE)
    assert [one.name for one in offered] == ["pt-br", "nl", "de", "en"]
    by_name = {one.name: one.text for one in offered}
    assert by_name["en"] == "Karen {number}, {touchpoint}: 23 November"  # a day later than in UTC
    assert by_name["de"].endswith("23. November")
    assert by_name["nl"].endswith("23 november")


def test_an_attribute_has_its_name_its_unit_and_its_link_in_the_order_of_the_company() -> None:
    shown = facts(
        b'{"order_id":"48213","total":19.90,"points":1e3,"weights":[1.0,2],"hidden":1,"gift":true}',
        ShownAttribute(attribute="weights", unit="kg"),
        ShownAttribute(attribute="total", names={"en": "Amount", "da": "Beløb"}, unit="EUR"),
        ShownAttribute(attribute="order_id", unit="EUR", link=ORDERS),
        ShownAttribute(attribute="hidden", shown=False),
        ShownAttribute(attribute="absent"),
        ShownAttribute(attribute="gift", link=ORDERS),
    )
    assert [(one.label, one.value.replace("\N{NO-BREAK SPACE}", " "), one.href) for one in shown] == [
        ("Weights", "1.0 kg, 2 kg", ""),
        ("Amount", "19.90 EUR", ""),
        ("Order id", "48213", "https://shop.example/orders/48213"),
        ("Gift", "Yes", ""),
        ("Points", "1e3", ""),
    ]
    with rendering_for(ReaderLocale("da")):
        (fact,) = facts(b'{"total":1}', ShownAttribute(attribute="total", names={"en": "A", "da": "Beløb"}))
        assert fact.label == "Beløb"
    with rendering_for(ReaderLocale("nl")):
        (fact,) = facts(b'{"total":1}', ShownAttribute(attribute="total", names={"en": "A", "da": "Beløb"}))
        assert fact.label == "A"


def test_those_in_the_list_are_shown_before_the_page_is_full() -> None:
    sent = msgspec.json.encode({f"a{number:02}": "x" for number in range(MAX_ATTRIBUTES + 5)})
    last = f"a{MAX_ATTRIBUTES + 4}"
    shown = facts(sent, ShownAttribute(attribute=last, names={"en": "Wanted"}))
    assert len(shown) == MAX_ATTRIBUTES
    assert shown[0].label == "Wanted"


def test_a_number_of_an_order_is_linked_as_it_was_written() -> None:
    (fact,) = facts(b'{"order":100.50}', ShownAttribute(attribute="order", link=ORDERS))
    assert fact.href == "https://shop.example/orders/100.50"


def test_an_attribute_without_a_name_has_none() -> None:
    body = AttributeBody.model_validate({"attribute": "total", "names": {"da": "  Beløb "}})
    assert body.tool() == ShownAttribute(attribute="total", names={"da": "Beløb"})
