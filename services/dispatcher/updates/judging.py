"""Whether a customer is told of an action: asked when the mail is planned, and again when it is to leave."""

from typing import NamedTuple

import msgspec

from services.dispatcher.contact_policies.policy_commands import rules_from
from services.dispatcher.customers.known_words import KnownWords, known_customer
from services.dispatcher.decisions.hours import ContactHours
from services.dispatcher.decisions.places import place_of
from services.dispatcher.decisions.policy import ContactPolicy
from services.dispatcher.decisions.preferences import Preferences
from services.dispatcher.replies.domain import OutgoingMail
from services.dispatcher.replies.judging import JudgedMail, find_judged
from services.dispatcher.sending.domain import Sending
from services.dispatcher.updates import repository
from services.dispatcher.updates.domain import (
    UpdateHold,
    UpdateInputs,
    UpdatePolicy,
    hold_update,
    reason_not_to_inform,
)
from shared.db import UnitOfWork

UPDATE_POLICY = UpdatePolicy()
_texts = msgspec.json.Decoder(dict[str, str])


class JudgedUpdate(NamedTuple):
    """An update, with what it was judged by."""

    found: JudgedMail
    """It has the reason for which it may never leave."""
    hold: UpdateHold
    """When it may leave."""
    texts: dict[str, str]
    """Of the action as it is now, by language; empty: taken back."""


async def judge_update(
    uow: UnitOfWork, secret: str, policy: ContactPolicy, mail: OutgoingMail, sending: Sending
) -> JudgedUpdate:
    """Judge it by what is known now of its customer, its company, the action and the case."""
    found = await find_judged(uow, secret, mail, sending)
    inputs, row = found.inputs, await repository.find_inputs(uow, mail)
    if found.customer is None or inputs is None or row is None or found.invitation is None:
        # An action that is not known any more has been taken back for good.
        return JudgedUpdate(found._replace(reason=found.reason or "taken_back"), UpdateHold(uow.now), {})
    refused = frozenset(each for stored in inputs.refused_channels for each in stored.split(","))
    rule_inputs = UpdateInputs(
        has_basis=row.has_basis,
        raised=row.raised,
        published=row.published_at is not None,
        preferences=Preferences(inputs.paused_until, inputs.months or 0, refused),
    )
    since = row.published_at or mail.written_at
    reason = reason_not_to_inform(UPDATE_POLICY, uow.now, since, found.customer, rule_inputs)
    told_at = await repository.find_last_update_at(uow, mail) if reason is None else None
    held = hold_update(UPDATE_POLICY, uow.now, told_at, _hours(found, policy), rule_inputs)
    return JudgedUpdate(found._replace(reason=reason), held, _texts.decode(row.texts))


def _hours(found: JudgedMail, policy: ContactPolicy) -> ContactHours:
    """When the customer may be written to, as of a mail that asks."""
    inputs, invitation, contact = found.inputs, found.invitation, found.contact
    if inputs is None or invitation is None or contact is None:
        return ContactHours()
    words = KnownWords(inputs.locale, inputs.country, inputs.time_zone)
    place = place_of(known_customer(invitation.customer, words, contact), found.tenant)
    rules = rules_from(inputs) if inputs.quiet_hours is not None else policy.initial_rules
    return ContactHours.of(rules, place)
