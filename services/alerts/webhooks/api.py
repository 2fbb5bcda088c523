"""``/v1/webhooks``: endpoints of the company's own, to which signed messages go."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query, Response

from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import SettingKeyReused, SettingRefused
from services.alerts.rules.callers import SetupAdmin
from services.alerts.webhooks.domain import MessageState, WebhookEndpoint
from services.alerts.webhooks.labels import NO_MESSAGE, NO_WEBHOOK
from services.alerts.webhooks.repository import deliveries, webhooks
from services.alerts.webhooks.schemas import (
    ReplayBody,
    ReplayOut,
    SecretBody,
    WebhookBody,
    WebhookChange,
    WebhookDeliveryList,
    WebhookDeliveryOut,
    WebhookList,
    WebhookMadeOut,
    WebhookOut,
    WebhookTestOut,
)
from services.alerts.webhooks.webhook_commands import (
    change,
    make,
    remove,
    replay_between,
    replay_message,
    rotate,
    try_out,
)
from shared.db.database import UnitOfWork
from shared.http.numbers import MAX_INTEGER
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.validation_errors import FieldFault
from shared.ids import derived, uuid7
from shared.outbound.address_guard import AddressGuard
from shared.privacy.audit import AuditActor
from shared.values.messages import message

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], route_class=CheckedRoute)
WebhookId = Annotated[UUID, Path(description="The webhook's id.")]


@router.get("", summary="Webhooks")
async def list_webhooks(caller: SetupAdmin, context: OwnContext) -> WebhookList:
    """Each with what waits for it, and whether its endpoint takes what is sent."""
    async with context.database.reading() as uow:
        found = await webhooks.list_of(uow, caller.tenant)
    return WebhookList(webhooks=[WebhookOut.of(*each) for each in found])


@router.post("", status_code=201, summary="Make a webhook")
async def post_webhook(
    body: WebhookBody,
    caller: SetupAdmin,
    context: OwnContext,
    idempotency_key: Annotated[
        str | None, Header(max_length=200, description="The same key again makes nothing again.")
    ] = None,
) -> WebhookMadeOut:
    """Messages are signed as [Standard Webhooks](https://www.standardwebhooks.com) describes: check
    `webhook-signature` with the secret, refuse what is older than five minutes by `webhook-timestamp`, and
    do nothing twice by `webhook-id`. Answer 2xx within 15 seconds. What is not taken is tried again for three
    days, in order: what comes later waits. What happened before the webhook was made is not told.
    """
    webhook_id = derived("webhook", caller.tenant, idempotency_key) if idempotency_key else uuid7()
    try:
        async with context.database.transaction() as uow:
            webhook, key = await make(
                uow,
                context.secret,
                guard_from(context),
                caller.tenant,
                webhook_id,
                body.wanted(),
                who=AuditActor.of(caller),
            )
            return WebhookMadeOut(**await _shown(uow, webhook), secret=key)
    except SettingRefused as refused:
        raise refusal(refused) from None
    except SettingKeyReused:
        raise Problem(409, message("This Idempotency-Key was used for another webhook.")) from None


@router.get("/{webhook_id}", summary="A webhook")
async def get_webhook(webhook_id: WebhookId, caller: SetupAdmin, context: OwnContext) -> WebhookOut:
    """Without its secret."""
    async with context.database.reading() as uow:
        return WebhookOut(**await _shown(uow, await found_webhook(uow, caller.tenant, webhook_id)))


@router.patch("/{webhook_id}", summary="Change, pause or switch on a webhook")
async def patch_webhook(
    webhook_id: WebhookId, body: WebhookChange, caller: SetupAdmin, context: OwnContext
) -> WebhookOut:
    """Messages that wait go to the new address. Those that were queued stay, whatever types are chosen."""
    try:
        async with context.database.transaction() as uow:
            who = AuditActor.of(caller)
            changed = await change(
                uow, guard_from(context), caller.tenant, webhook_id, body.wanted(), who=who
            )
            if changed is None:
                raise Problem(404, detail=NO_WEBHOOK)
            return WebhookOut(**await _shown(uow, changed))
    except SettingRefused as refused:
        raise refusal(refused) from None


@router.delete("/{webhook_id}", status_code=204, summary="Delete a webhook")
async def delete_webhook(webhook_id: WebhookId, caller: SetupAdmin, context: OwnContext) -> Response:
    """Its secret is deleted at once, its messages within minutes; what waits is not sent."""
    async with context.database.transaction() as uow:
        if not await remove(uow, caller.tenant, webhook_id, who=AuditActor.of(caller)):
            raise Problem(404, detail=NO_WEBHOOK)
    return Response(status_code=204)


@router.post("/{webhook_id}/secret", summary="Give a webhook a new secret")
async def post_secret(
    webhook_id: WebhookId, body: SecretBody, caller: SetupAdmin, context: OwnContext
) -> WebhookMadeOut:
    """For a time of your choice messages carry two signatures, by the new secret and the one before."""
    async with context.database.transaction() as uow:
        overlap = timedelta(hours=body.overlap_hours)
        rotated = await rotate(
            uow, context.secret, caller.tenant, webhook_id, overlap, who=AuditActor.of(caller)
        )
        if rotated is None:
            raise Problem(404, detail=NO_WEBHOOK)
        webhook, key = rotated
        return WebhookMadeOut(**await _shown(uow, webhook), secret=key)


@router.post("/{webhook_id}/test", status_code=202, summary="Try a webhook")
async def post_test(webhook_id: WebhookId, caller: SetupAdmin, context: OwnContext) -> WebhookTestOut:
    """A message of the type `webhook.test` is sent before all that wait, once, also while the webhook is
    paused or off. Its delivery tells what became of it.
    """
    async with context.database.transaction() as uow:
        message_id = await try_out(uow, caller.tenant, webhook_id)
        if message_id is None:
            raise Problem(404, detail=NO_WEBHOOK)
    return WebhookTestOut(message_id=message_id)


@router.get("/{webhook_id}/deliveries", summary="What was sent to a webhook")
async def list_deliveries(
    webhook_id: WebhookId,
    caller: SetupAdmin,
    context: OwnContext,
    state: Annotated[MessageState | None, Query(description="Only messages in this state.")] = None,
    after: Annotated[
        int | None, Query(ge=-MAX_INTEGER, le=MAX_INTEGER, description="`next` of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 50,
) -> WebhookDeliveryList:
    """Each message with what became of it, the newest first; never what it holds."""
    async with context.database.reading() as uow:
        await found_webhook(uow, caller.tenant, webhook_id)
        found = await deliveries.list_page(
            uow, caller.tenant, webhook_id, before=after, state=state, limit=limit + 1
        )
    more = str(found[limit - 1].seq) if len(found) > limit else None
    return WebhookDeliveryList(deliveries=[WebhookDeliveryOut.of(each) for each in found[:limit]], next=more)


@router.post("/{webhook_id}/replay", summary="Send messages of a webhook again")
async def post_replay(
    webhook_id: WebhookId, body: ReplayBody, caller: SetupAdmin, context: OwnContext
) -> ReplayOut:
    """Under their ids and with their content of then, in their order, behind all that waits. Messages of
    customers who were erased since cannot be sent again.
    """
    who = AuditActor.of(caller)
    async with context.database.transaction() as uow:
        await found_webhook(uow, caller.tenant, webhook_id)
        if body.message_id is not None:
            if not await replay_message(uow, caller.tenant, webhook_id, body.message_id, who=who):
                raise Problem(404, detail=NO_MESSAGE)
            return ReplayOut(replayed=1, more=False)
        number = await replay_between(
            uow,
            caller.tenant,
            webhook_id,
            since=body.since or uow.now,
            until=body.until or uow.now,
            failed_only=body.failed_only,
            who=who,
        )
    return ReplayOut(replayed=number, more=number == deliveries.MAX_REPLAYED)


async def found_webhook(uow: UnitOfWork, tenant: str, webhook_id: UUID) -> WebhookEndpoint:
    """A webhook of the company.

    :raises Problem: 404 where it has none of this id.
    """
    found = await webhooks.find(uow, tenant, webhook_id)
    if found is None:
        raise Problem(404, detail=NO_WEBHOOK)
    return found


def guard_from(context: AlertsContext) -> AddressGuard:
    """Which networks the operator lets companies name."""
    return AddressGuard.of(context.afterword.outbound_networks)


def refusal(refused: SettingRefused) -> Problem:
    """The response to what is refused."""
    return Problem(422, errors=[FieldFault(field=refused.field, detail=refused.remedy)])


async def _shown(uow: UnitOfWork, webhook: WebhookEndpoint) -> dict[str, object]:
    ((_, counts),) = await webhooks.list_of(uow, webhook.tenant, webhook.id)
    return dict(WebhookOut.of(webhook, counts))
