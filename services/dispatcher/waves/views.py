"""The pages of waves: what each template sees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.dispatcher.programmes.views import ProgrammeLine
from services.dispatcher.story.labels import REASONS
from services.dispatcher.waves.drawing import Wave, WavePlan
from services.dispatcher.waves.forms import WaveForm
from services.dispatcher.waves.labels import STATE_LABELS
from shared.pages.language import spoken
from shared.pages.page import Page
from shared.values.messages import Message


@dataclass(frozen=True)
class WaveLine:
    """A wave with the name of its survey."""

    wave: Wave
    survey: str
    state: str

    @classmethod
    def of(cls, wave: Wave, names: Mapping[str, str]) -> "WaveLine":
        """``names``: of the surveys, by their ids."""
        return cls(wave, names.get(str(wave.survey_id), ""), spoken(STATE_LABELS[wave.state]))


@dataclass(frozen=True)
class OutcomeLine:
    """What was decided about some customers of a wave."""

    reason: str
    words: str
    count: int

    @classmethod
    def all_of(cls, decided: Mapping[str, int]) -> "list[OutcomeLine]":
        """A reason that only a newer version knows stays a code."""
        return [cls(reason, spoken(REASONS.get(reason, reason)), n) for reason, n in decided.items()]


@dataclass(frozen=True, kw_only=True)
class WavesPage(Page):
    """The newest waves, and the standing programmes."""

    template: ClassVar[str] = "waves.html"
    waves: Sequence[WaveLine]
    known: int
    """How many customers are known."""
    programmes: Sequence[ProgrammeLine]


@dataclass(frozen=True, kw_only=True)
class NewWavePage(Page):
    """The form, and what such a wave would do."""

    template: ClassVar[str] = "wave_new.html"
    form: WaveForm
    labels: Mapping[str, Message]
    units: Sequence[tuple[str, str]]
    """In which the time over which they are asked can be written."""
    surveys: Sequence[tuple[str, str]]
    """The relational surveys that are live: id and name."""
    plan: WavePlan | None
    """None: it was not asked yet, or there is a fault."""
    survey: str
    """The name of the one that was chosen."""
    spread_hours: int
    first_day_until: datetime | None
    """When the survey's first day ends, on which the wave's first mail would leave; None: it would not."""
    awaits_first_day: bool
    """Whether that day begins with the survey's first mail."""
    delay_minutes: int
    """The survey's, by which each mail leaves later."""
    per_hour: int
    """The mails that leave at most in each hour of that day."""
    last_mail_at: datetime | None
    """When the last mail is expected to leave; None: in test mode none does."""
    zone: str


@dataclass(frozen=True, kw_only=True)
class WavePage(Page):
    """One wave."""

    template: ClassVar[str] = "wave.html"
    line: WaveLine
    outcomes: Sequence[OutcomeLine]
    decided: int
    last_mail_at: datetime | None
    """When the last mail is expected to leave; None: none does."""
    first_day_until: datetime | None
    """When the survey's first day ends, on which the wave began or begins; None: it did not."""
    awaits_first_day: bool
    """Whether that day begins with the first mail, which may be this wave's."""
    per_hour: int
    """The mails that leave at most in each hour of that day."""
    done: str
