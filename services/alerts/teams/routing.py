"""For whom a case is.

It is for whom its rule names, else the account manager, else who handled the event, else the team of the
touchpoint, else that of another segment. Where somebody is away their deputy takes their place.

Whoever handled the event may be the one who is criticized: neither they nor who stands in for them get a
case, or are told of it, without somebody above them, at the opening and later.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Literal
from uuid import UUID

from services.alerts.rules.clocks import Recipient
from services.alerts.rules.domain import CaseRule
from services.alerts.rules.setup import CompanySetup
from services.alerts.teams.domain import CaseTeam
from shared.conditions.event_fields import EventFields
from shared.events import Answer, Invitation, segments_of
from shared.events.envelope import Data
from shared.events.segments import ORGANISATION, TOUCHPOINT
from shared.permissions import ADMIN

RouteStep = Literal["rule", "account_manager", "handler", "touchpoint", "segment", "everybody", "nobody"]
"""``rule``: whom the rule names; ``everybody``: all who may see the case; ``nobody``: none of them fits, so
the administrators are told."""
ACCOUNT_MANAGER = "account.manager"
"""The field of an event that has an account."""
HANDLED_BY = "handled_by"


class Route(Data, frozen=True, kw_only=True):
    """For whom a case is."""

    step: RouteStep
    owner: UUID | None = None
    """Who has it from the start."""
    team: UUID | None = None
    told: tuple[UUID, ...] = ()
    """Who gets a mail; none: everybody who may see the case."""
    away: UUID | None = None
    """The person whose deputy the owner is."""
    shared: bool = False
    """Whether the leader was added since the one who handled the event would have had it alone."""


def route(
    setup: CompanySetup, rule: CaseRule, answer: Answer, event: Invitation | None, now: datetime
) -> Route:
    """For whom the case is that an answer opens by a rule; ``event``: None while it is not known."""
    if rule.to is None and not setup.routes:
        return Route(step="everybody")
    handlers = handlers_of(setup, [event] if event is not None else [])
    router = _Router(setup, segments_of(answer), now, handlers, event)
    found = next((route for find in router.steps(rule.to) if (route := find()) is not None), None)
    if found is not None:
        return found
    team = router.covering_team()
    return Route(step="nobody", team=team, told=router.accompanied(router.administrators(), team))


def handlers_of(setup: CompanySetup, events: Iterable[Invitation]) -> frozenset[UUID]:
    """The people of the company who handled one of these events."""
    field = setup.rules.handler or HANDLED_BY
    named = (_value_of(event, field) for event in events)
    found = {setup.person_named(name) for name in named if name is not None}
    return frozenset(person for person in found if person is not None)


def account_manager(setup: CompanySetup, answer: Answer, event: Invitation, now: datetime) -> Route | None:
    """The account manager of an event, or who stands in for them, if they may work on the answer; else None.

    Whoever handled the event gets it all the same: it is no criticism.
    """
    router = _Router(setup, segments_of(answer), now, frozenset(), event)
    return router.account_manager(setup.rules.account_manager or ACCOUNT_MANAGER)


def team_of_person(setup: CompanySetup, belongs: Sequence[str], person: UUID, now: datetime) -> UUID | None:
    """The team of what belongs to these segments if somebody is in it, else one of theirs."""
    own = _Router(setup, list(belongs), now, frozenset()).team_of_person(person)
    return own if own is not None and setup.teams[own].has(person) else None


def recipients(
    setup: CompanySetup,
    to: Recipient,
    belongs: Sequence[str],
    team: UUID | None,
    now: datetime,
    handlers: frozenset[UUID],
) -> tuple[UUID, ...]:
    """Who is told of a case of these segments and this team; the administrators, where nobody fits.

    Never those alone who handled its events (``handlers``).
    """
    router = _Router(setup, list(belongs), now, handlers)
    return router.accompanied(router.recipients_of(to, team) or router.administrators(), team)


def holders(
    setup: CompanySetup,
    owner: UUID | None,
    routed_to: Sequence[UUID],
    belongs: Sequence[str],
    team: UUID | None,
    now: datetime,
    handlers: frozenset[UUID],
) -> tuple[UUID, ...]:
    """Who has a case: the owner, else whom the routing chose, or all who may see it; handlers as above."""
    router = _Router(setup, list(belongs), now, handlers)
    own = router.there([owner]) if owner is not None else ()
    return router.accompanied(own or router.there(routed_to) or router.there(setup.people), team)


def accompanied(
    setup: CompanySetup,
    told: Sequence[UUID],
    belongs: Sequence[str],
    team: UUID | None,
    now: datetime,
    handlers: frozenset[UUID],
) -> tuple[UUID, ...]:
    """These people, with somebody above where all of them handled the events of the case, or stand in."""
    return _Router(setup, list(belongs), now, handlers).accompanied(tuple(told), team)


def route_facts(setup: CompanySetup, found: Route) -> dict[str, Any]:
    """How a case was routed, as its timeline keeps it: names, since people and teams change."""
    team = setup.teams.get(found.team) if found.team is not None else None
    facts = {
        "step": found.step,
        "to": _name(setup, found.owner),
        "team": team.name if team is not None else None,
        "away": _name(setup, found.away),
        "people": len(found.told),
        "shared": found.shared,
    }
    return {name: value for name, value in facts.items() if value}


def _name(setup: CompanySetup, person: UUID | None) -> str | None:
    found = setup.people.get(person) if person is not None else None
    return found.name if found is not None else None


class _Router:
    """Finds people for one case."""

    def __init__(
        self,
        setup: CompanySetup,
        belongs: list[str],
        now: datetime,
        handlers: frozenset[UUID],
        event: Invitation | None = None,
    ) -> None:
        self._setup = setup
        self._belongs = belongs
        self._event = event
        self._now = now
        self._handlers = handlers
        self._involved = {*handlers, *(setup.stand_in(one, now) for one in handlers)}

    def steps(self, to: Recipient | None) -> Iterator[Callable[[], Route | None]]:
        """The ways to find somebody, in order."""
        rules = self._setup.rules
        if to is not None:
            yield lambda: self._named_by_rule(to)
        if (field := rules.account_manager) is not None:
            yield partial(self.account_manager, field)
        if (field := rules.handler) is not None:
            yield partial(self._person, "handler", self._named(field))
        yield lambda: self._team("touchpoint", self._team_of_touchpoint())
        for team in self._covering_teams():
            yield partial(self._team, "segment", team)

    def account_manager(self, field: str) -> Route | None:
        """Whom a field of the event names, or their deputy."""
        return self._person("account_manager", self._named(field))

    def administrators(self) -> tuple[UUID, ...]:
        """The administrators of the whole company."""
        people = self._setup.people.values()
        return tuple(sorted(one.id for one in people if one.role == ADMIN and not one.segments))

    def accompanied(self, told: tuple[UUID, ...], team: UUID | None) -> tuple[UUID, ...]:
        """These people, and where all of them handled the event or stand in: the leader of the team.

        Where there is none or they handled it themselves, it is the administrators, else everybody else who
        works on such cases. Nobody is added where nobody else does: the case would reach nobody at all.
        """
        leader = self._leader_above(team)
        if not told or self._reaches_another(told, leader):
            return told
        others = {leader} if leader is not None else set(self.administrators()) - self._handlers
        others = others or set(self.there(self._setup.people)) - self._handlers
        return tuple(sorted({*told, *others}))

    def _reaches_another(self, people: Iterable[UUID], leader: UUID | None) -> bool:
        """Whether one of them neither handled the event nor stands in for who did, unless from above."""
        above = {leader, *self.administrators()} - self._handlers
        return any(one not in self._involved or one in above for one in people)

    def recipients_of(self, to: Recipient, team: UUID | None) -> tuple[UUID, ...]:
        """Those of a recipient who are there and may see the case."""
        setup = self._setup
        if to.person is not None:
            return self.there([to.person])
        if to.team is not None:
            found = setup.teams.get(to.team)
            return self.there(found.members) if found is not None else ()
        if to.role == "team_leader":
            leader = self._leader(team)
            return (leader,) if leader is not None else ()
        return self.there(one.id for one in setup.people.values() if one.role == to.role)

    def covering_team(self) -> UUID | None:
        """The team to which the case belongs by its segments."""
        return next(self._covering_teams(), None)

    def _covering_teams(self) -> Iterator[UUID]:
        """The teams of its segments, then those that have what is no other team's.

        Of the organisation the team of the lowest level comes first.
        """
        levels = [each for each in self._belongs if each.startswith(f"{ORGANISATION}:")]
        others = [each for each in self._belongs if each and each not in levels]
        for segment in (*others, *sorted(levels, key=len, reverse=True)):
            if (found := self._having(segment)) is not None:
                yield found
        teams = self._setup.teams
        yield from sorted(key for key, team in teams.items() if not team.segments)

    def _team_of_touchpoint(self) -> UUID | None:
        touchpoints = [one for one in self._belongs if one.startswith(f"{TOUCHPOINT}:")]
        return next((team for one in touchpoints if (team := self._having(one)) is not None), None)

    def _having(self, segment: str) -> UUID | None:
        return min((key for key, team in self._setup.teams.items() if segment in team.segments), default=None)

    def _named_by_rule(self, to: Recipient) -> Route | None:
        if to.person is not None:
            return self._person("rule", to.person)
        if to.team is not None:
            return self._team("rule", to.team)
        team = self.covering_team()
        return self._shared("rule", team, self.recipients_of(to, team))

    def _person(self, step: RouteStep, person: UUID | None) -> Route | None:
        """A person, or their deputy, has the case; the handler of the event only beside a leader."""
        owner = self._setup.stand_in(person, self._now) if person is not None else None
        if owner is None or not self._fits(owner):
            return None
        team = self.team_of_person(owner)
        away = person if owner != person else None
        leader = self._leader_above(team)
        if self._reaches_another([owner], leader):
            return Route(step=step, owner=owner, team=team, told=(owner,), away=away)
        if leader is None:
            return None
        return Route(step=step, owner=owner, team=team, told=(owner, leader), away=away, shared=True)

    def _team(self, step: RouteStep, key: UUID | None) -> Route | None:
        team = self._setup.teams.get(key) if key is not None else None
        return self._shared(step, key, self.there(team.members)) if team is not None else None

    def _shared(self, step: RouteStep, team: UUID | None, members: tuple[UUID, ...]) -> Route | None:
        """Several people have it together, and the leader where they would be nobody or the handler alone."""
        leader = self._leader_above(team)
        if self._reaches_another(members, leader):
            return Route(step=step, team=team, told=members)
        if leader is None:
            return None
        return Route(step=step, team=team, told=tuple(sorted({*members, leader})), shared=bool(members))

    def team_of_person(self, person: UUID) -> UUID | None:
        """The team of the case if they are in it, else one of theirs, else that of the case."""
        teams, own = self._setup.teams, self.covering_team()
        theirs = sorted(key for key, team in teams.items() if person in _everybody_of(team))
        return own if own in theirs or not theirs else theirs[0]

    def _leader(self, team: UUID | None) -> UUID | None:
        found = self._setup.teams.get(team) if team is not None else None
        there = self.there([found.leader]) if found is not None and found.leader is not None else ()
        return there[0] if there else None

    def _leader_above(self, team: UUID | None) -> UUID | None:
        """The leader of a team, or their deputy; None where they handled the event themselves."""
        found, leader = self._setup.teams.get(team) if team is not None else None, self._leader(team)
        return None if found is None or {found.leader, leader} & self._handlers else leader

    def there(self, people: Iterable[UUID]) -> tuple[UUID, ...]:
        """These people or their deputies, as far as they work on the case's segments; in one order."""
        there = {self._setup.stand_in(person, self._now) for person in people}
        return tuple(sorted(one for one in there if one is not None and self._fits(one)))

    def _fits(self, person: UUID) -> bool:
        found = self._setup.people.get(person)
        return found is not None and found.may_work_on(self._belongs)

    def _named(self, field: str) -> UUID | None:
        named = _value_of(self._event, field) if self._event is not None else None
        return self._setup.person_named(named) if named is not None else None


def _value_of(event: Invitation, field: str) -> str | None:
    if field == ACCOUNT_MANAGER:
        return event.account.manager if event.account is not None else None
    value = EventFields(event).value(field)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def _everybody_of(team: CaseTeam) -> set[UUID | None]:
    return {*team.members, team.leader}
