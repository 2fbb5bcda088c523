"""Which answers meet a rule, for whom their cases are, and what rules would have made of past answers."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.alerts_builders import POLICY, an_answer, an_invitation

from services.alerts.calendars.working_time import TimeLimit
from services.alerts.rules.clocks import Clocks, Escalation, Recipient
from services.alerts.rules.domain import DEFAULT_RULES, CaseRule, CaseRules, matching_rule
from services.alerts.rules.forms import form_of
from services.alerts.rules.rule_commands import SavedRules
from services.alerts.rules.schemas import CaseRulesBody
from services.alerts.rules.setup import CompanySetup
from services.alerts.rules.trial import PastAnswer, try_rules
from services.alerts.teams.domain import Absence, CaseTeam, Colleague
from services.alerts.teams.routing import (
    ACCOUNT_MANAGER,
    accompanied,
    handlers_of,
    holders,
    recipients,
    route,
)
from shared.conditions.event_fields import EventFields
from shared.events import Account, Answer, segments_of
from shared.events.conditions import Condition

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CLOCKS = Clocks(first_contact=TimeLimit(days=1), closing=TimeLimit(days=7))
KEY_ACCOUNT = Condition(field="attributes.key_account", op="=", value=True)


def a_rule(name: str = "All", **changes: Any) -> CaseRule:
    return CaseRule(**{"name": name, "clocks": CLOCKS, **changes})


def met_by(rule: CaseRule, answer: Answer, **event: Any) -> bool:
    invitation = an_invitation(answer, **event)
    return matching_rule(CaseRules(rules=(rule,)), answer, EventFields(invitation)) is not None


@pytest.mark.parametrize("score", range(11))
def test_the_default_rules_open_what_a_detractor_gives(score: int) -> None:
    match = matching_rule(DEFAULT_RULES, an_answer(score=score), None)
    assert (match is not None) == (score <= 6)
    if match is not None:
        assert match.rule.clocks.first_contact == TimeLimit(days=1 if score <= 3 else 2)


@pytest.mark.parametrize(
    ("rule", "answer", "met"),
    [
        ({"words": ("lawyer",)}, {"score": 9, "comment": "I will ask my LAWYERS."}, True),
        ({"words": ("lawyer",)}, {"score": 9, "comment": "No flawyer here."}, False),
        ({"words": ("my  money",)}, {"score": 9, "comment": "Give back\nmy money"}, True),
        ({"words": ("lawyer",)}, {"score": 9, "comment": None, "follow_up": "lawyer"}, True),
        ({"wants_contact": True}, {"score": 10, "may_contact": True}, True),
        ({"wants_contact": True}, {"score": 10, "may_contact": None}, False),
        ({"segments": ("touchpoint:home delivery",)}, {"score": 8}, True),
        ({"segments": ("organisation:north",)}, {"score": 8}, True),
        ({"segments": ("organisation:south",)}, {"score": 8}, False),
        ({"measurement": "relational"}, {"score": 0}, False),
        ({"lowest": 7, "highest": 8}, {"score": 6}, False),
        ({"lowest": 7, "highest": 8}, {"score": 8}, True),
    ],
)
def test_an_answer_meets_a_rule_by_all_that_the_rule_names(
    rule: dict[str, Any], answer: dict[str, Any], met: bool
) -> None:
    assert met_by(a_rule(**rule), an_answer(**answer)) == met


def test_a_condition_on_the_event_holds_only_once_the_event_is_known() -> None:
    rule, answer = a_rule(condition=KEY_ACCOUNT), an_answer(score=9)
    assert met_by(rule, answer, attributes=msgspec.Raw(b'{"key_account":true}'))
    assert not met_by(rule, answer, attributes=msgspec.Raw(b'{"key_account":false}'))
    assert matching_rule(CaseRules(rules=(rule,)), answer, None) is None


def test_the_first_rule_that_is_met_decides() -> None:
    rules = CaseRules(rules=(a_rule("Words", words=("lawyer",)), a_rule("Rest")))
    names = [
        match.rule.name
        for comment in ("My lawyer calls.", "Late.")
        if (match := matching_rule(rules, an_answer(comment=comment), None)) is not None
    ]
    assert names == ["Words", "Rest"]


@given(
    st.lists(
        st.builds(
            a_rule,
            name=st.uuids().map(str),
            lowest=st.integers(0, 5),
            highest=st.integers(5, 10),
            words=st.lists(st.sampled_from(["late", "lawyer"]), max_size=2, unique=True).map(tuple),
            wants_contact=st.booleans(),
            condition=st.sampled_from([None, KEY_ACCOUNT]),
        ),
        max_size=4,
    ),
    st.integers(0, 10),
    st.booleans(),
)
def test_what_is_learnt_of_an_event_later_only_adds_cases(
    rules: list[CaseRule], score: int, key_account: bool
) -> None:
    """So answers and events open the same cases in either order."""
    answer = an_answer(score=score, comment="Late again.", may_contact=True)
    found = CaseRules(rules=tuple(rules))
    event = an_invitation(
        answer, attributes=msgspec.Raw(b'{"key_account":%s}' % str(key_account).lower().encode())
    )
    before, after = matching_rule(found, answer, None), matching_rule(found, answer, EventFields(event))
    assert before is None or after is not None


def a_colleague(name: str, role: str = "agent", segments: tuple[str, ...] = ()) -> Colleague:
    return Colleague(
        id=uuid4(), name=name, address=f"{name}@example.com".lower(), role=role, segments=segments
    )


class Company:
    """Six people in two teams."""

    def __init__(self) -> None:
        names = ("Anna", "Bo", "Carl", "Dina")
        self.anna, self.bo, self.carl, self.dina = (a_colleague(name).id for name in names)
        people = [
            Colleague(id=one, name=name, address=f"{name}@example.com", role="agent")
            for name, one in zip(names, (self.anna, self.bo, self.carl, self.dina), strict=True)
        ]
        self.lead, self.admin = a_colleague("Lea", "leader"), a_colleague("Adam", "admin")
        self.delivery, self.north = UUID(int=1), UUID(int=2)
        self.setup = CompanySetup(
            rules=CaseRules(rules=(a_rule(),), account_manager=ACCOUNT_MANAGER, handler="handled_by"),
            teams={
                self.delivery: CaseTeam(
                    name="Delivery",
                    members=(self.anna, self.bo),
                    leader=self.lead.id,
                    segments=("touchpoint:home delivery",),
                ),
                self.north: CaseTeam(name="North", members=(self.carl,), segments=("organisation:north",)),
            },
            people={one.id: one for one in (*people, self.lead, self.admin)},
        )

    def route(self, *, manager: str | None = None, handler: str | None = None, **answer: Any) -> Any:
        given_answer = an_answer(**answer)
        event = an_invitation(given_answer, account=Account(id="a", manager=manager), handled_by=handler)
        return route(self.setup, self.setup.rules.rules[0], given_answer, event, NOW)

    def changed(self, **changes: Any) -> "Company":
        other = Company.__new__(Company)
        other.__dict__ |= self.__dict__
        other.setup = CompanySetup(
            **{
                **{name: getattr(self.setup, name) for name in ("rules", "teams", "absences", "people")},
                **changes,
            }
        )
        return other

    def away(self, person: UUID, deputy: UUID | None = None) -> Absence:
        return Absence(
            person=person, since=NOW - timedelta(days=1), until=NOW + timedelta(days=1), deputy=deputy
        )


def test_the_account_manager_comes_first_then_who_handled_it_then_the_teams() -> None:
    company = Company()
    found = company.route(manager="Dina", handler="Bo")
    assert (found.step, found.owner, found.told) == ("account_manager", company.dina, (company.dina,))
    found = company.route(manager="nobody we know", handler="Bo")
    assert (found.step, found.owner, found.team) == ("handler", company.bo, company.delivery)
    found = company.route()
    assert (found.step, found.owner, found.team) == ("touchpoint", None, company.delivery)
    assert set(found.told) == {company.anna, company.bo}
    found = company.route(touchpoint=None, segments={})
    assert (found.step, found.team, found.told) == ("segment", company.north, (company.carl,))


def test_who_handled_the_event_never_has_the_case_alone() -> None:
    company = Company()
    assert company.route(handler="Bo").told == (company.bo, company.lead.id)
    as_manager = company.route(manager="Bo", handler="Bo")
    assert (as_manager.step, as_manager.shared) == ("account_manager", True)
    without_leader = {
        **company.setup.teams,
        company.delivery: CaseTeam(
            name="Delivery", members=(company.bo,), segments=("touchpoint:home delivery",)
        ),
    }
    found = company.changed(teams=without_leader).route(handler="Bo")
    assert (found.step, found.told) == ("segment", (company.carl,))


@given(
    st.sampled_from(["Anna", "Bo", "Carl", "Dina", "Lea", None]),
    st.sampled_from(["Anna", "Bo", "Carl", "Lea", None]),
    st.sets(st.sampled_from(["anna", "bo", "carl", "dina"])),
    st.booleans(),
    st.sampled_from(["home delivery", "shop"]),
)
def test_however_the_company_is_set_up_the_criticized_person_is_never_told_alone(
    manager: str | None, handler: str | None, absent: set[str], has_leader: bool, touchpoint: str
) -> None:
    company = Company()
    teams = dict(company.setup.teams)
    if not has_leader:
        teams[company.delivery] = msgspec.structs.replace(teams[company.delivery], leader=None)
    absences = tuple(
        company.away(getattr(company, one), company.carl if one != "carl" else None) for one in sorted(absent)
    )
    changed = company.changed(teams=teams, absences=absences)
    found = changed.route(
        manager=manager, handler=handler, touchpoint=touchpoint, segments={"touchpoint": touchpoint}
    )
    criticized = changed.setup.person_named(handler) if handler else None
    assert criticized is None or set(found.told) != {criticized}
    assert found.told, "somebody is always told"
    assert all(changed.setup.stand_in(one, NOW) == one for one in found.told if one != company.admin.id)


everybody_drawn = st.sampled_from(["Anna", "Bo", "Carl", "Dina", "Lea", "Adam"])
steps_drawn = st.one_of(
    everybody_drawn.map(lambda name: ("person", name)),
    st.sampled_from(["team_leader", "leader", "agent", "admin"]).map(lambda role: ("role", role)),
    st.sampled_from(["delivery", "north"]).map(lambda team: ("team", team)),
    st.just(("holders", "")),
)


@given(
    handled=st.lists(everybody_drawn, min_size=1, max_size=2),
    manager=st.none() | everybody_drawn,
    owner=st.none() | everybody_drawn,
    away=st.dictionaries(everybody_drawn, st.none() | everybody_drawn, max_size=3),
    leaders=st.tuples(st.none() | everybody_drawn, st.none() | everybody_drawn),
    step=steps_drawn,
    later=st.booleans(),
)
def test_at_no_step_and_no_later_answer_is_who_handled_an_event_told_alone(
    handled: list[str],
    manager: str | None,
    owner: str | None,
    away: dict[str, str | None],
    leaders: tuple[str | None, str | None],
    step: tuple[str, str],
    later: bool,
) -> None:
    """Nor are those who stand in for them, but for the leader of the team and administrators."""
    company = Company()
    of = {one.name: one.id for one in company.setup.people.values()}
    teams = {
        key: msgspec.structs.replace(team, leader=of.get(leader or ""))
        for (key, team), leader in zip(company.setup.teams.items(), leaders, strict=True)
    }
    absences = tuple(company.away(of[one], of.get(deputy or "")) for one, deputy in away.items())
    company = company.changed(teams=teams, absences=absences)
    setup, answer = company.setup, an_answer()
    found = company.route(manager=manager, handler=handled[0])
    events = [an_invitation(answer, handled_by=one) for one in handled]
    handlers = handlers_of(setup, events)
    assert handlers == {of[one] for one in handled}
    belongs, has_it = segments_of(answer), of.get(owner or "") or found.owner
    if later:
        told = accompanied(setup, [has_it] if has_it else found.told, belongs, found.team, NOW, handlers)
    elif step[0] == "holders":
        told = holders(setup, has_it, found.told, belongs, found.team, NOW, handlers)
    else:
        to: Any = {"person": of.get(step[1]), "team": getattr(company, step[1], None), "role": step[1]}
        told = recipients(setup, Recipient(**{step[0]: to[step[0]]}), belongs, found.team, NOW, handlers)
    first = {of[handled[0]]}
    for people, criticized in ((set(found.told), first), (set(told), handlers)):
        assert people - criticized, "somebody else is told"
        above = {company.admin.id, *(team.leader for team in teams.values())} - criticized
        above |= {setup.stand_in(one, NOW) for one in above if one is not None} - criticized
        stand_in = {setup.stand_in(one, NOW) for one in criticized} - criticized
        assert people - criticized - stand_in or people & above


def test_where_the_leader_handled_it_the_administrators_are_told_of_the_delay_too() -> None:
    company = Company()
    touchpoint, to = ["touchpoint:home delivery"], Recipient(role="team_leader")
    handled = frozenset({company.lead.id})
    told = recipients(company.setup, to, touchpoint, company.delivery, NOW, handled)
    assert set(told) == {company.lead.id, company.admin.id}
    bo = frozenset({company.bo})
    assert set(holders(company.setup, company.bo, (), touchpoint, company.delivery, NOW, bo)) == {
        company.bo,
        company.lead.id,
    }
    in_place = company.changed(absences=(company.away(company.bo, company.anna),)).setup
    assert set(holders(in_place, company.bo, (), touchpoint, company.delivery, NOW, bo)) == {
        company.anna,
        company.lead.id,
    }


def test_where_nobody_else_works_on_cases_who_handled_the_event_is_told() -> None:
    alone = a_colleague("Adam", "admin")
    setup = CompanySetup(people={alone.id: alone})
    assert accompanied(setup, [alone.id], [], None, NOW, frozenset({alone.id})) == (alone.id,)
    other = a_colleague("Anna")
    both = CompanySetup(people={alone.id: alone, other.id: other})
    told = accompanied(both, [alone.id], [], None, NOW, frozenset({alone.id}))
    assert set(told) == {alone.id, other.id}


def test_a_deputy_stands_in_and_where_there_is_none_the_next_step_is_taken() -> None:
    company = Company()
    away = company.changed(absences=(company.away(company.dina, company.anna),))
    found = away.route(manager="Dina")
    assert (found.owner, found.away) == (company.anna, company.dina)
    nobody = company.changed(absences=(company.away(company.dina),))
    assert nobody.route(manager="Dina").step == "touchpoint"
    in_a_circle = company.changed(
        absences=(company.away(company.dina, company.anna), company.away(company.anna, company.dina))
    )
    assert in_a_circle.route(manager="Dina").step == "touchpoint"


def test_where_nobody_fits_the_administrators_are_told() -> None:
    company = Company()
    found = company.changed(
        teams={company.north: CaseTeam(name="North", segments=("organisation:north",))}
    ).route()
    assert (found.step, found.told) == ("nobody", (company.admin.id,))
    assert recipients(
        company.setup, Recipient(role="team_leader"), ["organisation:south"], None, NOW, frozenset()
    ) == (company.admin.id,)
    leaders = recipients(
        company.setup,
        Recipient(role="team_leader"),
        ["touchpoint:home delivery"],
        company.delivery,
        NOW,
        frozenset(),
    )
    assert leaders == (company.lead.id,)


def test_nobody_gets_a_case_that_they_may_not_see() -> None:
    company = Company()
    people = dict(company.setup.people)
    people[company.dina] = msgspec.structs.replace(people[company.dina], segments=("touchpoint:shop",))
    assert company.changed(people=people).route(manager="Dina").step == "touchpoint"


def test_without_teams_and_fields_everybody_who_may_see_it_has_the_case() -> None:
    assert route(CompanySetup(), a_rule(), an_answer(), None, NOW).step == "everybody"


def test_a_dry_run_counts_cases_of_both_rules_and_shows_what_would_differ() -> None:
    days = [date(2026, 11, day) for day in (20, 20, 21)]
    answers = [
        an_answer(score=2, customer_id="c-1", answered_at=NOW, changed_at=NOW),
        an_answer(score=5, customer_id="c-1", answered_at=NOW, changed_at=NOW + timedelta(hours=1)),
        an_answer(score=9, comment="Ask my lawyer.", answered_at=NOW, changed_at=NOW),
    ]
    past = [PastAnswer(answer, None, day) for answer, day in zip(answers, days, strict=True)]
    tried = CompanySetup(rules=CaseRules(rules=(a_rule("Law", words=("lawyer",), priority="urgent"),)))
    trial = try_rules(past, CompanySetup(), tried, POLICY, all_counted=True)
    assert (trial.was.cases, trial.was.by_day) == (1, {days[0]: 1}), (
        "the second answer joins the first one's case"
    )
    assert (trial.would_be.cases, trial.would_be.by_priority) == (1, {"urgent": 1})
    assert [(one.was and one.was.rule, one.would_be and one.would_be.rule) for one in trial.examples] == [
        ("Very unhappy", None),
        ("Unhappy", None),
        (None, "Law"),
    ]


times = st.one_of(
    st.integers(1, 90).map(lambda days: TimeLimit(days=days)),
    st.integers(1, 900).map(lambda hours: TimeLimit(hours=hours)),
)
recipients_drawn = st.one_of(
    st.uuids().map(lambda one: Recipient(team=one)),
    st.uuids().map(lambda one: Recipient(person=one)),
    st.sampled_from(["team_leader", "leader", "agent", "admin"]).map(lambda role: Recipient(role=role)),  # type: ignore[arg-type]
)
conditions = st.sampled_from(
    [
        None,
        Condition(all=(KEY_ACCOUNT,)),
        Condition(any=(KEY_ACCOUNT, Condition(field="handled_by", op="exists"))),
        Condition(all=(KEY_ACCOUNT, Condition(any=(KEY_ACCOUNT, KEY_ACCOUNT)))),
    ]
)
rules_drawn = st.lists(
    st.builds(
        a_rule,
        name=st.uuids().map(str),
        lowest=st.integers(0, 5),
        highest=st.integers(5, 10),
        words=st.lists(st.sampled_from(["late", "my lawyer"]), max_size=2, unique=True).map(tuple),
        wants_contact=st.booleans(),
        segments=st.lists(st.sampled_from(["touchpoint:a", "organisation:b/c"]), max_size=2, unique=True).map(
            tuple
        ),
        measurement=st.sampled_from([None, "transactional", "relational"]),
        condition=conditions,
        priority=st.sampled_from(["urgent", "high", "normal", "low"]),
        to=st.one_of(st.none(), recipients_drawn),
        clocks=st.builds(
            Clocks,
            first_contact=times,
            closing=times,
            warn_percent=st.integers(0, 99),
            escalations=st.lists(recipients_drawn, max_size=4).map(
                lambda drawn: tuple(
                    Escalation(after=TimeLimit(days=level) if level else TimeLimit(), to=to)
                    for level, to in enumerate(drawn)
                )
            ),
        ),
    ),
    max_size=3,
)


@given(rules_drawn)
def test_a_form_that_nobody_touched_saves_the_rules_as_they_were(drawn: list[CaseRule]) -> None:
    rules = CaseRules(rules=tuple(drawn), handler="handled_by")
    body = form_of(SavedRules(rules, 3)).body()
    assert CaseRulesBody.model_validate(body).rules_of_company() == rules
