"""How a customer can be reached: shown to whoever asks, and written down."""

from collections.abc import Sequence

from services.alerts.cases.case_user import CaseUser
from services.alerts.cases.domain.actor import Actor
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.refusals import NotPossible
from services.alerts.cases.domain.timeline import Entries
from services.alerts.cases.schemas import ContactOut
from services.alerts.replicas import repository as replicas
from shared.db.database import UnitOfWork
from shared.events import Answer
from shared.privacy.audit import record_audit
from shared.values.messages import message


async def reveal(
    uow: UnitOfWork,
    user: CaseUser,
    actor: Actor,
    case: CaseFile,
    answers: Sequence[Answer],
    entries: Entries,
) -> ContactOut:
    """Show how to reach the customer, and write down who was shown it.

    :raises NotPossible: when the customer does not want it, or nothing is known.
    """
    contact = await _shown_contact(uow, case, answers)
    known = [name for name, value in (("address", contact.email), ("number", contact.phone)) if value]
    if not known:
        raise NotPossible(message("We know neither an address nor a number."))
    case.reveal(entries, uow.now, actor, " and ".join(known))
    _record_shown(uow, user, case, contact)
    return contact


async def reveal_again(
    uow: UnitOfWork, user: CaseUser, case: CaseFile, answers: Sequence[Answer]
) -> ContactOut:
    """The same for a request that is sent again: once more in the log of who looked, not in the timeline."""
    contact = await _shown_contact(uow, case, answers)
    if contact.email or contact.phone:
        _record_shown(uow, user, case, contact, again=True)
    return contact


def _record_shown(
    uow: UnitOfWork, user: CaseUser, case: CaseFile, contact: ContactOut, **facts: bool
) -> None:
    email, phone = bool(contact.email), bool(contact.phone)
    about = str(case.id)
    record_audit(uow, case.tenant, user.audited, "address_shown", about, email=email, phone=phone, **facts)


async def _shown_contact(uow: UnitOfWork, case: CaseFile, answers: Sequence[Answer]) -> ContactOut:
    if case.may_contact is False:
        raise NotPossible(message("The customer does not want to be contacted, so the address stays hidden."))
    return await contact_of(uow, case, answers)


async def contact_of(uow: UnitOfWork, case: CaseFile, answers: Sequence[Answer]) -> ContactOut:
    """How to reach the customer: the address of the answer that heads the case, and their last known number.

    Where that answer has no invitation, the first of the others that has one is used.
    """
    invited = await replicas.invitations(uow, case.tenant, [answer.id for answer in answers])
    heading_first = sorted(answers, key=lambda answer: answer.id != case.answer_id)
    customers = [invited[answer.id].customer for answer in heading_first if answer.id in invited]
    if not customers:
        return ContactOut(email=None, phone=None)
    email = customers[0].email
    by_age = [invited[answer.id].customer for answer in answers if answer.id in invited]
    phones = [one.phone for one in by_age if one.email == email and one.phone]
    return ContactOut(email=email, phone=phones[-1] if phones else None)
