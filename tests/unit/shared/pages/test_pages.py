from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar
from uuid import UUID

import httpx2
import jinja2
import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from support.http_clients import an_app

from shared.http.csrf import CsrfGuard
from shared.http.problems import Problem
from shared.http.readers import LANGUAGE_COOKIE
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import ACCESS_COOKIE, AccessPass, Staff
from shared.pages.environment import Pages
from shared.pages.page import Frame, Page
from shared.permissions import Role

SECRET = "a secret of at least thirty-two characters"
EVIL = "<img src=x onerror=alert(1)>"
HTML = {"Accept": "text/html"}


def a_user(name: str = "Jonas Holt", role: Role = "admin") -> Staff:
    return Staff("acme", UUID(int=7), name, role, (), "session-1", datetime.now(UTC) + timedelta(hours=1))


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A service's package with templates, a static file and translations of its own."""
    root = tmp_path / "sample_service"
    for folder in ("templates", "static", "locales/da/LC_MESSAGES"):
        (root / folder).mkdir(parents=True)
    (root / "__init__.py").touch()
    (root / "templates" / "page.html").write_text(
        '{% extends "frame.html" %}{% block title %}Sample{% endblock %}'
        '{% block main %}<p>{{ _("Hello %(name)s", name=name) }}</p>{{ ngettext("%(num)s day", "%(num)s days", n) }}{% endblock %}'
    )
    (root / "templates" / "missing.html").write_text("{{ a_missing_variable }}")
    (root / "templates" / "customer.page.html").write_text(
        '{% extends "customer.html" %}{% block main %}ask{% endblock %}'
    )
    (root / "static" / "sample.js").write_text("// ours")
    (root / "locales/da/LC_MESSAGES/messages.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\nPlural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
        'msgid "Hello %(name)s"\nmsgstr "Hej %(name)s"\n\n'
        'msgid "%(num)s day"\nmsgid_plural "%(num)s days"\nmsgstr[0] "%(num)s dag"\nmsgstr[1] "%(num)s dage"\n'
    )
    monkeypatch.syspath_prepend(tmp_path)
    return "sample_service"


@dataclass(frozen=True, kw_only=True)
class SamplePage(Page):
    template: ClassVar[str] = "page.html"
    name: str = "you"
    n: int = 2


def app_of(pages: Pages, staff: Staff | None = None, speak: str | None = None, **frame: Any) -> FastAPI:
    router = APIRouter(include_in_schema=False, route_class=CheckedRoute)

    @router.get("/page")
    @router.get("/s/page")
    async def page(request: Request) -> Response:
        return pages.page(request, SamplePage(), staff=staff, frame=Frame(**frame), speak=speak)

    @router.get("/trouble")
    async def trouble() -> None:
        raise Problem(409, EVIL, EVIL)

    return an_app([router], pages=pages, access=AccessPass(SECRET), csrf=CsrfGuard(SECRET))


async def get(
    app: FastAPI, path: str = "/page", staff: Staff | None = None, language: str = "", chosen: str = ""
) -> httpx2.Response:
    cookies = {ACCESS_COOKIE: app.state.http.access.sign(staff)} if staff else {}
    cookies |= {LANGUAGE_COOKIE: chosen} if chosen else {}
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://t", cookies=cookies
    ) as client:
        return await client.get(path, headers=HTML | ({"Accept-Language": language} if language else {}))


async def test_a_customers_page_is_in_the_readers_language_with_the_translations_of_service_and_frame(
    package: str,
) -> None:
    app = app_of(Pages(package), a_user())
    danish = (await get(app, "/s/page", language="da-DK")).text
    assert '<html lang="da">' in danish
    for text in ("Hej you", "2 dage", "Sager", "Log ud"):
        assert text in danish
    english = (await get(app, "/s/page")).text
    assert "Hello you" in english
    assert "2 days" in english


@pytest.mark.parametrize("path", ["/page", "/trouble", "/nowhere"])
@pytest.mark.parametrize("staff", [None, a_user()], ids=["signed out", "signed in"])
async def test_a_page_for_staff_is_in_the_language_that_the_browser_asks_for(
    package: str, path: str, staff: Staff | None
) -> None:
    app = app_of(Pages(package), staff)
    english = await get(app, path, staff)
    danish = await get(app, path, staff, language="da, nl;q=0.5")
    for rendered, spoken in ((english, "en"), (danish, "da")):
        assert f'<html lang="{spoken}">' in rendered.text
        assert rendered.headers["content-language"] == spoken
        assert rendered.headers["vary"] == "Accept-Language, Cookie"


@pytest.mark.parametrize(
    ("path", "chosen", "spoken"),
    [
        ("/page", "nl", "nl"),
        ("/nowhere", "nl", "nl"),
        ("/page", "en", "en"),
        ("/page", "xx", "da"),
        ("/page", "", "da"),
        ("/s/page", "nl", "da"),
    ],
)
async def test_a_persons_choice_comes_before_the_browsers_for_staff_pages_alone(
    package: str, path: str, chosen: str, spoken: str
) -> None:
    page = await get(app_of(Pages(package), a_user()), path, language="da", chosen=chosen)
    assert f'<html lang="{spoken}">' in page.text


async def test_the_language_of_one_reader_never_reaches_another(package: str) -> None:
    pages = Pages(package)
    assert "Hej" in (await get(app_of(pages, a_user()), "/s/page", language="da")).text
    assert "Hello" in (await get(app_of(pages, a_user()), "/s/page", language="en")).text
    assert "Hej" in (await get(app_of(pages, a_user(), speak="da"))).text


async def test_the_zone_is_named_only_when_the_companys_is_known(package: str) -> None:
    assert "Times are those of" not in (await get(app_of(Pages(package)))).text
    zoned = app_of(Pages(package), a_user(), time_zone="Europe/Copenhagen")
    assert "Times are those of Copenhagen." in (await get(zoned)).text


async def test_the_frame_names_the_user_and_signs_out_by_post(package: str) -> None:
    text = (await get(app_of(Pages(package), a_user(EVIL), company=EVIL, open_cases=1234, here="cases"))).text
    assert "<img" not in text
    assert f'name="csrf" value="{CsrfGuard(SECRET).token("session-1")}"' in text
    assert 'method="post" action="/logout"' in text
    assert '<a href="/inbox" aria-current="page">' in text
    assert "1,234" in text


@pytest.mark.parametrize(
    ("role", "leads"),
    [("admin", True), ("leader", True), ("agent", True), ("editor", False), ("analyst", False)],
)
async def test_the_frame_links_to_cases_for_users_who_work_on_them(
    package: str, role: Role, leads: bool
) -> None:
    text = (await get(app_of(Pages(package), a_user(role=role)))).text
    assert ('href="/inbox"' in text) is leads


async def test_without_a_user_there_is_no_navigation(package: str) -> None:
    assert "/inbox" not in (await get(app_of(Pages(package)))).text


@pytest.mark.parametrize(
    ("options", "frame", "text"),
    [
        ({}, {"test_mode": True}, "Test mode."),
        ({}, {"sending_stopped": True}, "All sending is stopped."),
        ({"local": True, "mailbox_url": "http://127.0.0.1:1/"}, {}, 'href="http://127.0.0.1:1/"'),
    ],
)
async def test_a_banner_shows_test_mode_stopped_sending_and_local_mail(
    package: str, options: dict[str, Any], frame: dict[str, Any], text: str
) -> None:
    assert text in (await get(app_of(Pages(package, **options), a_user(), **frame))).text
    assert text not in (await get(app_of(Pages(package), a_user()))).text


async def test_a_page_obeys_the_policy_it_is_sent_with(package: str) -> None:
    text = (await get(app_of(Pages(package), a_user(), live="/live"))).text
    assert " style=" not in text
    assert "<style" not in text
    assert " on" not in [part[:3] for part in text.split("<")]
    assert text.count("<script") == text.count('<script type="module" src="/static/')
    assert "http://" not in text
    assert "https://" not in text


async def test_an_error_page_escapes_its_texts(package: str) -> None:
    app = app_of(Pages(package))
    for staff in (None, a_user()):
        answer = await get(app, "/trouble", staff)
        assert answer.status_code == 409
        assert "<img" not in answer.text
        assert "&lt;img" in answer.text


async def test_a_services_file_has_an_address_of_its_own(package: str) -> None:
    pages = Pages(package)
    answer = await get(app_of(pages), pages.assets.url("sample.js"))
    assert answer.text == "// ours"
    assert pages.assets.url("sample.js").startswith("/static/sample_service/")
    assert pages.assets.url("live.js").startswith("/static/shared/")


def test_a_missing_variable_is_an_error_and_not_an_empty_text(package: str) -> None:
    with pytest.raises(jinja2.UndefinedError):
        Pages(package).text("missing.html", "en")


def test_a_right_to_left_language_turns_the_page(package: str) -> None:
    rendered = Pages(package).text("customer.page.html", "ar")
    assert '<html lang="ar" dir="rtl">' in rendered


def parts(call: str, **context: object) -> str:
    pages = Pages("services")
    template = pages._environment.from_string('{% import "_parts.html" as parts %}' + call)
    return template.render(**context)


def test_a_field_with_a_fault_shows_it_above_and_keeps_what_was_typed() -> None:
    rendered = parts(
        '{{ parts.field("note", "What we did", "textarea", value=typed, hint="Staff only.", fault="Say it.") }}',
        typed=EVIL,
    )
    assert 'aria-invalid="true"' in rendered
    assert 'aria-describedby="note-wrong note-hint"' in rendered
    assert rendered.index("Say it.") < rendered.index("<textarea")
    assert "&lt;img" in rendered


def test_a_select_keeps_the_chosen_option() -> None:
    rendered = parts(
        '{{ parts.field("cause", "Cause", "select", value="late", options=[("", "Choose"), ("late", "Late")]) }}'
    )
    assert '<option value="late" selected>' in rendered


def test_a_case_row_escapes_the_customers_comment() -> None:
    case = SimpleNamespace(
        id=7,
        href="/cases/7",
        score=3,
        text=EVIL,
        lang="da",
        about=EVIL,
        due="today",
        elapsed=50,
        late=True,
        owner=None,
        new=True,
    )
    rendered = parts("{{ parts.case_row(case, true) }}", case=case)
    assert "<img" not in rendered
    assert 'lang="da"' in rendered
    assert "Nobody yet" in rendered
    assert 'class="case over new"' in rendered
