"""What differs between two versions of the rules, in words."""

from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.calendars.working_time import TimeLimit
from services.alerts.rules.clocks import Clocks, Escalation, Recipient
from services.alerts.rules.domain import DEFAULT_RULES, CaseRule, CaseRules
from services.alerts.rules.rule_words import limit_words, rule_words
from services.alerts.rules.setup import CompanySetup
from services.alerts.rules.version_changes import changes_between_rules
from services.alerts.teams.domain import CaseTeam, Colleague
from shared.events.conditions import Condition

CLOCKS = Clocks(first_contact=TimeLimit(days=1), closing=TimeLimit(days=7))
TEAM, MIA = UUID(int=1), UUID(int=2)
SETUP = CompanySetup(
    teams={TEAM: CaseTeam(name="Delivery")},
    people={MIA: Colleague(id=MIA, name="Mia Holm", address="mia@example.com", role="agent")},
)
LEADER = "The leader of the team (at once)"
NAMES = ("Law", "Key", "All", "Late")


def a_rule(name: str = "All", **changes: Any) -> CaseRule:
    return CaseRule(**{"name": name, "clocks": CLOCKS, **changes})


def sentences(older: list[CaseRule], newer: list[CaseRule]) -> list[str]:
    found = changes_between_rules(CaseRules(rules=tuple(older)), CaseRules(rules=tuple(newer)), SETUP)
    return [change.sentence for change in found]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"highest": 6}, "“All”: Scores: 0 to 6 instead of 0 to 10."),
        ({"lowest": 3, "highest": 3}, "“All”: Scores: 3 instead of 0 to 10."),
        ({"words": ("lawyer", "court")}, "“All”: Words: lawyer, court instead of nothing."),
        (
            {"wants_contact": True},
            "“All”: Wish to be contacted: The customer asks for it instead of nothing.",
        ),
        ({"priority": "urgent"}, "“All”: Priority: Urgent instead of Normal."),
        (
            {"condition": Condition(field="attributes.total", op=">=", value=50)},
            "“All”: Condition on the event: attributes.total is at least 50 instead of nothing.",
        ),
        (
            {"to": Recipient(team=TEAM)},
            "“All”: For whom: The team Delivery instead of Whom the routing finds.",
        ),
        ({"to": Recipient(person=MIA)}, "“All”: For whom: Mia Holm instead of Whom the routing finds."),
        (
            {"to": Recipient(team=UUID(int=9))},
            "“All”: For whom: A team that was deleted instead of Whom the routing finds.",
        ),
    ],
)
def test_a_part_that_was_changed_is_said_with_what_it_was(changes: dict[str, Any], said: str) -> None:
    assert sentences([a_rule()], [a_rule(**changes)]) == [said]


def test_times_reminders_and_escalations_are_said() -> None:
    clocks = Clocks(
        first_contact=TimeLimit(hours=2),
        closing=TimeLimit(days=2, hours=4),
        warn_percent=0,
        escalations=(
            Escalation(to=Recipient(role="team_leader")),
            Escalation(after=TimeLimit(days=1), to=Recipient(person=MIA)),
        ),
    )
    assert sentences([a_rule()], [a_rule(clocks=clocks)]) == [
        "“All”: First contact within: 2 working hours instead of 1 working day.",
        "“All”: Closed within: 2 working days and 4 working hours instead of 7 working days.",
        "“All”: Reminder: none instead of after 75\u00a0% of the time.",
        f"“All”: When it is late: {LEADER}; Mia Holm (1 working day) instead of {LEADER}.",
    ]
    assert limit_words(TimeLimit()) == "at once"


def test_rules_that_are_new_gone_called_otherwise_or_moved_are_said_as_such() -> None:
    law, key = a_rule("Law", words=("lawyer",)), a_rule("Key", priority="high")
    assert sentences([key], [law, key]) == ["The rule “Law” is new."]
    assert sentences([law, key], [key]) == ["The rule “Law” is gone."]
    assert sentences([law, key], [key, law]) == ["Order of the rules: Key, Law instead of Law, Key."]
    assert sentences([law], [msgspec.structs.replace(law, name="Court")]) == [
        "“Court”: Name: Court instead of Law."
    ]
    assert sentences([law], [msgspec.structs.replace(law, name="LAW")]) == [
        "“LAW”: Name: LAW instead of Law."
    ]


def test_what_concerns_all_rules_comes_last() -> None:
    older, newer = CaseRules(rules=(a_rule(),)), CaseRules(rules=(a_rule(),), handler="handled_by")
    (change,) = changes_between_rules(older, newer, SETUP)
    assert (change.rule, change.before, change.after) == ("", "", "handled_by")
    assert change.label == "Field of the event that names who handled it"


def test_a_long_value_is_cut_in_a_sentence_and_whole_in_the_table() -> None:
    words = tuple(f"word-{number}" for number in range(60))
    (change,) = changes_between_rules(
        CaseRules(rules=(a_rule(),)), CaseRules(rules=(a_rule(words=words),)), SETUP
    )
    assert change.after == ", ".join(words)
    assert "word-59" not in change.sentence
    assert "… instead of nothing." in change.sentence


@st.composite
def some_rules(draw: st.DrawFn) -> CaseRules:
    names = draw(st.lists(st.sampled_from(NAMES), unique=True))
    highest = draw(st.lists(st.integers(0, 3), min_size=len(names), max_size=len(names)))
    return CaseRules(
        rules=tuple(a_rule(*each[:1], highest=each[1]) for each in zip(names, highest, strict=True))
    )


@given(older=some_rules(), newer=some_rules())
def test_something_differs_exactly_when_the_rules_do(older: CaseRules, newer: CaseRules) -> None:
    assert bool(changes_between_rules(older, newer, SETUP)) == (older != newer)


@given(older=some_rules(), newer=some_rules())
def test_the_way_back_has_the_same_changes_the_other_way_round(older: CaseRules, newer: CaseRules) -> None:
    there = changes_between_rules(older, newer, SETUP)
    back = changes_between_rules(newer, older, SETUP)
    assert sorted((one.before, one.after) for one in there) == sorted((one.after, one.before) for one in back)


def test_what_does_not_matter_to_a_rule_is_not_said() -> None:
    said = rule_words(DEFAULT_RULES.rules[0], SETUP)
    assert list(said) == ["scores", "priority", "to", "first", "close", "warn", "late"]
