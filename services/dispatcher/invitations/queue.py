"""The deliveries of invitations: what each is judged by and sent as, and what its outcome means."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import Row

from services.dispatcher.contact_policies.policy_commands import rules_from
from services.dispatcher.customers.bases import read_bases
from services.dispatcher.customers.known_words import KnownWords, known_bases, known_customer
from services.dispatcher.decisions.addresses import address_quality
from services.dispatcher.decisions.contacts import (
    ContactKey,
    contact_key_of,
    keys_without_ours,
    quarantine_keys,
    under_its_id,
)
from services.dispatcher.decisions.counter_events import NOT_COUNTERED, Countered, judge_counters
from services.dispatcher.decisions.countering import asking_of
from services.dispatcher.decisions.hours import ContactHours
from services.dispatcher.decisions.lawful_basis import bases_of, law_for, newest_bases
from services.dispatcher.decisions.loading import (
    candidate_from,
    load_asked,
)
from services.dispatcher.decisions.numbers import number_quality
from services.dispatcher.decisions.places import place_of
from services.dispatcher.decisions.policy import ContactPolicy
from services.dispatcher.decisions.preferences import Preferences
from services.dispatcher.decisions.quarantine import give_turn_back
from services.dispatcher.decisions.repository import counter_events as counter_rows
from services.dispatcher.decisions.sampling import is_still_sampled, sampling_key
from services.dispatcher.decisions.scopes import Asked, one_touchpoint
from services.dispatcher.decisions.values import CandidateSurvey, OpenCase, Person
from services.dispatcher.invitations import repository
from services.dispatcher.invitations.destinations import Destination, DestinationPaces, note_outcome
from services.dispatcher.invitations.first_day import FirstDay, first_day_of, give_place_back
from services.dispatcher.invitations.judging import DueMail, end_quarantine_of, judge_mail, turn_of
from services.dispatcher.invitations.reminders import (
    plan_reminder,
    reminder_mail,
    show_reminder,
)
from services.dispatcher.invitations.states import (
    begin_reminding,
    end_reminding,
    read_invitation,
    settle_invitation,
    subject_of_invitation,
)
from services.dispatcher.invitations.survey_mail import THE_COMPANY, MailSender, ReminderMail
from services.dispatcher.senders.sender_keys import opened_key
from services.dispatcher.sending import repository as sending_rows
from services.dispatcher.sending.domain import Sending
from services.dispatcher.sending.sending_commands import sending_from
from services.dispatcher.suppressions.domain import SUPPRESSING
from services.dispatcher.surveys.texts import read_texts
from services.dispatcher.tenants import placeholder_tenant
from shared.db import UnitOfWork
from shared.events import Customer, Invitation, SurveyTexts, Tenant
from shared.events.surveys import Layout
from shared.mail.dkim import DomainKey
from shared.outbound import Delivery, MailResult, Postponed, Prepared, Withdrawn
from shared.outbound.destinations import NO_LIMITS, DestinationLimits
from shared.privacy.erased import find_erased
from shared.tenancy import read_tenant


class InvitationRenderer(Protocol):
    """What a channel needs to carry invitations."""

    def address(self, customer: Customer) -> str | None:
        """Where it reaches the customer; None if it cannot."""

    def message(
        self,
        invitation: Invitation,
        tenant: Tenant,
        texts: SurveyTexts,
        reminder: ReminderMail | None = None,
        layout: Layout = "horizontal",
        own: MailSender = THE_COMPANY,
    ) -> Any:
        """The message to a customer who has an address, in the form of the channel."""


class AboutDelivery(NamedTuple):
    """What a delivery that is sent is about, as it was prepared."""

    contact: ContactKey
    invitation: Invitation
    survey: CandidateSurvey | None
    first_day: FirstDay | None
    """The survey's, where this mail took a place on it."""
    prepared_at: datetime
    destination: Destination | None
    """Of a mail."""


class InvitationQueue:
    """Deliveries of invitations to customers: a :class:`shared.outbound.Queue`.

    The invitation's state is what became of its first delivery; the reminders behind it leave it as it is.
    """

    service = "dispatcher"
    most_tries = None
    """They are given up when they are too old."""
    claim_sql = repository.CLAIM

    def __init__(
        self,
        renderers: Mapping[str, InvitationRenderer],
        secret: str,
        policy: ContactPolicy,
        *,
        company_senders: bool = False,
        pace: DestinationLimits = NO_LIMITS,
    ) -> None:
        """:param renderers: by the name of their channel.
        :param company_senders: whether mails may come from a company's own address.
        :param pace: how many mails leave for a destination.
        """
        self._renderers = renderers
        self._secret = secret
        self._sampling_key = sampling_key(secret)
        self._policy = policy
        self._company_senders = company_senders
        self._destinations = DestinationPaces(secret, pace)

    async def prepare(
        self, uow: UnitOfWork, delivery: Delivery, row: Row[Any]
    ) -> Prepared | Withdrawn | Postponed | None:
        """Apply every rule once more, and mark the invitation of a first mail as ``sending``."""
        # Locked until the commit: a stop of all sending waits for this claim, and no later one begins.
        sending = sending_from(await sending_rows.share(uow, delivery.tenant))
        if sending.stopped:
            return None
        invitation = read_invitation(row)
        contact = contact_key_of(self._secret, delivery.tenant, invitation.customer, sending.placeholder_ids)
        contact = under_its_id(contact, invitation).asked_by(delivery.channel)
        inputs = await repository.find_sending_inputs(
            uow,
            contact,
            invitation.person or contact.person,
            invitation.survey_id,
            invitation.survey_version,
        )
        contact = contact._replace(id_is_shared=bool(inputs.ids_are_shared))
        survey = candidate_from(inputs) if inputs.id is not None else None
        if survey is not None:
            survey = replace(survey, touchpoint=one_touchpoint(invitation.touchpoint, None))
            survey = _as_worded(survey, invitation.survey_version, inputs)
        asked = await _find_asked(uow, contact, survey, inputs)
        is_reminder = delivery.kind == "reminder"
        renderer = self._renderers[delivery.channel]
        address = renderer.address(invitation.customer)
        tenant = (
            read_tenant(inputs.tenant_body) if inputs.tenant_body else placeholder_tenant(delivery.tenant)
        )
        if tenant.state != "running":
            return None
        words = _words(inputs)
        person = self._person(
            inputs,
            delivery.channel,
            address,
            sending,
            known_customer(invitation.customer, words, contact),
            newest_bases(known_bases(words, contact), bases_of(invitation.customer, invitation.occurred_at)),
            tenant,
            asked,
            is_reminder=is_reminder,
            asks_again_about=invitation.recovery_of,
            erased=bool(await find_erased(uow, [subject_of_invitation(contact, invitation)])),
            countered=await _find_countered(uow, contact, invitation, inputs),
        )
        day = None
        if not (is_reminder or invitation.test or person.test_address):
            day = first_day_of(survey, inputs.first_live_at, inputs.first_day_began_at, uow.now)
        destination = self._destinations.of(address) if delivery.channel == "mail" and address else None
        is_drawn = survey is None or is_still_sampled(
            self._sampling_key,
            contact,
            survey.id,
            survey.sampling_percent,
            survey.draws_by,
            invitation,
        )
        about = delivery, contact, invitation, survey, person, sending.mode
        mail = DueMail(*about, inputs.last_mails, day, is_drawn, destination)
        judged = await judge_mail(uow, mail)
        if not isinstance(judged, Invitation):
            return judged
        if is_reminder and (judged := await begin_reminding(uow, delivery.tenant, judged)) is None:
            return None
        reminder = reminder_mail(delivery, invitation, survey) if is_reminder else None
        texts = read_texts(inputs.words).get(invitation.language, SurveyTexts())
        own = used_sender(self._secret, delivery.tenant, inputs) if self._company_senders else THE_COMPANY
        own = own.named_by(survey)
        shown = tenant.in_survey(neutral=survey is not None and survey.neutral)
        message = renderer.message(judged, shown, texts, reminder, inputs.layout, own)
        return Prepared(message, about=AboutDelivery(contact, judged, survey, day, uow.now, destination))

    async def record(
        self, uow: UnitOfWork, delivery: Delivery, about: AboutDelivery, result: MailResult
    ) -> bool:
        """Move the invitation of a first mail on, and publish it; plan the reminder behind what was sent.

        :returns: whether it has locked its destination, which comes behind the places of a first day.
        """
        contact, invitation, survey = about.contact, about.invitation, about.survey
        gives_back = result.state in {"failed", "waiting"} and not invitation.test
        if gives_back and about.first_day is not None:
            await give_place_back(uow, delivery.tenant, about.first_day, about.prepared_at)
        has_locked = about.destination is not None and await note_outcome(
            uow, about.destination, about.prepared_at, result
        )
        if gives_back:
            await give_turn_back(uow, contact, turn_of(delivery))
        if delivery.kind == "reminder":
            await end_reminding(uow, delivery.tenant, invitation, taken=result.state == "sent")
            await show_reminder(uow, delivery)
            if result.state == "sent":
                await plan_reminder(uow, delivery, invitation, survey)
            return has_locked
        moved = await settle_invitation(
            uow,
            delivery.tenant,
            invitation,
            result.state,
            reason=result.reason,
            next_at=result.next_at,
        )
        if result.state == "failed" and moved is not None:
            await end_quarantine_of(uow, contact, invitation)
        if moved is not None and moved.state == "sent" and not moved.erased:
            await plan_reminder(uow, delivery, moved, survey)
        return has_locked

    def _person(
        self,
        inputs: Row[Any],
        channel: str,
        address: str | None,
        sending: Sending,
        customer: Customer,
        evidence: Iterable[str],
        tenant: Tenant,
        asked: Sequence[Asked],
        *,
        is_reminder: bool,
        asks_again_about: UUID | None,
        erased: bool,
        countered: Countered,
    ) -> Person:
        place = place_of(customer, tenant)
        rules = rules_from(inputs) if inputs.quiet_hours is not None else self._policy.initial_rules
        refused = frozenset(each for stored in inputs.refused_channels for each in stored.split(","))
        return Person(
            erased=erased,
            address=number_quality(address) if channel == "sms" else address_quality(address),
            test_address=sending.is_test(address),
            complained="complained" in inputs.reasons,
            opted_out="unsubscribed" in inputs.reasons or channel in refused,
            suppressed=not SUPPRESSING.isdisjoint(inputs.reasons),
            undeliverable=channel == "mail" and "bounced" in inputs.reasons,
            preferences=Preferences(inputs.paused_until, inputs.months or 0, refused),
            invited_at=inputs.asked_elsewhere_at,
            asked=tuple(each for each in asked if each.elsewhere),
            asked_by_us=tuple(each for each in asked if not each.elsewhere and each.measurement is not None),
            left_at=inputs.left_at,
            countered=countered,
            hours=ContactHours.of(rules, place, channel),
            cap_hours=rules.cap_hours,
            open_case=_open_case(inputs, asks_again_about)
            if is_reminder or not rules.ask_with_open_case
            else None,
            relational_distance_days=rules.relational_distance_days,
            company_zone=tenant.time_zone,
            law=law_for(rules.countries, place.country, evidence),
        )


def used_sender(secret: str, tenant: str, inputs: Row[Any]) -> MailSender:
    """The company's own, where all that it needs was seen and its key can be opened.

    :param inputs: with the columns of ``senders.repository.USED_SENDER``.
    """
    if inputs.sender_id is None:
        return THE_COMPANY
    key = opened_key(secret, tenant, inputs.sender_id, inputs.sender_selector, inputs.sender_sealed)
    if key is None:
        return THE_COMPANY
    address: str = inputs.sender_address
    return MailSender(address=address, keys=(DomainKey(address.rpartition("@")[2], key),))


def _open_case(inputs: Row[Any], asks_again_about: UUID | None) -> OpenCase | None:
    """The open case about the customer, which forbids to ask; not that which they are asked again about,
    where nobody has reached them.
    """
    if inputs.case_id is None or (inputs.case_id == asks_again_about and inputs.case_untouched):
        return None
    return OpenCase(inputs.case_id, inputs.case_number)


def _words(inputs: Row[Any]) -> KnownWords:
    """What is known of the customer."""
    return KnownWords(inputs.locale, inputs.country, inputs.time_zone, read_bases(inputs.bases))


async def _find_asked(
    uow: UnitOfWork, contact: ContactKey, survey: CandidateSurvey | None, inputs: Row[Any]
) -> list[Asked]:
    """What the contact was asked, where a rule about this mail needs more than the time."""
    if survey is None or (
        survey.quarantine_scope == "any" and survey.measurement != "relational" and not inputs.relational_asks
    ):
        return []
    keys = {(contact.tenant, key) for key in quarantine_keys(contact)}
    without_ours = {(contact.tenant, key) for key in keys_without_ours(contact)}
    found = await load_asked(uow, keys, without_ours)
    return list(
        dict.fromkeys(each for _, each in found.asked)
    )  # it stands under the address and under the id


def _as_worded(survey: CandidateSurvey, version: int, inputs: Row[Any]) -> CandidateSurvey:
    """The survey as the law judges it: by the words that are sent, which an editor may have replaced since.

    The name in From is today's whatever the words are, so it must be that of a neutral survey, too.
    """
    neutral, incentive = inputs.words_neutral, inputs.words_incentive
    if neutral is None or incentive is None:
        return survey
    neutral = neutral and (survey.neutral or survey.sender_name is None)
    return replace(survey, neutral=neutral, incentive=incentive, survey_version=version)


async def _find_countered(
    uow: UnitOfWork, contact: ContactKey, invitation: Invitation, inputs: Row[Any]
) -> Countered:
    """What counter-events do to a mail that is due; a company that has set no rules has none."""
    if inputs.quiet_hours is None:
        return NOT_COUNTERED
    asking = asking_of(contact, invitation)
    return judge_counters(await counter_rows.find(uow, [asking]), asking)
