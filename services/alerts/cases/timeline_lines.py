"""What happened to a case, as its page writes it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from services.alerts.cases import labels, sentences
from services.alerts.cases.domain.timeline import CaseEntry, EntryKind
from services.alerts.cases.mail_lines import NO_MAILS, MailStates, mail_notes, mailed_title, wrote_title
from shared.events import Answer, Invitation
from shared.pages.cause_labels import cause_label
from shared.pages.filters import segment_shown
from shared.pages.language import spoken, translated
from shared.privacy.persons import NOBODY
from shared.values.messages import message


class TimelineLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of what happened, as the page writes it."""

    at: datetime
    title: str = ""
    text: str = ""
    who: str = ""
    staff: bool = False
    """Whether colleagues wrote it."""
    href: str = ""
    link: str = ""
    letter: bool = False
    """Whether the text is a mail, of several lines."""
    language: str | None = None
    more: list[str] = []
    """Of a mail: what became of it, or what is to be known of it."""


def timeline_lines(
    entries: Sequence[CaseEntry],
    invitation: Invitation | None,
    earlier: Sequence[Answer],
    moment: Callable[[datetime], str],
    mails: MailStates = NO_MAILS,
) -> list[TimelineLine]:
    """The lines of these entries, of the invitation, and of the answers before it, oldest first.

    :param moment: writes a time.
    :param mails: what became of the mails to the customer.
    """
    lines = [_entry_line(entry, moment, mails) for entry in entries]
    lines += [
        TimelineLine(
            at=answer.answered_at,
            title=translated("An earlier answer: %(score)s.") % {"score": answer.score},
            text=answer.comment or "",
        )
        for answer in earlier
        if answer.answered_at is not None
    ]
    if invitation is not None:
        event = invitation.event_type.replace(".", " ").replace("_", " ").capitalize()
        lines.append(TimelineLine(at=invitation.occurred_at, title=f"{event}."))
        if invitation.sent_at is not None:
            asked = TimelineLine(
                at=invitation.sent_at,
                title=translated("Asked by mail: %(survey)s.") % {"survey": invitation.survey_name},
                href=f"/events/{invitation.event_id}" if invitation.person != NOBODY else "",
                link=translated("Why this customer was asked"),
            )
            lines.append(asked)
    return sorted(lines, key=lambda line: line.at)


_STAFF_KINDS = {"contact", "note", "mailed", "handed_over", "asked", "waiting", "closed", "reopened"}


def _entry_line(entry: CaseEntry, moment: Callable[[datetime], str], mails: MailStates) -> TimelineLine:
    facts = dict(entry.facts)
    if "until" in facts:
        facts["until"] = moment(datetime.fromisoformat(facts["until"]))
    other = facts.get("case_id")
    return TimelineLine(
        at=entry.at,
        # A newer version of this service may write kinds that this one does not know.
        title=_TITLES.get(entry.kind, _unknown)(entry.by_name, facts),
        href=f"/cases/{other}" if other else "",
        link=translated("Go to it") if other else "",
        text=_by_rule(entry.facts) if entry.kind == "opened" else entry.facts.get("text", ""),
        letter=entry.kind in {"mailed", "wrote"} and "text" in entry.facts,
        language=entry.facts.get("language"),
        more=mail_notes(entry, mails),
        who=entry.by_name if entry.kind in _STAFF_KINDS else "",
        staff=entry.kind in _STAFF_KINDS,
    )


def _unknown(_: str, _facts: dict[str, Any]) -> str:
    return translated("Something was done.")


def _opened(_: str, facts: dict[str, Any]) -> str:
    first = facts.get("first_score")
    if first in {None, facts["score"]}:
        return translated("Answered %(score)s. The case was opened.") % facts
    return translated("Answered %(score)s, after a %(first_score)s at first. The case was opened.") % facts


def _by_rule(facts: dict[str, Any]) -> str:
    """By which rule, and what of the answer met it; empty: by the rules of a company that has set none."""
    if "rule" not in facts:
        return ""
    met = [translated("a score from %(lowest)s to %(highest)s") % facts]
    met += [translated("the word “%(word)s”") % facts] if "word" in facts else []
    met += [translated("the wish to be contacted")] if facts.get("wants_contact") else []
    if "segment" in facts:
        met.append(translated("the segment %(segment)s") % {"segment": segment_shown(facts["segment"])})
    met += [translated("the kind of survey")] if "measurement" in facts else []
    met += [translated("what the event says")] if facts.get("event") else []
    return translated("By the rule “%(rule)s”: %(met)s.") % {"rule": facts["rule"], "met": ", ".join(met)}


_ROUTES = {
    "rule": message("For whom the rule names."),
    "account_manager": message("For the account manager."),
    "handler": message("For who handled the event."),
    "touchpoint": message("For the team of the touchpoint."),
    "segment": message("For the team of the segment."),
    "nobody": message("Nobody fits, so the administrators are told."),
}


def _routed(_: str, facts: dict[str, Any]) -> str:
    said = [spoken(_ROUTES[facts["step"]])] if facts.get("step") in _ROUTES else []
    if "away" in facts and "to" in facts:
        said.append(translated("%(to)s has it while %(away)s is away.") % facts)
    elif "to" in facts:
        said.append(translated("%(to)s has it.") % facts)
    if "team" in facts:
        said.append(translated("Team: %(team)s.") % facts)
    if facts.get("shared"):
        said.append(translated("The leader is told too, since it may be about who handled the event."))
    return " ".join(said)


def _warned(_: str, facts: dict[str, Any]) -> str:
    if facts["clock"] == "contact":
        return translated("First contact is due soon: whoever has the case is reminded.")
    return translated("The case is to be closed soon: whoever has it is reminded.")


def _escalated(_: str, facts: dict[str, Any]) -> str:
    if facts["clock"] == "contact":
        return translated("First contact is late: level %(level)s is told.") % facts
    return translated("Closing is late: level %(level)s is told.") % facts


def _consent(_: str, facts: dict[str, Any]) -> str:
    if facts["may_contact"]:
        return translated("Wants to be contacted.")
    return translated("Does not want to be contacted.")


def _revealed(name: str, facts: dict[str, Any]) -> str:
    return spoken(_REVEALED[tuple(facts["what"].split(" and "))]) % {"name": name}


def _contact(_: str, facts: dict[str, Any]) -> str:
    title = translated("%(how)s, reached.") if facts["reached"] else translated("%(how)s, not reached.")
    return title % {"how": spoken(labels.CONTACT_LABELS[facts["how"]])}


def _closed(_: str, facts: dict[str, Any]) -> str:
    if "cause" not in facts:
        return translated("Closed.")
    if facts["told"]:
        title = translated("Closed. %(cause)s. %(outcome)s; the customer has been told.")
    else:
        title = translated("Closed. %(cause)s. %(outcome)s; the customer has not been told.")
    outcome = spoken(labels.OUTCOME_LABELS[facts["outcome"]])
    return title % {"cause": cause_label(facts["cause"]), "outcome": outcome}


def _resumed(name: str, facts: dict[str, Any]) -> str:
    match facts.get("why"):
        case "customer":
            return translated("The customer has said something: the case goes on.")
        case "time":
            return translated("It has waited until now: the case goes on.")
        case _:
            return translated("%(name)s goes on with the case.") % {"name": name}


def _objected(_: str, facts: dict[str, Any]) -> str:
    if facts.get("opened"):
        return translated("The customer says that it is not solved: the case is open again.")
    if "number" in facts and "closed_at" in facts:
        return (
            translated("The customer says that it is not solved. The work goes on in case %(number)s.")
            % facts
        )
    if "number" in facts:
        return (
            translated("The customer says that case %(number)s is not solved. The work goes on here.") % facts
        )
    return translated("The customer says that it is not solved.")


_REVEALED = {
    ("address",): message("%(name)s looked at the address."),
    ("number",): message("%(name)s looked at the number."),
    ("address", "number"): message("%(name)s looked at the address and number."),
}
_TITLES: dict[EntryKind, Callable[[str, dict[str, Any]], str]] = {
    "opened": _opened,
    "judged": lambda _, facts: _by_rule(facts),
    "routed": _routed,
    "warned": _warned,
    "escalated": _escalated,
    "amended": lambda _, facts: translated("Changed the score from %(before)s to %(score)s.") % facts,
    "again": lambda _, facts: translated("Answered again: %(score)s. It stays one case.") % facts,
    "consent": _consent,
    "told": lambda _, facts: sentences.notified_sentence(facts["people"]),
    "taken": lambda name, _: translated("%(name)s took the case.") % {"name": name},
    "released": lambda name, _: translated("%(name)s put the case back.") % {"name": name},
    "assigned": lambda name, facts: (
        translated("%(name)s gave the case to %(to)s.") % {"name": name, "to": facts["to"]}
    ),
    "handed_over": lambda name, facts: (
        translated("%(name)s handed the case over to %(to)s.") % {"name": name, "to": facts["to"]}
    ),
    "asked": lambda name, facts: translated("%(name)s asked %(to)s.") % {"name": name, "to": facts["to"]},
    "waiting": lambda _, facts: translated("Waits for the customer until %(until)s.") % facts,
    "resumed": _resumed,
    "merged": lambda name, facts: (
        translated("%(name)s merged it into another case.") % {"name": name}
        if "number" not in facts
        else translated("%(name)s merged it into case %(number)s.") % {"name": name, **facts}
    ),
    "joined": lambda name, facts: (
        translated("%(name)s merged case %(number)s into this one.") % {"name": name, **facts}
    ),
    "revealed": _revealed,
    "contact": _contact,
    "note": lambda _name, _facts: translated("Note."),
    "mailed": mailed_title,
    "mail_left": lambda _name, _facts: translated("A mail to the customer was sent: the first contact."),
    "mail_came_back": lambda _name, _facts: translated("That mail came back: the customer was not reached."),
    "informed": lambda _name, _facts: translated("Told what has been done about it."),
    "wrote": wrote_title,
    "closed": _closed,
    "objected": _objected,
    "reopened": lambda _name, _facts: translated("Opened again."),
    "left_out": lambda _, facts: (
        translated(
            "The answer %(score)s was judged to be of a machine, and counts nowhere. Close the case if "
            "nothing else is in it."
        )
        % facts
    ),
    "counted": lambda _, facts: (
        translated("The answer %(score)s was judged to be of a person after all. It counts.") % facts
    ),
    "restored": lambda _name, _facts: translated(
        "Restored after a loss of data. What was written lately is missing."
    ),
    "erased": lambda _name, _facts: translated("The customer was erased on request."),
}
