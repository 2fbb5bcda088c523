"""Where the words of a survey in Finnish would need a name to be inflected, which nothing can do for them.

``{company}`` is filled with the name as it is. Finnish verbs such as *suositella* want their object in the
partitive, and the endings of a name depend on its sounds; so the case is carried by a word before it,
``yritystä {company}``, or behind it, ``{company}-kauppaa``. What is refused is what is known to be wrong: a
verb of the list below with a bare name as its object, and an ending that is written behind the braces. Names
as subjects (``{company} kiittää``) stand as they are.
"""

import re
from collections.abc import Mapping

from services.dispatcher.surveys.domain import SurveyDraft
from services.dispatcher.surveys.texts import Place, own_words
from shared.events import SurveyTexts
from shared.pages.language import spoken
from shared.values.languages import widening
from shared.values.messages import Message, message

WRAPPED: Mapping[str, str] = {"company": "yritystä {company}", "touchpoint": "palvelua {touchpoint}"}
"""The placeholders that are filled with names, each with a word that carries its case."""
PERSONAL_STEMS = (
    "suosittele", "suosittelisi", "suositteli", "kiitä", "kiittäisi", "kiiti", "auta", "auttaisi", "autoi",
    "käytä", "käyttäisi", "käyti", "arvosta", "arvostaisi", "arvosti", "kehu", "kehuisi", "kehui",
    "kuvaile", "kuvailisi", "kuvaili", "kokeile", "kokeilisi", "kokeili", "harkitse", "harkitsisi",
    "harkitsi", "vertaile", "vertailisi", "vertaili", "suosi", "suosisi", "tue", "tukisi", "rakasta",
    "rakastaisi", "rakasti", "odota", "odottaisi", "ajattele", "ajattelisi", "ajatteli", "arvioi",
    "arvioisi",
)  # fmt: skip
"""Of verbs whose object is in the partitive: *I* and *you* are never the name."""
IMPERSONAL_FORMS = (
    "suositella", "suosittele", "suositelkaa", "suositellaan", "suositeltaisiin", "suositellut",
    "suositelleet", "suosittelemaan", "suosittelemassa", "kiittää", "kiitä", "kiittäkää", "kiitetään",
    "kiittänyt", "kiittäneet", "auttaa", "auta", "auttakaa", "autetaan", "auttanut", "auttaneet",
    "auttamaan", "käyttää", "käytä", "käyttäkää", "käytetään", "käyttänyt", "käyttäneet", "käyttämään",
    "arvostaa", "arvosta", "arvostetaan", "arvostanut", "kehua", "kehukaa", "kehutaan", "kehunut",
    "kehumaan", "kuvailla", "kuvaile", "kuvailkaa", "kuvaillaan", "kuvaillut", "kokeilla", "kokeile",
    "kokeilkaa", "kokeillut", "kokeilemaan", "harkita", "harkitse", "harkinnut", "harkitsemaan",
    "vertailla", "vertaile", "vertaillut", "suosia", "tukea", "rakastaa", "odottaa", "ajatella", "arvioida",
)  # fmt: skip
"""Forms whose subject is nobody, or does not stand behind them."""
_CLITIC = "(?:k[oö])?(?:h[aä]n|s|kin|k[aä]{2}n)?"
_PERSONAL = re.compile(rf"\b(?:{'|'.join(PERSONAL_STEMS)})(?:n|t|mme|tte){_CLITIC}\b", re.IGNORECASE)
_ANY = re.compile(
    rf"\b(?:(?:{'|'.join(PERSONAL_STEMS)})(?:n|t|mme|tte)|{'|'.join(IMPERSONAL_FORMS)}){_CLITIC}\b",
    re.IGNORECASE,
)
_NAME_PLACEHOLDER = re.compile(r"(?<!\{)\{(company|touchpoint)\}(?!\})")
_ENDING = re.compile(r"[:\u2019']?[a-zåäö]", re.IGNORECASE)
_BREAK = re.compile(
    r"[.!?;:,()\n\u2013\u2014\u201c\u201d\"]|\b(?:kun|jos|että|jotta|koska|vaikka|kuin|mutta|joka|jonka|jota|niin)\b",
    re.IGNORECASE,
)
"""Between two clauses, each with a verb of its own."""
_JOINED = re.compile(r"\b(?:ja|tai|sekä|eli)\s*$", re.IGNORECASE)
_CARRIES_CASE = re.compile(
    r"(?:\b\w*(?:a|ä)(?:mme|nne|ni|si|nsa|nsä)?|\byrity[ks]\w+|\byhtiö\w+)\s+$", re.IGNORECASE
)
"""A word in the partitive, also with whose it is (*liikettämme*); or one for a company in any other case."""
_NO_PARTITIVE = re.compile(r"\b\w*(?:ll[aä]|ss[aä]|n[aä]|lt[aä])(?:si|ni|mme|nne|ns[aä])?\s+$", re.IGNORECASE)
"""Words that end like it and are none: *mielelläsi*, *kaupassa*, *aina*."""


def inflection_faults(draft: SurveyDraft) -> list[tuple[Place, Message]]:
    """The own words in Finnish in which a name would have to be inflected, each at its place."""
    return [
        (("texts", language, *place), fault)
        for language, texts in draft.texts.items()
        if is_finnish(language)
        for place, words in own_words(texts)
        if (fault := uninflected_name(words)) is not None
    ]


def uninflected_words(draft: SurveyDraft, language: str) -> list[str]:
    """The same of one language, in sentences; a survey may be older than the rule."""
    if not is_finnish(language):
        return []
    faults = (uninflected_name(words) for _, words in own_words(draft.texts.get(language, SurveyTexts())))
    return list(dict.fromkeys(spoken(fault) for fault in faults if fault is not None))


def is_finnish(language: str) -> bool:
    """Whether it is Finnish, of whatever country."""
    return "fi" in widening(language)


def uninflected_name(words: str) -> Message | None:
    """What is wrong with the first name in these words that would have to be inflected; None: nothing."""
    for name in _NAME_PLACEHOLDER.finditer(words):
        before, behind = words[: name.start()], words[name.end() :]
        example = WRAPPED[name[1]]
        if _ENDING.match(behind):
            return message(
                "A name gets no ending here, since nobody knows how it sounds. Write an inflected word "
                "before it: %(example)s.",
                example=example,
            )
        verb = _governing_verb(before, behind)
        if verb is not None:
            return message(
                "In Finnish “%(verb)s” needs the partitive, and a name is not inflected. Write an inflected "
                "word before it: %(example)s.",
                verb=verb,
                example=example,
            )
    return None


def _governing_verb(before: str, behind: str) -> str | None:
    """The verb whose object a name between these words is, without a word that carries its case."""
    if behind.startswith("-"):
        return None  # the head of a compound carries it: {company}-kauppaa
    clause = _BREAK.split(before)[-1]
    verbs = list(_ANY.finditer(clause))
    if verbs and not _JOINED.search(clause):
        own = clause[verbs[-1].end() :]
        if not _CARRIES_CASE.search(own) or _NO_PARTITIVE.search(own):
            return verbs[-1][0]
        return None
    if _CARRIES_CASE.search(clause) and not _NO_PARTITIVE.search(clause):
        return None
    following = _PERSONAL.search(_BREAK.split(behind)[0])
    return following[0] if following is not None else None
