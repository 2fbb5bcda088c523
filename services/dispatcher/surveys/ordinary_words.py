"""What a neutral survey may say although a listed word stands in it: greetings, and questions.

For each language patterns of phrases, in any case. A listed word within one of them is none.
"""

import re
from collections.abc import Mapping
from functools import cache

_SALUTATION = r"^[ \t]*{}(?: [^\s,.!?]+){{1,4}},"
"""A line that greets, such as “Beste klant,”; an offer with a comma in it begins so seldom."""
ORDINARY: Mapping[str, tuple[str, ...]] = {
    "en": (
        r"(?:with )?(?:all the )?best (?:regards|wishes)", r"all the best",
        r"best (?:describes?|fits?|matches)",
        r"(?:like[ds]?|work(?:ed|s)?) (?:the )?best", r"what (?:was|is|were) (?:the )?best",
        r"(?:describes?|fits?|suits?) (?:it|you|this|your \w+) best",
        r"best (?:way|time|moment|day) to",
        r"best (?:thing )?about", r"how best to", r"feel free", r"free text",
        r"free to (?:write|say|tell|answer|reply|add|skip|leave|comment|contact|choose)",
        r"deal(?:s|ing)? with", r"(?:should|could|can|might|else) we offer", r"point of sale",
        r"(?:would|'d|\u2019d) love to", r"leading (?:up )?to",
        r"number one (?:reason|thing|priority|issue|problem)",
        r"(?:question|order|step|room|gate|store|shop|option|point) (?:number |no\.? ?|# ?)1",
    ),
    "da": (
        r"(?:de |med )?bedste hilsner", r"det bedste(?: ved| var| er|\?)",
        r"bedste (?:måde|tidspunkt)", r"spare?(?:r|de|t)? (?:du |dig |I |jer )?tid",
        r"(?:spørgsmål|ordre|butik|kasse|punkt|trin) (?:nr\.?|nummer) ?1",
        r"trækning(?:en|er)? (?:på|fra) (?:din|dit|dine|kort|konto)\w*",
    ),
    "nl": (
        _SALUTATION.format("beste"), r"(?:met )?(?:de )?beste (?:groet|groeten|wensen)",
        r"(?:vond|vindt|vonden|beviel|werkte|werkt|ging|past|paste) (?:u |je |jij |jullie |er )?het beste",
        r"(?:u|je|jullie) het beste", r"wat (?:was|is) het beste", r"beste (?:manier|moment|tijd)",
        r"tijd (?:te )?winnen", r"bespaar(?:t|de)? (?:u |je |jou |dit |het )*tijd",
        r"(?:vraag|stap|punt|winkel) (?:nr\.?|nummer) ?1",
    ),
    "de": (
        r"(?:mit )?(?:den )?besten? (?:dank|grüßen|grüße|wünschen|wünsche)", r"am besten(?! bewertet)",
        r"zeit (?:zu )?sparen", r"eindruck (?:zu )?gewinnen", r"(?:frage|schritt|punkt) (?:nr\.?|nummer) ?1",
        r"beste(?:n|r)? (?:weg|zeitpunkt|zeit)", r"das beste (?:an|war|daran)",
    ),
    "fr": (
        r"(?:mes |nos |avec nos |avec mes )?meilleure?s (?:salutations|vœux|voeux|sentiments)",
        r"(?:pourrait être|pourrions-nous être|serait) meilleure?s?",
        r"(?:la )?meilleure (?:façon|manière)",
        r"(?:le )?meilleur moment", r"remise (?:en|du|de la|de l'|de l\u2019|de votre|de vos|des)",
        r"(?:gagn(?:er|é|ez)|économisez) du temps", r"concours de circonstances",
        r"(?:question|étape|point) (?:n°|numéro) ?1", r"excellente? (?:journée|soirée|week-end|fin de)",
    ),
    "es": (
        r"(?:la )?mejor (?:manera|forma)", r"(?:el )?mejor momento",
        r"(?:los|nuestros) mejores (?:deseos|saludos)", r"(?:ganar|ahorrar|ahorra|gana) tiempo",
        r"(?:pregunta|paso|punto) (?:n\.? ?o\.?|número) ?1",
    ),
    "sv": (
        _SALUTATION.format("bästa"), r"(?:med )?(?:de )?bästa hälsningar", r"det bästa(?: med| var| är|\?)",
        r"bästa sätt(?:et)?", r"vinna tid", r"(?:fråga|steg|punkt) (?:nr\.?|nummer) ?1",
    ),
    "nb": (
        _SALUTATION.format("beste"), r"(?:med )?(?:de )?beste hilse(?:n|ner)",
        r"det beste(?: med| var| er|\?)", r"beste måte(?:n)?", r"spar(?:er|te|t)? (?:du |deg )?tid",
        r"(?:spørsmål|trinn|punkt) (?:nr\.?|nummer) ?1",
    ),
    "fi": (
        r"mikä (?:oli|on) (?:oli )?paras", r"paras (?:tapa|aika|ajankohta)", r"säästä\w* aikaa",
        r"(?:kysymys|vaihe|kohta) (?:nro|numero) ?1",
    ),
}  # fmt: skip
_MASK = " · "


def without_ordinary(words: str, language: str) -> str:
    """The same words, with each ordinary phrase of this language replaced by a dot.

    :param language: one of ``ORDINARY``.
    """
    return _pattern(language).sub(_MASK, words)


@cache
def _pattern(language: str) -> re.Pattern[str]:
    phrases = (each if each.startswith("^") else rf"(?<![\w-]){each}(?![\w-])" for each in ORDINARY[language])
    return re.compile("|".join(phrases), re.IGNORECASE | re.MULTILINE)
