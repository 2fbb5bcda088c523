"""Bodies and answers of the API about when and how often customers may be written to."""

from typing import Annotated, Any

from msgspec.structs import replace
from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.dispatcher.contact_policies.counter_bodies import CounterEventAnswer, CounterEventBodies
from services.dispatcher.contact_policies.country_bodies import (
    COUNTRIES_MEANING,
    CountryRuleAnswer,
    CountryRuleBodies,
)
from services.dispatcher.contact_policies.domain import CompanyPolicy
from shared.events import ContactRules, QuietHours
from shared.events.contact_policies import MAX_CAP_HOURS, MAX_FEWER_MONTHS, MAX_RELATIONAL_DISTANCE_DAYS
from shared.http.request_body import StrictBody
from shared.values.messages import message

CLOCK_TIME_PATTERN = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
SAME_TIME = message("The quiet hours begin and end at the same time. Write two times, or null for none.")


def _differing(quiet: "QuietHoursBody") -> "QuietHoursBody":
    if quiet.start == quiet.end:
        raise ValueError(SAME_TIME)
    return quiet


class QuietHoursBody(StrictBody):
    """A part of each day, by the customer's clock; over midnight when it begins later than it ends."""

    start: str = Field(alias="from", pattern=CLOCK_TIME_PATTERN, description="HH:MM, from 00:00 to 23:59.")
    end: str = Field(alias="to", pattern=CLOCK_TIME_PATTERN, description="When mail may leave again.")


class QuietHoursByChannel(StrictBody):
    """The quiet hours of each channel; a channel without any may be used at any hour."""

    mail: Annotated[QuietHoursBody, AfterValidator(_differing)] | None = None
    sms: Annotated[QuietHoursBody, AfterValidator(_differing)] | None = Field(
        default=None, description="Left out: texts from 20:00 to 09:00, or never where mail has none."
    )


_DEFAULT = ContactRules()
_QUIET = "When nothing leaves, by channel; null or empty: never. Left out: mail from 21:00 to 07:00."


class ContactPolicyBody(StrictBody):
    """When and how often customers may be written to. Of the quiet hours, Sundays, holidays and `cap_hours`
    one that is left out has its default; every other rule stays as it is, of which a client of before knows
    nothing. `[]` takes rules in a list away.
    """

    quiet_hours: QuietHoursByChannel | None = Field(default=None, description=_QUIET)
    sundays: bool = Field(default=_DEFAULT.sundays, description="Whether mail may leave on Sundays.")
    holidays: bool = Field(
        default=_DEFAULT.holidays,
        description="Whether mail may leave on public holidays of the customer's country.",
    )
    sms_sundays: bool | None = Field(
        default=None, description="Whether texts may leave on Sundays; by default not. Left out: as it is."
    )
    sms_holidays: bool | None = Field(
        default=None,
        description="Whether texts may leave on public holidays of the customer's country; by default not. "
        "Left out: as it is.",
    )
    cap_hours: int = Field(
        default=_DEFAULT.cap_hours,
        ge=0,
        le=MAX_CAP_HOURS,
        description="At most one message to a contact in so many hours, over all surveys; 0: no limit.",
    )
    counter_events: CounterEventBodies | None = Field(
        default=None,
        description="Events after which nobody is asked about what happened before them; what holds the "
        "mails to a customer holds those about what happens meanwhile, too. Left out: as they are.",
    )
    relational_distance_days: int | None = Field(
        default=None,
        ge=0,
        le=MAX_RELATIONAL_DISTANCE_DAYS,
        description="A relational survey asks nobody whom a transactional one asks within so many days, "
        "before or after; 0: no limit. Left out: as it is.",
    )
    ask_with_open_case: bool | None = Field(
        default=None,
        description="Whether somebody is asked while a case about them is open. Left out: as it is.",
    )
    countries: CountryRuleBodies | None = Field(
        default=None, description=f"{COUNTRIES_MEANING} Left out: as they are."
    )
    ids_are_shared: bool | None = Field(
        default=None,
        description="Whether one customer id stands for several people, such as an account: then each "
        "address of it is a person of its own, for quarantines, the cap and opt-outs. Left out: as it is.",
    )
    fewer_months: int | None = Field(
        default=None,
        ge=0,
        le=MAX_FEWER_MONTHS,
        description="On the page that each mail links to a customer may choose to be asked at most once in "
        "so many months; 0: that is not offered. Who has chosen keeps their months. Left out: as it is.",
    )
    version: int | None = Field(
        default=None, ge=0, description="The one that was read: refused with 409 when it is no longer that."
    )

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, sent: Any) -> Any:
        """Null is the same as leaving a rule out, but for the quiet hours, of which it means none."""
        if not isinstance(sent, dict):
            return sent
        given = {name: value for name, value in sent.items() if value is not None}
        return given | {"quiet_hours": {}} if sent.get("quiet_hours", ...) is None else given

    def rules(self, current: ContactRules = _DEFAULT) -> ContactRules:
        """The rules that it states.

        :param current: those that it changes, of which a part stays that is left out.
        """
        stated = {
            "counter_events": None
            if self.counter_events is None
            else tuple(each.counter_event() for each in self.counter_events),
            "relational_distance_days": self.relational_distance_days,
            "ask_with_open_case": self.ask_with_open_case,
            "countries": None if self.countries is None else tuple(each.rule() for each in self.countries),
            "ids_are_shared": self.ids_are_shared,
            "fewer_months": self.fewer_months,
            "sms_sundays": self.sms_sundays,
            "sms_holidays": self.sms_holidays,
        }
        return replace(
            current,
            quiet_hours=_DEFAULT.quiet_hours if self.quiet_hours is None else _by_channel(self.quiet_hours),
            sundays=self.sundays,
            holidays=self.holidays,
            cap_hours=self.cap_hours,
            **{name: value for name, value in stated.items() if value is not None},
        )


class QuietHoursAnswer(BaseModel):
    """A part of each day in which nothing leaves, by the customer's clock."""

    start: str = Field(serialization_alias="from")
    end: str = Field(serialization_alias="to")


class QuietHoursByChannelAnswer(BaseModel):
    """The quiet hours of each channel; null: mail has none, texts have 20:00 to 09:00 where mail has any."""

    mail: QuietHoursAnswer | None
    sms: QuietHoursAnswer | None


class ContactPolicyAnswer(BaseModel):
    """When and how often customers may be written to."""

    quiet_hours: QuietHoursByChannelAnswer
    sundays: bool
    holidays: bool
    sms_sundays: bool
    sms_holidays: bool
    cap_hours: int
    counter_events: list[CounterEventAnswer]
    relational_distance_days: int
    ask_with_open_case: bool
    countries: list[CountryRuleAnswer]
    ids_are_shared: bool
    fewer_months: int
    version: int = Field(description="Grows with each change; 0: nobody has changed the defaults.")

    @classmethod
    def of(cls, policy: CompanyPolicy) -> "ContactPolicyAnswer":
        """A company's rules as the API answers them."""
        rules = policy.rules
        return cls(
            quiet_hours=QuietHoursByChannelAnswer(
                **{channel: _quiet_answer(rules.quiet_hours.get(channel)) for channel in ("mail", "sms")}
            ),
            sundays=rules.sundays,
            holidays=rules.holidays,
            sms_sundays=rules.sms_sundays,
            sms_holidays=rules.sms_holidays,
            cap_hours=rules.cap_hours,
            counter_events=[CounterEventAnswer.of(each) for each in rules.counter_events],
            relational_distance_days=rules.relational_distance_days,
            ask_with_open_case=rules.ask_with_open_case,
            countries=[CountryRuleAnswer.of(each) for each in rules.countries],
            ids_are_shared=rules.ids_are_shared,
            fewer_months=rules.fewer_months,
            version=policy.version,
        )


def _by_channel(quiet: QuietHoursByChannel) -> dict[str, QuietHours]:
    given = {"mail": quiet.mail, "sms": quiet.sms}
    return {
        channel: QuietHours(start=hours.start, end=hours.end)
        for channel, hours in given.items()
        if hours is not None
    }


def _quiet_answer(quiet: QuietHours | None) -> QuietHoursAnswer | None:
    return QuietHoursAnswer(start=quiet.start, end=quiet.end) if quiet is not None else None
