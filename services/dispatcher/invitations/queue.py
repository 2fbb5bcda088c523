"""The invitations that are due, as the sender claims them and records what became of them."""

from typing import Any, Literal

import structlog
from sqlalchemy import Row

from services.dispatcher.decisions.addresses import address_quality
from services.dispatcher.decisions.contacts import ContactKey, contact_key_of
from services.dispatcher.decisions.domain import Person, Sending, reason_not_to_send
from services.dispatcher.decisions.handlers import quarantine
from services.dispatcher.invitations.states import repository as rows
from services.dispatcher.invitations.states import states
from services.dispatcher.invitations.survey_mail import SurveyMailRenderer
from services.dispatcher.sending.sending_commands import repository as sending_rows
from services.dispatcher.sending.sending_commands import sending_from
from services.dispatcher.surveys.survey_commands import survey_commands
from services.dispatcher.surveys.texts import read_texts
from shared.db import UnitOfWork
from shared.events import Invitation, SurveyTexts, Tenant
from shared.outbound import LEASE_DURATION, PASSED, Claimed, MailResult
from shared.tenancy import read_tenant

log = structlog.get_logger()


class InvitationQueue:
    """Invitations on their way to customers: a :class:`shared.outbound.Queue`."""

    service = "dispatcher"
    most_tries = None
    """They are given up when they are too old."""

    def __init__(self, scribe: SurveyMailRenderer, secret: str) -> None:
        self._scribe = scribe
        self._secret = secret

    async def claim(self, uow: UnitOfWork) -> Claimed | Literal["passed"] | None:
        """The next that is due, marked ``sending``; every rule is looked at again."""
        row = await rows.claim(uow)
        return None if row is None else await self._claim(uow, row)

    async def _claim(self, uow: UnitOfWork, row: Row[Any]) -> Claimed | Literal["passed"]:
        # Held until we commit: who stops all sending waits for this claim, and no later one begins.
        sending = sending_from(await sending_rows.hold(uow, row.tenant, change=False))
        if sending.stopped:
            return PASSED
        invitation = states.read_invitation(row)
        address = invitation.customer.email
        contact = contact_key_of(self._secret, row.tenant, invitation.customer, sending.placeholder_ids)
        around = await rows.around(
            uow,
            row.tenant,
            survey_id=row.survey_id,
            survey_version=invitation.survey_version,
            contact=contact,
        )
        survey = survey_commands.candidate_of(around) if around.id is not None else None
        forbidden = reason_not_to_send(
            now=uow.now,
            occurred_at=invitation.occurred_at,
            expires_at=invitation.expires_at,
            test=invitation.test,
            live=survey is not None and survey.live,
            max_age_days=survey.max_age_days if survey is not None else 0,
            quarantine_days=survey.quarantine_days if survey is not None else 0,
            person=_person(around, address, sending),
            mode=sending.mode,
        )
        if forbidden is not None:
            state, reason = forbidden
            if await states.move_invitation(uow, row.tenant, invitation, state, reason=reason) is not None:
                await _did_not_arrive(uow, contact, invitation)
            return PASSED
        moved = await states.move_invitation(
            uow, row.tenant, invitation, "sending", lease_until=uow.now + LEASE_DURATION
        )
        if moved is None:
            return PASSED
        texts = read_texts(around.words).get(invitation.language, SurveyTexts())
        tenant = read_tenant(around.tenant_body) if around.tenant_body else placeholder_tenant(row.tenant)
        letter = self._scribe.letter(moved, tenant, texts)
        return Claimed(
            moved.id, row.attempts, row.refusals, letter, uow.now + LEASE_DURATION, about=(contact, moved)
        )

    async def settle(self, uow: UnitOfWork, claimed: Claimed, fate: MailResult) -> None:
        """Say what became of it."""
        contact: ContactKey
        invitation: Invitation
        contact, invitation = claimed.about
        tenant = contact.tenant
        after = await states.move_invitation(
            uow,
            tenant,
            invitation,
            fate.state,
            reason=fate.reason,
            next_at=fate.next_at,
            tried=fate.tried,
            refused=fate.refused,
        )
        if fate.state == "failed" and after is not None:
            await _did_not_arrive(uow, contact, invitation)
        log.info("mail", tenant=tenant, invitation=str(invitation.id), outcome=fate.state, late=after is None)


async def _did_not_arrive(uow: UnitOfWork, contact: ContactKey, invitation: Invitation) -> None:
    """Only a mail that may have arrived keeps the customer from being asked."""
    if not invitation.test:
        await quarantine.end_quarantine(uow, contact, invitation.due_at)


def _person(around: Row[Any], address: str | None, sending: Sending) -> Person:
    return Person(
        address=address_quality(address),
        test_address=sending.is_test(address),
        opted_out="unsubscribed" in around.reasons,
        suppressed="listed" in around.reasons,
        invited_at=around.asked_elsewhere_at,
    )


def placeholder_tenant(tenant: str) -> Tenant:
    """A tenant whose event is still on its way: its short name stands for its name."""
    return Tenant(id=tenant, version=0, name=tenant, time_zone="UTC", country="")
