"""Text blocks, attributes and links: by API and page, who may change them, and what a case shows of them."""

from typing import Any

import pytest
from support.alerts_api import AlertsApi, Browser
from support.alerts_builders import TENANT, rows
from support.audit import audit_lines
from support.erasing import erase_customer
from support.forms import forms_of
from support.http_clients import SECRET

from services.alerts.app import SERVICE
from services.alerts.case_tools.domain import MAX_TOOLS_BY_KIND
from shared.ids import uuid7
from shared.privacy.persons import person_of

BLOCK = {
    "name": "Apology",
    "language": "en",
    "text": "Dear {name},\nabout {touchpoint} on {day}: {company}, {number}",
}
ATTRIBUTE = {
    "attribute": "total",
    "names": {"en": "Amount", "da": "Beløb"},
    "unit": "EUR",
    "link": "",
    "position": 2,
    "shown": True,
}
LINK = {"name": "The customer", "link": "https://crm.example/c/{customer_id}?case={number}"}
BODIES: dict[str, dict[str, Any]] = {
    "/v1/text-blocks": BLOCK,
    "/v1/attributes": ATTRIBUTE,
    "/v1/case-links": LINK,
}
LISTS = {"/v1/text-blocks": "text_blocks", "/v1/attributes": "attributes", "/v1/case-links": "case_links"}


def form_of_body(path: str) -> dict[str, str]:
    """What would be typed for the body of the API."""
    if path != "/v1/attributes":
        return {name: str(value) for name, value in BODIES[path].items()}
    return {
        "attribute": "total",
        "name_en": "Amount",
        "name_da": "Beløb",
        "unit": "EUR",
        "position": "2",
        "shown": "on",
    }


async def form_at(browser: Browser, path: str) -> dict[str, str]:
    """The fields of the form by which one of them is changed."""
    forms = [one.fields for one in forms_of((await browser.get(path)).text) if one.action == path]
    fields = next(one for one in forms if "drawn" in one)
    return {name: value for name, value in fields.items() if name != "csrf"}


async def put(alerts: AlertsApi, path: str, body: Any, key: str = "") -> str:
    """Save one by the API; its address."""
    address = f"{path}/{key or uuid7()}"
    async with alerts.client() as client:
        answer = await client.put(address, json=body, headers=alerts.key("admin"))
    assert answer.status_code == 200, answer.text
    return address


@pytest.mark.parametrize("path", BODIES)
class TestEachKind:
    async def test_it_is_saved_listed_replaced_and_deleted_by_the_api(
        self, alerts: AlertsApi, path: str
    ) -> None:
        address, body = await put(alerts, path, BODIES[path]), BODIES[path]
        async with alerts.client() as client:
            admin, reads = alerts.key("admin"), alerts.key("cases:read")
            stored = {"id": address.rpartition("/")[2], **body}
            assert (await client.get(path, headers=reads)).json() == {LISTS[path]: [stored]}
            other = alerts.key("admin", tenant="other")
            assert (await client.get(path, headers=other)).json() == {LISTS[path]: []}
            assert (await client.delete(address, headers=other)).status_code == 404
            assert (await client.put(address, json=body, headers=reads)).status_code == 403
            assert (await client.put(address, json={**body, "more": 1}, headers=admin)).status_code == 422
            assert (await client.delete(address, headers=admin)).status_code == 204
            assert (await client.delete(address, headers=admin)).status_code == 404
        assert await rows(alerts.database, "SELECT id FROM case_tool") == []
        lines = await audit_lines(alerts.database)
        assert [line.facts for line in lines] == [{}, {"deleted": True}]
        assert {line.about for line in lines} == {stored["id"]}
        assert "Karen" not in str(lines)

    async def test_the_page_does_what_the_api_does(self, alerts: AlertsApi, path: str) -> None:
        admin, key = await alerts.signed_in("admin"), str(uuid7())
        page, form = path.replace("/v1", "/settings"), form_of_body(path)
        for _ in range(2):  # sent twice
            made = await admin.do(page, new_id=key, **form)
            assert made.headers["location"] == f"{page}?did=saved", made.text
        async with alerts.client() as client:
            found = await client.get(path, headers=alerts.key("admin"))
        assert found.json() == {LISTS[path]: [{"id": key, **BODIES[path]}]}
        assert f"{page}/{key}" in (await admin.get(f"{page}?did=saved")).text
        older = await form_at(admin, f"{page}/{key}")
        first = "unit" if path == "/v1/attributes" else "name"
        saved = await admin.do(f"{page}/{key}", **{**older, first: "New"})
        assert saved.headers["location"] == f"{page}/{key}?did=saved"
        refused = await admin.do(f"{page}/{key}", **{**older, first: "Older"})
        assert refused.status_code == 409
        assert "somebody changed it meanwhile" in refused.text
        assert (await admin.do(page, new_id=key, **form)).status_code == 409
        (row,) = await rows(alerts.database, "SELECT body FROM case_tool")
        assert row.body[first] == "New"
        assert (await admin.do(f"{page}/{key}", act="delete")).headers["location"] == f"{page}?did=deleted"
        assert (await admin.do(f"{page}/{key}", act="delete")).status_code == 404
        assert (await admin.get(f"{page}/{key}")).status_code == 404

    async def test_only_who_may_change_it_sees_its_pages(self, alerts: AlertsApi, path: str) -> None:
        page, is_block = path.replace("/v1", "/settings"), path == "/v1/text-blocks"
        key = (await put(alerts, path, BODIES[path])).rpartition("/")[2]
        for role, facts, may in (
            ("admin", {}, True),
            ("leader", {}, is_block),
            ("leader", {"segments": ["store:aarhus"]}, is_block),
            ("admin", {"segments": ["store:aarhus"]}, is_block),
            ("agent", {}, False),
            ("editor", {}, False),
            ("analyst", {}, False),
        ):
            somebody = await alerts.signed_in(role, **facts)
            assert ((await somebody.get(page)).status_code == 200) is may, (role, facts)
            assert (f'href="{page}"' in (await somebody.get("/settings")).text) is may, (role, facts)
            answer = await somebody.do(f"{page}/{key}", **form_of_body(path))
            assert (answer.status_code == 303) is may, (role, facts)
        foreign = await alerts.signed_in("admin", tenant="other")
        assert (await foreign.get(f"{page}/{key}")).status_code == 404
        assert (await foreign.do(f"{page}/{key}", act="delete")).status_code == 404

    async def test_a_company_has_so_many_at_most(
        self, alerts: AlertsApi, path: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for kind in MAX_TOOLS_BY_KIND:
            monkeypatch.setitem(MAX_TOOLS_BY_KIND, kind, 1)
        address = await put(alerts, path, BODIES[path])
        await put(alerts, path, BODIES[path], address.rpartition("/")[2])
        more = {**BODIES[path], "attribute": "other"} if path == "/v1/attributes" else BODIES[path]
        async with alerts.client() as client:
            answer = await client.put(f"{path}/{uuid7()}", json=more, headers=alerts.key("admin"))
        assert answer.status_code == 422
        assert "There are 1 already." in answer.text


async def test_everybody_who_works_on_cases_reads_text_blocks_and_analysts_do_not(alerts: AlertsApi) -> None:
    for role, status in (("agent", 200), ("leader", 200), ("analyst", 403), ("editor", 403)):
        somebody = await alerts.signed_in(role, segments=["store:aarhus"])
        answer = await somebody.client.get("/v1/text-blocks", headers={"accept": "application/json"})
        assert answer.status_code == status, role


async def test_what_is_wrong_is_said_beside_its_field(alerts: AlertsApi) -> None:
    admin = await alerts.signed_in("admin")
    for page, form, words in (
        ("text-blocks", {**BLOCK, "text": "Dear {first_name}"}, "There is no placeholder {first_name} here."),
        ("text-blocks", {**BLOCK, "text": " "}, "Is blank. Fill it."),
        ("text-blocks", {**BLOCK, "text": "x" * 5_001}, "Must have at most 5000 characters."),
        ("text-blocks", {**BLOCK, "language": "English!"}, "Write a language as BCP 47 does"),
        ("text-blocks", {**BLOCK, "name": ""}, "Write a name by which colleagues know it."),
        ("attributes", {"attribute": "total", "link": "https://{value}/"}, "behind the host only"),
        ("attributes", {"attribute": "total", "position": "-1"}, "Must be a whole number"),
        ("attributes", {"attribute": "total", "name_da": "x" * 101}, "Must have at most 100 characters."),
        ("attributes", {"attribute": " "}, "at least 1 characters"),
        (
            "case-links",
            {**LINK, "link": "http://crm.example/"},
            "Write an address that begins with https://.",
        ),
        (
            "case-links",
            {**LINK, "link": "https://crm.example/{value}"},
            "There is no placeholder {value} here.",
        ),
    ):
        answer = await admin.do(f"/settings/{page}", new_id=str(uuid7()), **form)
        assert answer.status_code == 422, (page, form)
        assert words in answer.text, (page, form)
    assert await rows(alerts.database, "SELECT id FROM case_tool") == []
    await put(alerts, "/v1/attributes", ATTRIBUTE)
    again = await admin.do("/settings/attributes", new_id=str(uuid7()), attribute="total")
    assert again.status_code == 422
    assert "This attribute is in the list already." in again.text


async def test_attributes_of_the_companys_newest_events_are_suggested(alerts: AlertsApi) -> None:
    await alerts.open_case()
    await put(alerts, "/v1/attributes", ATTRIBUTE)
    page = (await (await alerts.signed_in("admin")).get("/settings/attributes")).text
    assert '<option value="order_id">' in page
    assert '<option value="total">' not in page
    assert "48213" not in page
    foreign = (await (await alerts.signed_in("admin", tenant="other")).get("/settings/attributes")).text
    assert "order_id" not in foreign


async def test_a_case_shows_attributes_and_links_as_the_company_says(alerts: AlertsApi) -> None:
    case = await alerts.open_case(customer_id="c/17", touchpoint="delivery", event_id=uuid7())
    await put(alerts, "/v1/attributes", ATTRIBUTE)
    order = {"attribute": "order_id", "link": "https://shop.example/orders/{value}", "position": 1}
    await put(alerts, "/v1/attributes", order)
    await put(alerts, "/v1/attributes", {"attribute": "gift", "shown": False})
    await put(alerts, "/v1/case-links", LINK)
    await put(alerts, "/v1/case-links", {"name": "Everything", "link": "https://crm.example/e/{event_id}"})
    (row,) = await rows(alerts.database, "SELECT number, event_id FROM cases")
    jonas = await alerts.signed_in()
    page = (await jonas.get(f"/cases/{case}")).text
    assert "Amount</bdi></dt><dd><bdi>129.90\N{NO-BREAK SPACE}EUR" in page
    linked = 'href="https://shop.example/orders/48213" rel="noopener noreferrer nofollow"'
    assert linked in page
    assert page.index("Order id") < page.index("Amount") < page.index("Product")
    assert "Gift" not in page
    to_customer = f'href="https://crm.example/c/c%2F17?case={row.number}"'
    assert to_customer in page
    assert f'href="https://crm.example/e/{row.event_id}"' in page
    assert "In your systems" in page


async def test_a_text_block_fills_the_form_that_it_was_chosen_for(alerts: AlertsApi) -> None:
    case = await alerts.open_case(may_contact=True, touchpoint="delivery", language="da")
    english = (await put(alerts, "/v1/text-blocks", BLOCK)).rpartition("/")[2]
    await put(alerts, "/v1/text-blocks", {**BLOCK, "name": "Undskyld", "language": "da"})
    (row,) = await rows(alerts.database, "SELECT number FROM cases")
    jonas = await alerts.signed_in()
    page = (await jonas.get(f"/cases/{case}")).text
    assert page.index("Undskyld") < page.index("Apology")
    for act, field in (("note", "note-text"), ("contact", "contact-text"), ("close", "action")):
        filled = (await jonas.get(f"/cases/{case}?do={act}&block={english}")).text
        typed = filled.partition(f'<textarea id="{field}"')[2].partition("</textarea>")[0]
        assert "Dear Karen Whitfield,\nabout delivery on " in typed
        assert typed.endswith(f": {TENANT.title()}, {row.number}")
        assert filled.count(typed.partition(">")[2].strip()) == 2, "in this form, and to be inserted"
    for block in ("no-id", str(uuid7()), ""):
        assert (await jonas.get(f"/cases/{case}?do=note&block={block}")).status_code == 200
    assert await rows(alerts.database, "SELECT seq FROM timeline WHERE kind = 'note'") == []


async def test_of_an_erased_customer_no_link_has_the_id_and_nothing_is_to_be_inserted(
    alerts: AlertsApi,
) -> None:
    case = await alerts.open_case(customer_id="c-17", person=person_of(SECRET, TENANT, "c-17"))
    await put(alerts, "/v1/case-links", LINK)
    await put(alerts, "/v1/case-links", {"name": "The case", "link": "https://crm.example/{number}"})
    await put(alerts, "/v1/text-blocks", BLOCK)
    jonas = await alerts.signed_in()
    assert "https://crm.example/c/c-17" in (await jonas.get(f"/cases/{case}")).text
    await erase_customer(SERVICE, alerts.database, TENANT, "c-17", None)
    page = (await jonas.get(f"/cases/{case}")).text
    assert "The case ended with the customer’s data." in page
    assert "https://crm.example/c/" not in page
    assert "The case</bdi></a>" in page
    assert "Insert a text block" not in page
