"""The webhooks of mail providers: what came back, and what was reported as spam."""

from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Path, Request, Security
from fastapi.security import APIKeyHeader

from services.dispatcher.bounces import mailgun, postmark, sns
from services.dispatcher.bounces.bounce_commands import RequestTaken, take_report, take_request
from services.dispatcher.bounces.failures import MailReport, Provider
from services.dispatcher.bounces.postmark import OWN_HEADER
from services.dispatcher.bounces.records import Record, UnreadableEvent
from services.dispatcher.bounces.schemas import BounceAnswer
from services.dispatcher.bounces.ses import read_ses
from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.settings import Settings
from shared.http.bounded_request import check_json_size
from shared.http.client_networks import network_of
from shared.http.problems import Problem
from shared.http.rate_limit import attempt
from shared.http.routes import CheckedRoute
from shared.http.validation_errors import FieldFault
from shared.mail.references import MailReferences
from shared.outbound.guarded_http import CannotFetch
from shared.telemetry import metrics
from shared.values.messages import message

log = structlog.get_logger()

router = APIRouter(prefix="/v1", route_class=CheckedRoute)
NOT_AGAIN = 406
"""Mailgun sends no request again that is answered so."""
NOT_SET_UP = message("Reports of this provider are not taken here.")
SET_UP = message(
    "Whoever runs Afterword sets it up: DISPATCHER_SES_TOPICS, DISPATCHER_POSTMARK_SECRET or "
    "DISPATCHER_MAILGUN_KEY."
)
NOT_PROVED = message("This request does not prove that it comes from the provider.")
CHECK_SECRET = message("Compare the secret, key or topic at the provider with that of our settings.")
TAKEN_BEFORE = message("This request was taken before, or is too old.")
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}}},
        "description": "As the provider sends it. Amazon SNS and Mailgun sign it there.",
    },
}
PROVIDER_SECRET = APIKeyHeader(
    name=OWN_HEADER,
    scheme_name="providerSecret",
    auto_error=False,
    description="Of Postmark, which may give it as the password of Basic authentication, too. Amazon SNS and "
    "Mailgun sign what stands in the body.",
)
"""As the route is described; it is checked by the provider's own module."""


@router.post(
    "/bounces/{provider}",
    summary="What a mail provider reports",
    openapi_extra=BODY,
    dependencies=[Security(PROVIDER_SECRET)],
)
async def take_bounces(
    provider: Annotated[Provider, Path(description="Who reports.")], request: Request, context: OwnContext
) -> BounceAnswer:
    """Webhooks of Amazon SES (by Amazon SNS), Postmark and Mailgun. The provider proves itself by a
    signature (SES, Mailgun) or a secret (Postmark); there is no API key. A report counts only where it names
    one of our mails by a reference that we have signed, and each does something once. A record that is not
    understood keeps no other one from being taken.
    """
    attempt((context.per_network, network_of(request)))
    try:
        match provider:
            case "ses":
                return await _take_ses(request, context)
            case "postmark":
                return await _take_postmark(request, context)
            case "mailgun":
                return await _take_mailgun(request, context)
    except UnreadableEvent as error:
        metrics.BOUNCES.labels(provider, "unreadable").inc()
        log.warning("bounce_unreadable", provider=provider, why=str(error)[:200])
        fault = message("Not what this provider sends. See which webhook is set up there.")
        raise Problem(422, errors=[FieldFault(field="/", detail=fault)]) from None


async def _take_ses(request: Request, context: DispatcherContext) -> BounceAnswer:
    topics = _settings(context).ses_topic_arns
    if not topics:
        raise Problem(404, NOT_SET_UP, SET_UP)
    envelope = sns.read_envelope(await _body(request))
    try:
        await context.sns.verify(envelope, topics, context.database.clock())
        if envelope.type == "SubscriptionConfirmation":
            await context.sns.confirm(envelope)
    except sns.ForgedMessage as forged:
        raise _refused("ses", str(forged)) from None
    except CannotFetch as error:
        log.warning("sns_unreachable", why=str(error))
        raise Problem(503, headers={"Retry-After": "60"}) from None
    if envelope.type != "Notification":
        log.info("sns_subscription", topic=envelope.topic_arn, what=envelope.type)
        return BounceAnswer(taken=0, ignored=0)
    return await _take(context, "ses", read_ses(envelope.message, MailReferences(context.secret)))


async def _take_postmark(request: Request, context: DispatcherContext) -> BounceAnswer:
    secret = _settings(context).postmark_secret
    if secret is None:
        raise Problem(404, NOT_SET_UP, SET_UP)
    if not postmark.is_authorized(request.headers, secret.get_secret_value()):
        raise _refused("postmark", "without the secret")
    records = postmark.read_postmark(await _body(request), MailReferences(context.secret))
    return await _take(context, "postmark", records)


async def _take_mailgun(request: Request, context: DispatcherContext) -> BounceAnswer:
    key = _settings(context).mailgun_key
    if key is None:
        raise Problem(404, NOT_SET_UP, SET_UP)
    given = mailgun.read_request(await _body(request))
    if not mailgun.is_signed(given.signature, key.get_secret_value(), context.database.clock()):
        raise _refused("mailgun", "with a wrong or old signature", NOT_AGAIN)
    records = mailgun.read_mailgun(given, MailReferences(context.secret))
    token = mailgun.token_hash(given.signature)
    reports = any(finding.kind is not None and mail is not None for finding, mail in records)
    try:
        if not reports:  # a report takes it in its own transaction, so that one that fails may come again
            await take_request(context.database, "mailgun", token)
        return await _take(context, "mailgun", records, token=token)
    except RequestTaken:
        metrics.BOUNCES.labels("mailgun", "refused").inc()
        raise Problem(NOT_AGAIN, TAKEN_BEFORE, CHECK_SECRET) from None


async def _take(
    context: DispatcherContext, provider: Provider, records: list[Record], token: str | None = None
) -> BounceAnswer:
    taken = 0
    for finding, mail in records:
        if mail is None:
            metrics.BOUNCES.labels(provider, "unknown").inc()
            continue
        report = MailReport(mail, finding.kind, finding.status) if finding.kind is not None else None
        outcome = await take_report(context.database, context.secret, report, provider, token=token)
        taken += outcome == "stored"
    return BounceAnswer(taken=taken, ignored=len(records) - taken)


def _refused(provider: Provider, why: str, status: int = 403) -> Problem:
    metrics.BOUNCES.labels(provider, "refused").inc()
    log.warning("bounce_refused", provider=provider, why=why)
    return Problem(status, NOT_PROVED, CHECK_SECRET)


async def _body(request: Request) -> bytes:
    """The body, of whatever content type: SNS sends its JSON as text."""
    body = await request.body()
    check_json_size(body)
    return body


def _settings(context: DispatcherContext) -> Settings:
    settings: Settings = context.own
    return settings
