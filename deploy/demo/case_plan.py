"""What the simulated staff do with a case: drawn from the model by the case's number.

What was done already is read from its timeline. A case that is opened again after its end is a new piece of
work, with draws and idempotency keys of its own.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from deploy.demo import case_words
from deploy.demo.company import KEY_NAME
from deploy.demo.model import Model
from deploy.demo.personas import Customer
from shared.ids import derived

HANDED_OVER_SHARE = 0.2
NOTED_SHARE = 0.25
ASKED_SHARE = 0.2
MAILED_SHARE = 0.4
"""Of the customers who have a mail address and may be contacted; the others are called."""
UNREACHED_SHARE = 0.15
"""Of the customers who are called."""

SHOWN_WAIT = timedelta(days=1)
"""How long a case waits for its customer, as its page shows."""
REAL_WAIT = timedelta(minutes=4)
"""After so long it goes on without the customer: nobody looks at a demo until tomorrow."""
ANSWER_STANDS = timedelta(minutes=1)
"""For so long what a customer answered stands before the case is closed, for the visitor to see it open."""

CAUSES_BY_TOUCHPOINT = {
    "home delivery": ("delivery.late", "delivery.damaged", "delivery.wrong"),
    "click and collect": ("contact.wait", "process.effort"),
    "checkout": ("price.level", "contact.wait", "people.attitude"),
    "phone support": ("contact.wait", "contact.no_callback", "people.competence"),
    "chat support": ("contact.unreachable", "communication.unclear"),
}
ACTIONS_TAKEN = (
    "Said sorry, and sent a new one (simulated).",
    "Explained what went wrong and gave a voucher (simulated).",
    "Passed it on to those who can mend it, and told the customer (simulated).",
)
ACTION_WITHOUT_CONTACT = "Looked into it; the customer does not want to be contacted (simulated)."
OUTCOMES, OUTCOME_SHARES = ("recovered", "explained", "not_solvable", "lost"), (0.5, 0.35, 0.1, 0.05)

CaseRow = dict[str, Any]
"""A case as the API answers it; with its `timeline`, if it was read alone."""
CaseStep = dict[str, Any]
"""The body of an act on a case, and in `key` what makes its idempotency key its own."""


class Colleagues(NamedTuple):
    """The simulated staff: their names by their ids."""

    names_by_id: Mapping[str, str]

    def other_than(self, one: str) -> str:
        """The id of the next colleague; the same one, if there is no other."""
        ids = sorted(self.names_by_id)
        return ids[(ids.index(one) + 1) % len(ids)]


def times_closed(case: CaseRow) -> int:
    """How often the case has come to an end."""
    return sum(entry["kind"] == "closed" for entry in case["timeline"])


def next_steps(
    model: Model, colleagues: Colleagues, customer: Customer, case: CaseRow, now: datetime
) -> list[CaseStep]:
    """What is to be done now, in its order; steps that were done already do no harm a second time."""
    entries = _since_the_last_end(case["timeline"])
    waited, wrote = _last(entries, "waiting"), _last(entries, "wrote")
    is_answered = waited is not None and wrote is not None and wrote > waited
    if is_answered and wrote is not None:
        return [_note(case_words.READ, "read"), _close(model, case)] if now - wrote > ANSWER_STANDS else []
    if case["waits_until"] is not None and not _may_resume(entries, now):
        return []
    if waited is not None:
        return [{"act": "resume"}, _call(reached=True), _close(model, case)]
    return _first_steps(model, colleagues, customer, case, now)


def _may_resume(entries: Sequence[Mapping[str, Any]], now: datetime) -> bool:
    """Whether it has waited long enough, and no person let it wait."""
    waits = [entry for entry in entries if entry["kind"] == "waiting"]
    if not waits or waits[-1]["by"] != KEY_NAME:
        return False
    return now - datetime.fromisoformat(waits[-1]["at"]) >= REAL_WAIT


def _first_steps(
    model: Model, colleagues: Colleagues, customer: Customer, case: CaseRow, now: datetime
) -> list[CaseStep]:
    random = _random(model, "case", case)
    owner = random.choice(sorted(colleagues.names_by_id))
    other = colleagues.other_than(owner)
    is_noted, is_asked, is_handed_over, is_mailed, is_unreached = (
        random.random() < share
        for share in (NOTED_SHARE, ASKED_SHARE, HANDED_OVER_SHARE, MAILED_SHARE, UNREACHED_SHARE)
    )
    note, handed_over = random.choice(case_words.NOTES), random.choice(case_words.HANDED_OVER)
    question, answer = random.choice(case_words.QUESTIONS_AND_ANSWERS)
    steps: list[CaseStep] = [{"act": "assign", "to": owner}]
    if is_noted:
        steps.append(_note(note))
    if is_asked:
        steps += [{"act": "ask", "to": other, "text": question}, _note(answer, "answer")]
    if is_handed_over and other != owner:
        steps.append({"act": "hand_over", "to": other, "text": handed_over})
        owner = other
    if case["may_contact"] is False:
        return [*steps, _close(model, case)]
    wait = {"act": "wait", "until": (now + SHOWN_WAIT).isoformat(), "text": case_words.WAITED_FOR}
    if is_mailed and not customer.has_only_a_phone:
        known = {"name": customer.name, "agent": colleagues.names_by_id[owner], "number": case["number"]}
        letter = case_words.letter(customer.locale, random, **known)
        reply_id = str(derived("demo mail", case["id"], str(times_closed(case))))
        written = {"act": "reply", "id": reply_id, "subject": letter.subject, "text": letter.text}
        return [*steps, written, wait]
    if is_unreached:
        return [*steps, _call(reached=False), wait]
    return [*steps, _call(reached=True), _close(model, case)]


def duplicates(cases: Sequence[CaseRow]) -> list[tuple[CaseRow, CaseRow]]:
    """Each case that does not wait and whose customer has an older one among these, with that older one."""
    oldest: dict[str, CaseRow] = {}
    found = []
    for case in sorted(cases, key=lambda case: (case["opened_at"], case["number"])):
        first = oldest.setdefault(case["customer_id"], case)
        if first is not case and case["waits_until"] is None:
            found.append((case, first))
    return found


def _note(text: str, key: str = "") -> CaseStep:
    return {"act": "note", "text": text, "key": key}


def _call(*, reached: bool) -> CaseStep:
    text = case_words.CALLED if reached else case_words.NOT_REACHED_TEXT
    return {
        "act": "contact",
        "how": "call",
        "reached": reached,
        "text": text,
        "key": "" if reached else "try",
    }


def _close(model: Model, case: CaseRow) -> CaseStep:
    random = _random(model, "end of a case", case)
    (outcome,) = random.choices(OUTCOMES, OUTCOME_SHARES)
    may_contact = case["may_contact"] is not False
    return {
        "act": "close",
        "cause": random.choice(CAUSES_BY_TOUCHPOINT.get(case["touchpoint"] or "", ("other",))),
        "action": random.choice(ACTIONS_TAKEN) if may_contact else ACTION_WITHOUT_CONTACT,
        "outcome": outcome if may_contact else "not_solvable",
        "told": may_contact,
    }


def _random(model: Model, name: str, case: CaseRow) -> Any:
    return model.random(name, case["number"], times_closed(case))


def _since_the_last_end(timeline: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    entries: list[Mapping[str, Any]] = []
    for entry in timeline:
        entries = [] if entry["kind"] == "closed" else [*entries, entry]
    return entries


def _last(entries: Sequence[Mapping[str, Any]], kind: str) -> datetime | None:
    times = [
        datetime.fromisoformat(entry["at"])
        for entry in entries
        if entry["kind"] == kind and not entry["facts"].get("automatic")
    ]
    return times[-1] if times else None
