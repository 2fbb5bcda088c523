"""A customer's link: it shows nothing of an address that came later, ends early, and can be withdrawn."""

import random
from typing import Any

import pytest
from support.companies import Company, World
from support.exports import erase, export, get, link_of, opened, page, person, send_event

from services.dispatcher.erasing import erase as erase_rows
from services.dispatcher.exports import link_repository
from shared.privacy.erased import Target

ENDED = {
    "en": "This link shows nothing any more.",
    "da": "Dette link viser ikke noget mere.",
    "nl": "Deze link toont niets meer.",
}


async def buys(world: World, company: Company, number: int, customer: str, who: str) -> None:
    """Somebody buys under a customer id; who has no name has no address either."""
    named = {"email": f"{who}@{company.name}.example", "name": f"{who} Quill"} if who else {}
    attributes = {"attributes": {"product": f"{who or 'nobody'} chair"}}
    await send_event(world, company, number, {"id": f"{company.name}-{customer}", **named}, **attributes)


async def forget_rows(world: World, company: Company) -> None:
    """Leave links as the version before made them: without rows."""
    async with world.contexts["dispatcher"].database.transaction() as uow:
        await uow.execute("DELETE FROM export_link WHERE tenant = :tenant", {"tenant": company.name})


@pytest.mark.parametrize("has_row", [True, False])
async def test_a_link_of_one_address_shows_nothing_of_who_comes_later_under_the_same_id(
    world: World, birch: Company, has_row: bool
) -> None:
    family, anna = f"family-{has_row}", f"anna-{has_row}"
    await buys(world, birch, 20 + has_row, family, anna)
    path = await link_of(world, birch, family)
    # What the version before made is known by its time, in seconds.
    async with world.contexts["dispatcher"].database.transaction() as uow:
        await uow.execute("UPDATE decision SET decided_at = decided_at - interval '2 seconds'")
    if not has_row:
        await forget_rows(world, birch)
    await buys(world, birch, 22 + has_row, family, "bo")
    # What comes again with other content is not the first one's either.
    await buys(world, birch, 20 + has_row, family, "bodil")
    shown = await opened(world, path)
    assert shown.status_code == 200
    assert f"{anna} Quill" in shown.text
    for word in ("bo Quill", "bo@", "bodil", "bo chair"):
        assert word not in shown.text, word


@pytest.mark.parametrize("has_row", [True, False])
@pytest.mark.parametrize("before", [[""], ["anna", "bo"]])
async def test_a_link_of_no_address_or_several_ends_with_a_new_one_in_every_language(
    world: World, birch: Company, before: list[str], has_row: bool
) -> None:
    customer, number = f"shared-{len(before)}-{has_row}", 100 * len(before) + 10 * has_row
    for more, who in enumerate(before):
        await buys(world, birch, number + more, customer, who)
    async with world.contexts["dispatcher"].database.transaction() as uow:
        await uow.execute("UPDATE decision SET decided_at = decided_at - interval '2 seconds'")
    path = await link_of(world, birch, customer)
    if not has_row:
        await forget_rows(world, birch)
    await buys(world, birch, number + 5, customer, before[-1])
    assert (await opened(world, path)).status_code == 200, "nothing new"
    await buys(world, birch, number + 6, customer, "carl")
    for language, words in ENDED.items():
        answer = await opened(world, path, language)
        assert answer.status_code == 404
        assert words in answer.text
        assert "carl" not in answer.text


@pytest.mark.parametrize("seed", range(8))
async def test_no_link_shows_a_record_under_an_address_that_was_not_known_when_it_was_made(
    world: World, birch: Company, seed: int
) -> None:
    chance = random.Random(seed)
    customer, people = f"lot-{seed}", ["", "dora", "egil", "fie"]
    known: dict[str, set[str]] = {}
    so_far: set[str] = set()
    for step in range(6):
        who = chance.choice(people)
        number = 1_000 + 10 * seed + chance.randrange(step + 1)
        await buys(world, birch, number, customer, who)
        so_far |= {who}
        if chance.random() < 0.6:
            known[await link_of(world, birch, customer)] = set(so_far)
    for path, names in known.items():
        shown = await opened(world, path)
        for who in set(people) - names - {""}:
            assert f"{who} Quill" not in shown.text, (who, names)
            assert f"{who} chair" not in shown.text, (who, names)


async def test_no_link_is_made_when_another_address_came_since_the_form_was_shown(
    world: World, birch: Company
) -> None:
    await buys(world, birch, 30, "customer-late", "gerd")
    async with world.contexts["dispatcher"].database.reading() as uow:
        found = await uow.execute(
            "SELECT person FROM decision WHERE tenant = 'birch' AND customer_id = 'birch-customer-late'"
        )
        whom = found.scalar_one()
    admin = birch.people["admin"]
    shown = await page(world, admin, f"/customers/{whom}")
    assert 'name="addresses" value="1"' in shown.text
    await buys(world, birch, 31, "customer-late", "hans")
    refused = await page(world, admin, f"/customers/{whom}/link", {"addresses": "1"})
    assert "No link was made" in refused.text
    assert "/x/" not in refused.text
    made = await page(world, admin, f"/customers/{whom}/link", {"addresses": "2"})
    assert "/x/" in made.text


# ---- withdrawn


async def links_listed(world: World, company: Company, **query: str) -> list[dict[str, Any]]:
    answer = await get(world, company, "/v1/customers/export-links", **query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["links"])


@pytest.mark.parametrize("way", ["page", "api"])
async def test_a_link_that_is_withdrawn_shows_nothing_and_leaves_one_line(world: World, way: str) -> None:
    company = await world.create_company(f"fern-{way}")
    path, client, admin = await link_of(world, company), world.clients["dispatcher"], company.people["admin"]
    assert (await opened(world, path)).status_code == 200
    newest = (await links_listed(world, company))[0]
    assert (newest["person"], newest["who"]) == (person(company), f"fern-{way} admin")
    assert newest["only_under_address"]
    lists = [await page(world, admin, each) for each in ("/customers", f"/customers/{person(company)}")]
    act = f"/customers/links/{newest['id']}/withdraw"
    assert all(act in each.text for each in lists)
    for status in (303, 404) if way == "page" else (204, 404):
        if way == "page":
            answer = await page(world, admin, act, {})
        else:
            there = f"/v1/customers/export-links/{newest['id']}"
            answer = await client.delete(there, headers=company.headers)
        assert answer.status_code == status
    for language, words in ENDED.items():
        refused = await opened(world, path, language)
        assert refused.status_code == 404
        assert words in refused.text
    assert newest["id"] not in {each["id"] for each in await links_listed(world, company)}
    await world.deliver_all()
    (log,) = (await export(world, company, kind="access")).sections
    acts = [each.act for each in log.records]  # type: ignore[union-attr]
    assert acts.count("export_link_withdrawn") == 1


async def test_a_link_that_is_made_in_the_second_of_another_is_a_link_of_its_own(
    world: World, birch: Company
) -> None:
    await buys(world, birch, 50, "thrice", "karl")
    paths = []
    for _ in range(3):
        paths.append(await link_of(world, birch, "thrice"))
        newest = (await links_listed(world, birch))[0]["id"]
        if len(paths) == 2:
            gone = await world.clients["dispatcher"].delete(
                f"/v1/customers/export-links/{newest}", headers=birch.headers
            )
            assert gone.status_code == 204
    assert len(set(paths)) == 3
    assert [(await opened(world, path)).status_code for path in paths] == [200, 404, 200]


async def test_the_list_of_links_is_paged(world: World, birch: Company) -> None:
    await buys(world, birch, 40, "one", "ida")
    await buys(world, birch, 41, "two", "jens")
    for customer in ("one", "two"):
        await link_of(world, birch, customer)
    whole = await links_listed(world, birch)
    found, after = [], ""
    while True:
        answer = (await get(world, birch, "/v1/customers/export-links", limit="1", after=after)).json()
        found += answer["links"]
        if answer["next"] is None:
            break
        after = answer["next"]
    assert found == whole
    assert len(whole) >= 2


@pytest.mark.parametrize("role", ["editor", "leader", "agent", "analyst"])
async def test_only_administrators_of_the_whole_company_see_or_withdraw_links(
    world: World, amber: Company, role: str
) -> None:
    limited = await world.add_person(amber, "admin", ("touchpoint:amber-checkout",), f"limited-{role}")
    client, paths = world.clients["dispatcher"], "/v1/customers/export-links"
    for who, status in ((amber.people[role], 404), (limited, 403)):
        headers = who.headers(page=False)
        assert (await client.get(paths, headers=headers)).status_code == 403
        gone = await client.delete(f"{paths}/{amber.export_link}", headers=headers)
        assert gone.status_code == 403
        act = f"/customers/links/{amber.export_link}/withdraw"
        assert (await page(world, who, act, {})).status_code == status


@pytest.mark.parametrize("under_one_address", [True, False])
async def test_an_erasure_takes_the_person_from_the_row_and_no_link_of_theirs_comes_back(
    world: World, under_one_address: bool
) -> None:
    company = await world.create_company(f"gorse-{under_one_address}".lower())
    path = await link_of(world, company)
    database = world.contexts["dispatcher"].database
    async with database.transaction() as uow:
        rows = await uow.execute("SELECT contact FROM export_link WHERE tenant = :t", {"t": company.name})
        contact = rows.scalars().first() if under_one_address else None
        await erase_rows(uow, [Target(company.name, "x", person(company), contact)])
    async with database.transaction() as uow:
        await uow.execute("DELETE FROM outbox")  # its tombstones
        rows = await uow.execute("SELECT * FROM export_link WHERE tenant = :t", {"t": company.name})
        for row in rows:
            assert (row.person, row.contact, row.contacts) == ("", None, [])
            assert row.withdrawn_at is not None
    assert (await opened(world, path)).status_code == 404


async def test_no_link_is_made_for_an_erased_customer(world: World) -> None:
    company = await world.create_company("heath")
    await erase(world, company, person(company))
    made = await page(world, company.people["admin"], f"/customers/{person(company)}/link", {})
    assert made.status_code == 404
    assert len(await links_listed(world, company)) == 1


async def test_the_row_of_a_link_is_deleted_when_the_link_has_ended(world: World, amber: Company) -> None:
    context = world.contexts["dispatcher"]
    async with context.database.transaction() as uow:
        await uow.execute(
            "INSERT INTO export_link SELECT tenant, gen_random_uuid(), person, contact, contacts, 'ended', made_at, "
            "now() - interval '1 second' FROM export_link WHERE tenant = 'amber'"
        )
        await link_repository.delete_ended(uow)
        left = await uow.execute("SELECT id, who FROM export_link WHERE tenant = 'amber'")
        found = {str(row.id): row.who for row in left}
    assert amber.export_link in found
    assert "ended" not in found.values()


async def test_the_export_says_who_looked_at_an_address_without_naming_colleagues(world: World) -> None:
    company = await world.create_company("iris")
    admin = company.people["admin"]
    shown = await world.clients["alerts"].post(
        f"/v1/cases/{company.case}/actions", json={"act": "reveal"}, headers=admin.headers(page=False)
    )
    assert shown.is_success, shown.text
    await world.deliver_all()
    log = next(each for each in (await export(world, company)).sections if each.kind == "access")
    looked = [each for each in log.records if each.act == "address_shown"]  # type: ignore[union-attr]
    assert [each.who for each in looked] == ["colleague"]  # type: ignore[union-attr]
    assert (log.purpose, log.kept, log.kept_days) == ("account", "audit", 730)
    assert "iris admin" not in repr(log)
    other = await export(world, company, "/v1/customers/iris-other/export", kind="access")
    assert "address_shown" not in repr(other)
    read = await page(world, admin, f"/customers/{person(company)}")
    assert "A colleague at the company looked at how to reach the customer." in read.text
