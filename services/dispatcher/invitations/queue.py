"""The queue of due invitations: the sender claims them from it, and it records what became of them."""

from typing import Any, Literal

import structlog
from sqlalchemy import Row

from services.dispatcher.decisions.addresses import address_quality
from services.dispatcher.decisions.contacts import ContactKey, contact_key_of
from services.dispatcher.decisions.domain import Person, reason_not_to_send
from services.dispatcher.decisions.inputs import candidate_from
from services.dispatcher.decisions.quarantine import end_quarantine
from services.dispatcher.invitations import repository
from services.dispatcher.invitations.states import move_invitation, read_invitation
from services.dispatcher.invitations.survey_mail import SurveyMailRenderer
from services.dispatcher.sending import repository as sending_rows
from services.dispatcher.sending.domain import Sending
from services.dispatcher.sending.sending_commands import sending_from
from services.dispatcher.surveys.texts import read_texts
from services.dispatcher.tenants import placeholder_tenant
from shared.db import UnitOfWork
from shared.events import Invitation, SurveyTexts
from shared.outbound import LEASE_DURATION, PASSED, ClaimedMail, MailResult
from shared.tenancy import read_tenant

log = structlog.get_logger()


class InvitationQueue:
    """Invitations on their way to customers: a :class:`shared.outbound.Queue`."""

    service = "dispatcher"
    most_tries = None
    """They are given up when they are too old."""

    def __init__(self, renderer: SurveyMailRenderer, secret: str) -> None:
        self._renderer = renderer
        self._secret = secret

    async def claim(self, uow: UnitOfWork) -> ClaimedMail | Literal["passed"] | None:
        """The next that is due, marked as ``sending``; every rule is applied once more."""
        row = await repository.claim(uow)
        return None if row is None else await self._claim(uow, row)

    async def _claim(self, uow: UnitOfWork, row: Row[Any]) -> ClaimedMail | Literal["passed"]:
        # Locked until the commit: a stop of all sending waits for this claim, and no later one begins.
        sending = sending_from(await sending_rows.share(uow, row.tenant))
        if sending.stopped:
            return PASSED
        invitation = read_invitation(row)
        contact = contact_key_of(self._secret, row.tenant, invitation.customer, sending.placeholder_ids)
        inputs = await repository.find_sending_inputs(
            uow, contact, invitation.survey_id, invitation.survey_version
        )
        forbidden = reason_not_to_send(
            now=uow.now,
            occurred_at=invitation.occurred_at,
            expires_at=invitation.expires_at,
            test=invitation.test,
            survey=candidate_from(inputs) if inputs.id is not None else None,
            person=_person(inputs, invitation.customer.email, sending),
            mode=sending.mode,
        )
        if forbidden is not None:
            state, reason = forbidden
            if await move_invitation(uow, row.tenant, invitation, state, reason=reason) is not None:
                await _end_quarantine(uow, contact, invitation)
            return PASSED
        lease_until = uow.now + LEASE_DURATION
        moved = await move_invitation(uow, row.tenant, invitation, "sending", lease_until=lease_until)
        if moved is None:
            return PASSED
        texts = read_texts(inputs.words).get(invitation.language, SurveyTexts())
        tenant = read_tenant(inputs.tenant_body) if inputs.tenant_body else placeholder_tenant(row.tenant)
        message = self._renderer.message(moved, tenant, texts)
        return ClaimedMail(moved.id, row.attempts, row.refusals, message, lease_until, about=(contact, moved))

    async def settle(self, uow: UnitOfWork, claimed: ClaimedMail, fate: MailResult) -> None:
        """Record and publish what became of it."""
        contact: ContactKey
        invitation: Invitation
        contact, invitation = claimed.about
        moved = await move_invitation(
            uow,
            contact.tenant,
            invitation,
            fate.state,
            reason=fate.reason,
            next_at=fate.next_at,
            tried=fate.tried,
            refused=fate.refused,
        )
        if fate.state == "failed" and moved is not None:
            await _end_quarantine(uow, contact, invitation)
        log.info(
            "mail",
            tenant=contact.tenant,
            invitation=str(invitation.id),
            outcome=fate.state,
            late=moved is None,
        )


async def _end_quarantine(uow: UnitOfWork, contact: ContactKey, invitation: Invitation) -> None:
    """Only a mail that may have arrived keeps the contact from being asked."""
    if not invitation.test:
        await end_quarantine(uow, contact, invitation.due_at)


def _person(inputs: Row[Any], address: str | None, sending: Sending) -> Person:
    return Person(
        address=address_quality(address),
        test_address=sending.is_test(address),
        opted_out="unsubscribed" in inputs.reasons,
        suppressed="listed" in inputs.reasons,
        invited_at=inputs.asked_elsewhere_at,
    )
