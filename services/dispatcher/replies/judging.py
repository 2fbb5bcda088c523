"""Whether a mail from a case may leave: asked when it is taken, and again when it is about to be sent."""

from datetime import timedelta
from typing import Any, NamedTuple

from msgspec.structs import replace
from sqlalchemy import Row

from services.dispatcher.decisions.addresses import address_quality
from services.dispatcher.decisions.contacts import ContactKey, contact_key_of, under_its_id
from services.dispatcher.invitations import repository as invitation_rows
from services.dispatcher.invitations.states import read_invitation, subject_of_invitation
from services.dispatcher.replies import repository
from services.dispatcher.replies.domain import OutgoingMail, ReachedCustomer, reason_not_to_write
from services.dispatcher.sending.domain import Sending
from services.dispatcher.tenants import placeholder_tenant
from shared.db import UnitOfWork
from shared.events import Invitation, Tenant
from shared.privacy.erased import find_erased
from shared.privacy.persons import NOBODY
from shared.tenancy import read_tenant

MAX_WAIT = timedelta(days=3)
"""A mail that could not leave for so long is not sent any more."""


class JudgedMail(NamedTuple):
    """A mail from a case, with what it is judged by."""

    reason: str | None
    """Why it may not leave; None: it may."""
    invitation: Invitation | None
    contact: ContactKey | None
    """None: there is nobody to write to."""
    tenant: Tenant
    inputs: Row[Any] | None
    mailed: bool
    """Whether a mail of the invitation has left, which it can belong to."""
    customer: ReachedCustomer | None = None
    """None: there is none."""

    def named(self, mail: OutgoingMail) -> OutgoingMail:
        """The mail with whom it goes to, as far as that is known."""
        if self.contact is None or self.invitation is None:
            return mail
        return replace(
            mail,
            customer_id=self.contact.customer_id,
            person=self.invitation.person or self.contact.person,
            contact_key=self.contact.address,
        )


async def judge(uow: UnitOfWork, secret: str, mail: OutgoingMail, sending: Sending) -> JudgedMail:
    """Judge a mail that a colleague wrote by what is known now of its customer and its company."""
    found = await find_judged(uow, secret, mail, sending)
    if found.customer is None:
        return found
    forbidden = reason_not_to_write(uow.now - mail.written_at, MAX_WAIT, found.customer)
    return found._replace(reason=forbidden)


async def find_judged(uow: UnitOfWork, secret: str, mail: OutgoingMail, sending: Sending) -> JudgedMail:
    """What a mail of any kind is judged by; it has a reason where there is nobody to write to."""
    row = await repository.find_about(uow, mail)
    if row is None or (invitation := read_invitation(row)).erased or invitation.person == NOBODY:
        reason = "erased" if row is not None and read_invitation(row).erased else "no_address"
        return JudgedMail(reason, None, None, placeholder_tenant(mail.tenant), None, mailed=False)
    contact = contact_key_of(secret, mail.tenant, invitation.customer, sending.placeholder_ids)
    contact = under_its_id(contact, invitation)
    person = invitation.person or contact.person
    inputs = await invitation_rows.find_sending_inputs(
        uow, contact, person, invitation.survey_id, invitation.survey_version
    )
    tenant = read_tenant(inputs.tenant_body) if inputs.tenant_body else placeholder_tenant(mail.tenant)
    address = invitation.customer.email
    customer = ReachedCustomer(
        address=address_quality(address),
        test_address=sending.is_test(address),
        erased=bool(await find_erased(uow, [subject_of_invitation(contact, invitation)])),
        reasons=inputs.reasons,
        may_contact=row.may_contact,
        company=tenant.state,
        mode=sending.mode,
        test=invitation.test,
    )
    return JudgedMail(None, invitation, contact, tenant, inputs, mailed=bool(row.mailed), customer=customer)
