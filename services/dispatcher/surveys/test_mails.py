"""Send a survey to a test address or number as it is: all is as for a customer, up to the answer."""

from uuid import UUID

from msgspec.structs import replace

from services.dispatcher.decisions.contacts import contact_key_of
from services.dispatcher.decisions.numbers import number_quality
from services.dispatcher.sending.sending_commands import add_test_address, find_sending
from services.dispatcher.surveys.survey_commands import find_survey
from shared.db import UnitOfWork
from shared.events import TRANSACTIONS, Customer, Transaction
from shared.events.transactions import OWN_SOURCES
from shared.ids import derived, uuid7
from shared.privacy.audit import AuditActor
from shared.privacy.subjects import NO_DIGEST

TEST_SOURCE = f"{OWN_SOURCES}test"
"""The source of the events that a test is made of."""
UNNAMED_TYPE = "test"


class NotATestAddress(Exception):
    """Tests go to the listed test addresses alone."""


async def send_test(
    uow: UnitOfWork,
    secret: str,
    tenant: str,
    survey_id: UUID,
    address: str,
    language: str,
    test_id: UUID | None = None,
    *,
    listed_by: AuditActor | None = None,
) -> UUID:
    """Publish an event about which this survey alone asks, though it may be paused; returns the event's id.

    :param test_id: the same one again, with the same address and language, is the same test.

    The survey's words are those that are saved when the event is decided, a moment later.

    :raises SurveyNotFound: when the tenant has none of this id.
    :param address: of mail, or a phone number in E.164.
    :param listed_by: whose own address it is: it is listed with that, since where mail goes in a test is
        judged by the list alone, up to when it leaves.
    :raises NotATestAddress: when the address is none.
    """
    survey = await find_survey(uow, tenant, survey_id)
    sending = await find_sending(uow, tenant)
    if not sending.is_test(address):
        if listed_by is None:
            raise NotATestAddress
        await add_test_address(uow, tenant, listed_by, address)
    number = address if number_quality(address) == "good" else None
    customer = Customer(id="", email=None if number else address, phone=number, locale=language)
    contact = contact_key_of(secret, tenant, customer, sending.placeholder_ids)
    event = Transaction(
        id=str(derived("test", str(test_id), address, language) if test_id is not None else uuid7()),
        source=TEST_SOURCE,
        type=(survey.draft.has_trigger and survey.draft.trigger.rstrip("*.")) or UNNAMED_TYPE,
        occurred_at=uow.now,
        accepted_at=uow.now,
        customer=replace(customer, id=contact.customer_id),
        person=contact.person,
        digest=NO_DIGEST,
        survey_id=survey_id,
    )
    uow.publish(TRANSACTIONS, tenant, event)
    return event.event_id
