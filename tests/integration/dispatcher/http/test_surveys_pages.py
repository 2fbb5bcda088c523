"""The surveys' pages: made by form, gone live, stopped, and by whom."""

import re
from datetime import UTC, datetime

import httpx
import pytest
from support.dispatcher_builders import TENANT, make_survey, published, relay_all, rows
from support.dispatcher_client import a_person, by_key, form
from support.forms import forms_of

from services.dispatcher.surveys.texts import STANDARD_LANGUAGES
from shared.db.database import Database
from shared.events import SURVEYS
from shared.outbound import mail_stream
from shared.outbound.outcome_rules import MailStream
from shared.permissions import Role


async def press(client: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    """Open the page of an act and press its button."""
    page = (await client.get(path, headers=a_person())).text
    (found,) = [one for one in forms_of(page) if one.action == path]
    return await client.post(path, data={**found.fields, **form(**fields)}, headers=a_person())


class TestPages:
    async def test_a_survey_is_made_by_form_and_faults_keep_what_was_typed(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        fields = {
            "name": "Ny <levering>", "trigger": "order delivered", "measurement": "transactional",
            "default_language": "da", "delay": "1", "delay_unit": "hours", "quarantine_days": "90", "link_days": "30",
            "max_age_days": "7", "position": "", "da.question": "Hvad synes du om {company}?",
        }  # fmt: skip
        refused = await client.post("/surveys/new", data=form(**fields), headers=a_person("editor"))
        assert refused.status_code == 422
        assert "Ny &lt;levering&gt;" in refused.text
        assert "Hvad synes du om" in refused.text
        fields["trigger"] = "order.delivered"
        made = await client.post("/surveys/new", data=form(**fields), headers=a_person("editor"))
        assert made.status_code == 303
        where = made.headers["location"].partition("?")[0]
        page = await client.get(made.headers["location"], headers=a_person("editor"))
        assert "It asks nobody yet" in page.text
        assert "Hvad synes du om" in page.text
        mail = await client.get(f"{where}/mail", params={"language": "da"}, headers=a_person())
        assert "Hvad synes du om Havnbo?" in mail.text
        assert "script" not in mail.headers["content-security-policy"]
        version = page.text.partition('name="version" value="')[2].partition('"')[0]
        fields["version"] = version
        first = await client.post(where, data=form(**{**fields, "name": "one"}), headers=a_person("editor"))
        second = await client.post(where, data=form(**{**fields, "name": "two"}), headers=a_person("editor"))
        assert (first.status_code, second.status_code) == (303, 409)
        assert 'value="two"' in second.text
        assert [one.draft_name for one in await rows(database, "SELECT name AS draft_name FROM survey")] == [
            "one"
        ]

    async def test_both_parts_of_the_mail_are_shown_as_they_are_typed(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        survey, editor = await make_survey(database), a_person("editor")
        typed = form(**{"da.question": "Hvad siger <du> til {company}?"})
        at = f"/surveys/{survey.id}/mail?language=da"
        page = await client.post(at, data=typed, headers=editor)
        assert "Hvad siger &lt;du&gt; til Havnbo?" in page.text
        assert "<pre" not in page.text
        text = await client.post(at, data={**typed, "typed_part": "text"}, headers=editor)
        part = text.text.partition('<pre class="mail-text" lang="da"')[2].partition("</pre>")[0]
        assert "Hvad siger &lt;du&gt; til Havnbo?" in part
        assert "<a " not in part
        assert "style-src 'self'" in text.headers["content-security-policy"]
        assert [row.texts for row in await rows(database, "SELECT texts FROM survey_words")] == [b"{}"]

    async def test_what_is_seldom_set_is_folded_until_it_is_set_or_wrong(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        def unfolded(page: httpx.Response) -> list[str]:
            return re.findall(r"<details open><summary>([^<]*?) *<span", page.text)

        new = await client.get("/surveys/new", headers=a_person("editor"))
        assert (unfolded(new), new.text.count("<details><summary>")) == ([], 5 + len(STANDARD_LANGUAGES))
        survey = await make_survey(database, link_days=9)
        stored = await client.get(f"/surveys/{survey.id}", headers=a_person("editor"))
        assert unfolded(stored) == ["Limits of time"]
        (typed,) = [each.fields for each in forms_of(stored.text) if each.action == f"/surveys/{survey.id}"]
        typed |= form(sampling_percent="101", link_days="30")
        wrong = await client.post(f"/surveys/{survey.id}", data=typed, headers=a_person("editor"))
        assert (wrong.status_code, unfolded(wrong)) == (422, ["Asking only some"])
        assert 'href="#sampling_percent"' in wrong.text

    async def test_a_change_of_what_a_live_survey_asks_is_said_before_it_is_saved(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        survey, editor = await make_survey(database, delay_minutes=60), a_person("editor")
        at = f"/surveys/{survey.id}"

        def form_in(answer: httpx.Response) -> dict[str, str]:
            (found,) = [each.fields for each in forms_of(answer.text) if each.action == at]
            return found

        async def stored() -> tuple[int, int]:
            (row,) = await rows(database, "SELECT version, survey_version FROM survey")
            return row.version, row.survey_version

        typed = form_in(await client.get(at, headers=editor))
        renamed = await client.post(at, data={**typed, "name": "Other"}, headers=editor)
        assert (renamed.status_code, await stored()) == (303, (2, 1)), "a name changes nothing for customers"
        typed = form_in(await client.get(at, headers=editor))
        wanted = {**typed, "da.question": "Hvad siger <du>?", "delay": "2", "delay_unit": "days"}
        asked = await client.post(at, data=wanted, headers=editor)
        assert (asked.status_code, await stored()) == (200, (2, 1))
        for words in (
            "Nothing is saved yet.", "The question (Danish)", "Hvad siger &lt;du&gt;?", "no words of its own",
            "1 hour", "2 days", "become version 2", "after 2\u00a0days",
        ):  # fmt: skip
            assert words in asked.text, words
        carried = form_in(asked)
        assert {name: carried[name] for name in wanted} == wanted
        back = await client.post(at, data={**carried, "act": "back"}, headers=editor)
        assert (back.status_code, form_in(back) == wanted, await stored()) == (200, True, (2, 1))
        other = await client.patch(f"/v1{at}", json={"link_days": 9}, headers=by_key())
        assert other.status_code == 200, "the API asks nothing"
        late = await client.post(at, data={**carried, "act": "save"}, headers=editor)
        assert (late.status_code, await stored()) == (409, (3, 1))
        again = await client.post(at, data={**form_in(late), "link_days": "9"}, headers=editor)
        done = await client.post(at, data={**form_in(again), "act": "save"}, headers=editor)
        assert (done.status_code, await stored()) == (303, (4, 2))
        paused = await make_survey(database, name="paused", state="paused")
        at = f"/surveys/{paused.id}"
        typed = form_in(await client.get(at, headers=editor))
        saved = await client.post(at, data={**typed, "en.question": "Well?"}, headers=editor)
        assert saved.status_code == 303, "it asks nobody"

    async def test_going_live_is_confirmed_logged_and_said(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await make_survey(database)
        assert "Test mode" in (await client.get("/surveys", headers=a_person())).text
        assert (await client.get("/surveys/live", headers=a_person())).status_code == 200
        unconfirmed = await client.post("/surveys/live", data=form(version="0"), headers=a_person())
        assert unconfirmed.status_code == 422
        for words in ("Tick the box", "Havnbo", "Test mode.", 'href="#confirmed-on"'):
            assert words in unconfirmed.text
        await relay_all(database)
        done = await press(client, "/surveys/live", confirmed="on")
        assert "You are live." in (await client.get(done.headers["location"], headers=a_person())).text
        assert [one.test for one in await published(database, SURVEYS)] == [False]
        overview = (await client.get("/surveys", headers=a_person())).text
        assert "<bdi>Sara Lund</bdi> went live" in overview
        assert (
            (await client.get("/surveys/live", headers=a_person()))
            .headers["location"]
            .startswith("/surveys?")
        )
        await press(client, "/surveys/stop")
        assert (await published(database, SURVEYS))[-1].stopped
        assert "All sending is stopped." in (await client.get("/events", headers=a_person())).text
        assert "<bdi>Sara Lund</bdi> stopped it" in (await client.get("/surveys", headers=a_person())).text
        await press(client, "/surveys/resume")
        assert not (await published(database, SURVEYS))[-1].stopped
        await press(client, "/surveys/test-mode")
        assert (await published(database, SURVEYS))[-1].test

    async def test_test_addresses_are_listed_by_form_and_a_fault_names_its_line(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        wrong = await client.post(
            "/surveys/test-addresses",
            data=form(addresses="me@example.com\n\nyou@example.com, nobody", version="0"),
            headers=a_person(),
        )
        assert wrong.status_code == 422
        assert "Line 3: “nobody” cannot be an address." in wrong.text
        assert "you@example.com, nobody</textarea>" in wrong.text
        done = await client.post(
            "/surveys/test-addresses",
            data=form(addresses="Me@Example.com\nyou@example.com", version="0"),
            headers=a_person(),
        )
        assert (
            "Saved: the test addresses."
            in (await client.get(done.headers["location"], headers=a_person())).text
        )
        (row,) = await rows(database, "SELECT test_addresses FROM sending")
        assert row.test_addresses == ["me@example.com", "you@example.com"]

    @pytest.mark.parametrize(
        ("role", "path"),
        [
            *(
                ("editor", path)
                for path in ("/surveys/live", "/surveys/stop", "/surveys/resume", "/surveys/test-mode")
            ),
            *(
                (role, path)
                for role in ("leader", "agent", "analyst")
                for path in ("/surveys/new", "/surveys/test-addresses")
            ),
        ],
    )
    async def test_who_may_not_press_a_button_finds_none(
        self, client: httpx.AsyncClient, database: Database, role: Role, path: str
    ) -> None:
        answer = await client.post(path, data=form(confirmed="on"), headers=a_person(role))
        assert answer.status_code == 404
        assert await rows(database, "SELECT 1 FROM sending") == []

    async def test_a_form_without_its_token_does_nothing(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        for path in ("/surveys/stop", "/surveys/live", "/surveys/new", "/surveys/test-addresses"):
            answer = await client.post(path, data={"confirmed": "on", "csrf": "x"}, headers=a_person())
            assert answer.status_code == 403
        assert await rows(database, "SELECT 1 FROM sending") == []


async def test_who_looks_is_told_since_when_and_why_no_mail_leaves(
    client: httpx.AsyncClient, database: Database
) -> None:
    await make_survey(database)
    since = datetime(2026, 11, 20, 12, tzinfo=UTC)
    reason = "the mail server refused a mail at RCPT TO (550 5.4.5): we have sent more than it allows"
    async with database.transaction() as uow:
        await mail_stream.read(uow, lock=True)
        await mail_stream.write(uow, MailStream(stopped_at=since, reason=reason, try_at=since))
    for tenant in (TENANT, "another"):
        page = await client.get("/surveys", headers=a_person("analyst", tenant=tenant))
        assert "Not now. The mail server takes none." in page.text
        assert reason in page.text
    async with database.transaction() as uow:
        await mail_stream.write(uow, MailStream())
    page = await client.get("/surveys", headers=a_person("analyst"))
    assert "mail server" not in page.text
