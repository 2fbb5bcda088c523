"""The letter as text and HTML, in its reader's language."""

from collections.abc import Iterator
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from services.alerts.cases.times import moment
from services.alerts.notices.kinds import NoticeText
from services.alerts.weekly.letter import Letter, ScoreLine
from services.alerts.weekly.repository import OverdueCase
from shared.pages.filters import day, segment_words, signed, thousands
from shared.pages.language import counted, translated
from shared.values.rounding import half_up

_MUTED = "color:#5c5c57"
_QUOTE = "margin:0 0 1em;padding-left:1em;border-left:3px solid #c9c7bd"


def letter_text(letter: Letter, staff_url: str, now: datetime, zone: ZoneInfo) -> NoticeText:
    """The letter.

    :param staff_url: of its links, without a slash at its end.
    """
    subject, scores = _subject(letter), [_score(line) for line in letter.scores]
    paragraphs = [*scores] or [translated("There is no score yet.")]
    if letter.comments:
        paragraphs.append(translated("What customers wrote in the week before:"))
        paragraphs += [f"{one.score}: “{one.text}”" for one in letter.comments]
    paragraphs.append(_overdue_sentence(letter))
    paragraphs += [f"{_case(letter, one, now, zone)} {staff_url}/cases/{one.id}" for one in letter.overdue]
    return NoticeText(
        subject=subject,
        paragraphs=paragraphs,
        path="/inbox?state=late",
        html="".join(_html(letter, staff_url, now, zone)),
    )


def _html(letter: Letter, staff_url: str, now: datetime, zone: ZoneInfo) -> Iterator[str]:
    yield f'<h1 style="font-size:1.3em">{escape(_subject(letter))}</h1>'
    yield "".join(f"<p>{escape(_score(line))}</p>" for line in letter.scores) or (
        f"<p>{escape(translated('There is no score yet.'))}</p>"
    )
    if letter.comments:
        heading = translated("What customers wrote in the week before:")
        yield f'<h2 style="font-size:1.1em">{escape(heading)}</h2>'
        for one in letter.comments:
            score = translated("Score %(score)s") % {"score": one.score}
            yield (
                f'<blockquote style="{_QUOTE}"><p style="margin:0" dir="auto">{escape(one.text)}</p>'
                f'<p style="margin:0;{_MUTED}">{escape(score)}</p></blockquote>'
            )
        note = translated("Names and addresses are left out. Handle these words with care.")
        yield f'<p style="{_MUTED}">{escape(note)}</p>'
    yield f'<h2 style="font-size:1.1em">{escape(_overdue_sentence(letter))}</h2>'
    if letter.overdue:
        items = "".join(
            f'<li><a href="{escape(staff_url)}/cases/{id_}">{escape(words)}</a></li>'
            for id_, words in ((one.id, _case(letter, one, now, zone)) for one in letter.overdue)
        )
        yield f"<ul>{items}</ul>"
        link, words = f"{staff_url}/inbox?state=late", translated("All overdue cases")
        yield f'<p><a href="{escape(link)}">{escape(words)}</a></p>'
    choices = translated("You get this letter each Monday. What you are told is chosen in your settings:")
    settings = f"{staff_url}/settings/notices"
    yield (f'<p style="{_MUTED}">{escape(choices)} <a href="{escape(settings)}">{escape(settings)}</a></p>')


def _subject(letter: Letter) -> str:
    first = next((line for line in letter.scores if line.nps is not None), None)
    if first is None or first.nps is None:
        return translated("The week before %(day)s") % {"day": day(letter.monday)}
    facts = {"score": signed(first.nps), "day": day(letter.monday)}
    return translated("NPS %(score)s: the week before %(day)s") % facts


def _score(line: ScoreLine) -> str:
    about = segment_words(line.segment) if line.segment else translated("Whole company")
    if line.measurement == "relational":
        about = translated("%(segment)s, asked at any time") % {"segment": about}
    answers = counted("%(n)s answer", "%(n)s answers", line.n) % {"n": thousands(line.n)}
    facts = {"about": about, "answers": answers}
    if line.nps is None:
        return translated("%(about)s: too few answers for a score (%(answers)s).") % facts
    facts["score"] = signed(line.nps)
    if line.before is None:
        return translated("%(about)s: NPS %(score)s, of %(answers)s.") % facts
    change = half_up(line.nps) - half_up(line.before)
    facts["change"] = signed(change) if change else "±0"
    return translated("%(about)s: NPS %(score)s (%(change)s in a week), of %(answers)s.") % facts


def _overdue_sentence(letter: Letter) -> str:
    if not letter.overdue_in_all:
        return translated("No case is overdue.")
    sentence = counted("%(n)s case is overdue:", "%(n)s cases are overdue:", letter.overdue_in_all)
    return sentence % {"n": thousands(letter.overdue_in_all)}


def _case(letter: Letter, one: OverdueCase, now: datetime, zone: ZoneInfo) -> str:
    facts = {"number": one.number, "due": moment(one.due_at, now, zone), "owner": one.owner}
    if letter.for_channel:
        return translated("Case %(number)s was due %(due)s") % facts
    if one.owner is None:
        return translated("Case %(number)s, of nobody, was due %(due)s") % facts
    return translated("Case %(number)s, of %(owner)s, was due %(due)s") % facts
