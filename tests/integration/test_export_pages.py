"""What is kept of a customer, as pages show it: to administrators, by a link to the customer, and to nobody else."""

import re
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
from structlog.testing import capture_logs
from support.companies import (
    BetweenServices,
    Company,
    World,
)
from support.exports import (
    Broken,
    erase,
    export,
    get,
    link_of,
    opened,
    page,
    person,
    send_event,
    way_between,
)
from support.http_clients import SECRET

from services.dispatcher.exports.schemas import Export
from shared.events import AUDIT, AuditLine
from shared.privacy.export_links import LINK_LIFETIME, ExportLinks, ExportSubject
from shared.privacy.persons import person_of
from shared.secrets import customer_hash


async def test_the_page_says_it_in_sentences_and_names_no_colleague(world: World, amber: Company) -> None:
    who = amber.people["admin"]
    found = await page(world, who, "/customers", {"email": "customer@amber.example"})
    assert found.status_code == 303
    assert found.headers["location"] == f"/customers/{person(amber)}"
    shown = await page(world, who, found.headers["location"])
    assert shown.status_code == 200
    main = shown.text.partition("<main")[2].partition("</main>")[0]
    for words in (
        *("amber Whitfield", "amber was late", "The answer is 2 of 10.", "Somebody called, and reached"),
        *("Nobody is asked under this mail address.", "is kept for 730 days", "From the customer."),
    ):
        assert words in main, words
    for words in ("amber called back", "amber was told", "amber admin", "amber agent"):
        assert words not in main, words


async def test_the_download_is_the_documents_file(world: World, amber: Company) -> None:
    answer = await page(world, amber.people["admin"], f"/customers/{person(amber)}/download")
    assert re.fullmatch(
        rf'attachment; filename="customer-{person(amber)[:8]}-\d{{4}}-\d\d-\d\d\.json"',
        answer.headers["content-disposition"],
    )
    assert answer.headers["cache-control"] == "no-store"
    assert msgspec.json.decode(answer.content, type=Export).sections == (await export(world, amber)).sections


async def test_the_form_keeps_what_was_typed_and_lets_choose(world: World, birch: Company) -> None:
    who = birch.people["admin"]
    for number, name in ((11, "birch-cleo"), (12, "birch-dan")):
        await send_event(world, birch, number, {"id": name, "email": "two@birch.example"})
    nobody = await page(world, who, "/customers", {"email": "nobody@birch.example"})
    nothing = await page(world, who, "/customers", {})
    guest = await page(world, who, "/customers", {"customer_id": "guest"})
    several = await page(world, who, "/customers", {"email": "two@birch.example"})
    assert [each.status_code for each in (nothing, guest, several)] == [422, 422, 409]
    assert 'value="guest"' in guest.text
    assert 'value="birch-cleo"' in several.text
    assert 'value="birch-dan"' in several.text
    assert nobody.status_code in {303, 404}
    unknown = await page(world, who, nobody.headers["location"]) if nobody.status_code == 303 else nobody
    assert unknown.status_code == 404
    assert "No customer is known here" in unknown.text


# ---- the customer's link


async def test_a_link_shows_the_customer_the_same_and_is_not_kept_by_any_cache(
    world: World, amber: Company
) -> None:
    shown = await opened(world, await link_of(world, amber))
    assert shown.status_code == 200
    for words in ("amber Whitfield", "amber was late", "This is what is kept of you."):
        assert words in shown.text, words
    for words in ("amber called back", "amber admin", "csrf", "/download"):
        assert words not in shown.text, words
    assert shown.headers["cache-control"] == "no-store"
    assert "noindex" in shown.headers["x-robots-tag"]
    assert shown.headers["referrer-policy"] == "no-referrer"


async def test_a_link_ends_after_seven_days(world: World, amber: Company) -> None:
    address = customer_hash(SECRET, "amber", "customer@amber.example")
    subject = ExportSubject("amber", person(amber), address)
    for age, status in ((LINK_LIFETIME - timedelta(minutes=1), 200), (LINK_LIFETIME, 404)):
        token, _ = ExportLinks(SECRET, clock=lambda age=age: datetime.now(UTC) - age).sign(subject)  # type: ignore[misc]
        assert (await opened(world, f"/x/{token}")).status_code == status
    assert timedelta(days=7) == LINK_LIFETIME


async def test_a_link_that_we_did_not_sign_shows_the_same_page_as_one_that_has_ended(
    world: World, amber: Company
) -> None:
    path = await link_of(world, amber)
    ended, _ = ExportLinks(SECRET, clock=lambda: datetime.now(UTC) - LINK_LIFETIME).sign(
        ExportSubject("amber", person(amber), None)
    )
    expected = await opened(world, f"/x/{ended}")
    foreign, _ = ExportLinks("y" * 40).sign(ExportSubject("amber", person(amber), None))
    changed = path[3:-2] + ("BA" if path.endswith("AA") else "AA")
    for token in (foreign, changed, "AAAA" + path[7:], "x", "é", "A" * 2000, amber.token("answer")):
        answer = await opened(world, f"/x/{token}")
        assert (answer.status_code, answer.text) == (404, expected.text), token


async def logged(world: World) -> list[AuditLine]:
    async with world.contexts["dispatcher"].database.reading() as uow:
        rows = await uow.execute("SELECT value FROM outbox WHERE topic = 'audit.v1' ORDER BY seq")
        return [AUDIT.decode(value).data for value in rows.scalars()]


async def test_each_reading_and_each_link_leaves_one_line_without_personal_data(
    world: World, amber: Company
) -> None:
    await world.deliver_all()
    with capture_logs() as logs:
        await export(world, amber)
        await page(world, amber.people["admin"], f"/customers/{person(amber)}")
        await page(world, amber.people["admin"], f"/customers/{person(amber)}/download")
        await opened(world, await link_of(world, amber))
        await get(world, amber, "/v1/customers/nobody-7/export")
        await opened(world, "/x/none")
    lines = await logged(world)
    assert [(line.act, line.facts["how"], line.who) for line in lines] == [
        ("export", "downloaded", "the key amber-shop"),
        ("export", "read", "amber admin"),
        ("export", "downloaded", "amber admin"),
        ("export_link", "link_created", "amber admin"),
        ("export_opened", "link_opened", "the customer"),
    ]
    assert {line.about for line in lines} == {person(amber)}
    for word in ("amber-customer", "customer@", "Whitfield"):
        assert word not in repr(logs), word
        assert word not in repr(lines), word
    await world.deliver_all()
    shown = await page(world, amber.people["admin"], "/audit")
    assert "opened the link to their data" in shown.text
    assert person(amber)[:8] in shown.text


# ---- erased


async def test_an_erased_customer_is_404_that_says_so_and_the_link_stops_at_once(world: World) -> None:
    company = await world.create_company("cedar")
    path = await link_of(world, company)
    assert (await opened(world, path)).status_code == 200
    await erase(world, company, person(company))
    by_id = await get(world, company, "/v1/customers/cedar-customer/export")
    by_address = await get(world, company, "/v1/customers/export", email="customer@cedar.example")
    for answer in (by_id, by_address):
        assert answer.status_code == 404
        assert answer.json()["title"] == "This customer was erased on request."
    shown = await page(world, company.people["admin"], f"/customers/{person(company)}")
    assert shown.status_code == 404
    assert "This customer was erased on request." in shown.text
    after = await opened(world, path)
    assert after.status_code == 404
    assert "This link shows nothing any more." in after.text


async def test_a_customer_without_an_id_who_was_erased_is_known_to_be_so(
    world: World, birch: Company
) -> None:
    hashed = customer_hash(SECRET, "birch", "left@birch.example")
    await erase(world, birch, person_of(SECRET, "birch", hashed))
    answer = await get(world, birch, "/v1/customers/export", email="left@birch.example")
    assert (answer.status_code, answer.json()["title"]) == (404, "This customer was erased on request.")


async def test_who_is_erased_while_the_services_are_asked_is_not_shown(world: World) -> None:
    company = await world.create_company("dune")

    async def erases(request: httpx.Request) -> httpx.Response:
        await erase(world, company, person(company))
        return await BetweenServices(world).handle_async_request(request)

    async with way_between(world, Broken(world, "alerts", erases)):
        answer = await get(world, company, "/v1/customers/dune-customer/export")
    assert (answer.status_code, answer.json()["title"]) == (404, "This customer was erased on request.")
