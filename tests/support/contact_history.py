"""What a company did and what its customers got, and the judge of it: each mail that left, by every rule at once.

It is written from the words of the rules alone, and has neither a database nor anything of the product. It
predicts nothing: it looks at each decision to ask and at each mail that leaves, and at everything that came before.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
LINK = timedelta(days=20)
HOLIDAYS = {
    "DK": {date(2026, 12, 25), date(2026, 12, 26), date(2027, 1, 1)},
    "US": {date(2026, 11, 26), date(2026, 12, 25), date(2027, 1, 1)},
    "JP": {date(2026, 11, 23), date(2027, 1, 1)},
}
"""Of the months in which the tests move their clock."""


def months_later(at: datetime, months: int) -> datetime:
    for _ in range(months):
        first = at.replace(day=1) + timedelta(days=31)
        at = first.replace(day=min(at.day, monthrange(first.year, first.month)[1]))
    return at


@dataclass(frozen=True)
class Who:
    """A customer under one address, with the zone and the country that count there."""

    id: str
    address: str
    zone: str
    country: str


@dataclass(frozen=True)
class Survey:
    """As an editor has set it."""

    name: str
    event_type: str
    measurement: str = "transactional"
    touchpoint: str | None = None
    days: int = 0
    scope: str = "any"
    delay: timedelta = timedelta()
    max_age: timedelta = 5 * DAY
    percent: int = 100
    reminders: tuple[int, ...] = ()
    holding: timedelta = timedelta()
    live: bool = True


@dataclass(frozen=True)
class Counter:
    """A row of the table of counter-events; without ``hold`` it cancels."""

    event_type: str
    scope: str
    hold: timedelta | None = None


@dataclass(frozen=True)
class Policy:
    """The company's rules over all surveys; quiet hours as minutes of the day."""

    cap: timedelta = timedelta()
    quiet: tuple[int, int] | None = None
    sundays: bool = True
    holidays: bool = True
    counters: tuple[Counter, ...] = ()
    shared: bool = False
    """Whether an id stands for several people, each with an address."""


@dataclass(frozen=True)
class Wish:
    """What a customer has chosen about further questions: one of the three."""

    by: str
    """The id of who chose it."""
    until: datetime | None = None
    months: int = 0
    no_mail: bool = False


@dataclass(frozen=True)
class Happened:
    """An event, and when it was consumed."""

    id: str
    type: str
    who: Who
    order: str | None
    touchpoint: str | None
    at: datetime
    known_at: datetime


@dataclass(frozen=True)
class Asked:
    """An event about which its customer is asked: by which survey, as it was then, and when the mail is due."""

    event: Happened
    survey: Survey
    due: datetime

    @property
    def touchpoint(self) -> str | None:
        return self.event.touchpoint or self.survey.touchpoint


@dataclass
class Mail:
    """A mail that was handed over; ``n`` is 0 for the first one about its event."""

    event: Happened
    survey: str
    n: int
    at: datetime
    outcome: str

    @property
    def arrived(self) -> bool:
        """Perhaps: what may have arrived counts."""
        return self.outcome in {"sent", "unknown"}


@dataclass
class History:
    """One company."""

    surveys: dict[str, Survey] = field(default_factory=dict)
    policy: Policy = Policy()
    stopped: bool = False
    test_mode: bool = False
    events: dict[str, Happened] = field(default_factory=dict)
    counters: list[tuple[Happened, Counter]] = field(default_factory=list)
    asked: dict[str, Asked] = field(default_factory=dict)
    """By event."""
    mails: list[Mail] = field(default_factory=list)
    noes: set[str] = field(default_factory=set)
    """Addresses that unsubscribed, or that are on the company's list."""
    noes_of: set[str] = field(default_factory=set)
    """The ids under which somebody unsubscribed."""
    perhaps_noes_of: set[str] = field(default_factory=set)
    """The same of ids that were shared then: a no of an id's only address is that of the id."""
    wishes: dict[str, Wish] = field(default_factory=dict)
    """By address, and by id."""
    perhaps_wishes: dict[str, Wish] = field(default_factory=dict)
    """The same of ids that were shared then."""
    erased: set[str] = field(default_factory=set)
    """Ids."""
    answered: set[str] = field(default_factory=set)
    """Events."""
    cases: set[str] = field(default_factory=set)
    """Ids of the customers with an open one."""
    outranked: set[str] = field(default_factory=set)
    """Events whose mail was not sent, since it gave way to a more valuable event."""

    def consume(self, event: Happened) -> None:
        self.events[event.id] = event
        if event.who.id in self.erased:
            return  # nothing is kept that their events could do
        self.counters += [(event, each) for each in self.policy.counters if each.event_type == event.type]

    def erase(self, id_: str) -> None:
        self.erased.add(id_)
        self.cases.discard(id_)
        self.counters = [each for each in self.counters if each[0].who.id != id_]
        for wishes in (self.wishes, self.perhaps_wishes):
            for key in [key for key, wish in wishes.items() if wish.by == id_]:
                del wishes[key]

    def choose(self, who: Who, wish: Wish | None) -> None:
        """In place of all that was chosen for the address or the id."""
        for key in (who.address, who.id):
            self.wishes.pop(key, None)
            self.perhaps_wishes.pop(key, None)
        if wish is not None:
            self.wishes[who.address] = wish
            (self.perhaps_wishes if self.policy.shared else self.wishes)[who.id] = wish

    def wishes_of(self, who: Who, *, perhaps: bool = False) -> list[Wish]:
        """Those that hold for the person or the address; ``perhaps``: with what may be the id's."""
        kept = [self.wishes, self.perhaps_wishes] if perhaps else [self.wishes]
        return [each[key] for each in kept for key in (who.address, who.id) if key in each]

    def is_before_wished(self, who: Who, asked_at: datetime, at: datetime, *, perhaps: bool = False) -> bool:
        """Whether a question would come sooner after another one than the customer wishes."""
        return any(
            at < months_later(asked_at, each.months)
            for each in self.wishes_of(who, perhaps=perhaps)
            if each.months
        )

    def ask(self, event: Happened, survey: str, due: datetime) -> None:
        self.asked[event.id] = Asked(event, self.surveys[survey], due)

    def judge_asking(self, event: Happened, waiting: set[str], unsent: set[str]) -> list[str]:
        """Every rule that a decision to ask breaks.

        The quarantine is judged by every mail that left and every one that is to.

        :param waiting: the events whose first mail has not left, or nobody knows whether it has.
        :param unsent: those of them whose mail has certainly not left.
        """
        asked = self.asked[event.id]
        survey, due = asked.survey.name, asked.due
        broken = [f"{event.id} is asked about {why}" for why in self._against_asking(asked)]
        days = asked.survey.days * DAY
        left = {each.event.id: each.at for each in self.arrived_to(event.who) if each.n == 0}
        due_of = {id_: other.due for id_, other in self.asked.items() if id_ in waiting}
        for id_, at in (due_of | left).items():
            other = self.asked[id_]
            before = (other.event.known_at, other.event.at) < (event.known_at, event.at)
            # To the minute, in which a mail that is due may leave.
            too_soon = days and due - at < days - timedelta(minutes=1)
            if self.test_mode and id_ in unsent and self.gives_way(other, survey):
                continue  # nobody is asked in its place, so it stays
            if id_ == event.id or not before:
                continue
            same = self.are_one(event.who, other.event.who)
            if same and self.is_before_wished(event.who, at, due + timedelta(minutes=1)):
                broken.append(f"{event.id} sooner after {id_} of {at} than is wished")
            if too_soon and self.in_scope(asked, other):
                broken.append(f"{event.id} within the quarantine of {survey} after {id_} of {at}")
        return broken

    def _against_asking(self, asked: Asked) -> Iterator[str]:
        event, survey = asked.event, asked.survey
        if not survey.live or survey.event_type != event.type:
            yield f"by {survey.name}, which does not ask about it"
        if self.has_said_no(event.who) or event.who.id in self.erased:
            yield "against a no, or an erasure"
        for wish in self.wishes_of(event.who):
            if wish.no_mail or (wish.until is not None and asked.due < wish.until):
                yield f"against {wish}"
        if event.who.id in self.cases:
            yield "in an open case"
        wait = max(survey.delay, survey.holding)
        if asked.due < event.at + wait or asked.due - event.at > survey.max_age:
            yield f"too early or too late, {asked.due}"
        if any(each.hold is None or asked.due < by.at + each.hold for by, each in self.counters_of(event)):
            yield "against another event"
        if not self.may_be_written_to(event.who, asked.due):
            yield f"at an hour that is not allowed, {asked.due}"

    def give_way(self, id_: str, due: datetime) -> list[str]:
        """Every rule that it breaks that the mail about an event was dropped, since a more valuable one came.

        :param due: when it was to leave at last.
        """
        self.outranked.add(id_)
        mine = self.asked[id_]
        for other in self.asked.values():
            came_later = (mine.event.known_at, mine.event.at) < (other.event.known_at, other.event.at)
            if came_later and self.gives_way(mine, other.survey.name):
                within_days = other.due - due < other.survey.days * DAY and self.in_scope(other, mine)
                within_cap = abs(other.due - due) < self.policy.cap
                same = self.are_one(mine.event.who, other.event.who)
                wished = self.is_before_wished(other.event.who, due, other.due, perhaps=True)
                if same and (within_cap or wished or (within_days and other.survey.days)):
                    return []
        return [f"{id_} was dropped, and no more valuable event was asked about in its place"]

    def gives_way(self, asked: Asked, name: str) -> bool:
        """Whether a mail that waits gives way to an event that this survey asks about."""
        order, survey = [*self.surveys], self.surveys[asked.survey.name]
        is_about_event = asked.survey.measurement == "transactional"
        return is_about_event and bool(survey.holding) and order.index(name) < order.index(survey.name)

    def leave(self, mail: Mail) -> list[str]:
        """Every rule that this mail breaks now."""
        broken = [*self._of_customer(mail), *self._of_company(mail), *self._of_survey(mail)]
        broken += self._of_first(mail) if mail.n == 0 else self._of_reminder(mail)
        self.mails.append(mail)
        return broken

    def _of_customer(self, mail: Mail) -> Iterator[str]:
        who = mail.event.who
        if self.has_said_no(who):
            yield "a mail to a person, or an address, that is not to be written to"
        if who.id in self.erased:
            yield "a mail to an erased customer"
        for wish in self.wishes_of(who):
            if wish.no_mail or (wish.until is not None and mail.at < wish.until):
                yield f"a mail against {wish}"
        for event, counter in self.counters_of(mail.event):
            if counter.hold is None or mail.at < event.at + counter.hold:
                yield f"a mail against {event.type}"
        allowed = [each.at for each in self.arrived_to(who) if mail.at - each.at < self.policy.cap]
        if allowed:
            yield "two mails within the cap"

    def _of_company(self, mail: Mail) -> Iterator[str]:
        if self.stopped:
            yield "a mail while all sending is stopped"
        if self.test_mode:
            yield "a mail to a customer in test mode"
        if not self.may_be_written_to(mail.event.who, mail.at):
            yield "a mail at an hour that is not allowed"

    def _of_survey(self, mail: Mail) -> Iterator[str]:
        survey = self.surveys[mail.survey]
        if not survey.live:
            yield "a mail of a paused survey"
        before = [each for each in self.mails if each.event.id == mail.event.id and each.arrived]
        if any(each.n == mail.n for each in before):
            yield "one mail twice"
        if any(each.survey != mail.survey for each in before):
            yield "two surveys about one event"

    def _of_first(self, mail: Mail) -> Iterator[str]:
        survey, event = self.surveys[mail.survey], mail.event
        if event.who.id in self.cases:
            yield "a question in an open case"
        if mail.at - event.at >= survey.max_age + timedelta(minutes=1):
            yield "a question about something too old"
        # To the minute, in which a mail that is due may leave.
        for at in self.left_within_quarantine(event, mail.survey, mail.at + timedelta(minutes=1)):
            yield f"a question within the quarantine after that of {at}"
        if mail.at < event.at + self.asked[event.id].survey.holding:
            yield "a mail within its holding time"
        if event.id in self.outranked:
            yield "a mail that had given way"

    def left_within_quarantine(
        self, event: Happened, survey: str, now: datetime, *, perhaps: bool = False
    ) -> list[datetime]:
        """When the person, or somebody at the address, was asked about other events, too close to be asked about this one now.

        By the survey as it is now, about what it was to ask, or by what the customer wishes; what has not left
        does not count.
        """
        then, days = self.asked[event.id], self.surveys[survey].days * DAY
        asked = replace(then, survey=replace(self.surveys[survey], touchpoint=then.touchpoint))
        return [
            each.at
            for each in self.arrived_to(event.who)
            if each.n == 0 and each.event.id != event.id
            if (now - each.at < days and self.in_scope(asked, self.asked[each.event.id]))
            or self.is_before_wished(event.who, each.at, now, perhaps=perhaps)
        ]

    def _of_reminder(self, mail: Mail) -> Iterator[str]:
        survey = self.surveys[mail.survey]
        before = [each for each in self.mails if each.event.id == mail.event.id and each.arrived]
        first = next((each for each in before if each.n == 0), None)
        if first is None or first.outcome != "sent":
            yield "a reminder of what was not sent"
        if mail.event.id in self.answered:
            yield "a reminder after an answer"
        if mail.event.who.id in self.cases:
            yield "a reminder in an open case"
        if mail.n > len(survey.reminders):
            yield "a reminder that the survey does not have"
        if any(mail.at - each.at < DAY for each in before):
            yield "two mails about one event within a day"
        if first is not None and mail.at > first.at + LINK + DAY:
            yield "a reminder whose link is dead"

    def may_be_written_to(self, who: Who, at: datetime) -> bool:
        """By their own clock and calendar."""
        local, policy = at.astimezone(ZoneInfo(who.zone)), self.policy
        if not policy.sundays and local.strftime("%a") == "Sun":
            return False
        if not policy.holidays and local.date() in HOLIDAYS[who.country]:
            return False
        if policy.quiet is None:
            return True
        (begin, end), minute = policy.quiet, local.hour * 60 + local.minute
        quiet = range(begin, end) if begin <= end else [*range(begin, 1440), *range(end)]
        return minute not in quiet

    def counters_of(self, event: Happened) -> list[tuple[Happened, Counter]]:
        """The counter-events that are about this event, by the table as it was when they came."""
        return [
            (counter, rule)
            for counter, rule in self.counters
            if counter.id != event.id
            and (
                event.at <= counter.at
                or event.known_at < counter.known_at
                or (rule.scope == "customer" and rule.hold is not None)
            )
            and (
                (counter.order is not None and counter.order == event.order)
                if rule.scope == "order"
                else self.are_one(counter.who, event.who)
            )
        ]

    def has_said_no(self, who: Who) -> bool:
        """For the address, or for the person under whatever address."""
        return who.address in self.noes or who.id in self.noes_of

    def are_one(self, who: Who, other: Who) -> bool:
        """Whether a mail to the one counts for the other: the same person, or somebody at the same address."""
        return who.address == other.address or (who.id == other.id and not self.policy.shared)

    def arrived_to(self, who: Who) -> list[Mail]:
        """Every mail that this person, or somebody at this address, may have got."""
        return [each for each in self.mails if self.are_one(each.event.who, who) and each.arrived]

    def in_scope(self, asked: Asked, other: Asked) -> bool:
        """Whether a question has to regard that other one to the same person or address."""
        if not self.are_one(asked.event.who, other.event.who):
            return False
        return {
            "any": True,
            "measurement": asked.survey.measurement == other.survey.measurement,
            "touchpoint": asked.touchpoint == other.touchpoint,
            "survey": asked.survey.name == other.survey.name,
        }[asked.survey.scope]

    def unfounded(self, event: Happened, reason: str, waiting: set[str], unsent: set[str]) -> bool:
        """Whether nothing that is known gives this reason to ask nobody about the event.

        :param waiting: the events whose first mail has not left, or nobody knows whether it has.
        :param unsent: those of them whose mail has certainly not left.
        """
        surveys = [each for each in self.surveys.values() if each.event_type == event.type]
        now, who = event.known_at, event.who
        wishes = self.wishes_of(who, perhaps=True)
        dues = [(each, max(event.at + max(each.delay, each.holding), now)) for each in surveys if each.live]
        mails = [each for each in waiting if each != event.id and self.are_one(self.events[each].who, who)]
        arrived = bool(self.arrived_to(who))
        # The surveys that something keeps from asking which does not give way to them.
        kept = [
            each
            for each, _ in dues
            if arrived
            or any(mail not in unsent or not self.gives_way(self.asked[mail], each.name) for mail in mails)
        ]
        founded = {
            "no_survey": not surveys,
            "paused": any(not each.live for each in surveys),
            "erased": who.id in self.erased,
            "opted_out": self.has_said_no(who)
            or who.id in self.perhaps_noes_of
            or any(each.no_mail for each in wishes),
            "paused_by_customer": any(each.until is not None and each.until > now for each in wishes),
            "suppressed": who.address in self.noes
            or any(
                each.who.address == who.address and each.who.id in self.erased
                for each in self.events.values()
            ),
            "countered": bool(self.counters_of(event)),
            "case_open": who.id in self.cases,
            "too_old": any(due - event.at > survey.max_age for survey, due in dues),
            "quiet_dropped": any(not self.may_be_written_to(who, due) for _, due in dues),
            "quarantine": any(each.days for each in kept)
            or (bool(kept) and any(each.months for each in wishes)),
            "cap": bool(kept and self.policy.cap),
            "relational_first": any(each.measurement == "transactional" for each in surveys)
            and any(self.asked[each].survey.measurement == "relational" for each in mails),
            "relational_distance": any(each.measurement == "relational" for each in surveys)
            and (arrived or bool(mails)),
            "sampled_out": any(each.percent < 100 for each in surveys),
        }
        return not founded.get(reason, False)
