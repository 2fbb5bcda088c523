"""Invented customers for the customer numbers of the data, and the shops and agents that serve them."""

import re
from typing import NamedTuple

from deploy.demo.model import AGENT_SHIFTS, STORE_SHIFTS, Circumstances, Model

FIRST_NAMES = {
    "da": ("Agnes", "Asger", "Freja", "Gustav", "Ida", "Jeppe", "Karla", "Malthe", "Signe", "Villads"),
    "en": ("Alice", "Arthur", "Edith", "George", "Harriet", "Hugh", "Maud", "Oscar", "Rose", "Walter"),
    "nl": ("Anouk", "Bram", "Femke", "Gijs", "Jasmijn", "Joris", "Lotte", "Pim", "Sanne", "Wouter"),
}
LAST_NAMES = {
    "da": ("Birk", "Dahl", "Eng", "Holm", "Kvist", "Lund", "Skov", "Vang"),
    "en": ("Ashdown", "Brook", "Field", "Heath", "Marsh", "Rivers", "Stone", "Wood"),
    "nl": ("Akkerman", "van den Berg", "Bos", "Dijk", "Heide", "Meer", "Veld", "de Wit"),
}
COUNTRIES = {"da": "DK", "en": "GB", "nl": "NL"}
LOCALE_CHOICES, LOCALE_SHARES = ("da", "en", "nl"), (0.5, 0.3, 0.2)

PURCHASE_TOUCHPOINTS, PURCHASE_SHARES = ("home delivery", "click and collect", "checkout"), (0.55, 0.25, 0.2)
SUPPORT_TOUCHPOINTS, SUPPORT_SHARES = ("phone support", "chat support"), (0.6, 0.4)
SUPPORT_CHANNELS = {"phone support": "phone", "chat support": "chat"}
PHONE_AGENTS = ("astrid", "bo")

CUSTOMER_ID_PATTERN = re.compile(r"c-(\d{5})")
EMAIL_PATTERN = re.compile(r"[a-z.]+\.(\d{5})@example\.com")

PHONE_INTERVAL, FIRST_PHONE = 7, 5
"""One of so many customers has a phone number and no mail address, beginning with that of this number."""
PHONE_PREFIX = "+45912"
"""Of mobile phones. None are set aside for fiction that we know of; texts stay on the stack's machine."""
PHONE_PATTERN = re.compile(re.escape(PHONE_PREFIX) + r"(\d{5})")


class Customer(NamedTuple):
    """An invented person with a customer number of the data."""

    number: str
    name: str
    locale: str
    country: str

    @property
    def id(self) -> str:
        return f"c-{self.number}"

    @property
    def has_only_a_phone(self) -> bool:
        return has_only_a_phone(self.number)

    @property
    def address(self) -> str:
        """The mail address; of a customer who has none, the phone number."""
        if self.has_only_a_phone:
            return f"{PHONE_PREFIX}{self.number}"
        local = self.name.casefold().replace(" ", ".")
        return f"{local}.{self.number}@example.com"

    @property
    def is_left_to_the_visitor(self) -> bool:
        return is_left_to_the_visitor(self.number)


def customer(model: Model, number: str) -> Customer:
    """The customer of this number, always with the same name, language and address or phone."""
    random = model.random("customer", number)
    (locale,) = random.choices(LOCALE_CHOICES, LOCALE_SHARES)
    if has_only_a_phone(number):
        locale = "da"  # the numbers are Danish
    name = f"{random.choice(FIRST_NAMES[locale])} {random.choice(LAST_NAMES[locale])}"
    return Customer(number, name, locale, COUNTRIES[locale])


def has_only_a_phone(number: str) -> bool:
    """Whether this customer can be reached by text message alone."""
    return int(number) % PHONE_INTERVAL == FIRST_PHONE


def is_left_to_the_visitor(number: str) -> bool:
    """Whether what is sent to this customer stays unanswered, as for every third, for the demo's visitor."""
    return int(number) % 3 == 0


def is_served_by_the_demo(customer_id: str | None) -> bool:
    """Whether the simulated staff may work on this customer's case: not for unknown ones or the visitor's."""
    found = CUSTOMER_ID_PATTERN.fullmatch(customer_id or "")
    return found is not None and not is_left_to_the_visitor(found[1])


def number_of_id(customer_id: str) -> str:
    """The customer number in an id of the demo's."""
    return customer_id.removeprefix("c-")


def number_of(address: str) -> str | None:
    """The customer number in an address or a phone number of the demo's; None for any other."""
    found = EMAIL_PATTERN.fullmatch(address) or PHONE_PATTERN.fullmatch(address)
    return found[1] if found else None


def purchase_circumstances(model: Model, name: object, days_ago: float = 0.0) -> Circumstances:
    """Where a purchase took place, drawn from the model since the data do not say."""
    random = model.random("purchase", name)
    (touchpoint,) = random.choices(PURCHASE_TOUCHPOINTS, PURCHASE_SHARES)
    return Circumstances(touchpoint, store=random.choice(sorted(STORE_SHIFTS)), days_ago=days_ago)


def support_circumstances(model: Model, name: object, days_ago: float = 0.0) -> Circumstances:
    """Which agent took a call or a chat."""
    random = model.random("support", name)
    (touchpoint,) = random.choices(SUPPORT_TOUCHPOINTS, SUPPORT_SHARES)
    agents = [
        agent for agent in sorted(AGENT_SHIFTS) if (agent in PHONE_AGENTS) == (touchpoint == "phone support")
    ]
    return Circumstances(touchpoint, agent=random.choice(agents), days_ago=days_ago)


def segments(circumstances: Circumstances) -> dict[str, str]:
    named = {"touchpoint": circumstances.touchpoint, "store": circumstances.store}
    return {dimension: value for dimension, value in named.items() if value}


def organisation(circumstances: Circumstances) -> list[str]:
    """The path of the unit in the organisation; empty for relational answers."""
    if circumstances.agent and circumstances.touchpoint:
        return ["service", SUPPORT_CHANNELS[circumstances.touchpoint], circumstances.agent]
    return ["shops", circumstances.store] if circumstances.store else []
