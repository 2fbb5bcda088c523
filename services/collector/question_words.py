"""The words around a survey's own texts, for programs: as its pages have them, without HTML.

All are in the language of the reader for whom they are made (``rendering_for``).
"""

from datetime import datetime

from services.collector.domain import MAX_TEXT_LENGTH
from services.collector.forms import FormFault
from services.collector.views import AnsweredPage, SurveyPage, ThanksPage
from shared.pages.filters import clock_time, day, days_ahead, isolated_text, thousands, weekday
from shared.pages.language import counted, translated
from shared.values.messages import translatable

_LONG_HOURS = 48
"""Edit windows that are longer are said in days."""
_WEEK_DAYS = 7
FAULTS = {
    "score": translatable("Please choose a number from 0 to 10."),
    "nonce": translatable("This page was open for a long time. Please press Send once more."),
    "suspect": translatable("That was very quick. Please press Send once more."),
    "conflict": translatable(
        "Nothing is lost: what you wrote here and what you wrote on another page both stand below. "
        "Send keeps what is in the field."
    ),
}
"""What is said of a form that is not taken; of a text that is too long see :func:`fault_words`."""
_WRITTEN_ELSEWHERE = translatable("On another page you have written this meanwhile:")
_TOO_LONG = translatable("Please shorten it to %(n)s characters.")


def occasion_words(page: SurveyPage) -> str:
    """Who asks, and about what."""
    company = isolated_text(page.company)
    if page.own_texts.intro:
        return page.own_texts.intro
    if page.occasion is None:
        return translated("One question from %(company)s") % {"company": company}
    occasion, of_day = page.occasion
    return translated("%(company)s asks about %(occasion)s on %(day)s") % {
        "company": company,
        "occasion": isolated_text(occasion),
        "day": of_day,
    }


def question_words(page: SurveyPage) -> str:
    """The recommend question."""
    standard = translated("How likely is it that you would recommend %(company)s to a friend or colleague?")
    return page.own_texts.question or standard % {"company": isolated_text(page.company)}


def before_words(page: SurveyPage) -> str:
    """What is to be known before the score: that the survey is anonymous, and what was answered before."""
    lines = []
    if page.anonymous:
        lines.append(
            translated(
                "This survey is anonymous: your answer is kept without your name, "
                "unless you ask to be contacted."
            )
        )
    answer = page.given_answer
    if answer is not None and answer.answered_at is not None:
        said = {"score": answer.score, "day": day(answer.answered_at)}
        lines.append(translated("You gave a %(score)s on %(day)s.") % said)
    return "\n".join(lines)


def changes_words(page: SurveyPage) -> str:
    """For how long the answer can be changed."""
    if page.anonymous:
        return translated("You can change your answer until you press Send or close this page.")
    if page.edit_hours == 0:
        return translated("You can change your answer until you press Send.")
    if page.amendable_until is not None:
        text = translated("You can change your answer until %(day)s, %(time)s.")
        return text % _moment(page.amendable_until)
    days, rest = divmod(page.edit_hours, 24)
    if page.edit_hours > _LONG_HOURS and not rest:
        text = counted(
            "You can change your answer for %(num)s day.",
            "You can change your answer for %(num)s days.",
            days,
        )
        return text % {"num": days}
    text = counted(
        "You can change your answer for %(num)s hour.",
        "You can change your answer for %(num)s hours.",
        page.edit_hours,
    )
    return text % {"num": page.edit_hours}


def thanks_words(page: ThanksPage) -> str:
    """The thanks."""
    if page.own_texts.thanks:
        return page.own_texts.thanks
    match page.group:
        case "detractor":
            return translated("Thank you. We are sorry it went like that.")
        case "passive":
            return translated("Thank you. It counts.")
        case "promoter":
            return translated("Thank you. The people who helped you will read this.")


def thanks_lines(page: ThanksPage) -> list[str]:
    """What happens now, and until when the answer can be changed."""
    lines = [_contact_words(page.contact_due_at)] if page.is_contact_promised else []
    if page.answer.test:
        lines.append(translated("This was a test. It never counts."))
    score = {"score": page.answer.score}
    if page.change_url is not None and page.amendable_until is not None:
        text = translated("Your score is %(score)s. You can change your answer until %(day)s, %(time)s.")
        return [*lines, text % {**score, **_moment(page.amendable_until)}]
    if page.anonymous:
        text = translated(
            "Your score is %(score)s. You asked to be contacted, so your answer carries your name."
        )
        return [*lines, text % score]
    return [*lines, translated("Your score is %(score)s. Your answer is final.") % score]


def answered_words(page: AnsweredPage) -> tuple[str, list[str]]:
    """The thanks of an anonymous link that was answered, and what it means."""
    lines = [
        translated(
            "The survey is anonymous: the answer is kept without your name. "
            "So it cannot be shown to you or changed any more."
        )
    ]
    if page.test:
        lines.append(translated("This was a test. It never counts."))
    return page.own_texts.thanks or translated("Thank you. This link was answered."), lines


def fault_words(fault: FormFault, elsewhere: str = "") -> str:
    """What to do about a fault of a form.

    :param elsewhere: what another page has written into the field meanwhile.
    """
    if fault in FAULTS:
        return translated(FAULTS[fault])
    if elsewhere:
        return f"{translated(_WRITTEN_ELSEWHERE)}\n{elsewhere}"
    return translated(_TOO_LONG) % {"n": thousands(MAX_TEXT_LENGTH)}


def _contact_words(due_at: datetime | None) -> str:
    ahead = None if due_at is None else days_ahead(due_at)
    if ahead is None or due_at is None:
        return translated("Somebody will contact you.")
    if ahead == 0:
        return translated("Somebody will contact you today.")
    if ahead == 1:
        return translated("Somebody will contact you by tomorrow.")
    if ahead < _WEEK_DAYS:
        return translated("Somebody will contact you by %(weekday)s.") % {"weekday": weekday(due_at)}
    return translated("Somebody will contact you by %(day)s.") % {"day": day(due_at)}


def _moment(at: datetime) -> dict[str, str]:
    return {"day": day(at), "time": clock_time(at)}
