"""The policy of contacting people: a value that the rules are given, beside the rules of each survey.

What an editor sets for one survey is a rule of that survey (``SurveyRules``), what a company sets for all of
its surveys are its ``ContactRules`` (``contact_policies``); what holds for all of all companies is here.
"""

import msgspec

from services.dispatcher.sending.domain import Sending
from services.dispatcher.surveys.texts import STANDARD_LANGUAGES
from shared.events import ContactRules


class ContactPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision goes by, whatever survey asks."""

    version: int = 9
    """Stands in the explanation of each decision: raise it with each change of a value or of a rule."""
    standard_languages: tuple[str, ...] = STANDARD_LANGUAGES
    """In these a customer can be asked whatever the survey's own words are."""
    last_language: str = "en"
    """Of a customer for whom neither they nor their company nor the survey names one that has words."""
    initial_sending: Sending = Sending()
    """How a company sends that has never set it."""
    initial_rules: ContactRules = ContactRules()
    """When and how often a company may write that has never set it."""


def current_contact_policy() -> ContactPolicy:
    """The policy of all companies. The one place that makes it; everything else is handed it."""
    return ContactPolicy()
