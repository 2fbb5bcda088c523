"""The page of when and how often customers may be written to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from services.dispatcher.contact_policies.form_rows import FormRows
from services.dispatcher.contact_policies.forms import PolicyForm
from services.dispatcher.decisions.hours import ContactHours, next_allowed
from services.dispatcher.decisions.places import place_of
from services.dispatcher.dry_runs.views import DryRunPart
from shared.events import ContactRules, CountryRule, Customer, QuietHours, Tenant
from shared.pages.page import Page
from shared.values.messages import Message
from shared.values.zones import zone_of

SATURDAY = 6
EXAMPLE_HOUR, EXAMPLE_MINUTE = 22, 10


@dataclass(frozen=True)
class HoursExample:
    """A mail that is due on a Saturday night, and when it leaves by the rules."""

    due_at: datetime
    leaves_at: datetime
    zone: str

    @classmethod
    def of(cls, rules: ContactRules, tenant: Tenant, now: datetime) -> "HoursExample":
        """For a customer who lives where the company is, on the next Saturday."""
        place = place_of(Customer(id="example"), tenant)
        local = now.astimezone(zone_of(place.zone))
        saturday = local.date() + timedelta(days=(SATURDAY - local.isoweekday()) % 7)
        due_at = local.replace(
            year=saturday.year,
            month=saturday.month,
            day=saturday.day,
            hour=EXAMPLE_HOUR,
            minute=EXAMPLE_MINUTE,
            second=0,
            microsecond=0,
        )
        return cls(due_at, next_allowed(due_at, ContactHours.of(rules, place)), place.zone)


@dataclass(frozen=True, kw_only=True)
class ContactPolicyPage(Page):
    """When and how often customers may be written to: for its readers, and for editors to be changed."""

    template: ClassVar[str] = "contact_policy.html"
    form: PolicyForm
    labels: Mapping[str, Message]
    choices: Mapping[str, Sequence[tuple[str, str]]]
    """What may be chosen in each field that is a choice."""
    quiet: QuietHours | None
    """Those of mail that hold now."""
    cap_hours: int
    """The limit that holds now."""
    rows: Mapping[str, FormRows[Any]]
    """Those rules that are rows of the form."""
    countries: Sequence[CountryRule]
    """Those that hold now."""
    example: HoursExample
    """By the rules that hold now."""
    tried: DryRunPart | None
    done: str
    may_edit: bool
