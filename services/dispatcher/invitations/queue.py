"""The deliveries of invitations: rules before a message leaves, and what its outcome means."""

from collections.abc import Mapping
from typing import Any, Protocol

from msgspec.structs import replace
from sqlalchemy import Row

from services.dispatcher.decisions.addresses import address_quality
from services.dispatcher.decisions.contacts import ContactKey, contact_key_of, quarantine_keys
from services.dispatcher.decisions.domain import Person, reason_not_to_send
from services.dispatcher.decisions.inputs import candidate_from, load_asked
from services.dispatcher.decisions.quarantine import end_quarantine
from services.dispatcher.decisions.scopes import Asked, one_touchpoint
from services.dispatcher.invitations import repository
from services.dispatcher.invitations.states import (
    move_invitation,
    read_invitation,
    subject_of_invitation,
)
from services.dispatcher.sending import repository as sending_rows
from services.dispatcher.sending.domain import Sending
from services.dispatcher.sending.sending_commands import sending_from
from services.dispatcher.suppressions.domain import SUPPRESSING
from services.dispatcher.surveys.texts import read_texts
from services.dispatcher.tenants import placeholder_tenant
from shared.db import UnitOfWork
from shared.events import Customer, Invitation, SurveyTexts, Tenant
from shared.outbound import Delivery, MailResult, Prepared, Withdrawn
from shared.privacy.erased import find_erased
from shared.tenancy import read_tenant


class InvitationRenderer(Protocol):
    """What a channel needs to carry invitations."""

    def address(self, customer: Customer) -> str | None:
        """Where it reaches the customer; None if it cannot."""

    def message(self, invitation: Invitation, tenant: Tenant, texts: SurveyTexts) -> Any:
        """The message to a customer who has an address, in the form of the channel."""


class InvitationQueue:
    """Deliveries of invitations to customers: a :class:`shared.outbound.Queue`.

    Each invitation has one delivery, its first: the invitation's state is what became of it.
    """

    service = "dispatcher"
    most_tries = None
    """They are given up when they are too old."""
    claim_sql = repository.CLAIM

    def __init__(self, renderers: Mapping[str, InvitationRenderer], secret: str) -> None:
        """:param renderers: by the name of their channel."""
        self._renderers = renderers
        self._secret = secret

    async def prepare(
        self, uow: UnitOfWork, delivery: Delivery, row: Row[Any]
    ) -> Prepared | Withdrawn | None:
        """Apply every rule once more, and mark the invitation as ``sending``."""
        # Locked until the commit: a stop of all sending waits for this claim, and no later one begins.
        sending = sending_from(await sending_rows.share(uow, delivery.tenant))
        if sending.stopped:
            return None
        invitation = read_invitation(row)
        contact = contact_key_of(self._secret, delivery.tenant, invitation.customer, sending.placeholder_ids)
        inputs = await repository.find_sending_inputs(
            uow, contact, invitation.survey_id, invitation.survey_version
        )
        survey = candidate_from(inputs) if inputs.id is not None else None
        asked: list[Asked] = []
        if survey is not None and survey.quarantine_scope != "any":
            survey = replace(survey, touchpoint=one_touchpoint(invitation.touchpoint, None))
            keys = {(contact.tenant, key) for key in quarantine_keys(contact)}
            asked = [each for _, each in await load_asked(uow, keys) if each.elsewhere]
        renderer = self._renderers[delivery.channel]
        forbidden = reason_not_to_send(
            now=uow.now,
            occurred_at=invitation.occurred_at,
            expires_at=invitation.expires_at,
            test=invitation.test,
            survey=survey,
            person=_person(
                inputs,
                renderer.address(invitation.customer),
                sending,
                tuple(asked),
                erased=bool(await find_erased(uow, [subject_of_invitation(contact, invitation)])),
            ),
            mode=sending.mode,
        )
        if forbidden is not None:
            state, reason = forbidden
            if await move_invitation(uow, delivery.tenant, invitation, state, reason=reason) is not None:
                await _end_quarantine(uow, contact, invitation)
            return Withdrawn(reason)
        moved = await move_invitation(uow, delivery.tenant, invitation, "sending")
        if moved is None:
            return None
        texts = read_texts(inputs.words).get(invitation.language, SurveyTexts())
        tenant = (
            read_tenant(inputs.tenant_body) if inputs.tenant_body else placeholder_tenant(delivery.tenant)
        )
        return Prepared(renderer.message(moved, tenant, texts), about=(contact, moved))

    async def record(
        self, uow: UnitOfWork, delivery: Delivery, about: tuple[ContactKey, Invitation], result: MailResult
    ) -> None:
        """Move the invitation on, and publish it."""
        contact, invitation = about
        moved = await move_invitation(
            uow,
            delivery.tenant,
            invitation,
            result.state,
            reason=result.reason,
            next_at=result.next_at,
        )
        if result.state == "failed" and moved is not None:
            await _end_quarantine(uow, contact, invitation)


async def _end_quarantine(uow: UnitOfWork, contact: ContactKey, invitation: Invitation) -> None:
    """Only a mail that may have arrived keeps the contact from being asked."""
    if not invitation.test:
        await end_quarantine(uow, contact, invitation)


def _person(
    inputs: Row[Any], address: str | None, sending: Sending, asked: tuple[Asked, ...], *, erased: bool
) -> Person:
    return Person(
        erased=erased,
        address=address_quality(address),
        test_address=sending.is_test(address),
        opted_out="unsubscribed" in inputs.reasons,
        suppressed=not SUPPRESSING.isdisjoint(inputs.reasons),
        invited_at=inputs.asked_elsewhere_at,
        asked=asked,
    )
