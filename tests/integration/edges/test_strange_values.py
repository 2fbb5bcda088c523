"""No value that a client sends is answered 500: every parameter of every route, with a key and a session."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import httpx
import pytest
from support.companies import Company, World, a_survey, an_import, an_improvement
from support.examples import one_in
from support.processes import ApiProcess
from support.raw_http import RawConnection, RawRequest
from support.routes import Route

from services.alerts.case_tools.forms import FORM_FIELDS_BY_KIND
from services.alerts.case_tools.pages import PAGES
from services.alerts.cases.bulk_forms import BulkForm
from services.alerts.cases.forms import CaseForm
from services.alerts.cases.saved_filter_page import SavedFilterForm
from services.alerts.cases.viewer_page import ViewerForm
from services.alerts.huddles.forms import HuddleForm
from services.alerts.introductions.forms import IntroductionForm, IntroductionSettingForm
from services.alerts.rules.form_fields import EMPTY_RULE
from services.alerts.rules.forms import field_name
from services.alerts.staff.forms import (
    CodeForm,
    CompanyForm,
    LinkForm,
    LoginForm,
    PeopleForm,
    ProviderForm,
    SecondFactorForm,
    SessionsForm,
    SettingsForm,
    SignInRuleForm,
)
from services.alerts.teams.forms import TeamForm
from services.dispatcher.contact_policies.country_rows import COUNTRY_ROWS
from services.dispatcher.contact_policies.labels import FIELD_LABELS as POLICY_LABELS
from services.dispatcher.erasures.forms import ErasureForm
from services.dispatcher.surveys.draft_fields import DEFAULTS
from services.dispatcher.waves.labels import FIELD_LABELS as WAVE_LABELS
from services.scorer.benchmarks.forms import FIELDS as BENCHMARK_FIELDS
from services.scorer.improvements.forms import ImprovementForm
from services.scorer.themes.shipped import SHIPPED_VERSION
from shared.events.retention import RETENTION_KINDS
from shared.http.csrf import CSRF_FIELD

pytestmark = pytest.mark.timeout(240)

A_THEME = {"id": "x", "name": "x", "stems": {"en": ["ab"]}, "cause": "delivery"}
FAR, LATE = "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"
TIMES = (
    FAR,
    LATE,
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "2026-02-30T00:00:00Z",
    "2026-11-22",
    "1e9",
)
NUMBERS = ("-1", "0", "9" * 19, "9" * 40, "9" * 5_000, "²", "٣", "1e999", "NaN", "-0", "1.5", "0x10")
TEXTS = (
    "",
    " ",
    "\0",
    "%00",
    "a\0b",
    "\ud7ff",
    "\ufffe",
    "\U0010ffff",
    "a\r\nb",
    "'",
    "\\",
    "[",
    "../..",
    "é" * 300,
)
IDS = ("{" + str(uuid4()) + "}", "0" * 32, "٠" * 32, "x.%00", "customer:", ":", "a:b:c", "x" * 43, "-" * 43)
PLACES = tuple(
    made
    for at in TIMES
    for text in (f"{at}_{uuid4()}", f"{at}|{uuid4()}", f"{at} {uuid4()}")
    for made in (text, base64.urlsafe_b64encode(text.encode()).decode().rstrip("="))
)
VALUES = (*TIMES, *NUMBERS, *TEXTS, *IDS, *PLACES)
FEW = (FAR, "9" * 40, "9" * 5_000, "²", "\0", "-1", "a\0b", "%00", "[", "é" * 300, *IDS[:3], *PLACES[:6])
"""One of each kind, where there are many places to put it."""
CALENDAR_FIELDS = ("new_id", "name", "zone", "country", "closed", "monday_1_from", "monday_1_to")
ABSENCE_FIELDS = ("act", "drawn", "from", "from_time", "until", "until_time", "deputy")
NOTICE_FIELDS = (
    *("act", "drawn", "mail", "cases_mail", "weekly_push", "digest_at", "time_zone", "quiet"),
    *("quiet_from", "quiet_to", "begins_monday", "browser", "endpoint", "p256dh", "auth"),
)
RULE_FIELDS = tuple(field_name(1, part) for part in EMPTY_RULE)
QUESTIONS = ("en.q1", "x.q1.o1", "en.q2.o99", "q1-o1-id", "q1-o1-opens", "q1-o99-id")
THEME_FIELDS = (
    *("version", "segment", "window", "measurement", "add", "add_to", "act"),
    *("id_0", "name_0", "cause_0", "stems_0_en", "drop_0"),
)
FORMS: dict[str, tuple[str, ...]] = {
    "/login": tuple(LoginForm.model_fields),
    "/login/company": tuple(CompanyForm.model_fields),
    "/login/link/{token}": tuple(LinkForm.model_fields),
    "/login/code": tuple(CodeForm.model_fields),
    "/login/enrolment": tuple(CodeForm.model_fields),
    "/settings": tuple(SettingsForm.model_fields),
    "/settings/second-factor": tuple(SecondFactorForm.model_fields),
    "/settings/sessions": tuple(SessionsForm.model_fields),
    "/settings/people": tuple(PeopleForm.model_fields),
    "/settings/sign-in": tuple(SignInRuleForm.model_fields),
    "/settings/identity-provider": tuple(ProviderForm.model_fields),
    "/settings/provider-link": ("csrf",),
    "/keys": ("name", "days", "source", "scope-events:write"),
    "/keys/{key_id}/revoke": ("csrf",),
    "/company": ("name", "postal_address", "languages", "accent", "display_names", "staff_networks"),
    "/cases/{case}": tuple(CaseForm.model_fields),
    "/cases/{case}/viewers": tuple(ViewerForm.model_fields),
    "/inbox": tuple(BulkForm.model_fields),
    "/inbox/filters": tuple(SavedFilterForm.model_fields),
    "/settings/teams": tuple(TeamForm.model_fields),
    "/settings/teams/{team}": tuple(TeamForm.model_fields),
    "/settings/calendars": CALENDAR_FIELDS,
    "/settings/calendars/{calendar}": ("act", "drawn", *CALENDAR_FIELDS),
    **{
        f"{pages.address}{part}": ("new_id", "act", "drawn", *FORM_FIELDS_BY_KIND[pages.kind])
        for pages in PAGES
        for part in ("", "/{tool}")
    },
    "/settings/absence": ABSENCE_FIELDS,
    "/settings/absence/{person}": ABSENCE_FIELDS,
    "/settings/notices": NOTICE_FIELDS,
    "/rules": ("version", *RULE_FIELDS),
    "/rules/dry-run": ("version", *RULE_FIELDS[:4]),
    "/rules/versions/{version}": ("seen",),
    "/segment-alerts/{alert_id}": ("act", "note"),
    "/huddle": tuple(HuddleForm.model_fields),
    "/themes": THEME_FIELDS,
    "/themes/found": ("act", "theme", "name-lockers", "into-lockers", "segment", "window", "measurement"),
    "/themes/model": ("act", "sent_to", "segment", "window", "measurement"),
    "/actions/new": tuple(ImprovementForm.model_fields),
    "/actions/{action}": tuple(ImprovementForm.model_fields),
    "/views": ("new_id", "name", "address", "shared"),
    "/views/{view}": ("act", "name", "address", "shared"),
    "/views/{view}/mail": ("act",),
    "/views/{view}/screens": ("act", "screen", "name", "days", "from"),
    "/pairs": ("new_id", "first", "second"),
    "/pairs/{pair}": ("act",),
    "/marks": ("new_id", "day", "text", "segment"),
    "/marks/{mark}": ("act", "day", "text", "segment"),
    "/benchmarks": ("new_id", *BENCHMARK_FIELDS),
    "/benchmarks/{benchmark}": ("act", *BENCHMARK_FIELDS),
    "/introductions/{introduction}": tuple(IntroductionForm.model_fields),
    "/settings/introductions": tuple(IntroductionSettingForm.model_fields),
    "/settings/chats": ("new_id", "name", "kind", "address", "cases", "team_id", "segments", "language"),
    "/settings/chats/{chat_id}": ("name", "kind", "address", "cases", "team_id", "segments", "language"),
    "/settings/chats/{chat_id}/state": ("act",),
    "/webhooks": ("new_id", "name", "url", "answer.changed", "segments"),
    "/webhooks/{webhook_id}": ("name", "url", "case.changed", "segments"),
    "/webhooks/{webhook_id}/state": ("act",),
    "/webhooks/{webhook_id}/secret": ("overlap_hours",),
    "/webhooks/{webhook_id}/replay": ("since", "until", "message"),
    "/surveys/new": (*DEFAULTS, "version", "en.intro", "x.y", "en.follow_up.passive", *QUESTIONS),
    "/surveys/{survey_id}": (*DEFAULTS, "version", "en.intro", "x.y", "en.follow_up.passive", *QUESTIONS),
    # The form of the page that saves it, read by the same code.
    "/surveys/{survey_id}/mail": ("delay", "version", "typed_part", "typed_outcome", *QUESTIONS[:2]),
    "/surveys/{survey_id}/dry-run": ("delay", "version", *QUESTIONS[:2]),
    "/surveys/live": ("confirmed", "version"),
    "/surveys/test-mode": ("version",),
    "/surveys/stop": ("version",),
    "/surveys/resume": ("version",),
    "/surveys/{survey_id}/start": ("version",),
    "/surveys/{survey_id}/pause": ("version",),
    "/surveys/{survey_id}/rehearsal": ("version",),
    "/surveys/{survey_id}/rehearsal/end": ("version",),
    "/surveys/{survey_id}/move": ("direction", "version"),
    "/surveys/{survey_id}/language": ("add_language", "added_languages", "version", *QUESTIONS[:2]),
    "/surveys/{survey_id}/test-mail": ("language", "address"),
    "/surveys/test-addresses": ("addresses", "version"),
    "/customers": ("customer_id", "email", "phone"),
    "/customers/table": ("table", "act", "seen"),
    "/waves/new": (*WAVE_LABELS, "wave_id", "act", "seen"),
    "/erasures": (*ErasureForm._fields,),
    "/retention": (*RETENTION_KINDS, "version", "act", "confirmed"),
    "/contact-policy": (
        *POLICY_LABELS,
        *(COUNTRY_ROWS.name(1, part) for part in COUNTRY_ROWS.labels),
        "version",
    ),
    "/contact-policy/recommended": ("cap", COUNTRY_ROWS.name(1, "code")),
    "/contact-policy/dry-run": ("cap", "quiet_from", "cap_unit"),
    "/s/{token}": (
        "nonce",
        "score",
        "comment",
        "may_contact",
        "action",
        "language",
        "speak",
        "lang",
        "asked",
        "q_wait",
        "drawn",
        "touched",
        "website",
    ),
    # The form of the page, read by the same code.
    "/s/{token}/question": ("nonce", "score", "comment", "action", "drawn"),
    "/s/{token}/not-solved": ("nonce", "words", "closing", "language", "touched", "website"),
    # The page of an open link, whose form is that of a personal one.
    "/q/{code}": ("nonce", "secret", "score", "comment", "action"),
    "/suspect-answers/{answer_id}/judgement": ("judgement", "show"),
    "/u/{token}": ("List-Unsubscribe",),
    "/u/{token}/choice": ("choice",),
    "/suppressions": ("table", "act", "seen"),
    "/imports": ("kind", "table"),
    "/imports/{import_id}": ("act", "as-0", "name-1", "value-type", "dates", "decimal", "time_zone"),
    "/suppressions/lift": ("entry", "why"),
    "/senders": ("address",),
    "/share-links": (
        *("survey", "new_id", "name", "store", "touchpoint"),
        *("per_day", "in_all", "one_per_device"),
    ),
    "/share-links/{link_id}": ("act",),
    "/sources": (
        *("new_id", "name", "topic", "read_from", "bootstrap", "tls", "sasl", "username", "password"),
        *("ca", "client_certificate", "client_key", "format", "registry_url", "registry_username"),
        *("registry_password", "mapping", "only_path", "only_values"),
    ),
    "/sources/{source_id}": ("act", "name", "topic", "bootstrap", "format", "mapping", "only_values"),
    "/sources/{source_id}/state": ("act",),
    "/sources/{source_id}/read-again": ("read_from", "another_topic"),
    "/login/renew": ("next",),
    "/customers/{person}/link": ("addresses",),
}
"""The fields of each page's form; the pages without one take nothing but the session's token."""
WITHOUT_FIELDS = {
    "/sources/{source_id}/preview",
    "/u/{token}/again",
    "/views/stop/{token}",
    "/logout",
    "/surveys/{survey_id}/copy",
    "/surveys/{survey_id}/start/dry-run",
    "/waves/{wave_id}/stop",
    "/imports/{import_id}/stop",
    "/customers/links/{link_id}/withdraw",
    "/senders/{sender_id}/keys",
    "/senders/{sender_id}/check",
    "/senders/{sender_id}/remove",
}


ASKING: dict[str, Any] = {
    "state": "draft",
    "measurement": "relational",
    "conditions": {"any": [{"field": "attributes.total", "op": ">=", "value": 50}, {"all": []}]},
    "questions": [
        {"id": "wait", "kind": "one_of", "options": ["long", "ok"], "shown_to": ["detractor"]},
        {"id": "told", "kind": "yes_no", "after": {"question": "wait", "is": ["long"]}},
    ],
    "reminders": [{"after_days": 3}],
    "quarantine": {"days": 29, "scope": "survey"},
    "sampling_percent": 50,
    "programme": {"every_days": 30},
}
"""What a survey is asked by, beside what it asks."""
WAVE: dict[str, Any] = {"size": 3, "margin": None, "segments": {"a": "b"}, "start_at": FAR, "spread_hours": 1}
CUSTOMER: dict[str, Any] = {
    "id": "c", "email": "c@example.com", "locale": "da", "country": "DK", "time_zone": "Europe/Copenhagen",
    "segments": {"a": "b"},
}  # fmt: skip
POLICY: dict[str, Any] = {
    "quiet_hours": {"mail": {"from": "21:00", "to": "07:00"}},
    "sundays": False,
    "holidays": False,
    "cap_hours": 24,
    "counter_events": [{"event_type": "x", "effect": "hold", "scope": "order", "hold_hours": 1}],
}
MOVE = {"act": "publish", "version": 1, "reason": "x", "days": 28, "texts": {"en": "x"}}
DEEP = ("[" * 200 + "]" * 200, '{"all":' * 200 + "[]" + "}" * 200, '{"": {"": [null]}}')


def with_a_hole(body: Any, whole: str = "%s") -> Iterator[str]:
    """The body as JSON, each time with ``"?"`` in the place of another of its values, however deep that lies."""
    nodes = enumerate(body) if isinstance(body, list) else body.items() if isinstance(body, dict) else ()
    for key, value in nodes:
        with_mark: Any = [*body] if isinstance(body, list) else {**body}
        with_mark[key] = "\0mark"
        outer = whole % json.dumps(with_mark).replace("%", "%%").replace(json.dumps("\0mark"), "%s")
        yield outer % '"?"'
        yield from with_a_hole(value, outer)


async def faults_of(client: httpx.AsyncClient, requests: Iterator[httpx.Request], one_of: int) -> list[str]:
    """Every response that blames the server.

    :param one_of: so many requests one is sent, all with HYPOTHESIS=deep. A number that shares no factor with
        the values that each place is tried with lets each place meet others of them.
    """
    found = []
    for request in islice(requests, 0, None, one_in(one_of)):
        answer = await client.send(request, stream=True)
        await answer.aclose()
        if answer.status_code >= 500:
            found.append(f"{request.method} {request.url} {request.content[:200]!r}: {answer.status_code}")
    return found


def headers_for(route: Route, company: Company) -> dict[str, str]:
    """The headers of a caller who may use the route."""
    if route.pattern.startswith("/v1/"):
        return company.headers
    return {**company.people["admin"].headers(page=True), "sec-fetch-site": "same-origin"}


@pytest.fixture
async def client(server: ApiProcess) -> Any:
    async with server.client() as client:
        yield client


async def test_a_request_that_asks_for_http_2_is_answered_by_each_service_as_if_it_did_not(
    server: ApiProcess, company: Company
) -> None:
    event = {
        "id": "h2c",
        "type": "order.delivered",
        "occurred_at": datetime.now(UTC).isoformat(),
        "customer": {"id": "h2c", "email": "h2c@acme.example.com"},
    }
    bodies = {
        "/v1/events": event,
        "/v1/customers": {"customers": [event["customer"]]},
        "/v1/answers/import": {"answers": [an_import(company.name)]},
    }
    asks = {"connection": "Upgrade, HTTP2-Settings", "upgrade": "h2c", "http2-settings": "AAEAAEAAAAIAAAAB"}
    wire, statuses = RawConnection(server.port), []
    for path, body in [*bodies.items(), *bodies.items()]:
        headers = company.headers | asks | {"content-type": "application/json"}
        statuses.append(
            await wire.status(RawRequest("POST", path, headers, body=json.dumps(body).encode(), name=path))
        )
    assert statuses == [202, 200, 200] * 2
    assert wire.opened == 1
    wire.close()


async def test_a_strange_value_in_a_query_is_refused_in_words(
    client: httpx.AsyncClient, routes: list[Route], company: Company
) -> None:
    def requests() -> Iterator[httpx.Request]:
        for route in (route for route in routes if route.method == "GET" and not route.is_stream):
            for name in route.query:
                for value in VALUES if name in {"after", "before", "since", "until"} else FEW[:9]:
                    query = urlencode({name: value})
                    yield client.build_request(
                        "GET", f"{route.path}?{query}", headers=headers_for(route, company)
                    )

    assert await faults_of(client, requests(), 11) == []


async def test_a_strange_value_in_a_path_is_refused_in_words(
    client: httpx.AsyncClient, routes: list[Route], company: Company
) -> None:
    def requests() -> Iterator[httpx.Request]:
        for route in (route for route in routes if "{" in route.pattern):
            before, _, after = route.pattern.partition("{")
            rest = after.partition("}")[2]
            for value in FEW:
                for path in (quote(value, safe=""), quote(quote(value, safe=""), safe="")):
                    yield client.build_request(
                        route.method, f"{before}{path}{rest}", headers=headers_for(route, company)
                    )

    assert await faults_of(client, requests(), 11) == []


async def test_a_strange_value_in_a_form_is_refused_in_words(
    client: httpx.AsyncClient, routes: list[Route], company: Company
) -> None:
    pages = [route for route in routes if route.method == "POST" and not route.pattern.startswith("/v1/")]
    assert {route.pattern for route in pages} == set(FORMS) | WITHOUT_FIELDS
    own = {CSRF_FIELD: company.people["admin"].csrf()}
    acts = ("take", "assign", "release", "contact", "note", "close", "reopen", "reveal")
    other_acts = {
        "/actions/{action}": ("save", "publish", "finish"),
        "/actions/new": ("",),
        "/marks/{mark}": ("save", "remove"),
        "/views/{view}": ("save", "remove"),
        "/views/{view}/screens": ("make", "revoke"),
        "/views/{view}/mail": ("start", "stop"),
        "/pairs/{pair}": ("remove",),
        "/benchmarks/{benchmark}": ("save", "remove"),
    }
    other_acts["/themes"] = ("save", "try", "new")
    other_acts["/themes/found"] = ("keep", "merge", "drop", "on")
    other_acts["/themes/model"] = ("on", "off")

    def requests() -> Iterator[httpx.Request]:
        for route in (route for route in pages if route.pattern in FORMS and route.pattern != "/login/renew"):
            for act in acts if "cases" in route.pattern else other_acts.get(route.pattern, ("me",)):
                usual = (
                    {**DEFAULTS, "name": "x", "trigger": "x.y", "direction": "up"}
                    if "surveys" in route.pattern
                    else {}
                )
                for name in FORMS[route.pattern]:
                    for value in FEW[:6]:
                        body = urlencode({**own, **usual, "act": act, name: value})
                        headers = headers_for(route, company)
                        headers["content-type"] = "application/x-www-form-urlencoded"
                        yield client.build_request("POST", route.path, content=body, headers=headers)

    assert await faults_of(client, requests(), 13) == []


async def test_a_strange_value_in_a_cookie_or_a_header_is_refused_in_words(
    client: httpx.AsyncClient, routes: list[Route], company: Company
) -> None:
    latin = [
        value.encode("utf-8", "replace").replace(b"\0", b"").strip() for value in (*NUMBERS, *TEXTS, *IDS)
    ]
    values = [value for value in latin if b"\r" not in value]
    names = (b"origin", b"host", b"accept-language", b"x-csrf", b"idempotency-key", b"authorization")

    def requests() -> Iterator[httpx.Request]:
        for route in (route for route in routes if not route.is_stream):
            for value in (
                *values[4:12:4],
                b"http://[::1",
                b"null",
                b"//",
                b"Bearer \xff",
                b"a.\xff.b",
            ):
                for name in names:
                    yield client.build_request(route.method, route.path, headers={name: value})
                for cookie in (b"aw_session=", b"aw_access="):
                    yield client.build_request(
                        route.method, route.path, headers={b"cookie": cookie + value, b"accept": b"text/html"}
                    )

    assert await faults_of(client, requests(), 13) == []


async def test_a_strange_value_in_json_is_refused_in_words(
    client: httpx.AsyncClient, routes: list[Route], company: Company, world: World
) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "/v1/surveys": {**a_survey("x"), "position": 1, "version": 1, "default_language": "en"},
        "/v1/suppressions": {"email": "a@b.example", "customer_id": "c"},
        "/v1/cases": {
            "act": "close",
            "version": 1,
            "cause": "x",
            "action": "x",
            "outcome": "lost",
            "told": True,
        },
        "/v1/answers": {"answers": [{"id": "x", "score": 1, "answered_at": FAR, "invited_at": FAR}]},
        "/v1/views": {"name": "x", "address": "/", "shared": True, "days": 7},
        "/v1/events": {"id": "x", "type": "t", "occurred_at": FAR, "customer": {"id": "c"}, "segments": {}},
    }
    asking: dict[str, dict[str, Any]] = {
        "/v1/surveys": a_survey("x") | ASKING,
        "/v1/imports": {"fields": {"id": "id"}, "values": {"id": "x"}, "dates": "dmy", "time_zone": "UTC"},
        "/v1/waves": WAVE | {"survey_id": company.relation},
        "/v1/customers": {"customers": [CUSTOMER]},
        "/v1/contact-policy": POLICY,
        f"/v1/actions/{company.improvement}": an_improvement("x")
        | {"segment": "", "expected": 1, "version": 0},
        f"/v1/actions/{company.improvement}/actions": MOVE,
        "/v1/pairs": {"first": "touchpoint", "second": "organisation"},
        "/v1/marks": {"day": "2026-11-22", "text": "x", "segment": ""},
        "/v1/benchmarks": {
            "name": "x",
            "source": "x",
            "link": "https://x.example/",
            "score": 1.5,
            "n": 9,
            "first": "2026-01-01",
            "last": "2026-01-31",
            "segment": "",
            "dimension": "",
        },
        "/v1/themes": {"version": SHIPPED_VERSION, "themes": [A_THEME]},
        "/v1/themes/trial": {"themes": [A_THEME], "days": 7},
        "/v1/themes/finding": {"on": True},
        "/v1/themes/model": {"on": False, "sent_to": "https://x.example"},
        "/v1/themes/found/lockers": {"act": "merge", "name": "x", "into": "delivery"},
        "/v1/dry-runs": {"contact_policy": POLICY, "survey": ASKING, "days": 7},
    }
    values: list[Any] = [
        *VALUES,
        *(int(n) for n in ("0", "-1", "9" * 19, "9" * 40, "9" * 4_000)),
        1e308,
        None,
        [],
        {},
        True,
    ]
    texts = [json.dumps(value) for value in values] + ['"\\ud800"', "NaN", "1e999", "-Infinity", "9" * 5_000]

    def requests() -> Iterator[httpx.Request]:
        headers = {**company.headers, "content-type": "application/json"}
        for route in (route for route in routes if route.method in {"POST", "PUT", "PATCH"}):
            for body in (body for path, body in bodies.items() if route.path.startswith(path)):
                for name in body:
                    for text in texts:
                        sent = json.dumps({**body, name: "?"}).replace('"?"', text)
                        yield client.build_request(route.method, route.path, content=sent, headers=headers)
            for body in (body for path, body in asking.items() if route.path == path):
                for template in with_a_hole(body):
                    for text in (*texts[::16], *DEEP):
                        sent = template.replace('"?"', text)
                        yield client.build_request(route.method, route.path, content=sent, headers=headers)

    assert await faults_of(client, requests(), 13) == []
