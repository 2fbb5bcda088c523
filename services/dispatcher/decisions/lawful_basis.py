"""Whether the law of the customer's country, as the company set it, lets a survey ask. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, get_args

import msgspec

from services.dispatcher.decisions.durations import days
from shared.events import CountryRule, Customer
from shared.events.contact_policies import OTHER_COUNTRIES, CountryNeed
from shared.events.transactions import Basis

BasisKind = Literal["consent", "notice", "existing_customer"]
"""Evidence that a customer may be asked: they agreed; they were told when the address was collected, and
could say no; they bought something, and could say no then."""
BASIS_KINDS: tuple[BasisKind, ...] = get_args(BasisKind)
BasisFault = Literal["incentive", "age", "neutral", "existing_customer", "evidence"]
"""What is missing: no reward, a younger event, neutral words, or evidence."""
MEETING: Mapping[CountryNeed, frozenset[str]] = {
    "nothing": frozenset(),
    "neutral": frozenset({"consent"}),
    "existing_customer": frozenset({"consent", "existing_customer"}),
    "evidence": frozenset({"consent", "notice"}),
}
"""By what a country needs: the evidence that meets it."""
NEUTRAL_MEETS: frozenset[CountryNeed] = frozenset({"neutral", "existing_customer"})
"""Where a neutral survey needs no evidence."""


class CountryLaw(msgspec.Struct, frozen=True, kw_only=True):
    """The rule of the country that a customer lives in, and what is known of them."""

    country: str = ""
    """Two letters; empty: not known."""
    rule: CountryRule | None = None
    """None: the company checks nothing there."""
    evidence: tuple[str, ...] = ()
    """The kinds that there are, sorted."""


class MissingBasis(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a survey may not ask by the law of a country, with the values of that moment."""

    fault: BasisFault
    country: str
    by_other: bool = False
    """Whether it was the rule for all countries without one of their own."""
    needs: CountryNeed
    evidence: tuple[str, ...] = ()
    max_age_days: int | None = None


NO_LAW = CountryLaw()


def law_for(rules: Sequence[CountryRule], country: str, evidence: Iterable[str]) -> CountryLaw:
    """The law for a customer who lives there; one whose country nobody knows has the rule for all others."""
    if not rules:
        return NO_LAW
    of_country = (rule for rule in rules if rule.country == country)
    rule = next(of_country, None) or next((rule for rule in rules if rule.country == OTHER_COUNTRIES), None)
    known = tuple(sorted({kind for kind in evidence if kind in BASIS_KINDS})) if evidence else ()
    return CountryLaw(country=country, rule=rule, evidence=known)


def needs_evidence(rules: Iterable[CountryRule]) -> bool:
    """Whether any country asks for evidence of its customers."""
    return any(rule.needs != "nothing" and rule.declared is None for rule in rules)


def missing_basis(
    law: CountryLaw, *, neutral: bool, incentive: bool, occurred_at: datetime, at: datetime
) -> MissingBasis | None:
    """The first thing that forbids a mail at this instant; None: the law lets it go.

    :param neutral: whether the survey is neutral.
    :param incentive: whether its answers are rewarded.
    """
    rule = law.rule
    if rule is None:
        return None
    fault = _fault(rule, law.evidence, neutral=neutral, incentive=incentive, age=at - occurred_at)
    if fault is None:
        return None
    return MissingBasis(
        fault=fault,
        country=law.country,
        by_other=rule.country == OTHER_COUNTRIES,
        needs=rule.needs,
        evidence=law.evidence,
        max_age_days=rule.max_age_days if fault == "age" else None,
    )


def _fault(
    rule: CountryRule, evidence: Sequence[str], *, neutral: bool, incentive: bool, age: timedelta
) -> BasisFault | None:
    if incentive and not rule.incentives:
        return "incentive"
    if rule.max_age_days is not None and age > days(rule.max_age_days):
        return "age"
    if rule.needs == "nothing" or rule.declared is not None:
        return None
    if (neutral and rule.needs in NEUTRAL_MEETS) or not MEETING[rule.needs].isdisjoint(evidence):
        return None
    return rule.needs


def bases_of(customer: Customer, at: datetime) -> dict[str, Basis]:
    """What an event says of why its customer may be asked; without a time it is that of the event."""
    basis = customer.basis
    if basis is None or basis.kind not in BASIS_KINDS:
        return {}
    return {basis.kind: basis if basis.at is not None else msgspec.structs.replace(basis, at=at)}


def newest_bases(*known: Mapping[str, Basis]) -> dict[str, Basis]:
    """The newest of each kind."""
    if not any(known):
        return {}  # of nearly all customers nobody has said why they may be asked
    newest: dict[str, Basis] = {}
    for bases in known:
        for kind, basis in bases.items():
            older = newest.get(kind)
            if older is None or (basis.at is not None and (older.at is None or basis.at >= older.at)):
                newest[kind] = basis
    return newest
