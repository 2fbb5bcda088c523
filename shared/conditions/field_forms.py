"""Languages and countries in the one form in which events have them, and how conditions name them."""

from shared.values.languages import language_tag
from shared.values.places import country_code, locale_of

LOCALE, COUNTRY = "customer.locale", "customer.country"


def condition_locale(text: str) -> str | None:
    """A language as a condition names it: ``da-DK`` for ``da_dk``. None: no event ever has such a one.

    Where events lose a part that is unknown, such a condition would mean more than it says.
    """
    tag, kept = language_tag(text), locale_of(text)
    if tag is None or kept is None or kept.count("-") < tag.count("-"):
        return None
    return kept


def condition_country(text: str) -> str | None:
    """A country as a condition names it: ``GB`` for ``UK``. None: no event ever has such a one."""
    return country_code(text)


def event_locale(text: str | None) -> str | None:
    """A customer's language; events of earlier versions hold it in other forms."""
    return text and (locale_of(text) or text)


def event_country(text: str | None) -> str | None:
    """A customer's country; events of earlier versions hold it in other forms."""
    return text and (country_code(text) or text)


def covers_locale(wanted: str, actual: str) -> bool:
    """Whether a customer's language is the one that a condition names, or a narrower one.

    ``da`` covers ``da-DK``, and ``zh-TW`` covers ``zh-Hant-TW``; not the other way around.
    """
    language, *parts = (condition_locale(wanted) or wanted).split("-")
    known, *more = actual.split("-")
    return language == known and set(parts) <= set(more)
