"""``/v1/texts/{provider}``: what the SMS provider says of texts, and what customers reply to them."""

from fastapi import APIRouter, Request, Response

from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.sms.inbound import keep
from services.dispatcher.sms.installation import WEBHOOK_PATH
from services.dispatcher.sms.providers import BadSignature, Webhook
from shared.http.client_networks import network_of
from shared.http.problems import Problem
from shared.http.rate_limit import attempt
from shared.http.routes import CheckedRoute
from shared.telemetry import metrics
from shared.values.messages import message

router = APIRouter(prefix=WEBHOOK_PATH, tags=["text messages"], route_class=CheckedRoute)
TWIML = "<Response/>"
NOT_SIGNED = message("This is not signed as the provider signs its requests.")
HOW_TO_SIGN = message(
    "Check the signing secret of the settings, and that the provider has this address exactly as it is "
    "written in AFTERWORD_STAFF_URL."
)


@router.post("/{provider}", summary="What the SMS provider says")
async def take(provider: str, request: Request, context: OwnContext) -> Response:
    """Delivery reports and replies, in the provider's own form and with its own signature, no API key. A
    reply of STOP suppresses the number for every company that has it, START takes that back. The same request
    again changes nothing.
    """
    return await _take(provider, request, context)


@router.get("/{provider}", summary="What the SMS provider says by GET", include_in_schema=False)
async def take_signed_address(provider: str, request: Request, context: OwnContext) -> Response:
    """MessageBird reports deliveries by GET; what is signed is the address with all that it says."""
    if provider != "messagebird":
        raise Problem(404)
    return await _take(provider, request, context)


async def _take(provider: str, request: Request, context: DispatcherContext) -> Response:
    carrier = context.sms.provider
    if carrier is None or carrier.name != provider:
        raise Problem(404)
    query = request.url.query
    webhook = Webhook(
        url=f"{context.staff_url}{WEBHOOK_PATH}/{provider}{'?' if query else ''}{query}",
        query=request.query_params.multi_items(),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await request.body(),
        at=context.database.clock(),
    )
    try:
        found = carrier.read(webhook)
    except BadSignature:
        metrics.TEXT_REPORTS.labels("refused").inc()
        attempt((context.per_network, network_of(request)))
        raise Problem(403, NOT_SIGNED, HOW_TO_SIGN) from None
    for said in found:
        async with context.database.transaction() as uow:
            kept = await keep(uow, context.secret, said)
        metrics.TEXT_REPORTS.labels(kept).inc()
    if provider == "twilio":  # it would text anything else back
        return Response(TWIML, media_type="application/xml")
    return Response(status_code=200)
