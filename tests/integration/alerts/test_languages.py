"""The language of pages and mails: a person's own, else the browser's (of mails: the company's)."""

import hashlib
import json
import re

import pytest
from support.alerts_api import PASSWORD, AlertsApi, cookies_of
from support.alerts_builders import rows

from shared.http.readers import LANGUAGE_COOKIE


async def language_of(alerts: AlertsApi, person: object) -> str:
    (row,) = await rows(alerts.database, "SELECT language FROM staff WHERE id = :id", id=person)
    return str(row.language)


async def test_the_setting_decides_the_language_of_the_pages(alerts: AlertsApi) -> None:
    case = await alerts.open_case()
    jonas = await alerts.signed_in("admin")
    form = {"act": "me", "name": "Jonas Holt", "wants_mail": "on"}
    saved = await jonas.do("/settings", **form, language="da")
    told = cookies_of(saved)[LANGUAGE_COOKIE].lower()
    assert told.startswith(f"{LANGUAGE_COOKIE}=da;")
    assert all(flag in told for flag in ("httponly", "samesite=lax", "max-age=1209600"))
    page = (await jonas.get("/settings?did=me")).text
    assert '<html lang="da">' in page
    assert "Gemt." in page
    assert '<option value="da" selected>Dansk</option>' in page
    assert "Du er administrator hos Havnbo." in page
    inbox = (await jonas.get("/inbox")).text
    assert "Én kunde venter på at høre fra os." in inbox
    assert '<a href="/inbox?state=closed">Lukkede sager</a>' in inbox
    assert "Karen Whitfield gav et 2-tal." in (await jonas.get(f"/cases/{case}")).text
    wrong = await jonas.do(f"/cases/{case}", act="close")
    assert "Vælg en årsag. Uden den lærer ingen af sagen." in wrong.text
    closing = {"cause": "other", "action": "Ringede.", "outcome": "lost", "told": "yes"}
    await jonas.do(f"/cases/{case}", act="close", **closing)
    assert "<dt>Status</dt><dd>Lukket</dd>" in (await jonas.get(f"/cases/{case}")).text
    assert await language_of(alerts, jonas.person.id) == "da"


async def test_as_my_browser_is_what_the_browser_accepts(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    form = {"act": "me", "name": "Jonas Holt", "wants_mail": "on"}
    await jonas.do("/settings", **form, language="da")
    saved = await jonas.do("/settings", **form, language="browser")
    assert "max-age=0" in cookies_of(saved)[LANGUAGE_COOKIE].lower()
    assert '<html lang="en">' in (await jonas.get("/settings")).text
    jonas.client.headers["accept-language"] = "nl-BE,nl;q=0.9"
    page = (await jonas.get("/settings")).text
    assert '<html lang="nl">' in page
    assert '<option value="browser" selected>Zoals mijn browser</option>' in page


@pytest.mark.parametrize("renewed", [False, True])
async def test_sign_in_and_each_new_pass_bring_the_language(alerts: AlertsApi, renewed: bool) -> None:
    person, client = await alerts.person(), alerts.client()
    async with alerts.database.transaction() as uow:
        await uow.execute("UPDATE staff SET language = 'nl' WHERE id = :id", {"id": person.id})
    answer = await client.post("/login", data={"address": person.address, "password": PASSWORD})
    if renewed:
        client.cookies.delete(LANGUAGE_COOKIE)
        answer = await client.get("/login/renew?next=/settings")
    assert cookies_of(answer)[LANGUAGE_COOKIE].startswith(f"{LANGUAGE_COOKIE}=nl;")
    assert '<html lang="nl">' in (await client.get("/settings")).text


async def test_a_language_that_we_do_not_have_is_refused(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    wrong = await jonas.do("/settings", act="me", name="Jonas Holt", language="tlh")
    assert (wrong.status_code, "Choose one of the languages." in wrong.text) == (422, True)
    assert await language_of(alerts, jonas.person.id) == ""


async def test_a_form_of_an_earlier_version_leaves_the_language(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    await jonas.do("/settings", act="me", name="Jonas Holt", language="da")
    assert (await jonas.do("/settings", act="me", name="Jonas Holt")).status_code == 303
    assert await language_of(alerts, jonas.person.id) == "da"


async def test_a_form_of_an_earlier_version_is_not_stale_where_no_language_is_chosen(
    alerts: AlertsApi,
) -> None:
    jonas = await alerts.signed_in()
    # As the version before wrote it: of the name, and whether mails are wanted.
    drawn = hashlib.sha256(json.dumps(["Jonas Holt", True]).encode()).hexdigest()[:16]
    saved = await jonas.do("/settings", act="me", name="Jonas Holt", wants_mail="on", drawn=drawn)
    assert saved.status_code == 303


async def test_a_form_that_did_not_show_the_chosen_language_does_not_undo_it(alerts: AlertsApi) -> None:
    jonas = await alerts.signed_in()
    found = re.search(r'name="drawn" value="([0-9a-f]+)"', (await jonas.get("/settings")).text)
    assert found is not None
    form = {"act": "me", "name": "Jonas Holt", "drawn": found[1]}
    assert (await jonas.do("/settings", **form, language="da")).status_code == 303
    stale = await jonas.do("/settings", **form, language="nl")
    assert (stale.status_code, "Du har ændret det et andet sted imens." in stale.text) == (422, True)


async def test_the_sign_in_page_speaks_the_browsers_language(alerts: AlertsApi) -> None:
    client = alerts.client()
    client.headers["accept-language"] = "da"
    assert "Kunden får det sidste ord." in (await client.get("/login")).text
    wrong = await client.post("/login", data={"address": "nobody@example.com", "password": "wrong"})
    assert "Adressen og adgangskoden hører ikke sammen." in wrong.text
