"""Words of the page of rules, and of what a rule says, in the reader's language."""

from collections.abc import Iterable, Iterator, Mapping

from services.alerts.rules.clocks import PRIORITIES, Priority, Recipient, RecipientRole
from services.alerts.rules.setup import CompanySetup
from shared.conditions.labels import OPERATOR_LABELS
from shared.pages.language import spoken, translated
from shared.values.messages import Message, message

PRIORITY_LABELS: dict[Priority, Message] = {
    "urgent": message("Urgent"),
    "high": message("High"),
    "normal": message("Normal"),
    "low": message("Low"),
}
ROLE_RECIPIENTS: dict[RecipientRole, Message] = {
    "team_leader": message("The leader of the team"),
    "leader": message("All team leaders who may see it"),
    "agent": message("All agents who may see it"),
    "admin": message("All administrators who may see it"),
}
RULE_LABELS = {
    "place": message("Place in the list"),
    "name": message("Name"),
    "lowest": message("Lowest score"),
    "highest": message("Highest score"),
    "contact": message("Wish to be contacted"),
    "measurement": message("Kind of survey"),
    "words": message("Words, one on each line"),
    "segments": message("Segments, one on each line"),
    "condition": message("Condition on the event"),
    "priority": message("Priority"),
    "to": message("For whom"),
    "first": message("First contact within"),
    "first_unit": message("Unit of the time for first contact"),
    "close": message("Closed within"),
    "close_unit": message("Unit of the time for closing"),
    "warn": message("Reminder after so many percent of the time"),
    "level1": message("When it is late, tell"),
    "level1_after": message("So long after it is late"),
    "level1_unit": message("Unit of that time"),
    "level2": message("Later, also tell"),
    "level2_after": message("So long after it is late, the second time"),
    "level2_unit": message("Unit of the second time"),
    "account_manager": message("Field of the event that names the account manager"),
    "handler": message("Field of the event that names who handled it"),
}
UNIT_LABELS = {"days": message("Working days"), "hours": message("Working hours")}
WISH_LABELS = {"no": message("Does not matter"), "yes": message("The customer asks for it")}
MEASUREMENT_LABELS = {
    "": message("Does not matter"),
    "transactional": message("After an event"),
    "relational": message("About the whole relation"),
    "recovery": message("Asked again after a case"),
}
RULES_NOT_SAVED = message("Not saved. This is missing or wrong:")
RULES_CHANGED = message("Not saved: somebody has changed the rules meanwhile. These are theirs.")


GONE_TEAM = message("A team that was deleted")
GONE_PERSON = message("Somebody who works on cases no more")


def options(labels: Mapping[str, Message]) -> list[tuple[str, str]]:
    """What may be chosen, by code and label."""
    return [(code, spoken(label)) for code, label in labels.items()]


def priority_options() -> list[tuple[str, str]]:
    """The priorities, the most urgent first."""
    return [(one, spoken(PRIORITY_LABELS[one])) for one in PRIORITIES]


def operator_options() -> list[tuple[str, str]]:
    """The comparisons of conditions."""
    return [(op, spoken(label)) for op, label in OPERATOR_LABELS.items()]


def recipient_key(to: Recipient | None) -> str:
    """A recipient as the form sends it."""
    if to is None:
        return ""
    return f"team:{to.team}" if to.team else f"person:{to.person}" if to.person else f"role:{to.role}"


def recipient_options(setup: CompanySetup, nobody: str, named: Iterable[str]) -> list[tuple[str, str]]:
    """Who may be chosen: nobody in these words, roles, teams, people who work on cases.

    :param named: those that the rules of the form have: one that is gone stays until somebody changes it.
    """
    found = [("", nobody), *_recipients(setup)]
    gone = sorted({key for key in named if key.startswith(("team:", "person:"))} - {key for key, _ in found})
    return found + [(key, spoken(GONE_TEAM if key.startswith("team:") else GONE_PERSON)) for key in gone]


def _recipients(setup: CompanySetup) -> Iterator[tuple[str, str]]:
    for role, label in ROLE_RECIPIENTS.items():
        yield f"role:{role}", spoken(label)
    for key, team in sorted(setup.teams.items(), key=lambda one: one[1].name.casefold()):
        yield f"team:{key}", translated("The team %(name)s") % {"name": team.name}
    for person in sorted(setup.people.values(), key=lambda one: one.name.casefold()):
        if person.works_on_cases:
            yield f"person:{person.id}", person.name
