"""``/v1/texts/{provider}``: what the SMS provider says of texts, and what customers reply to them."""

from hashlib import sha256

from fastapi import APIRouter, Request, Response

from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.sms.answering import TextReplies
from services.dispatcher.sms.inbound import Kept, keep
from services.dispatcher.sms.installation import WEBHOOK_PATH
from services.dispatcher.sms.messages import TextReply, TextReport
from services.dispatcher.sms.providers import BadSignature, Webhook
from services.dispatcher.sms.stop_words import wish_of
from shared.http.client_networks import network_of
from shared.http.problems import Problem
from shared.http.rate_limit import attempt
from shared.http.routes import CheckedRoute
from shared.telemetry import metrics
from shared.values.messages import message

router = APIRouter(prefix=WEBHOOK_PATH, include_in_schema=False, route_class=CheckedRoute)
TWIML = "<Response/>"
SIGNATURE_OF_GET = "messagebird-signature-jwt"
"""Of the one provider that reports by GET."""
NOT_SIGNED = message("This is not signed as the SMS provider of this installation signs its requests.")
NO_REPLY_ID = message("The reply has no id.")
HOW_TO_NAME_REPLIES = message(
    "Send an id of the reply as “id”, the same when the reply is sent again, and as “at” when it was sent."
)
HOW_TO_SIGN = message(
    "Check the provider and its signing secret in the settings, and that it has this address exactly as it "
    "is written in AFTERWORD_STAFF_URL."
)


@router.post("/{provider}")
async def take(provider: str, request: Request, context: OwnContext) -> Response:
    """Delivery reports and replies, in the provider's own form and with its own signature, no API key. A
    reply of STOP suppresses the number for every company that has it, START takes back what a STOP
    did, a number from 0 to 10 is an answer where the text asked for one, HELP is answered: by
    another process, a moment later. The same request again changes nothing.
    """
    return await _take(provider, request, context)


@router.get("/{provider}")
async def take_signed_address(provider: str, request: Request, context: OwnContext) -> Response:
    """MessageBird reports deliveries by GET, and signs the address with all that it says. A look without a
    signature finds the door and changes nothing.
    """
    if SIGNATURE_OF_GET not in request.headers:
        return Response(status_code=200)
    return await _take(provider, request, context)


async def _take(provider: str, request: Request, context: DispatcherContext) -> Response:
    try:
        found = await _read(provider, request, context)
    except BadSignature:
        metrics.TEXT_REPORTS.labels("refused").inc()
        attempt((context.per_network, network_of(request)))
        raise Problem(401, NOT_SIGNED, HOW_TO_SIGN) from None
    carrier, body = context.sms.provider, await request.body() + request.url.query.encode()
    if carrier is not None and carrier.needs_reply_ids and any(map(_lacks_id, found)):
        raise Problem(422, NO_REPLY_ID, HOW_TO_NAME_REPLIES)
    for number, said in enumerate(found):
        kept = await _keep(context, said, _token(said, body, number))
        if kept != "stored":  # what becomes of it is counted then
            metrics.TEXT_REPORTS.labels(kept).inc()
    if provider == "twilio":  # it would text anything else back
        return Response(TWIML, media_type="application/xml")
    return Response(status_code=200)


async def _keep(context: DispatcherContext, said: TextReply | TextReport, token: str) -> Kept:
    """Do what a request says, and return what it was about."""
    if isinstance(said, TextReply):
        return await TextReplies(database=context.database, secret=context.secret).take(said, token)
    async with context.database.transaction() as uow:
        return await keep(uow, context.secret, said)


def _token(said: TextReply | TextReport, body: bytes, number: int) -> str:
    """What only this reply has: its id, or all of its request."""
    id_ = said.id if isinstance(said, TextReply) else ""
    return sha256(f"id/{id_}".encode()).hexdigest() if id_ else f"{sha256(body).hexdigest()}/{number}"


def _lacks_id(said: TextReply | TextReport) -> bool:
    """A wish may come again, and does nothing then; it needs no id."""
    return isinstance(said, TextReply) and not said.id and wish_of(said.text) is None


async def _read(provider: str, request: Request, context: DispatcherContext) -> list[TextReply | TextReport]:
    """What the installation's provider says.

    :raises BadSignature: when it is not its request.
    """
    carrier = context.sms.provider
    if carrier is None or carrier.name != provider:
        raise BadSignature("this installation has another provider, or none")
    query = request.url.query
    return carrier.read(
        Webhook(
            url=f"{context.staff_url}{WEBHOOK_PATH}/{provider}{'?' if query else ''}{query}",
            query=request.query_params.multi_items(),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.body(),
            at=context.database.clock(),
        )
    )
