"""How each route of each service is asked about a company's things, and what its answer gives away."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec
from fastapi.routing import iter_route_contexts
from support.companies import (
    A_PAIR,
    PAIR_KEY,
    Company,
    Person,
    Rows,
    World,
    a_benchmark,
    a_case_link,
    a_chat,
    a_mark,
    a_note,
    a_source,
    a_survey,
    a_text_block,
    a_webhook,
    an_answer,
    an_event,
    an_import,
    an_improvement,
)
from support.http_clients import SECRET

from services.scorer.saved_views.mail_tokens import StopLink, stop_token
from services.scorer.themes.shipped import SHIPPED_VERSION
from services.trigger.company_links import CompanyExportLinks
from shared.clock import system_clock
from shared.events import Survey
from shared.http.csrf import CSRF_FIELD
from shared.link_tokens import LinkSigner
from shared.privacy.export import ASKED_SERVICES
from shared.privacy.export_links import ExportLinks, ExportSubject
from shared.privacy.persons import person_of
from shared.privacy.service_tokens import TOKEN_SCHEME, ServiceTokens, claims_of_body
from shared.privacy.view_mails import ViewMailQuestion

PAGE = {"accept": "text/html"}
ASKED_CLAIMS = {
    "dimension": "touchpoint",
    "first": "2020-01-01T00:00:00+00:00",
    "until": "2099-01-01T00:00:00+00:00",
}


@dataclass(frozen=True)
class RouteRequest:
    """How a route is asked about a company's things."""

    at: Mapping[str, object] = field(default_factory=dict)
    """The parts of its path."""
    query: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, str] | None = None
    content: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    may_repeat: tuple[str, ...] = ()
    """What the answer may repeat, because it was sent or follows from it."""
    public: bool = False
    is_logged: bool = False
    """Whether reading it adds a line to the log of who looked, and nothing else."""
    own: int | None = None
    """What even its owner is answered, where another server would have to answer first; None: the page."""
    foreign: int | None = None
    """What somebody else is answered; None: the route speaks of its caller's own things only."""


def route_requests(of: Company, by: Company) -> dict[str, RouteRequest | tuple[RouteRequest, ...]]:
    """Every route of every service, asked by one company about another's things, or its own."""
    survey, event, case = {"survey_id": of.survey}, {"event_id": of.event}, {"case": of.case}
    changed = {**a_survey(of.name), "name": "changed"}
    typed = {name: str(value) for name, value in changed.items() if name != "texts"}
    typed |= {"default_language": "en", "quarantine_days": "1", "link_days": "1", "max_age_days": "1"}
    person = str(of.people["agent"].staff.id)
    monday = {"monday_0_from": "08:00", "monday_0_to": "16:00"}
    promised_until = (system_clock() + timedelta(days=7)).date().isoformat()
    away = {"from": "2026-11-01", "until": "2026-11-02"}
    empty, public = RouteRequest(), RouteRequest(public=True)
    webhook, chat, fall = (
        {"webhook_id": of.webhook},
        {"chat_id": of.chat},
        {"alert_id": of.segment_alert},
    )
    task = {"introduction": of.introduction}
    typed_chat = {"name": "own", "kind": "slack", "cases": "on"}
    made_chat = {"new_id": str(UUID(int=9)), "address": "https://hooks.slack.com/services/T0/B0/own"}
    typed_webhook = {"name": "own", "url": "https://own.invalid/", "answer.changed": "on"}
    share, imported, source = (
        {"link_id": of.share_link},
        {"import_id": of.imported},
        {"source_id": of.source},
    )
    found: dict[str, RouteRequest | tuple[RouteRequest, ...]] = {
        "trigger POST /v1/events": RouteRequest(
            json=an_event(of.name), may_repeat=(f"{of.name}-order", f"{of.name}-shop", str(of.event))
        ),
        "trigger GET /v1/sources": empty,
        "trigger POST /v1/sources": RouteRequest(json=a_source("own"), headers={"idempotency-key": "1"}),
        "trigger GET /v1/sources/{source_id}": RouteRequest(source, foreign=404),
        "trigger PATCH /v1/sources/{source_id}": RouteRequest(source, json={"name": "changed"}, foreign=404),
        "trigger DELETE /v1/sources/{source_id}": RouteRequest(source, foreign=404),
        "trigger POST /v1/sources/{source_id}/preview": RouteRequest(source, json={}, foreign=404),
        "trigger POST /v1/sources/{source_id}/read-again": RouteRequest(source, json={}, foreign=404),
        "trigger GET /v1/sources/{source_id}/dead-letters": RouteRequest(source, foreign=404),
        "trigger GET /sources": empty,
        "trigger POST /sources": RouteRequest(
            form={"new_id": str(UUID(int=7)), "name": "own", "topic": "own", "bootstrap": "own.invalid:1"}
        ),
        "trigger GET /sources/{source_id}": RouteRequest(source, foreign=404),
        "trigger POST /sources/{source_id}": RouteRequest(
            source,
            form={"name": "changed", "topic": "own", "bootstrap": "own.invalid:1", "act": "save"},
            foreign=404,
        ),
        "trigger POST /sources/{source_id}/state": RouteRequest(source, form={"act": "pause"}, foreign=404),
        "trigger POST /sources/{source_id}/preview": RouteRequest(source, form={}, foreign=404),
        "trigger POST /sources/{source_id}/read-again": RouteRequest(
            source, form={"read_from": "oldest"}, foreign=404
        ),
        "dispatcher POST /v1/invitations": RouteRequest(json={**an_event("own"), "channel": "link"}),
        "dispatcher GET /v1/surveys": empty,
        "dispatcher POST /v1/surveys": RouteRequest(json=a_survey("own"), headers={"idempotency-key": "1"}),
        "dispatcher POST /v1/surveys/matches": RouteRequest(json={"trigger": "order.delivered"}),
        "dispatcher GET /v1/surveys/{survey_id}": RouteRequest(survey, foreign=404),
        "dispatcher PUT /v1/surveys/{survey_id}": RouteRequest(survey, json=changed, foreign=404),
        "dispatcher PATCH /v1/surveys/{survey_id}": RouteRequest(
            survey, json={"name": "changed"}, foreign=404
        ),
        "dispatcher GET /v1/surveys/{survey_id}/versions": RouteRequest(survey, foreign=404),
        "dispatcher POST /v1/surveys/{survey_id}/copies": RouteRequest(
            survey, headers={"idempotency-key": "1"}, foreign=404
        ),
        "dispatcher POST /v1/surveys/{survey_id}/test-mails": RouteRequest(
            survey, json={"address": f"tester@{of.name}.example"}, foreign=404
        ),
        # Its provider proves itself, not a company.
        "dispatcher POST /v1/bounces/{provider}": RouteRequest(
            {"provider": "postmark"}, json={"RecordType": "Open"}, public=True
        ),
        "dispatcher GET /v1/suppressions": RouteRequest(may_repeat=(f"{of.name}-never",)),
        "dispatcher POST /v1/suppressions": RouteRequest(
            json={"email": f"never@{of.name}.example", "customer_id": f"{of.name}-never"},
            may_repeat=(f"{of.name}-never",),
        ),
        "dispatcher DELETE /v1/suppressions/{suppression_id:path}": RouteRequest(
            {"suppression_id:path": of.suppression}, foreign=404
        ),
        "dispatcher GET /v1/suppressions/lifted": empty,
        "dispatcher GET /v1/suppressions/export": RouteRequest(
            may_repeat=(f"{of.name}-never",), is_logged=True
        ),
        "dispatcher POST /v1/suppressions/import": RouteRequest(
            content=f"email\nnever@{of.name}.example.com", headers={"content-type": "text/csv"}
        ),
        "dispatcher GET /suppressions": RouteRequest(may_repeat=(f"{of.name}-never",)),
        "dispatcher POST /suppressions": RouteRequest(
            form={"table": "customer_id\nc-1", "act": "try"}, may_repeat=(f"{of.name}-never",)
        ),
        "dispatcher POST /suppressions/lift": RouteRequest(
            form={"entry": of.suppression, "why": "asked for it"},
            foreign=409,
            may_repeat=(f"{of.name}-never",),
        ),
        "dispatcher GET /suppressions/download": RouteRequest(
            may_repeat=(f"{of.name}-never",), is_logged=True
        ),
        "dispatcher POST /v1/imports": RouteRequest(
            query={"kind": "customers"},
            content=f"id,email\nnew,new@{of.name}.example.com",
            headers={"content-type": "text/csv"},
            may_repeat=(f"new@{of.name}.example.com",),
        ),
        "dispatcher GET /v1/imports": empty,
        "dispatcher GET /v1/imports/{import_id}": RouteRequest(imported, foreign=404),
        "dispatcher GET /v1/imports/{import_id}/faults.csv": RouteRequest(imported, foreign=404),
        "dispatcher POST /v1/imports/{import_id}/start": RouteRequest(
            imported, json={"fields": {"id": "id", "email": "email"}}, foreign=404
        ),
        "dispatcher POST /v1/imports/{import_id}/stop": RouteRequest(imported, foreign=404),
        "dispatcher GET /imports": empty,
        "dispatcher POST /imports": RouteRequest(
            form={"kind": "customers", "table": f"id,email\nmore,more@{of.name}.example.com"}
        ),
        "dispatcher GET /imports/{import_id}": RouteRequest(imported, foreign=404),
        "dispatcher GET /imports/{import_id}/faults.csv": RouteRequest(imported, foreign=404),
        "dispatcher POST /imports/{import_id}": RouteRequest(imported, form={"act": "try"}, foreign=404),
        "dispatcher POST /imports/{import_id}/stop": RouteRequest(imported, form={}, foreign=404),
        "dispatcher GET /v1/placeholder-ids": empty,
        "dispatcher PUT /v1/placeholder-ids": RouteRequest(json={"ids": ["walk by"]}),
        "dispatcher GET /v1/customers/export": RouteRequest(
            query={"email": f"customer@{of.name}.example"}, is_logged=True, foreign=404
        ),
        "dispatcher GET /v1/customers/{customer_id:path}/export": RouteRequest(
            {"customer_id:path": f"{of.name}-customer"}, is_logged=True, foreign=404
        ),
        "dispatcher GET /v1/customers/export-links": empty,
        "dispatcher DELETE /v1/customers/export-links/{link_id}": RouteRequest(
            {"link_id": of.export_link}, foreign=404
        ),
        "dispatcher POST /customers/links/{link_id}/withdraw": RouteRequest(
            {"link_id": of.export_link}, form={}, foreign=404
        ),
        "dispatcher POST /v1/customers": RouteRequest(
            json={"customers": [{"id": f"{of.name}-new", "email": f"new@{of.name}.example.com"}]},
            may_repeat=(f"{of.name}-new",),
        ),
        "dispatcher GET /v1/surveys/{survey_id}/programme": RouteRequest(
            {"survey_id": of.relation}, foreign=404
        ),
        "dispatcher GET /v1/surveys/{survey_id}/rehearsal": RouteRequest(survey, foreign=404),
        # Here no provider is set, so that nobody's request is taken.
        "dispatcher POST /v1/texts/{provider}": RouteRequest(
            {"provider": "generic"}, content="{}", public=True, foreign=401
        ),
        "dispatcher GET /v1/texts/{provider}": RouteRequest({"provider": "messagebird"}, public=True),
        "dispatcher GET /v1/senders": empty,
        "dispatcher POST /v1/senders": RouteRequest(
            json={"address": "ask@own.example"}, headers={"idempotency-key": "1"}
        ),
        **{
            f"dispatcher {method} /v1/senders/{{sender_id}}{act}": RouteRequest(
                {"sender_id": of.sender}, foreign=404
            )
            for method, act in (("GET", "/check"), ("POST", "/check"), ("POST", "/keys"), ("DELETE", ""))
        },
        "dispatcher GET /senders": empty,
        "dispatcher POST /senders": RouteRequest(form={"address": "ask@own.example"}),
        "dispatcher GET /senders/{sender_id}": RouteRequest({"sender_id": of.sender}, foreign=404),
        **{
            f"dispatcher POST /senders/{{sender_id}}/{act}": RouteRequest(
                {"sender_id": of.sender}, form={}, foreign=404
            )
            for act in ("check", "keys", "remove")
        },
        "dispatcher POST /v1/waves": RouteRequest(
            json={"survey_id": of.survey, "size": 1}, headers={"idempotency-key": "1"}, foreign=422
        ),
        "dispatcher GET /v1/waves": empty,
        "dispatcher POST /v1/waves/{wave_id}/stop": RouteRequest({"wave_id": of.wave}, foreign=404),
        "dispatcher GET /v1/waves/{wave_id}": RouteRequest({"wave_id": of.wave}, foreign=404),
        "dispatcher GET /waves": empty,
        "dispatcher GET /waves/new": empty,
        "dispatcher POST /waves/new": RouteRequest(
            form={"survey_id": of.survey, "size": "1", "spread": "1", "spread_unit": "hours", "act": "try"},
            foreign=422,
        ),
        "dispatcher GET /waves/{wave_id}": RouteRequest({"wave_id": of.wave}, foreign=404),
        "dispatcher POST /waves/{wave_id}/stop": RouteRequest({"wave_id": of.wave}, form={}, foreign=404),
        "dispatcher GET /customers/table": empty,
        "dispatcher POST /customers/table": RouteRequest(
            form={"table": "id,email\nc-1,c-1@example.com", "act": "try"}
        ),
        "dispatcher GET /customers": empty,
        "dispatcher POST /customers": RouteRequest(
            form={"customer_id": f"{of.name}-customer"},
            may_repeat=(f"{of.name}-customer", _person(of)),
        ),
        "dispatcher GET /customers/{person}": RouteRequest(
            {"person": _person(of)}, is_logged=True, foreign=404
        ),
        "dispatcher GET /customers/{person}/download": RouteRequest(
            {"person": _person(of)}, is_logged=True, foreign=404
        ),
        "dispatcher POST /customers/{person}/link": RouteRequest(
            {"person": _person(of)}, form={}, foreign=404
        ),
        **{
            f"{service} GET /v1/personal-data/{service}/export": RouteRequest(
                headers={"authorization": f"{TOKEN_SCHEME} {_service_token(of, by)}"}, public=True
            )
            for service in ASKED_SERVICES
        },
        "dispatcher GET /v1/contact-policy": empty,
        "dispatcher PUT /v1/contact-policy": RouteRequest(json={"cap_hours": 30}),
        "dispatcher GET /contact-policy": empty,
        "dispatcher POST /contact-policy": RouteRequest(form={"version": "1", "cap": "30"}),
        "dispatcher POST /contact-policy/dry-run": RouteRequest(form={"cap": "30"}),
        "dispatcher POST /contact-policy/recommended": RouteRequest(form={"cap": "30"}),
        "dispatcher POST /v1/dry-runs": RouteRequest(json={"contact_policy": {"cap_hours": 30}}),
        "dispatcher GET /v1/dry-runs/{dry_run_id}": RouteRequest({"dry_run_id": of.dry_run}, foreign=404),
        "dispatcher GET /v1/retention": empty,
        "dispatcher PUT /v1/retention": RouteRequest(json={"comments": 700}),
        "dispatcher POST /v1/retention/dry-runs": RouteRequest(json={"comments": 700}),
        "dispatcher GET /retention": empty,
        "dispatcher POST /retention": RouteRequest(form={"act": "try"}),
        **{
            f"{service} GET /v1/personal-data/{service}/retention": RouteRequest(
                headers={"authorization": f"{TOKEN_SCHEME} {_service_tokens.sign('retention', of.name)}"},
                public=True,
            )
            for service in ("collector", "scorer", "alerts")
        },
        "dispatcher GET /v1/personal-data/dispatcher/asked": RouteRequest(
            headers={
                "authorization": f"{TOKEN_SCHEME} {_service_tokens.sign('asked', by.name, ASKED_CLAIMS)}"
            },
            public=True,
        ),
        "scorer GET /v1/personal-data/scorer/months": RouteRequest(
            headers={
                "authorization": f"{TOKEN_SCHEME} {_service_tokens.sign('months', of.name, {'segment': ''})}"
            },
            public=True,
        ),
        **_about_companies(of, by),
        **_operated(of, by),
        "collector POST /v1/personal-data/collector/preview": _typed_preview(by),
        "collector POST /v1/personal-data/collector/answers": _rows_of_file(by),
        "collector POST /v1/personal-data/collector/text-answers": _text_answer(by),
        "dispatcher POST /v1/erasures": RouteRequest(
            json={"customer_id": f"{of.name}-nobody"}, headers={"idempotency-key": "1"}
        ),
        "dispatcher GET /v1/erasures": empty,
        "dispatcher GET /v1/erasures/{erasure_id}": RouteRequest(
            {"erasure_id": str(of.erasure)}, foreign=404
        ),
        "dispatcher GET /v1/audit": empty,
        "dispatcher GET /audit": empty,
        "dispatcher GET /audit/export": empty,
        "dispatcher GET /erasures": empty,
        "dispatcher POST /erasures": RouteRequest(
            form={"customer_id": f"{of.name}-nobody", "reason": "asked", "confirmed": "on"},
            may_repeat=(f"{of.name}-nobody",),
        ),
        "dispatcher GET /v1/decisions": (
            RouteRequest(query={"event_id": f"{of.name}-order"}),
            empty,
            RouteRequest(query={"reason": "invited", "since": "2026-01-01T00:00:00Z"}),
            RouteRequest(query={"state": "waiting", "channel": "mail"}),
        ),
        "dispatcher GET /surveys": empty,
        "dispatcher GET /surveys/new": empty,
        "dispatcher POST /surveys/new": RouteRequest(form={**typed, "name": "made"}),
        "dispatcher GET /surveys/live": empty,
        "dispatcher POST /surveys/live": RouteRequest(form={"confirmed": "on"}),
        **{
            f"dispatcher {method} /surveys/{act}": RouteRequest(form={} if method == "POST" else None)
            for act in ("test-mode", "stop", "resume")
            for method in ("GET", "POST")
        },
        **{
            f"dispatcher {method} /surveys/{{survey_id}}/{act}": RouteRequest(
                survey, form={"version": "1"} if method == "POST" else None, foreign=404
            )
            for act in ("start", "pause")
            for method in ("GET", "POST")
        },
        "dispatcher POST /surveys/{survey_id}/start/dry-run": RouteRequest(survey, form={}, foreign=404),
        "dispatcher GET /surveys/{survey_id}/rehearsal": RouteRequest(survey, foreign=404),
        **{
            f"dispatcher POST /surveys/{{survey_id}}/rehearsal{act}": RouteRequest(
                survey, form={"version": "1"}, foreign=404
            )
            for act in ("", "/end")
        },
        "dispatcher POST /surveys/{survey_id}/move": RouteRequest(
            survey, form={"version": "1", "direction": "down"}, foreign=404
        ),
        "dispatcher POST /surveys/{survey_id}/copy": RouteRequest(survey, form={}, foreign=404),
        "dispatcher POST /surveys/{survey_id}/dry-run": RouteRequest(survey, form=typed, foreign=404),
        "dispatcher POST /surveys/{survey_id}/language": RouteRequest(
            survey, form={**typed, "add_language": "pl"}, foreign=404
        ),
        "dispatcher GET /surveys/{survey_id}/versions": RouteRequest(survey, foreign=404),
        "dispatcher GET /surveys/{survey_id}/preview": RouteRequest(
            survey, query={"language": "en"}, foreign=404
        ),
        "dispatcher POST /surveys/{survey_id}/test-mail": RouteRequest(
            survey, form={"address": f"tester@{of.name}.example", "language": "en"}, foreign=404
        ),
        "dispatcher GET /v1/sending": empty,
        "dispatcher PATCH /v1/sending": RouteRequest(json={"stopped": False}),
        "dispatcher PUT /v1/sending/test-addresses": RouteRequest(
            json={"addresses": ["own@own.example.com"]}
        ),
        "dispatcher POST /surveys/test-addresses": RouteRequest(form={"addresses": "tester@example.com"}),
        "dispatcher GET /surveys/{survey_id}": RouteRequest(survey, foreign=404),
        "dispatcher POST /surveys/{survey_id}": RouteRequest(survey, form=typed, foreign=404),
        "dispatcher GET /surveys/{survey_id}/mail": RouteRequest(survey, foreign=404),
        "dispatcher POST /surveys/{survey_id}/mail": RouteRequest(survey, form=typed, foreign=404),
        "dispatcher GET /events": (
            empty,
            RouteRequest(query={"q": f"{of.name}-order"}, may_repeat=(f"{of.name}-order",)),
            RouteRequest(query={"reason": "invited", "state": "waiting", "since": "2026-01-01"}),
        ),
        "dispatcher GET /events/live": empty,
        "dispatcher GET /events/{event_id}": RouteRequest(event, foreign=404),
        "collector POST /v1/answers/import": RouteRequest(
            json={"answers": [{**an_import(of.name), "comment": "", "segments": {}, "customer": "c"}]},
            may_repeat=(f"{of.name}-old",),
        ),
        "collector GET /v1/answers": (
            empty,
            RouteRequest(query={"segment": f"touchpoint:{of.name}-checkout"}),
        ),
        "collector POST /v1/answers/{answer_id}/judgement": RouteRequest(
            {"answer_id": of.invitation}, json={"judgement": "human"}, foreign=404
        ),
        "collector GET /v1/share-links": empty,
        "collector POST /v1/share-links": RouteRequest(
            json={"survey_id": of.survey, "name": "counter"}, headers={"idempotency-key": "1"}, foreign=422
        ),
        "collector GET /v1/share-links/{link_id}": RouteRequest(share, foreign=404),
        "collector PATCH /v1/share-links/{link_id}": RouteRequest(share, json={"per_day": 9}, foreign=404),
        "collector GET /share-links": RouteRequest(query={"survey": of.survey}, foreign=404),
        "collector POST /share-links": RouteRequest(
            form={"survey": of.survey, "new_id": str(of.event), "name": "counter"}, foreign=404
        ),
        "collector GET /share-links/{link_id}": RouteRequest(share, foreign=404),
        "collector POST /share-links/{link_id}": RouteRequest(share, form={"act": "pause"}, foreign=404),
        "collector GET /share-links/{link_id}/qr.{kind}": RouteRequest({**share, "kind": "svg"}, foreign=404),
        "collector GET /suspect-answers": (empty, RouteRequest(query={"show": "judged"})),
        "collector POST /suspect-answers/{answer_id}/judgement": RouteRequest(
            {"answer_id": of.invitation}, form={"judgement": "human"}, foreign=404
        ),
        "scorer GET /": empty,
        "scorer GET /segments": (
            empty,
            RouteRequest(
                query={"segment": f"touchpoint:{of.name}-checkout"},
                may_repeat=(f"{of.name}-checkout", f"{of.name}-checkout".capitalize()),
            ),
            RouteRequest(query={"q": of.name}, may_repeat=(of.name,)),
        ),
        "scorer GET /segments/live": empty,
        "scorer GET /v1/scores": RouteRequest(
            query={"segment": f"touchpoint:{of.name}-checkout"}, may_repeat=(f"{of.name}-checkout",)
        ),
        "scorer GET /v1/segments": empty,
        **_about_improvements(of),
        **_about_the_trend(of),
        **_about_benchmarks(of),
        **_about_comparisons(of),
        **_about_themes(),
        **_about_exports(of),
        **_about_saved_views(of, by),
        "alerts GET /v1/cases": (empty, RouteRequest(query={"owner": person})),
        "alerts POST /v1/cases/actions": RouteRequest(
            json={"cases": [str(of.case)], "action": {"act": "take"}}, may_repeat=(str(of.case),)
        ),
        "alerts GET /v1/cases/{case}": RouteRequest(case, foreign=404),
        "alerts POST /v1/cases/{case}/actions": RouteRequest(case, json=a_note("own"), foreign=404),
        "alerts GET /inbox": (
            empty,
            RouteRequest(
                query={"state": "all", "touchpoint": f"{of.name}-checkout"},
                may_repeat=(f"{of.name}-checkout",),
            ),
        ),
        "alerts POST /inbox": RouteRequest(
            form={"act": "take", "case": str(of.case)}, may_repeat=(str(of.case),), foreign=409
        ),
        "alerts POST /inbox/filters": RouteRequest(
            form={"act": "save", "id": str(UUID(int=8)), "name": "own"}
        ),
        "alerts GET /v1/saved-filters": empty,
        "alerts PUT /v1/saved-filters/{filter_id}": RouteRequest(
            {"filter_id": UUID(int=8)}, json={"name": "own", "filter": {}}
        ),
        "alerts DELETE /v1/saved-filters/{filter_id}": RouteRequest({"filter_id": UUID(int=8)}),
        "alerts GET /inbox/live": empty,
        "alerts GET /cases/{case}": RouteRequest(case, foreign=404),
        "alerts POST /cases/{case}": RouteRequest(case, form={"act": "note", "text": "own"}, foreign=404),
        "alerts POST /cases/{case}/viewers": RouteRequest(case, form={}, foreign=404),
        "trigger GET /v1/keys": empty,
        "trigger POST /v1/keys": RouteRequest(json={"name": "own", "scopes": ["scores:read"]}),
        "trigger DELETE /v1/keys/{key_id}": RouteRequest({"key_id": of.spare_key}, foreign=404),
        "trigger GET /v1/company": empty,
        "trigger PATCH /v1/company": RouteRequest(json={"postal_address": "Own Road 1"}),
        "trigger GET /keys": empty,
        "trigger POST /keys": RouteRequest(form={"name": "own", "scope-scores:read": "on"}),
        "trigger POST /keys/{key_id}/revoke": RouteRequest({"key_id": of.spare_key}, form={}, foreign=404),
        "trigger GET /company": empty,
        "trigger POST /company": RouteRequest(form={"name": by.name.title(), "languages": "en"}),
        "alerts GET /rules": empty,
        "alerts POST /rules": RouteRequest(form={"version": "0"}),
        "alerts POST /rules/dry-run": RouteRequest(form={"version": "0"}),
        "alerts GET /rules/versions": empty,
        "alerts GET /rules/versions/{version}": RouteRequest({"version": 0}),
        "alerts POST /rules/versions/{version}": RouteRequest({"version": 0}, form={"seen": "0"}),
        "alerts GET /v1/rules": empty,
        "alerts GET /v1/rules/versions": empty,
        "alerts GET /v1/rules/versions/{version}": RouteRequest({"version": 0}),
        "alerts PUT /v1/rules": RouteRequest(json={"rules": []}),
        "alerts POST /v1/rules/dry-runs": RouteRequest(json={"rules": []}),
        "alerts GET /v1/teams": empty,
        "alerts PUT /v1/teams/{team}": RouteRequest({"team": str(UUID(int=1))}, json={"name": "own"}),
        "alerts DELETE /v1/teams/{team}": RouteRequest({"team": str(UUID(int=2))}, foreign=404),
        "alerts GET /v1/calendars": empty,
        "alerts PUT /v1/calendars/{calendar}": RouteRequest(
            {"calendar": str(UUID(int=1))},
            json={
                "name": "own",
                "zone": "UTC",
                "week": {"monday": [{"from": "08:00", "to": "16:00"}]},
            },
        ),
        "alerts DELETE /v1/calendars/{calendar}": RouteRequest({"calendar": str(UUID(int=2))}, foreign=404),
        "alerts GET /v1/text-blocks": empty,
        "alerts PUT /v1/text-blocks/{block}": RouteRequest(
            {"block": str(UUID(int=1))}, json=a_text_block("own")
        ),
        "alerts DELETE /v1/text-blocks/{block}": RouteRequest({"block": str(UUID(int=2))}, foreign=404),
        "alerts GET /v1/attributes": empty,
        "alerts PUT /v1/attributes/{entry}": RouteRequest(
            {"entry": str(UUID(int=1))}, json={"attribute": "own"}
        ),
        "alerts DELETE /v1/attributes/{entry}": RouteRequest({"entry": str(UUID(int=2))}, foreign=404),
        "alerts GET /v1/case-links": empty,
        "alerts PUT /v1/case-links/{link}": RouteRequest({"link": str(UUID(int=1))}, json=a_case_link("own")),
        "alerts DELETE /v1/case-links/{link}": RouteRequest({"link": str(UUID(int=2))}, foreign=404),
        "alerts GET /settings/text-blocks": empty,
        "alerts POST /settings/text-blocks": RouteRequest(
            form={"new_id": str(UUID(int=3)), **a_text_block("own")}
        ),
        "alerts GET /settings/text-blocks/{tool}": RouteRequest({"tool": of.tool}, foreign=404),
        "alerts POST /settings/text-blocks/{tool}": RouteRequest(
            {"tool": of.tool}, form=a_text_block("own"), foreign=404
        ),
        "alerts GET /settings/attributes": empty,
        "alerts POST /settings/attributes": RouteRequest(
            form={"new_id": str(UUID(int=3)), "attribute": "own_too"}
        ),
        "alerts GET /settings/attributes/{tool}": RouteRequest({"tool": of.tool}, foreign=404),
        "alerts POST /settings/attributes/{tool}": RouteRequest(
            {"tool": of.tool}, form={"attribute": "own_also"}, foreign=404
        ),
        "alerts GET /settings/case-links": empty,
        "alerts POST /settings/case-links": RouteRequest(
            form={"new_id": str(UUID(int=3)), **a_case_link("own")}
        ),
        "alerts GET /settings/case-links/{tool}": RouteRequest({"tool": of.tool}, foreign=404),
        "alerts POST /settings/case-links/{tool}": RouteRequest(
            {"tool": of.tool}, form=a_case_link("own"), foreign=404
        ),
        "alerts GET /v1/absences": empty,
        "alerts PUT /v1/absences/{person}": RouteRequest(
            {"person": person},
            json={"from": "2026-11-01T00:00:00Z", "to": "2026-11-02T00:00:00Z"},
            foreign=404,
        ),
        "alerts DELETE /v1/absences/{person}": RouteRequest({"person": person}, foreign=404),
        "alerts GET /v1/notices/{person}": RouteRequest({"person": person}, foreign=404),
        "alerts PUT /v1/notices/{person}": RouteRequest({"person": person}, json={}, foreign=404),
        "alerts DELETE /v1/notices/{person}/devices/{device}": RouteRequest(
            {"person": person, "device": str(UUID(int=2))}, own=404, foreign=404
        ),
        "alerts GET /settings/notices": empty,
        "alerts POST /settings/notices": RouteRequest(form={"act": "save", "digest_at": "08:00"}),
        "alerts GET /settings/notices/worker.js": public,
        "alerts GET /settings/notices/app.webmanifest": public,
        "alerts GET /settings/teams": empty,
        "alerts POST /settings/teams": RouteRequest(form={"name": "own", "new_id": str(UUID(int=3))}),
        "alerts GET /settings/teams/{team}": RouteRequest({"team": of.team}, foreign=404),
        "alerts POST /settings/teams/{team}": RouteRequest(
            {"team": of.team}, form={"act": "save", "name": "own"}, foreign=404
        ),
        "alerts GET /settings/calendars": empty,
        "alerts POST /settings/calendars": RouteRequest(
            form={"new_id": str(UUID(int=3)), "name": "own", "zone": "UTC", **monday}
        ),
        "alerts GET /settings/calendars/{calendar}": RouteRequest({"calendar": of.calendar}, foreign=404),
        "alerts POST /settings/calendars/{calendar}": RouteRequest(
            {"calendar": of.calendar}, form={"name": "own", "zone": "UTC", **monday}, foreign=404
        ),
        "alerts GET /settings/absence": empty,
        "alerts POST /settings/absence": RouteRequest(form=away),
        "alerts GET /settings/absence/{person}": RouteRequest({"person": person}, foreign=404),
        "alerts POST /settings/absence/{person}": RouteRequest({"person": person}, form=away, foreign=404),
        "alerts GET /settings": empty,
        "alerts POST /settings": RouteRequest(form={"act": "me", "name": "own"}),
        "alerts GET /settings/second-factor": empty,
        "alerts POST /settings/second-factor": RouteRequest(form={"act": "off", "code": "000000"}),
        "alerts GET /settings/sessions": empty,
        "alerts POST /settings/sessions": RouteRequest(form={"act": "end", "session": person}),
        "alerts GET /v1/people": empty,
        "alerts POST /v1/people": RouteRequest(json={"address": "new@own.example.com", "role": "agent"}),
        "alerts GET /v1/people/{person}": RouteRequest({"person": person}, foreign=404),
        "alerts PATCH /v1/people/{person}": RouteRequest(
            {"person": person}, json={"role": "admin", "active": False}, foreign=404
        ),
        "alerts POST /v1/people/{person}/invitation": RouteRequest({"person": person}, foreign=404),
        **{
            f"alerts {method} /v1/people/{{person}}/{what}": RouteRequest({"person": person}, foreign=404)
            for method in ("GET", "DELETE")
            for what in ("sessions", "second-factor")
        },
        "alerts DELETE /v1/people/{person}/sessions/{session}": RouteRequest(
            {"person": person, "session": of.people["agent"].staff.session_id}, foreign=404
        ),
        "alerts GET /v1/sign-in-rules": empty,
        "alerts PUT /v1/sign-in-rules": RouteRequest(json={"second_factor_required": False}),
        "alerts GET /v1/identity-provider": empty,
        "alerts PUT /v1/identity-provider": RouteRequest(
            json={"name": "own", "issuer": "https://127.0.0.1:2", "client_id": "own"}
        ),
        "alerts PATCH /v1/identity-provider": RouteRequest(json={"only_way": False}),
        "alerts DELETE /v1/identity-provider": empty,
        "alerts GET /settings/people": empty,
        "alerts GET /settings/people/{person}": RouteRequest({"person": person}, foreign=404),
        "alerts POST /settings/people": tuple(
            RouteRequest(form={"act": act, "person": person, "role": "admin"}, foreign=404)
            for act in ("change", "link", "reset", "sign_out", "deactivate", "activate", "teams")
        ),
        "alerts GET /settings/sign-in": empty,
        "alerts POST /settings/sign-in": RouteRequest(form={"act": "leave"}),
        "alerts GET /settings/identity-provider": empty,
        "alerts POST /settings/identity-provider": RouteRequest(form={"act": "remove"}),
        "alerts GET /settings/provider-link": empty,
        "alerts POST /settings/provider-link": RouteRequest(form={}),
        "alerts GET /v1/incidents": empty,
        "alerts GET /v1/team-figures": (
            empty,
            RouteRequest(query={"team": of.team}, foreign=404),
            RouteRequest(query={"person": person}, foreign=404),
        ),
        "alerts GET /v1/team-figures/export": empty,
        "alerts GET /team": (empty, RouteRequest(query={"team": of.team}, foreign=404)),
        "alerts GET /team/download": empty,
        "alerts GET /v1/recovery": empty,
        "alerts GET /recovery": empty,
        "alerts GET /v1/huddles/{team}": RouteRequest({"team": of.team}, foreign=404),
        "alerts PUT /v1/huddles/{team}/promises/{promise}": RouteRequest(
            {"team": of.team, "promise": str(UUID(int=4))},
            json={"text": "own", "person": person, "until": promised_until},
            foreign=404,
        ),
        "alerts DELETE /v1/huddles/{team}/promises/{promise}": RouteRequest(
            {"team": of.team, "promise": of.promise}, foreign=404
        ),
        "alerts GET /huddle": (empty, RouteRequest(query={"team": of.team}, foreign=404)),
        "alerts POST /huddle": tuple(
            RouteRequest(
                form={
                    "act": act,
                    "team": of.team,
                    "promise": of.promise,
                    "text": "own",
                    "person": person,
                    "until": promised_until,
                },
                foreign=404,
            )
            for act in ("promise", "kept", "open", "delete")
        ),
        "alerts GET /v1/introductions": empty,
        "alerts GET /v1/introductions/figures": empty,
        "alerts GET /v1/introductions/settings": empty,
        "alerts PUT /v1/introductions/settings": RouteRequest(json={"enabled": True}),
        "alerts GET /v1/introductions/{introduction}": RouteRequest(task, foreign=404),
        "alerts POST /v1/introductions/{introduction}/actions": RouteRequest(
            task, json={"act": "note", "version": 1, "note": "own"}, foreign=404
        ),
        "alerts GET /introductions": empty,
        "alerts GET /introductions/{introduction}": RouteRequest(task, foreign=404),
        "alerts POST /introductions/{introduction}": RouteRequest(
            task, form={"act": "note", "version": "1", "note": "own"}, foreign=404
        ),
        "alerts GET /settings/introductions": empty,
        "alerts POST /settings/introductions": RouteRequest(form={"act": "on"}),
        "alerts GET /v1/chats": empty,
        "alerts POST /v1/chats": RouteRequest(json=a_chat("own"), headers={"idempotency-key": "1"}),
        "alerts GET /v1/chats/{chat_id}": RouteRequest(chat, foreign=404),
        "alerts PATCH /v1/chats/{chat_id}": RouteRequest(chat, json={"name": "changed"}, foreign=404),
        "alerts DELETE /v1/chats/{chat_id}": RouteRequest(chat, foreign=404),
        "alerts POST /v1/chats/{chat_id}/test": RouteRequest(chat, foreign=404),
        "alerts GET /v1/chats/{chat_id}/messages": RouteRequest(chat, foreign=404),
        "alerts GET /settings/chats": empty,
        "alerts POST /settings/chats": RouteRequest(form={**made_chat, **typed_chat}),
        "alerts GET /settings/chats/{chat_id}": RouteRequest(chat, foreign=404),
        "alerts POST /settings/chats/{chat_id}": RouteRequest(chat, form=typed_chat, foreign=404),
        "alerts POST /settings/chats/{chat_id}/state": RouteRequest(chat, form={"act": "off"}, foreign=404),
        "alerts GET /v1/webhooks": empty,
        "alerts POST /v1/webhooks": RouteRequest(json=a_webhook("own"), headers={"idempotency-key": "1"}),
        "alerts GET /v1/webhooks/{webhook_id}": RouteRequest(webhook, foreign=404),
        "alerts PATCH /v1/webhooks/{webhook_id}": RouteRequest(
            webhook, json={"name": "changed"}, foreign=404
        ),
        "alerts DELETE /v1/webhooks/{webhook_id}": RouteRequest(webhook, foreign=404),
        "alerts POST /v1/webhooks/{webhook_id}/secret": RouteRequest(webhook, json={}, foreign=404),
        "alerts POST /v1/webhooks/{webhook_id}/test": RouteRequest(webhook, foreign=404),
        "alerts GET /v1/webhooks/{webhook_id}/deliveries": RouteRequest(webhook, foreign=404),
        "alerts POST /v1/webhooks/{webhook_id}/replay": RouteRequest(
            webhook, json={"since": "2026-11-22T05:00:00Z"}, foreign=404
        ),
        "alerts GET /v1/segment-alerts": empty,
        "alerts POST /v1/segment-alerts/{alert_id}/acknowledge": RouteRequest(fall, foreign=404),
        "alerts POST /v1/segment-alerts/{alert_id}/close": RouteRequest(
            fall, json={"note": "changed"}, foreign=404
        ),
        "alerts GET /v1/segment-alerts/{alert_id}": RouteRequest(fall, foreign=404),
        "alerts GET /segment-alerts": (empty, RouteRequest(query={"state": "closed"})),
        "alerts GET /segment-alerts/{alert_id}": RouteRequest(fall, foreign=404),
        "alerts POST /segment-alerts/{alert_id}": RouteRequest(
            fall, form={"act": "acknowledge"}, foreign=404
        ),
        "alerts GET /webhooks": empty,
        "alerts POST /webhooks": RouteRequest(form={"new_id": str(UUID(int=8)), **typed_webhook}),
        "alerts GET /webhooks/{webhook_id}": RouteRequest(webhook, foreign=404),
        "alerts POST /webhooks/{webhook_id}": RouteRequest(webhook, form=typed_webhook, foreign=404),
        "alerts POST /webhooks/{webhook_id}/state": RouteRequest(webhook, form={"act": "pause"}, foreign=404),
        "alerts POST /webhooks/{webhook_id}/secret": RouteRequest(
            webhook, form={"overlap_hours": "1"}, foreign=404
        ),
        "alerts POST /webhooks/{webhook_id}/replay": RouteRequest(
            webhook, form={"since": "2026-11-22"}, foreign=404
        ),
        "alerts GET /login": public,
        "alerts GET /login/provider": RouteRequest(
            query={"company": of.name}, public=True, may_repeat=(of.name,)
        ),
        "alerts GET /login/provider/{company}/start": RouteRequest(
            {"company": of.name}, public=True, may_repeat=(of.name,), own=422, foreign=422
        ),
        "alerts GET /login/provider/callback": RouteRequest(
            query={"code": "x", "state": "x"}, public=True, own=422, foreign=422
        ),
        "alerts GET /login/provider/signed-out": RouteRequest(
            query={"company": of.name}, public=True, may_repeat=(of.name,)
        ),
        "alerts GET /login/code": public,
        "alerts POST /login/code": RouteRequest(form={"code": "000000"}, public=True),
        "alerts GET /login/enrolment": public,
        "alerts POST /login/enrolment": RouteRequest(form={"code": "000000"}, public=True),
        "alerts POST /login": RouteRequest(
            form={"address": "nobody@example.com", "password": "x"}, public=True
        ),
        "alerts GET /login/company": public,
        "alerts POST /login/company": RouteRequest(form={"tenant": of.name}, public=True, foreign=404),
        "alerts GET /login/renew": public,
        "alerts POST /login/renew": RouteRequest(form={}, public=True),
        "alerts POST /logout": RouteRequest(form={}),
    }
    link = {"token": _link(of, by)}
    found |= {
        "alerts GET /login/link/{token}": RouteRequest(link, public=True, foreign=410),
        "alerts POST /login/link/{token}": RouteRequest(
            link, form={"password": "a sentence of their own"}, public=True, foreign=410
        ),
        "collector GET /s/preview/{token}": RouteRequest(
            {"token": _preview_token(of, by)}, query={"score": "9"}, public=True, foreign=503
        ),
        "collector GET /s/{token}": RouteRequest(
            {"token": _token("answer", of, by)}, public=True, foreign=404
        ),
        "collector GET /q/{code}": RouteRequest(
            {"code": of.share_code}, public=True, may_repeat=(of.name, of.name.title())
        ),
        "collector POST /q/{code}": RouteRequest(
            {"code": of.share_code},
            form={"score": "9", "action": "send"},
            public=True,
            may_repeat=(of.name, of.name.title()),
        ),
        "collector POST /s/{token}": RouteRequest(
            {"token": _token("answer", of, by)}, form=an_answer(of), public=True, foreign=404
        ),
        "collector POST /s/{token}/not-solved": RouteRequest(
            {"token": _token("answer", of, by)}, form={"words": "Still late."}, public=True, foreign=404
        ),
        "collector GET /s/{token}/question": RouteRequest(
            {"token": _token("answer", of, by)}, public=True, foreign=404
        ),
        "collector POST /s/{token}/question": RouteRequest(
            {"token": _token("answer", of, by)}, form=an_answer(of), public=True, foreign=404
        ),
        "collector GET /in-page.js": public,
        "collector GET /s/accent/{colour}.css": RouteRequest({"colour": "0a5a6c"}, public=True),
        "dispatcher GET /u/{token}": RouteRequest(
            {"token": _token("unsubscribe", of, by)}, public=True, foreign=404
        ),
        "dispatcher POST /u/{token}": RouteRequest(
            {"token": _token("unsubscribe", of, by)}, form={}, public=True, foreign=404
        ),
        "dispatcher POST /u/{token}/choice": RouteRequest(
            {"token": _token("unsubscribe", of, by)}, form={"choice": "fewer"}, public=True, foreign=404
        ),
        "dispatcher GET /u/{token}/again": RouteRequest(
            {"token": _token("unsubscribe", of, by)}, public=True, foreign=404
        ),
        "dispatcher GET /x/{token}": RouteRequest(
            {"token": _export_token(of, by)}, public=True, is_logged=True, foreign=404
        ),
        "dispatcher POST /u/{token}/again": RouteRequest(
            {"token": _token("unsubscribe", of, by)}, form={}, public=True, foreign=404
        ),
    }
    for service in ("trigger", "dispatcher", "collector", "scorer", "alerts"):
        for path in ("/healthz", f"/openapi/{service}.json"):
            found[f"{service} GET {path}"] = public
        for path in ("/readyz", "/metrics"):
            found[f"{service} GET {path}"] = RouteRequest(headers={"host": "127.0.0.1:8000"}, public=True)
        style = {"owner": "shared", "digest": "0", "name": "afterword.css"}
        found[f"{service} GET /static/{{owner}}/{{digest}}/{{name}}"] = RouteRequest(
            style, public=True, foreign=404
        )
    return found


def _token(purpose: Any, of: Company, by: Company) -> str:
    """A customer's link; somebody else's has the right id, and what we wrote for their own."""
    signer, half = LinkSigner(SECRET), 22
    return signer.sign(purpose, of.invitation)[:half] + signer.sign(purpose, by.invitation)[half:]


def _person(of: Company) -> str:
    return person_of(SECRET, of.name, f"{of.name}-customer")


_service_tokens = ServiceTokens(SECRET, clock=lambda: system_clock() + timedelta(hours=1))
"""Of an hour from now: a walk over all routes takes longer than the minute for which they hold."""


def _service_token(of: Company, by: Company) -> str:
    """What our services ask each other with: somebody else's names their own company."""
    return _service_tokens.sign("export", by.name, {"person": _person(of), "contact": None})


def _preview_token(of: Company, by: Company) -> str:
    """The preview of a survey's pages; somebody else's has their own company, of which there is none."""
    claims = {"survey_id": str(of.survey), "survey_version": 1}
    return _service_tokens.sign("preview", by.name, claims)


def _about_improvements(of: Company) -> dict[str, RouteRequest | tuple[RouteRequest, ...]]:
    """Actions of improvement."""
    one, wanted = {"action": of.improvement}, an_improvement("own")
    typed = {**wanted, "version": "1"}
    return {
        "scorer GET /v1/actions": (RouteRequest(), RouteRequest(query={"theme": "delivery"})),
        "scorer GET /v1/actions/{action}": RouteRequest(one, foreign=404),
        # The ids are the companies' own: that of another one is free.
        "scorer PUT /v1/actions/{action}": RouteRequest({"action": str(UUID(int=5))}, json=wanted),
        "scorer POST /v1/actions/{action}/actions": RouteRequest(
            one, json={"act": "accept", "version": 1}, foreign=404
        ),
        "scorer GET /actions": (RouteRequest(), RouteRequest(query={"show": "done"})),
        "scorer GET /actions/new": RouteRequest(query={"cause": "delivery.late"}),
        "scorer POST /actions/new": RouteRequest(form={**wanted, "new_id": str(UUID(int=6))}),
        "scorer GET /actions/{action}": RouteRequest(one, foreign=404),
        "scorer POST /actions/{action}": tuple(
            RouteRequest(one, form={**typed, "act": act}, foreign=404) for act in ("save", "accept")
        ),
    }


def _about_the_trend(of: Company) -> dict[str, RouteRequest | tuple[RouteRequest, ...]]:
    """Marks on the trend, declared pairs, and who of those that were asked answered."""
    one, wanted = {"mark": of.mark}, a_mark("own")
    shown = (RouteRequest(), RouteRequest(query={"by": "desk", "window": "90d"}))
    return {
        "scorer GET /v1/responses": shown,
        "scorer GET /v1/responses/export": shown,
        "scorer GET /responses": shown,
        "scorer GET /responses/download": shown,
        **{
            f"scorer GET {path}": (RouteRequest(), RouteRequest(query={"by": "touchpoint", "window": "90d"}))
            for path in ("/v1/unbegged", "/v1/unbegged/export", "/unbegged", "/unbegged/download")
        },
        **{
            f"scorer GET {path}": (RouteRequest(), RouteRequest(query={"window": "90d"}))
            for path in ("/v1/ranking", "/v1/ranking/export")
        },
        "scorer GET /v1/pairs": RouteRequest(),
        "scorer GET /v1/pairs/export": RouteRequest(),
        "scorer POST /v1/pairs": RouteRequest(json=A_PAIR, headers={"idempotency-key": PAIR_KEY}),
        "scorer DELETE /v1/pairs/{pair}": RouteRequest({"pair": of.pair}, foreign=404),
        "scorer GET /pairs": RouteRequest(),
        "scorer GET /pairs/download": RouteRequest(),
        "scorer POST /pairs": RouteRequest(form={**A_PAIR, "new_id": of.pair}, may_repeat=(of.pair,)),
        "scorer POST /pairs/{pair}": RouteRequest({"pair": of.pair}, form={"act": "remove"}, foreign=404),
        "scorer GET /v1/marks": RouteRequest(),
        "scorer POST /v1/marks": RouteRequest(json=wanted, headers={"idempotency-key": "1"}),
        "scorer GET /v1/marks/{mark}": RouteRequest(one, foreign=404),
        "scorer PATCH /v1/marks/{mark}": RouteRequest(one, json={"text": "changed"}, foreign=404),
        "scorer DELETE /v1/marks/{mark}": RouteRequest(one, foreign=404),
        "scorer GET /marks": RouteRequest(),
        "scorer POST /marks": RouteRequest(form={**wanted, "new_id": str(UUID(int=8))}),
        "scorer GET /marks/{mark}": RouteRequest(one, foreign=404),
        "scorer POST /marks/{mark}": tuple(
            RouteRequest(one, form={**wanted, "act": act}, foreign=404) for act in ("save", "remove")
        ),
    }


def _about_benchmarks(of: Company) -> dict[str, RouteRequest | tuple[RouteRequest, ...]]:
    """Published benchmarks, and what stands beside a score."""
    one, wanted = {"benchmark": of.benchmark}, a_benchmark("own")
    name = f"{of.name}-checkout"
    may_repeat = (name, name.capitalize())
    beside = (RouteRequest(), RouteRequest(query={"segment": f"touchpoint:{name}"}, may_repeat=may_repeat))
    return {
        "scorer GET /v1/benchmarks": RouteRequest(),
        "scorer GET /v1/benchmarks/export": RouteRequest(),
        "scorer GET /v1/benchmarks/comparison": beside,
        "scorer GET /v1/benchmarks/comparison/export": beside,
        "scorer POST /v1/benchmarks": RouteRequest(json=wanted, headers={"idempotency-key": "1"}),
        "scorer GET /v1/benchmarks/{benchmark}": RouteRequest(one, foreign=404),
        "scorer PUT /v1/benchmarks/{benchmark}": RouteRequest(one, json=wanted, foreign=404),
        "scorer DELETE /v1/benchmarks/{benchmark}": RouteRequest(one, foreign=404),
        "scorer GET /benchmarks": RouteRequest(),
        "scorer GET /benchmarks/download": RouteRequest(),
        "scorer GET /benchmarks/comparison/download": beside,
        "scorer POST /benchmarks": RouteRequest(
            form={**{key: str(value) for key, value in wanted.items()}, "new_id": str(UUID(int=9))}
        ),
        "scorer GET /benchmarks/{benchmark}": RouteRequest(one, foreign=404),
        "scorer POST /benchmarks/{benchmark}": tuple(
            RouteRequest(
                one, form={**{key: str(value) for key, value in wanted.items()}, "act": act}, foreign=404
            )
            for act in ("save", "remove")
        ),
    }


def _about_comparisons(of: Company) -> dict[str, RouteRequest | tuple[RouteRequest, ...]]:
    """Comparisons and trends: who asks about a segment that is not theirs reads that nobody answered."""
    name = f"{of.name}-checkout"
    one, other = f"touchpoint:{name}", f"touchpoint:{of.name}-desk"
    may_repeat = (name, name.capitalize(), f"{of.name}-desk", f"{of.name}-desk".capitalize())
    asked = (
        RouteRequest(),
        RouteRequest(query={"segment": one}, may_repeat=may_repeat),
        RouteRequest(query={"segment": one, "with": other}, may_repeat=may_repeat),
        RouteRequest(query={"dimension": "touchpoint"}),
    )
    trend = (RouteRequest(), RouteRequest(query={"segment": one, "rolling": "30d"}, may_repeat=may_repeat))
    drivers = (
        RouteRequest(query={"dimension": "touchpoint"}),
        RouteRequest(query={"segment": one, "dimension": "organisation"}, may_repeat=may_repeat),
    )
    comparisons = ("/v1/comparisons", "/v1/comparisons/export", "/compare", "/compare/download")
    trends = ("/v1/trends", "/v1/trends/export", "/compare/trend/download")
    return {
        "scorer GET /v1/recounts": RouteRequest(),
        **{f"scorer GET {path}": asked for path in comparisons},
        **{f"scorer GET {path}": trend for path in trends},
        **{
            f"scorer GET {path}": drivers
            for route in ("drivers", "gap")
            for path in (f"/v1/{route}", f"/v1/{route}/export", f"/{route}", f"/{route}/download")
        },
    }


def _about_saved_views(of: Company, by: Company) -> dict[str, RouteRequest | tuple[RouteRequest, ...]]:
    """Saved views and their screens; somebody else's link has the right secret and their own company."""
    one, screen = {"view": of.view}, {"view": of.view, "screen": of.screen}
    own = {"name": "own", "address": "/?window=7d"}
    wall = {"token": f"{of.screen_token.partition('.')[0]}.{by.name}"}
    person = of.people["admin"].staff.id
    # Signed of the other company: a link of ours with a foreign name in it is none of ours.
    signed = stop_token(SECRET, StopLink(of.name, UUID(of.view), person))
    stopped = RouteRequest({"token": f"{signed.partition('.')[0]}.{by.name}"}, public=True, foreign=404)
    question = msgspec.json.encode(ViewMailQuestion(view=UUID(of.view), staff=person, role="admin"))
    token = _service_tokens.sign("view-mails", by.name, claims_of_body(question))
    # A link is opened by whoever has it, and shows what its maker may see.
    shown = RouteRequest(wall, public=True, foreign=404)
    return {
        "scorer GET /v1/views": RouteRequest(),
        "scorer GET /v1/views/{view}": RouteRequest(one, foreign=404),
        # The ids are the companies' own: that of another one is free.
        "scorer PUT /v1/views/{view}": RouteRequest({"view": str(UUID(int=8))}, json=own),
        "scorer DELETE /v1/views/{view}": RouteRequest(one, foreign=404),
        "scorer GET /v1/views/{view}/screens": RouteRequest(one, foreign=404),
        "scorer POST /v1/views/{view}/screens": RouteRequest(
            one, json={"name": "own", "days": 7}, foreign=404
        ),
        "scorer DELETE /v1/views/{view}/screens/{screen}": RouteRequest(screen, foreign=404),
        "scorer GET /v1/views/{view}/mail": RouteRequest(one, foreign=404),
        "scorer PUT /v1/views/{view}/mail": RouteRequest(one, foreign=404),
        "scorer DELETE /v1/views/{view}/mail": RouteRequest(one, foreign=404),
        "scorer POST /views/{view}/mail": tuple(
            RouteRequest(one, form={"act": act}, foreign=404) for act in ("start", "stop")
        ),
        "scorer GET /views/stop/{token}": stopped,
        "scorer POST /views/stop/{token}": stopped,
        "scorer GET /v1/personal-data/scorer/view-mails": RouteRequest(
            headers={"authorization": f"{TOKEN_SCHEME} {_service_tokens.sign('view-mails', by.name)}"},
            public=True,
        ),
        "scorer POST /v1/personal-data/scorer/view-mail": RouteRequest(
            content=question.decode(),
            headers={"authorization": f"{TOKEN_SCHEME} {token}", "content-type": "application/json"},
            public=True,
        ),
        "alerts GET /v1/personal-data/alerts/view-mail-history": RouteRequest(
            headers={
                "authorization": f"{TOKEN_SCHEME} "
                + _service_tokens.sign("view-mails", by.name, {"view": of.view, "staff": str(person)})
            },
            public=True,
        ),
        "scorer GET /views": RouteRequest(),
        "scorer POST /views": RouteRequest(form={**own, "new_id": str(UUID(int=9))}),
        "scorer GET /views/{view}": RouteRequest(one, foreign=404),
        "scorer POST /views/{view}": tuple(
            RouteRequest(one, form={**own, "act": act}, foreign=404) for act in ("save", "remove")
        ),
        "scorer POST /views/{view}/screens": tuple(
            RouteRequest(one, form={"act": act, "screen": of.screen, "name": "own", "days": "7"}, foreign=404)
            for act in ("make", "revoke")
        ),
        "scorer GET /wall/{token}": shown,
        "scorer GET /wall/{token}/live": shown,
    }


def _about_exports(of: Company) -> dict[str, RouteRequest | tuple[RouteRequest, ...]]:
    """Documents and files of figures: a segment that is not theirs has no answers of who asks."""
    name = f"{of.name}-checkout"
    may_repeat = (name, name.capitalize())
    own = RouteRequest(query={"segment": f"touchpoint:{name}"}, may_repeat=may_repeat)
    mark, action = {"mark": of.mark}, {"action": of.improvement}
    return {
        "scorer GET /v1/scores/overview": (RouteRequest(), own),
        "scorer GET /v1/scores/overview/export": (RouteRequest(), own),
        "scorer GET /v1/scores/answers/export": (
            RouteRequest(query={"format": "jsonl"}, is_logged=True),
            RouteRequest(query={"segment": f"touchpoint:{name}"}, may_repeat=may_repeat, is_logged=True),
        ),
        "scorer GET /v1/scores/export": (RouteRequest(), own),
        "scorer GET /v1/segments/export": RouteRequest(),
        "scorer GET /v1/marks/export": RouteRequest(),
        "scorer GET /v1/marks/{mark}/export": RouteRequest(mark, foreign=404),
        "scorer GET /v1/actions/causes": RouteRequest(),
        "scorer GET /v1/actions/causes/export": RouteRequest(),
        "scorer GET /v1/actions/{action}/export": RouteRequest(action, foreign=404),
        "scorer GET /v1/themes/figures/export": RouteRequest(query={"window": "7d"}),
        "scorer GET /download": RouteRequest(),
        "scorer GET /segments/download": RouteRequest(),
        "scorer GET /themes/download": RouteRequest(),
        "scorer GET /marks/download": RouteRequest(),
        "scorer GET /marks/{mark}/download": RouteRequest(mark, foreign=404),
        "scorer GET /actions/download": RouteRequest(),
        "scorer GET /actions/{action}/download": RouteRequest(action, foreign=404),
    }


def _about_themes() -> dict[str, RouteRequest | tuple[RouteRequest, ...]]:
    """Themes of comments: of a company all at once, under no id."""
    theme = {"id": "own", "name": "Own", "stems": {"en": ["own*"]}}
    typed = {"version": str(SHIPPED_VERSION), "id_0": "own", "name_0": "Own", "stems_0_en": "own*"}
    return {
        "scorer GET /v1/themes": RouteRequest(),
        "scorer PUT /v1/themes": RouteRequest(json={"version": SHIPPED_VERSION, "themes": [theme]}),
        "scorer POST /v1/themes/trial": RouteRequest(json={"themes": [theme]}),
        "scorer GET /v1/themes/figures": RouteRequest(query={"window": "7d"}),
        "scorer GET /v1/themes/finding": RouteRequest(),
        "scorer PUT /v1/themes/finding": RouteRequest(json={"on": True}),
        "scorer GET /v1/themes/model": RouteRequest(),
        "scorer PUT /v1/themes/model": RouteRequest(json={"on": False}),
        "scorer POST /themes/model": RouteRequest(form={"act": "off"}),
        "scorer POST /v1/themes/found/{theme}": RouteRequest({"theme": "own"}, json={"act": "keep"}),
        "scorer POST /themes/found": tuple(
            RouteRequest(form={"act": act, "theme": "own"}) for act in ("on", "keep")
        ),
        "scorer GET /themes": RouteRequest(),
        "scorer POST /themes": tuple(RouteRequest(form={**typed, "act": act}) for act in ("try", "save")),
    }


def _about_companies(of: Company, by: Company) -> dict[str, RouteRequest]:
    """What the trigger asks the others about the company that asks."""
    asked = {"dispatcher": "survey", "collector": "answer", "scorer": "segment", "alerts": "cases"}

    def signed(purpose: Any, **at: object) -> RouteRequest:
        token = _service_tokens.sign(purpose, by.name)
        return RouteRequest(at, headers={"authorization": f"{TOKEN_SCHEME} {token}"}, public=True)

    found = {}
    for name, table in asked.items():
        begin = f"{name} GET /v1/personal-data/{name}"
        found[f"{begin}/company"] = found[f"{begin}/company/progress"] = signed("company")
        found[f"{begin}/company/tables/{{table}}"] = signed("company", table=table)
        found[f"{begin}/key-uses"] = signed("key-uses")
    body = b'{"address": "first@own.example.com"}'
    token = _service_tokens.sign("company", by.name, claims_of_body(body))
    headers = {"authorization": f"{TOKEN_SCHEME} {token}", "content-type": "application/json"}
    found["alerts GET /v1/personal-data/alerts/present-access"] = RouteRequest(
        headers={
            "authorization": f"{TOKEN_SCHEME} "
            + _service_tokens.sign("access", by.name, {"staff": str(of.people["admin"].staff.id)})
        },
        public=True,
    )
    found["alerts GET /v1/personal-data/alerts/own-address"] = RouteRequest(
        headers={
            "authorization": f"{TOKEN_SCHEME} "
            + _service_tokens.sign("own-address", by.name, {"staff": str(of.people["admin"].staff.id)})
        },
        public=True,
    )
    found["alerts POST /v1/personal-data/alerts/first-admin"] = RouteRequest(
        content=body.decode(), headers=headers, public=True
    )
    return found


def _operated(of: Company, by: Company) -> dict[str, RouteRequest]:
    """What whoever runs the installation asks: no company's key or people may, not about itself either."""
    begin, one = "/v1/companies", {"company_id": of.name}
    refused: dict[str, Any] = {"public": True, "own": 401, "foreign": 401, "may_repeat": (of.name,)}
    return {
        f"trigger GET {begin}": RouteRequest(**refused),
        f"trigger POST {begin}": RouteRequest(json={"id": "stolen", "name": "Stolen"}, **refused),
        f"trigger GET {begin}/{{company_id}}": RouteRequest(one, **refused),
        f"trigger PATCH {begin}/{{company_id}}": RouteRequest(one, json={"time_zone": "UTC"}, **refused),
        **{
            f"trigger POST {begin}/{{company_id}}/{act}": RouteRequest(one, json={}, **refused)
            for act in ("pause", "resume", "leave", "stay", "export")
        },
        f"trigger GET {begin}/exports/{{token}}": RouteRequest(
            {"token": CompanyExportLinks(SECRET, system_clock).sign(by.name, by.export_series)},
            public=True,
            is_logged=True,
        ),
        f"trigger DELETE {begin}/{{company_id}}/export": RouteRequest(one, **refused),
    }


def _rows_of_file(by: Company) -> RouteRequest:
    """Answers of a file, as the dispatcher sends them in the name of the company that asks."""
    body = b'{"answers": [{"id": "row-1", "score": 9, "answered_at": "2026-01-01T00:00:00Z"}]}'
    token = _service_tokens.sign("import", by.name, claims_of_body(body))
    headers = {"authorization": f"{TOKEN_SCHEME} {token}", "content-type": "application/json"}
    return RouteRequest(content=body.decode(), headers=headers, public=True)


def _text_answer(by: Company) -> RouteRequest:
    """A number that was texted back about an invitation that nobody knows; the token names the company."""
    body = b'{"invitation_id": "00000000-0000-4000-8000-000000000001", "score": 9, '
    body += b'"said_at": "2026-11-30T12:00:00Z"}'
    token = _service_tokens.sign("text", by.name, claims_of_body(body))
    headers = {"authorization": f"{TOKEN_SCHEME} {token}", "content-type": "application/json"}
    return RouteRequest(content=body.decode(), headers=headers, public=True)


def _typed_preview(by: Company) -> RouteRequest:
    """A page of words that are saved nowhere; the token names the company that asks for it."""
    survey = Survey(
        trigger="x", state="paused", id=UUID(int=1), survey_version=1, version=1, name="typed",
        measurement="transactional", test=True, stopped=False, changed_at=system_clock(),
    )  # fmt: skip
    body = msgspec.json.encode(survey)
    token = _service_tokens.sign("preview", by.name, claims_of_body(body))
    return RouteRequest(
        content=body.decode(),
        headers={"authorization": f"{TOKEN_SCHEME} {token}", "content-type": "application/json"},
        public=True,
    )


def _export_token(of: Company, by: Company) -> str:
    """The link to what is kept of a customer; somebody else's has their own company and this person."""
    return ExportLinks(SECRET).sign(ExportSubject(by.name, _person(of), None))[0]


def _link(of: Company, by: Company) -> str:
    """A one-time link; somebody else's has the right secret and their own company."""
    return f"{of.link.partition('.')[0]}.{by.name}"


@dataclass(frozen=True)
class AskedRoute:
    """A route with one way to ask it."""

    service: str
    method: str
    route: str
    request: RouteRequest

    @property
    def name(self) -> str:
        return f"{self.service} {self.method} {self.route}"

    @property
    def takes_keys(self) -> bool:
        return self.route.startswith("/v1/")

    async def by(
        self, world: World, headers: Mapping[str, str], person: Person | None = None, method: str = ""
    ) -> httpx.Response:
        """Ask it. A live page answers its headers only, since it never ends."""
        path, request = self.route, self.request
        for part, value in request.at.items():
            path = path.replace(f"{{{part}}}", str(value))
        form = (
            request.form
            if request.form is None or person is None
            else {CSRF_FIELD: person.csrf(), **request.form}
        )
        client = world.clients[self.service]
        client.cookies.clear()
        return await client.request(
            method or ("HEAD" if self.is_stream else self.method),
            path,
            params=request.query,
            json=request.json,
            data=form,
            content=request.content,
            headers={**headers, **request.headers},
        )

    @property
    def is_stream(self) -> bool:
        return self.route.endswith("/live") and self.route != "/surveys/live"


def every_route(world: World, of: Company, by: Company) -> Iterator[AskedRoute]:
    """Each route of each service with each way to ask it.

    :raises AssertionError: naming a route that `route_requests` lacks.
    """
    known = route_requests(of, by)
    for service in world.clients:
        for route in iter_route_contexts(world.app(service).routes):
            for method in sorted((route.methods or set()) - {"HEAD"}):
                name = f"{service} {method} {route.path}"
                assert name in known, f"tell route_requests() how to ask {name}"
                ways = known[name]
                for request in ways if isinstance(ways, tuple) else (ways,):
                    yield AskedRoute(service, method, str(route.path), request)


LIVE = {"/events/live": "dispatcher", "/segments/live": "scorer", "/inbox/live": "alerts"}


def of_company(rows: Rows, company: Company) -> Rows:
    """The rows that belong to it."""
    return {table: [row for row in kept if row[0] == company.name] for table, kept in rows.items()}


def words_of(rows: Rows) -> set[str]:
    """Every id of what is kept: each is of one company alone."""
    return {str(value) for kept in rows.values() for row in kept for value in row if isinstance(value, UUID)}


def leaks(answer: httpx.Response, words: set[str], may_repeat: tuple[str, ...] = ()) -> set[str]:
    """The words that an answer contains, beside those that it may repeat."""
    text = answer.text + repr(answer.headers)
    for known in may_repeat:
        text = text.replace(known, "")
    return {word for word in words if word.lower() in text.lower()}
