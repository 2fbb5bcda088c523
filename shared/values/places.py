"""Locales, countries and time zones, in whatever form a client's platform writes them."""

import re
from functools import cache, lru_cache
from typing import Any

from shared.values.zones import zone_names

MAX_LOCALE_LENGTH = 255


@lru_cache(maxsize=1_000)  # a shop sends few; made-up ones cost no more memory than this
def locale_of(text: str) -> str | None:
    """A locale of BCP 47, POSIX, Java or Android as language, script and region (``zh-Hant-TW``).

    Its other parts (a calendar, a unit, a variant, an encoding) are left out, and so is an unknown region.
    None for an unknown language.
    """
    first = re.split("[,;]", text[:MAX_LOCALE_LENGTH], maxsplit=1)[0]  # the first of a browser's list
    tag, _, modifier = first.strip().partition("@")
    tag = tag.partition(".")[0].removeprefix("b+")
    language, *rest = re.split(r"[-_+#]+", tag)
    script, region = _SCRIPTS.get(modifier.lower(), ""), ""
    for part in rest:
        if len(part) == 1:
            break  # extensions: -u-mu-celsius, -x-twain
        if re.fullmatch(r"[A-Za-z]{4}", part):
            script = script or part.title()
        elif not region:
            code = part[1:] if re.fullmatch(r"r[A-Z]{2}", part) else part
            region = country_code(code) or (code if code in _WORLD_PARTS else "")
    known = _language(language)
    if known is None:
        return None
    language, _, of_language = known.partition("_")
    return "-".join(part for part in (language, script or of_language, region) if part)


@lru_cache(maxsize=1_000)
def country_of(text: str) -> str | None:
    """A country by its code of two or three letters or digits, or by its name, in any case."""
    return country_code(text) or _names_of_countries().get(text.casefold())


@lru_cache(maxsize=1_000)
def country_code(text: str) -> str | None:
    """A country by one of its codes (``dk``, ``UK``, ``DNK``, ``208``), as two capital letters."""
    code = text.upper()
    if code in _countries():
        return code
    (only, *others) = _global("territory_aliases").get(code, [""])
    return only if only in _countries() and not others else None


@lru_cache(maxsize=1_000)
def time_zone_of(text: str) -> str | None:
    """A time zone by its name in the IANA database, in any case, or by its name in Windows."""
    return _zones().get(text.casefold())


def _language(text: str) -> str | None:
    code = text.lower()
    if not re.fullmatch(r"[a-z]{2,3}", code):
        return None
    alias: str = _global("language_aliases").get(code, code)
    return alias if alias.partition("_")[0] in _languages() else None


@cache
def _global(name: str) -> Any:
    from babel.core import get_global  # noqa: PLC0415  (a second of import time, once)

    return get_global(name)  # type: ignore[arg-type]


@cache
def _languages() -> frozenset[str]:
    from babel import Locale  # noqa: PLC0415

    return frozenset(code for code in map(str, Locale("en").languages) if "_" not in code) - {
        "und",
        "zxx",
        "mul",
    }


@cache
def _countries() -> frozenset[str]:
    from babel import Locale  # noqa: PLC0415

    codes = map(str, Locale("en").territories)
    return frozenset(code for code in codes if re.fullmatch(r"[A-Z]{2}", code)) - _NO_COUNTRIES


@cache
def _names_of_countries() -> dict[str, str]:
    from babel import Locale  # noqa: PLC0415

    return {
        str(name).casefold(): str(code)
        for language in ("sv", "nb", "it", "es", "fr", "de", "nl", "da", "en")
        for code, name in Locale(language).territories.items()
        if str(code) in _countries()
    }


@cache
def _zones() -> dict[str, str]:
    zones = {zone.casefold(): zone for zone in zone_names()}
    windows = {name.casefold(): zone for name, zone in _global("windows_zone_mapping").items()}
    return {name: zone for name, zone in windows.items() if zone.casefold() in zones} | zones


_SCRIPTS = {"latin": "Latn", "cyrillic": "Cyrl", "arabic": "Arab", "devanagari": "Deva"}
_WORLD_PARTS = {"001", "150", "419"}
_NO_COUNTRIES = {"ZZ", "XA", "XB", "QO", "EU", "EZ", "UN"}
"""Codes of CLDR for "unknown", for tests and for groups of countries."""
