"""What the words of a neutral survey may not say: a list of words for each language, and what holds in all.

A neutral survey asks and says nothing of how good the company is: the Danish rule calls a long positive
description of the firm spam, and a reward makes a question commercial in the Netherlands. Words are whole
words, or a beginning before ``*``, in any case; within an ordinary phrase (``ordinary_words``) they say
nothing of the company.
"""

import re
from collections.abc import Mapping
from functools import cache

from services.dispatcher.surveys.domain import SurveyDraft
from services.dispatcher.surveys.ordinary_words import without_ordinary
from services.dispatcher.surveys.texts import Place, own_words
from shared.events import SurveyTexts
from shared.pages.language import spoken
from shared.values.languages import widening
from shared.values.messages import Message, message

OFFER_WORDS: Mapping[str, tuple[str, ...]] = {
    "en": (
        "discount*", "voucher*", "coupon*", "promo*", "offer", "offers", "sale", "deal", "deals", "gift*",
        "prize*", "win", "reward*", "bonus*", "free", "giveaway*", "raffle*", "buy now",
        "buy one get", "shop now",
    ),
    "da": (
        "rabat*", "tilbud*", "kupon*", "gave", "gaver", "gavekort*", "gevinst*", "præmie*", "vind", "bonus*",
        "gratis", "konkurrencer*", "lodtrækning*", "køb nu", "køb mere", "udsalg*",
    ),
    "nl": (
        "korting*", "aanbieding*", "cadeau*", "prijsvraag*", "win", "winnen", "bonus*", "gratis", "voucher*",
        "actiecode*", "kortingscode*", "beloning*", "koop nu", "nu kopen", "uitverkoop*",
    ),
    "de": (
        "rabatt*", "gutschein*", "angebot*", "geschenk*", "gewinn*", "prämie*", "bonus*", "gratis",
        "kostenlos*", "verlosung*", "aktionscode*", "jetzt kaufen", "kaufen sie jetzt", "sonderpreis*",
    ),
    "fr": ("remise*", "réduction*", "promo*", "offre*", "cadeau*", "gagn*", "bonus", "gratuit*", "tirage*"),
    "es": ("descuento*", "cupón*", "oferta*", "regalo*", "gana", "sorteo*", "premio*", "gratis", "bono*"),
    "sv": ("rabatt*", "erbjudande*", "kupong*", "present", "presenten", "presenter",
        "presenterna", "presentkort*", "vinn", "bonus*", "gratis", "utlottning*"),
    "nb": ("rabatt*", "tilbud*", "kupong*", "gave*", "vinn", "premie*", "bonus*", "gratis", "trekning*"),
    "fi": ("alennu*", "tarjou*", "kuponki*", "lahja*", "voita", "palkinto*", "bonus*", "ilmainen",
        "ilmaisen", "ilmaiseksi", "ilmaiset", "ilmaisia", "arvonta*"),
}  # fmt: skip
PRAISE_WORDS: Mapping[str, tuple[str, ...]] = {
    "en": ("best", "amazing", "award-winning", "excellent", "fantastic", "leading", "unbeatable", "love"),
    "da": ("bedste", "fantastisk*", "førende", "fremragende", "prisvindende", "elsker", "uovertruffen*"),
    "nl": ("beste", "fantastisch*", "toonaangevend*", "uitstekend*", "bekroond*", "geweldig*"),
    "de": ("beste", "besten", "bester", "bestes", "fantastisch*", "führend*", "hervorragend*", "großartig*"),
    "fr": ("meilleur*", "fantastique*", "excellent*", "leader*", "exceptionnel*"),
    "es": (
        "el mejor",
        "la mejor",
        "los mejores",
        "las mejores",
        "nuestro mejor",
        "mejor precio",
        "mejor tienda",
        "fantástic*",
        "excelente*",
        "líder*",
        "excepcional*",
    ),
    "sv": ("bästa", "fantastisk*", "ledande", "utmärkt*", "enastående"),
    "nb": ("beste", "fantastisk*", "ledende", "fremragende", "enestående"),
    "fi": ("paras", "parhaa*", "upea*", "johtava*", "erinomai*"),
}
LINK = re.compile(
    r"https?://|www\.|\b[\w-]+\.(?:com|dk|nl|de|net|org|eu|se|no|fi|fr|es|pl|shop|io)\b", re.IGNORECASE
)
IMAGE = re.compile(r"<\s*img|!\[|\.(?:png|jpe?g|gif|svg|webp)\b", re.IGNORECASE)
CODE = re.compile(r"\b(?=[A-Z0-9-]*\d)(?=[A-Z0-9-]*[A-Z]{3})[A-Z0-9-]{5,}\b")
"""A code to be redeemed, such as SAVE10: capital letters with digits."""
PERCENT = re.compile(r"\d\s?(?:%|٪)")
HAS_LINK = message("A neutral survey has no links. Take this one out.")
HAS_IMAGE = message("A neutral survey has no pictures. Take this one out.")
HAS_CODE = message("A neutral survey has no codes or percentages, which look like an offer. Take it out.")
HAS_EXCLAMATION = message("A neutral survey has no exclamation marks. End the sentence with a full stop.")
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
    faults = (fault_in(name, language) for language in OFFER_WORDS)
    return next((fault for fault in faults if fault is not None), None)


def fault_in(words: str, language: str, *, praise: bool = True) -> Message | None:
    """What is not neutral in these words; None: nothing that is known.

    :param praise: whether praise counts; in an answer to be chosen it is the customer's.
    """
    for pattern, fault in ((LINK, HAS_LINK), (IMAGE, HAS_IMAGE), (CODE, HAS_CODE), (PERCENT, HAS_CODE)):
        if pattern.search(words):
            return fault
    if "!" in words:
        return HAS_EXCLAMATION
    tag = _listed(language)
    if tag is None:
        return None
    words = without_ordinary(words, tag)
    if found := _pattern(tag, offers=True).search(words):
        return message("“%(word)s” sounds like an offer. A neutral survey has none.", word=found[0])
    if praise and (found := _pattern(tag, offers=False).search(words)):
        return message("“%(word)s” praises. A neutral survey does not.", word=found[0])
    return None


def _listed(language: str) -> str | None:
    """The language whose lists count for this one; None: there are none."""
    return next((each for each in widening(language) if each in OFFER_WORDS), None)


def _is_option(place: Place) -> bool:
    return "options" in place


@cache
def _pattern(language: str, *, offers: bool) -> re.Pattern[str]:
    listed = (OFFER_WORDS if offers else PRAISE_WORDS)[language]
    each = (re.escape(word.removesuffix("*")) + (r"\w*" if word.endswith("*") else "") for word in listed)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(each)})(?![\w-])", re.IGNORECASE)
