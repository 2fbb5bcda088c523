"""What a change of a survey, or a new one, is refused for beside the faults of its own fields."""

from services.dispatcher.surveys.domain import SurveyDraft
from shared.values.messages import Message, message

WAVE_UNDER_WAY = message(
    "A wave asks by this survey, as one that measures the relation. Stop the wave or wait for its end."
)
ASKS_NOW = message("It asks customers now. Pause it before it rehearses.")


NO_TEXTS = message(
    "This installation sends no text messages. Leave sms out, or let its operator set an SMS provider."
)


class DraftRefused(Exception):
    """A survey is not made so."""

    def __init__(self, field: str, remedy: Message) -> None:
        super().__init__(str(remedy))
        self.field = field
        """Of the API."""
        self.remedy = remedy


def refuse_texts(draft: SurveyDraft, current: SurveyDraft | None = None, *, may_text: bool) -> None:
    """A survey asks by SMS only where that leaves.

    :param current: the survey that it changes: one that asked by SMS before may stay so.
    :param may_text: whether the installation has a provider.
    :raises DraftRefused: naming the field.
    """
    if "sms" in draft.channels and not may_text and (current is None or "sms" not in current.channels):
        raise DraftRefused("channels", NO_TEXTS)


def refuse_unkept_promise(draft: SurveyDraft, current: SurveyDraft | None = None) -> None:
    """A programme that comes to each customer before its own quarantine lets anybody be asked again.

    Whatever scope the quarantine has, the customer's last turn counts from when its mail left, a moment after
    it: after exactly as many days the quarantine is not over at the next turn. Where a later mail makes a
    shorter one last until after it, a try behind the turn asks.

    :param current: the survey that it changes: one that was so before may stay so.
    :raises DraftRefused: naming the field.
    """
    if draft.programme is None or draft.quarantine_days < draft.programme.every_days:
        return
    if current is not None and _pace(current) == _pace(draft):
        return
    raise DraftRefused(
        "programme",
        message(
            "The quarantine of %(quarantine)s days keeps customers from being asked every %(days)s days. Let "
            "the quarantine be shorter, or the time between two turns longer.",
            quarantine=draft.quarantine_days,
            days=draft.programme.every_days,
        ),
    )


def _pace(draft: SurveyDraft) -> tuple[int, int | None]:
    return draft.quarantine_days, draft.programme.every_days if draft.programme is not None else None
