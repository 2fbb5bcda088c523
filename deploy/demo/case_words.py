"""What the simulated staff and customers write about cases. Each text says that it is simulated."""

from random import Random
from typing import NamedTuple


class Letter(NamedTuple):
    """A mail to a customer, before its placeholders are filled."""

    subject: str
    text: str


HANDED_OVER = (
    "This is about the stock, which you know better (simulated).",
    "I am not in tomorrow, and promised an answer soon (simulated).",
    "The customer would rather speak to somebody else (simulated).",
)
NOTES = (
    "The order left two days late, the carrier says (simulated).",
    "Looked at the order: nothing unusual in it (simulated).",
    "The same customer has bought for years (simulated).",
)
QUESTIONS_AND_ANSWERS = (
    ("Do we have another one of these in stock? (simulated)", "We do, two of them in Aarhus (simulated)."),
    ("May I give a voucher here? (simulated)", "Yes, up to the price of the order (simulated)."),
    ("Have you spoken to this customer before? (simulated)", "No, never (simulated)."),
)
WAITED_FOR = "Asked the customer what would help; waiting for the answer (simulated)."
NOT_REACHED_TEXT = "Nobody answered; left word that we call again (simulated)."
CALLED = "Called back (simulated)."
READ = "Read what the customer answered; they know how it goes on (simulated)."

LETTERS: dict[str, tuple[Letter, ...]] = {
    "en": (
        Letter(
            "What you told us (case {number})",
            "Dear {name},\n\nthank you for telling us what went wrong; I am sorry. I have looked into it.\n"
            "Would a new one help you, or would you rather have your money back?\n\n"
            "Kind regards\n{agent}\n(simulated)",
        ),
        Letter(
            "Your answer to our question (case {number})",
            "Dear {name},\n\nthat is not how it should be. I would like to put it right.\n"
            "Can you tell me a little more about what happened?\n\nKind regards\n{agent}\n(simulated)",
        ),
    ),
    "da": (
        Letter(
            "Det, du fortalte os (sag {number})",
            "Kære {name}\n\nTak, fordi du fortalte os, hvad der gik galt; det er jeg ked af.\n"
            "Jeg har set på det. "
            "Vil en ny hjælpe dig, eller vil du hellere have pengene tilbage?\n\n"
            "Venlig hilsen\n{agent}\n(simulated)",
        ),
        Letter(
            "Dit svar på vores spørgsmål (sag {number})",
            "Kære {name}\n\nSådan skal det ikke være. Jeg vil gerne rette op på det.\n"
            "Kan du fortælle mig lidt mere om, hvad der skete?\n\nVenlig hilsen\n{agent}\n(simulated)",
        ),
    ),
    "nl": (
        Letter(
            "Wat u ons vertelde (zaak {number})",
            "Beste {name},\n\nbedankt dat u ons vertelde wat er misging; dat spijt me.\n"
            "Ik heb het uitgezocht. "
            "Bent u geholpen met een nieuw exemplaar, of wilt u liever uw geld terug?\n\n"
            "Met vriendelijke groet\n{agent}\n(simulated)",
        ),
        Letter(
            "Uw antwoord op onze vraag (zaak {number})",
            "Beste {name},\n\nzo hoort het niet te gaan. Ik wil het graag goedmaken.\n"
            "Kunt u mij iets meer vertellen over wat er gebeurde?\n\n"
            "Met vriendelijke groet\n{agent}\n(simulated)",
        ),
    ),
}
"""By the customer's language."""
ANSWERS: dict[str, tuple[str, ...]] = {
    "en": (
        "Thank you for writing. A new one would be fine. (simulated)",
        "I waited for a week and nobody said anything. That is all. (simulated)",
        "I would rather have my money back, please. (simulated)",
    ),
    "da": (
        "Tak, fordi I skriver. En ny er helt fint. (simulated)",
        "Jeg ventede en uge, og ingen sagde noget. Det er det hele. (simulated)",
        "Jeg vil hellere have pengene tilbage, tak. (simulated)",
    ),
    "nl": (
        "Bedankt voor uw bericht. Een nieuw exemplaar is prima. (simulated)",
        "Ik heb een week gewacht en niemand zei iets. Dat is alles. (simulated)",
        "Ik heb liever mijn geld terug, alstublieft. (simulated)",
    ),
}
"""To a mail from a case, by the customer's language."""
OBJECTIONS: dict[str, tuple[str, ...]] = {
    "en": ("It still does not work. (simulated)", "Nothing has come yet. (simulated)", ""),
    "da": ("Det virker stadig ikke. (simulated)", "Der er ikke kommet noget endnu. (simulated)", ""),
    "nl": ("Het werkt nog steeds niet. (simulated)", "Er is nog niets gekomen. (simulated)", ""),
}
"""Under "no, it is not solved", by the customer's language; it may be left empty."""


def letter(language: str, random: Random, **known: object) -> Letter:
    """One of the letters in this language, with its placeholders filled."""
    chosen = random.choice(LETTERS[language])
    return Letter(chosen.subject.format(**known), chosen.text.format(**known))
