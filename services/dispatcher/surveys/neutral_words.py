"""What the words of a neutral survey may not say: a list of words for each language, and what holds in all.

A neutral survey asks and says nothing of how good the company is: the Danish rule calls a long positive
description of the firm spam, and a reward makes a question commercial in the Netherlands. Words
(``promoting_lists``) count in any case and whatever unseen characters stand in them; within an ordinary
phrase (``ordinary_words``) they say nothing of the company.
"""

import re
import unicodedata
from functools import cache

from services.dispatcher.surveys.domain import SurveyDraft
from services.dispatcher.surveys.ordinary_words import without_ordinary
from services.dispatcher.surveys.promoting_lists import (
    IN_NAMES_ORDINARY,
    OFFER_PHRASES,
    OFFER_WORDS,
    PRAISE_PHRASES,
    PRAISE_WORDS,
)
from services.dispatcher.surveys.texts import Place, own_words
from shared.events import SurveyTexts
from shared.pages.language import spoken
from shared.values.languages import widening
from shared.values.messages import Message, message

LINK = re.compile(
    r"https?://|www\.|\b[\w-]+\.(?:com|dk|nl|de|net|org|eu|se|no|fi|fr|es|pl|shop|io)\b", re.IGNORECASE
)
IMAGE = re.compile(r"<\s*img|!\[|\.(?:png|jpe?g|gif|svg|webp)\b", re.IGNORECASE)
CODE = re.compile(r"\b(?=[A-Z0-9-]*\d)(?=[A-Z0-9-]*[A-Z]{3})[A-Z0-9-]{5,}\b")
"""A code to be redeemed, such as SAVE10: capital letters with digits."""
PERCENT = re.compile(
    r"\d\s?(?:%|٪|(?:per ?cent|pro[cz]ent|pct|pour ?cent|por ?ciento|prosent\w*)(?!\w))", re.IGNORECASE
)
MONEY = re.compile(
    r"[£$€]\s?\d|(?<!\w)(?:kr\.?|eur|dkk|sek|nok|gbp|usd|chf)\s?\d"
    r"|\d\s?(?:[£$€]|,-|(?:kr|kroner|kronor|euro\w*|eur|dkk|sek|nok|gbp|usd|chf|dollars?|pounds?)(?!\w))",
    re.IGNORECASE,
)
NUMBER_ONE = re.compile(
    r"(?<!\w)(?:(?:number|num?mer|numéro|numero|número|no|nr|nro|n[°o])[.]?\s?|n\.\s?o\s?|#\s?)"
    r"(?:1|one|et|ét|één|een|eins|un|uno|ett|én|en|yksi)(?![\w.,]*\d)(?!\w)",
    re.IGNORECASE,
)
HAS_AMOUNT = message("A neutral survey has no amounts of money, which look like an offer. Take it out.")
HAS_LINK = message("A neutral survey has no links. Take this one out.")
HAS_IMAGE = message("A neutral survey has no pictures. Take this one out.")
HAS_CODE = message("A neutral survey has no codes or percentages, which look like an offer. Take it out.")
HAS_EXCLAMATION = message("A neutral survey has no exclamation marks. End the sentence with a full stop.")
UNSEEN = frozenset("\u034f\u115f\u1160\u3164\ufe0e\ufe0f")
"""Characters that nobody sees, beside those of the category Cf, such as a soft hyphen."""
PATTERNS = (
    (LINK, HAS_LINK),
    (IMAGE, HAS_IMAGE),
    (CODE, HAS_CODE),
    (PERCENT, HAS_CODE),
    (re.compile("!"), HAS_EXCLAMATION),
    (MONEY, HAS_AMOUNT),
)
"""What no words may have in any language; an amount may stand in an answer to be chosen."""
REWARDED = message("A neutral survey does not reward answers. Choose one of the two.")


def neutral_faults(draft: SurveyDraft) -> list[tuple[Place, Message]]:
    """What keeps a survey that is to be neutral from it, each at its place; of another survey nothing."""
    if not draft.neutral:
        return []
    found: list[tuple[Place, Message]] = [(("incentive",), REWARDED)] if draft.incentive else []
    if draft.sender_name is not None and (fault := fault_in_name(draft.sender_name)) is not None:
        found.append((("sender_name",), fault))
    for language, texts in draft.texts.items():
        for place, words in own_words(texts):
            fault = fault_in(words, language, praise=not _is_option(place))
            if fault is not None:
                found.append((("texts", language, *place), fault))
    return found


def promoting_words(draft: SurveyDraft, language: str) -> list[str]:
    """What is not neutral in the words of one language, whatever the survey is to be, in words."""
    texts = draft.texts.get(language, SurveyTexts())
    faults = [fault_in(words, language, praise=not _is_option(place)) for place, words in own_words(texts)]
    if draft.sender_name is not None:
        faults.append(fault_in_name(draft.sender_name))
    return list(dict.fromkeys(spoken(fault) for fault in faults if fault is not None))


def is_unchecked(draft: SurveyDraft, language: str) -> bool:
    """Whether the survey is to be neutral and has own words in a language of which no words are listed."""
    return draft.neutral and language in draft.texts and _listed(language) is None


def fault_in_name(name: str) -> Message | None:
    """The same of the name that mails come from, which customers of all languages see."""
    name = " ".join(word for word in plain(name).split() if word.casefold() not in IN_NAMES_ORDINARY)
    faults = (fault_in(name, language) for language in OFFER_WORDS)
    return next((fault for fault in faults if fault is not None), None)


def fault_in(words: str, language: str, *, praise: bool = True) -> Message | None:
    """What is not neutral in these words; None: nothing that is known.

    :param praise: whether praise and amounts count; in an answer to be chosen they are the customer's.
    """
    words = plain(words)
    for pattern, fault in PATTERNS if praise else PATTERNS[:-1]:
        if pattern.search(words):
            return fault
    tag = _listed(language)
    if tag is None:
        return None
    words = without_ordinary(words, tag)
    if found := _pattern(tag, offers=True).search(words):
        return message("“%(word)s” sounds like an offer. A neutral survey has none.", word=found[0])
    if praise and (found := NUMBER_ONE.search(words) or _pattern(tag, offers=False).search(words)):
        return message("“%(word)s” praises. A neutral survey does not.", word=found[0])
    return None


def plain(words: str) -> str:
    """The words as they are read: one form of each character, and none that is not seen."""
    composed = unicodedata.normalize("NFKC", words).replace("\u2019", "'").replace("\u2018", "'")
    return "".join(each for each in composed if unicodedata.category(each) != "Cf" and each not in UNSEEN)


def _listed(language: str) -> str | None:
    """The language whose lists count for this one; None: there are none."""
    return next((each for each in widening(language) if each in OFFER_WORDS), None)


def _is_option(place: Place) -> bool:
    return "options" in place


@cache
def _pattern(language: str, *, offers: bool) -> re.Pattern[str]:
    listed = (OFFER_WORDS if offers else PRAISE_WORDS)[language]
    each = [re.escape(word.removesuffix("*")) + (r"\w*" if word.endswith("*") else "") for word in listed]
    each += (OFFER_PHRASES if offers else PRAISE_PHRASES)[language]
    return re.compile(rf"(?<![\w-])(?:{'|'.join(each)})(?![\w-])", re.IGNORECASE)
