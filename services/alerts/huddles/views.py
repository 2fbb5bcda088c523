"""The weekly page of a team, in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple
from uuid import UUID

from services.alerts.cases.times import moment
from services.alerts.huddles.domain import MOST_PROMISES, HuddleWeek, TeamPromise
from services.alerts.huddles.forms import HuddleForm
from services.alerts.huddles.reading import Huddle
from services.alerts.teams.domain import CaseTeam
from services.alerts.weekly.letter import QuotedComment
from shared.pages.cause_labels import cause_label
from shared.pages.filters import day, thousands
from shared.pages.language import counted, translated
from shared.pages.page import Page


class OverdueLine(NamedTuple):
    """An overdue case."""

    id: UUID
    number: int
    words: str


class PromiseLine(NamedTuple):
    """A promise."""

    id: UUID
    text: str
    person: str
    until: str
    state: str
    kept: bool
    late: bool


@dataclass(frozen=True, kw_only=True)
class HuddlePage(Page):
    """What a team speaks of in a week, on one page."""

    template: ClassVar[str] = "huddle.html"
    team: str
    week: str
    """As addresses have them; empty: there is no team to speak of."""
    heading: str
    days: str
    team_options: list[tuple[str, str]]
    week_before: str
    week_after: str
    """Empty: it is to come."""
    comments: list[QuotedComment]
    win: str
    win_text: str
    win_case: UUID | None
    overdue_sentence: str
    overdue: list[OverdueLine]
    theme: str
    promised_before: list[PromiseLine]
    promised: list[PromiseLine]
    may_write: bool
    may_promise: bool
    """Whether the week has room for another promise, or one was refused just now."""
    form: HuddleForm
    person_options: list[tuple[str, str]]
    faults: dict[str, str]
    done: str


def no_huddle() -> HuddlePage:
    """The page of somebody who is in no team."""
    return HuddlePage(
        team="",
        week="",
        heading=translated("You are in no team yet."),
        days="",
        team_options=[],
        week_before="",
        week_after="",
        comments=[],
        win="",
        win_text="",
        win_case=None,
        overdue_sentence="",
        overdue=[],
        theme="",
        promised_before=[],
        promised=[],
        may_write=False,
        may_promise=False,
        form=HuddleForm(),
        person_options=[],
        faults={},
        done="",
    )


def page_of(
    huddle: Huddle,
    teams: Mapping[UUID, CaseTeam],
    names: Mapping[UUID, str],
    now: datetime,
    *,
    form: HuddleForm,
    faults: dict[str, str],
    done: str,
) -> HuddlePage:
    """The page.

    :param teams: those that the reader may choose between.
    :param names: of whoever has promised something.
    """
    week = huddle.week
    facts = {"team": huddle.team.name, "week": week.number}
    people = sorted(
        (one for one in huddle.setup.people.values() if one.works_on_cases),
        key=lambda one: (not huddle.team.has(one.id), one.name.casefold(), one.id),
    )
    return HuddlePage(
        team=str(huddle.team_id),
        week=week.name,
        heading=translated("%(team)s, week %(week)s") % facts,
        days=translated("%(first)s to %(last)s")
        % {"first": day(week.monday), "last": day(week.monday + timedelta(days=6))},
        team_options=[(str(key), team.name) for key, team in teams.items()],
        week_before=week.before.name,
        week_after=week.after.name if week.monday < huddle.this_week.monday else "",
        comments=huddle.comments,
        win=_win(huddle),
        win_text=huddle.win.text if huddle.win is not None else "",
        win_case=huddle.win.case_id if huddle.win is not None else None,
        overdue_sentence=_overdue_sentence(huddle),
        overdue=[
            OverdueLine(
                one.id,
                one.number,
                translated("due %(due)s, %(owner)s")
                % {"due": moment(one.due_at, now, huddle.zone), "owner": one.owner or translated("nobody’s")},  # noqa: RUF001
            )
            for one in huddle.overdue
        ],
        theme=_theme(huddle),
        promised_before=[_promise(huddle, one, names) for one in huddle.promised_before],
        promised=[_promise(huddle, one, names) for one in huddle.promised],
        may_write=huddle.may_write,
        may_promise=huddle.may_write and (len(huddle.promised) < MOST_PROMISES or bool(faults)),
        form=form,
        person_options=[("", translated("Choose a colleague")), *((str(one.id), one.name) for one in people)],
        faults=faults,
        done=done,
    )


def next_week_end(week: HuddleWeek) -> str:
    """Until when a promise is given unless somebody chooses: the Friday of the week after."""
    return (week.after.monday + timedelta(days=4)).isoformat()


def _win(huddle: Huddle) -> str:
    win = huddle.win
    if win is None:
        return translated("No case was recovered in this week, and no promoter has written anything.")
    if win.case_id is None:
        return translated("A customer who gave %(score)s wrote:") % {"score": win.score}
    facts = {"number": win.number, "score": win.score}
    return translated("Case %(number)s, a %(score)s, was recovered. What we did:") % facts


def _overdue_sentence(huddle: Huddle) -> str:
    if not huddle.overdue_in_all:
        return translated("No case is overdue now.")
    words = counted("%(n)s case is overdue now.", "%(n)s cases are overdue now.", huddle.overdue_in_all)
    return words % {"n": thousands(huddle.overdue_in_all)}


def _theme(huddle: Huddle) -> str:
    theme = huddle.theme
    if theme is None:
        return translated("No case of the team was closed with a cause.")
    words = counted(
        "%(cause)s: %(n)s closed case, %(before)s in the week before.",
        "%(cause)s: %(n)s closed cases, %(before)s in the week before.",
        theme.n,
    )
    facts = {"cause": cause_label(theme.cause), "n": thousands(theme.n), "before": thousands(theme.before)}
    return words % facts


def _promise(huddle: Huddle, one: TeamPromise, names: Mapping[UUID, str]) -> PromiseLine:
    late = one.done_at is None and one.due < huddle.today
    if one.done_at is not None:
        state = translated("kept")
    else:
        state = translated("not kept") if late else translated("open")
    person = names.get(one.person_id) or translated("(not there any more)")
    return PromiseLine(one.id, one.text, person, day(one.due), state, one.done_at is not None, late)
