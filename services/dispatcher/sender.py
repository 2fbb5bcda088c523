"""The invitations that are due, as the sender claims them and records what became of them."""

from typing import Any, Literal

import structlog
from sqlalchemy import Row

from services.dispatcher import invitations, quarantine, surveys
from services.dispatcher.addresses import judged
from services.dispatcher.contacts import Contact, contact_of
from services.dispatcher.domain import Person, Sending, held_back
from services.dispatcher.letters import Scribe
from services.dispatcher.repository import invitations as rows
from services.dispatcher.repository import sending as sending_rows
from services.dispatcher.sending import of_row
from services.dispatcher.wording import read_texts
from shared.db import UnitOfWork
from shared.events import Invitation, SurveyTexts, Tenant
from shared.outbound import LEASE_DURATION, PASSED, ClaimedMail, MailResult
from shared.tenancy import read_tenant

log = structlog.get_logger()


class InvitationQueue:
    """Invitations on their way to customers: a :class:`shared.outbound.Queue`."""

    service = "dispatcher"
    most_tries = None
    """They are given up when they are too old."""

    def __init__(self, scribe: Scribe, secret: str) -> None:
        self._scribe = scribe
        self._secret = secret

    async def claim(self, uow: UnitOfWork) -> ClaimedMail | Literal["passed"] | None:
        """The next that is due, marked ``sending``; every rule is looked at again."""
        row = await rows.claim(uow)
        return None if row is None else await self._claim(uow, row)

    async def _claim(self, uow: UnitOfWork, row: Row[Any]) -> ClaimedMail | Literal["passed"]:
        # Held until we commit: who stops all sending waits for this claim, and no later one begins.
        sending = of_row(await sending_rows.hold(uow, row.tenant, change=False))
        if sending.stopped:
            return PASSED
        invitation = invitations.of_row(row)
        address = invitation.customer.email
        contact = contact_of(self._secret, row.tenant, invitation.customer, sending.placeholder_ids)
        around = await rows.around(
            uow,
            row.tenant,
            survey_id=row.survey_id,
            survey_version=invitation.survey_version,
            contact=contact,
        )
        survey = surveys.rules_of(around) if around.id is not None else None
        forbidden = held_back(
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
            if await invitations.move(uow, row.tenant, invitation, state, reason=reason) is not None:
                await _did_not_arrive(uow, contact, invitation)
            return PASSED
        moved = await invitations.move(
            uow, row.tenant, invitation, "sending", lease_until=uow.now + LEASE_DURATION
        )
        if moved is None:
            return PASSED
        texts = read_texts(around.words).get(invitation.language, SurveyTexts())
        tenant = read_tenant(around.tenant_body) if around.tenant_body else unheard_of(row.tenant)
        letter = self._scribe.letter(moved, tenant, texts)
        return ClaimedMail(
            moved.id, row.attempts, row.refusals, letter, uow.now + LEASE_DURATION, about=(contact, moved)
        )

    async def settle(self, uow: UnitOfWork, claimed: ClaimedMail, fate: MailResult) -> None:
        """Say what became of it."""
        contact: Contact
        invitation: Invitation
        contact, invitation = claimed.about
        tenant = contact.tenant
        after = await invitations.move(
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


async def _did_not_arrive(uow: UnitOfWork, contact: Contact, invitation: Invitation) -> None:
    """Only a mail that may have arrived keeps the customer from being asked."""
    if not invitation.test:
        await quarantine.end(uow, contact, invitation.due_at)


def _person(around: Row[Any], address: str | None, sending: Sending) -> Person:
    return Person(
        address=judged(address),
        test_address=sending.is_test(address),
        opted_out="unsubscribed" in around.reasons,
        suppressed="listed" in around.reasons,
        invited_at=around.asked_elsewhere_at,
    )


def unheard_of(tenant: str) -> Tenant:
    """A tenant whose event is still on its way: its short name stands for its name."""
    return Tenant(id=tenant, version=0, name=tenant, time_zone="UTC", country="")
