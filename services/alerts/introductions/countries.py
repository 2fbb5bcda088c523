"""In which countries a customer is asked for an introduction only with permission. It is no legal advice.

| country | what was found | source |
|---|---|---|
| DK | Unsolicited approaches by mail, SMS or similar to consumers and businesses need consent; only a wholly neutral survey does not. | Markedsføringsloven § 10; Forbrugerombudsmanden 16/06125, 17/11911 |
| DE, PL | A question about satisfaction in a mail about a purchase is advertising already; a request for a recommendation is the more so. | BGH, 10 July 2018, VI ZR 225/17; UWG § 7; a Warsaw administrative court, as reported by dotlaw.co |
| NL | Existing customers may be approached who could say no when their address was collected. | Telecommunicatiewet art. 11.7; DDMA |
| others | Existing customers may be approached, with national variants: the strictest rule is taken. | Directive 2002/58/EC art. 13(2) |
"""  # noqa: E501  (a table)

from typing import NamedTuple

from shared.values.messages import Message, message


class IntroductionRule(NamedTuple):
    """What holds in a country for asking a customer for an introduction."""

    country: str
    """Its code; ``*``: all others, and a customer of whom no country is known."""
    needs_permission: bool
    reason: Message


OTHER_COUNTRY = "*"
INTRODUCTION_RULES: tuple[IntroductionRule, ...] = (
    IntroductionRule(
        "DK",
        True,
        message("Markedsføringsloven § 10 asks for consent, of businesses, too."),
    ),
    IntroductionRule(
        "DE",
        True,
        message("It is advertising (UWG § 7; BGH, VI ZR 225/17), which needs consent."),
    ),
    IntroductionRule("PL", True, message("It was judged as marketing, as in Germany.")),
    IntroductionRule(
        "NL",
        False,
        message("Existing customers may be asked who have not said no (Telecommunicatiewet art. 11.7)."),
    ),
    IntroductionRule(
        OTHER_COUNTRY,
        True,
        message("National rules differ (Directive 2002/58/EC art. 13), so the strictest is taken."),
    ),
)
_RULE_BY_COUNTRY = {rule.country: rule for rule in INTRODUCTION_RULES}


def introduction_rule(country: str | None) -> IntroductionRule:
    """What holds for a customer of this country."""
    return _RULE_BY_COUNTRY.get((country or "").strip().upper(), _RULE_BY_COUNTRY[OTHER_COUNTRY])
