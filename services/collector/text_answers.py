"""``/v1/personal-data/collector/text-answers``: a number that a customer has texted back is an answer."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from services.collector.context import CollectorContext, OwnContext
from services.collector.domain import SubmittedAnswer, answer_after, link_status
from services.collector.repository import answers, links
from services.collector.suspicion import published
from shared.db.database import Database
from shared.events import ANSWERS
from shared.events.envelope import Instant
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.privacy.service_caller import ServiceLane, service_caller
from shared.privacy.service_client import PERSONAL_DATA_PATH
from shared.privacy.service_tokens import TOKEN_SCHEME, ServiceClaims, ServiceTokens
from shared.tenancy.closed import find_left


class TextedAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """A reply that is an answer."""

    invitation_id: UUID
    score: Annotated[int, msgspec.Meta(ge=0, le=10)]
    said_at: Instant | None = None
    """When it was texted: an answer that was given later stays. None, by an earlier version: now."""


Result = Literal["kept", "gone", "unknown"]
_body = msgspec.json.Decoder(TextedAnswer)


def text_answers_router(database: Database, secret: str) -> APIRouter:
    """The router with the one route, which the dispatcher asks."""
    router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
    lane = ServiceLane(max_running=2)
    caller = service_caller(ServiceTokens(secret, clock=database.clock), "text")

    @router.post(f"{PERSONAL_DATA_PATH}/collector/text-answers")
    async def take_text_answer(
        request: Request, asked: Annotated[ServiceClaims, Depends(caller)], context: OwnContext
    ) -> Response:
        """Keep the score as if it had been chosen on the page, where the reason can be given then. A number
        of later amends it, for as long as the link's page could. The same again changes nothing.
        """
        body = await request.body()
        if not asked.covers(body):
            raise Problem(401, headers={"WWW-Authenticate": TOKEN_SCHEME})
        try:
            texted = _body.decode(body)
        except (msgspec.DecodeError, UnicodeError):
            raise Problem(422) from None
        async with lane.turn():
            result = await keep_text_answer(context, asked.tenant, texted)
        if result == "unknown":  # its invitation comes by an event
            raise Problem(503, headers={"Retry-After": "5"})
        return Response(msgspec.json.encode({"state": result}), media_type="application/json")

    return router


async def keep_text_answer(context: CollectorContext, tenant: str, texted: TextedAnswer) -> Result:
    """Write and publish the score; ``gone``: its link or company is, or its answer is final or a newer one.

    The answer is given when the reply was sent, while the link may have been open still, and is older than
    what is said later.
    """
    id_ = texted.invitation_id
    async with context.invitation_locks.acquire(str(id_)), context.database.transaction() as uow:
        if await find_left(uow, [tenant]):
            return "gone"
        await links.lock_invitation(uow, id_)
        target = await links.find_link_target(uow, id_)
        if target is not None and target.tenant.id != tenant:
            return "gone"
        said_at = min(texted.said_at or uow.now, uow.now)
        status = link_status(id_, target, said_at if target is not None else uow.now)
        if target is None or status != "open":
            return "unknown" if status == "unknown" else "gone"
        if target.is_final or target.answered_link is not None:
            return "gone"
        if target.scored_answer is not None and target.scored_answer.changed_at > said_at:
            return "gone"
        submitted = SubmittedAnswer(texted.score, target.invitation.language)
        answer = answer_after(target, submitted, said_at)
        if answer is not None:
            await answers.put_answers(uow, tenant, [answer])
            uow.publish(ANSWERS, tenant, published(answer))
    return "kept"
