"""The recommended rules of countries: data with their sources. They are no legal advice.

| country | what was found | source |
|---|---|---|
| DK | A survey without logo, praise or promotion needs no consent; a request for a review right after a sale may ask about that purchase if it is wholly neutral. | Markedsføringsloven § 10; Forbrugerombudsmanden 16/06125, 17/11911, 10/09158 |
| NL | Research proper is outside of the rule on commercial messages, but a reward can make it one; existing customers may be written to who could say no when the address was collected. | Telecommunicatiewet art. 11.7; DDMA; MOA and the Data & Insights Network |
| DE | A question about satisfaction in a mail about a purchase is advertising: it needs consent, or that the customer was told when the address was collected and can say no in each mail. | BGH, 10 July 2018, VI ZR 225/17; UWG § 7 |
| PL | A request for a review was judged as marketing: as in Germany. | a Warsaw administrative court, as reported by dotlaw.co |
| others | Existing customers may be written to with national variants: the strictest rule is taken. | Directive 2002/58/EC art. 13(2) |
"""  # noqa: E501  (a table)

from shared.events import CountryRule
from shared.events.contact_policies import OTHER_COUNTRIES

RECOMMENDED_COUNTRIES: tuple[CountryRule, ...] = (
    CountryRule(country="DK", needs="neutral", max_age_days=7),
    CountryRule(country="NL", needs="existing_customer", incentives=False),
    CountryRule(country="DE", needs="evidence"),
    CountryRule(country="PL", needs="evidence"),
    CountryRule(country=OTHER_COUNTRIES, needs="evidence"),
)
