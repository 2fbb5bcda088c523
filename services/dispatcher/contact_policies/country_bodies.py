"""Rules of countries as the API takes and answers them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, Field

from services.dispatcher.contact_policies.recommended_countries import RECOMMENDED_COUNTRIES
from shared.events import CountryRule, DeclaredBasis
from shared.events.contact_policies import (
    MAX_COUNTRIES,
    MIN_DECLARED_CHARS,
    OTHER_COUNTRIES,
    CountryNeed,
)
from shared.http.request_body import StrictBody
from shared.values.messages import message
from shared.values.places import country_code
from shared.values.text import normalized_text

NO_COUNTRY = message("Is no country that we know. Write two letters such as DK, or * for all others.")
TWICE = message("Each country may stand here once.")
TOO_SHORT = message(
    "Write in a sentence why you may ask, at least %(least)s characters.", least=MIN_DECLARED_CHARS
)
MAX_DECLARED_CHARS = 500


def _country(given: str) -> str:
    text = normalized_text(given)
    code = text if text == OTHER_COUNTRIES else country_code(text)
    if code is None:
        raise ValueError(NO_COUNTRY)
    return code


def _reason(given: str) -> str:
    text = normalized_text(given)
    if len(text) < MIN_DECLARED_CHARS:
        raise ValueError(TOO_SHORT)
    return text


class DeclaredBasisBody(StrictBody):
    """That the company may ask all its customers of a country. Who declares it, and when, is kept."""

    wording: Annotated[str, AfterValidator(_reason)] = Field(
        max_length=MAX_DECLARED_CHARS,
        json_schema_extra={"minLength": MIN_DECLARED_CHARS},
        description="Why it may, such as: all customers are told at the order, and can say no there.",
    )
    by: str | None = Field(default=None, description="As it is answered; not read.")
    at: str | None = Field(default=None, description="As it is answered; not read.")


class CountryRuleBody(StrictBody):
    """What the law of a country asks of a survey."""

    country: Annotated[str, AfterValidator(_country)] = Field(
        max_length=10, description="Two letters of ISO 3166; `*`: each country without a rule of its own."
    )
    needs: CountryNeed = Field(
        description="`nothing`; `neutral`: the survey is `neutral`, or the customer gave `consent`; "
        "`existing_customer`: the survey is neutral, or the customer is an `existing_customer` or gave "
        "`consent`; `evidence`: the customer gave `consent`, or got a `notice`."
    )
    incentives: bool = Field(
        default=True, description="Whether a survey may ask there whose answers are rewarded (`incentive`)."
    )
    max_age_days: int | None = Field(
        default=None, ge=1, le=365, description="After which an event is too old to ask about there."
    )
    declared: DeclaredBasisBody | None = Field(
        default=None, description="With it neither neutral words nor evidence of each customer is asked for."
    )

    def rule(self) -> CountryRule:
        """The rule that it states."""
        declared = DeclaredBasis(wording=self.declared.wording) if self.declared is not None else None
        return CountryRule(
            country=self.country,
            needs=self.needs,
            incentives=self.incentives,
            max_age_days=self.max_age_days,
            declared=declared,
        )


def _once(rules: list[CountryRuleBody]) -> list[CountryRuleBody]:
    if len({rule.country for rule in rules}) < len(rules):
        raise ValueError(TWICE)
    return rules


CountryRuleBodies = Annotated[list[CountryRuleBody], AfterValidator(_once), Field(max_length=MAX_COUNTRIES)]


class DeclaredBasisAnswer(BaseModel):
    """That the company may ask all its customers of a country, by its own account."""

    wording: str
    by: str = Field(description="Who declared it.")
    at: datetime | None


class CountryRuleAnswer(BaseModel):
    """What the law of a country asks of a survey."""

    country: str
    needs: CountryNeed
    incentives: bool
    max_age_days: int | None
    declared: DeclaredBasisAnswer | None

    @classmethod
    def of(cls, rule: CountryRule) -> Self:
        """A rule as the API answers it."""
        declared = rule.declared
        return cls(
            country=rule.country,
            needs=rule.needs,
            incentives=rule.incentives,
            max_age_days=rule.max_age_days,
            declared=DeclaredBasisAnswer(wording=declared.wording, by=declared.by, at=declared.at)
            if declared is not None
            else None,
        )


def _listed(rules: Sequence[CountryRule]) -> str:
    return "; ".join(
        f"{rule.country} {rule.needs}"
        + ("" if rule.incentives else ", incentives false")
        + (f", max_age_days {rule.max_age_days}" if rule.max_age_days else "")
        for rule in rules
    )


COUNTRIES_MEANING = (
    "What the law of the customer's country asks of a survey. Empty: nothing is checked. Recommended, and no "
    f"legal advice: {_listed(RECOMMENDED_COUNTRIES)}."
)
