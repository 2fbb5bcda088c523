"""How the simulated customers answer. Each choice is drawn from a seed and a name: it is reproducible.

The weights of the scores 0 to 10 are those of Rocks' manual on NPS samples. A shift t, the sum of the shifts
that apply to an answer, tilts them: p(s) is proportional to weight(s) x exp(t x (s - 8)), so that t = -0.05
is about 7 points of NPS down and t = +0.05 about 6 points up.
"""

from dataclasses import dataclass
from math import exp
from random import Random

from deploy.demo.sentences import Sentences
from shared.events.nps import Group, group_of

SCORE_WEIGHTS = (0.02, 0.01, 0.01, 0.01, 0.01, 0.03, 0.03, 0.09, 0.22, 0.22, 0.35)
TILT_CENTRE = 8

TOUCHPOINT_SHIFTS = {
    "home delivery": -0.02,
    "click and collect": 0.06,
    "checkout": 0.03,
    "phone support": -0.10,
    "chat support": -0.03,
}
STORE_SHIFTS = {"aarhus": 0.02, "odense": -0.02}
AGENT_SHIFTS = {"astrid": 0.05, "bo": -0.05, "clara": 0.02, "dries": -0.02}

DRIFT_SHIFT, DRIFT_DAYS = 0.05, 400
"""The shift of so many days ago, which has faded linearly to 0."""
NEW_CARRIER_SHIFT, NEW_CARRIER_DAYS = -0.14, 20
"""For so many days a new carrier has made the home deliveries late."""

COMMENT_SHARES: dict[Group, float] = {"detractor": 0.8, "passive": 0.4, "promoter": 0.5}

MEAN_ANSWER_DELAY_S = 20.0
"""From a mail to its answer; at most six times as long."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """The purchase or call that an answer is about."""

    touchpoint: str | None
    store: str | None = None
    agent: str | None = None
    days_ago: float = 0.0


@dataclass(frozen=True, slots=True)
class Intent:
    """The answer that a customer is going to give."""

    score: int
    comment: str | None
    may_contact: bool | None


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a customer does with an invitation."""

    opens_after_s: float
    """From the mail's arrival until the page is opened."""
    intent: Intent
    writing_time_s: float | None
    """From choosing the score to sending the form; None: leaves after the score."""
    amended_intent: Intent | None
    """The answer that replaces the first one a little later."""


def shift(circumstances: Circumstances) -> float:
    late = circumstances.touchpoint == "home delivery" and circumstances.days_ago < NEW_CARRIER_DAYS
    return (
        TOUCHPOINT_SHIFTS.get(circumstances.touchpoint or "", 0.0)
        + STORE_SHIFTS.get(circumstances.store or "", 0.0)
        + AGENT_SHIFTS.get(circumstances.agent or "", 0.0)
        + DRIFT_SHIFT * min(circumstances.days_ago, DRIFT_DAYS) / DRIFT_DAYS
        + (NEW_CARRIER_SHIFT if late else 0.0)
    )


def chances(t: float) -> list[float]:
    """The probability of each score 0 to 10 under a shift."""
    tilted = [weight * exp(t * (score - TILT_CENTRE)) for score, weight in enumerate(SCORE_WEIGHTS)]
    return [part / sum(tilted) for part in tilted]


class Model:
    """A seed and the sentences; the same name always gives the same result."""

    def __init__(self, seed: str, sentences: Sentences) -> None:
        self._seed = seed
        self._sentences = sentences

    def random(self, *name: object) -> Random:
        return Random("/".join((self._seed, *map(str, name))))  # noqa: S311  (it must be reproducible)

    def intent(self, circumstances: Circumstances, random: Random) -> Intent:
        """The answer to a survey about these circumstances."""
        (score,) = random.choices(range(11), chances(shift(circumstances)))
        writes = random.random() < COMMENT_SHARES[group_of(score)]
        comment = self._sentences.pick(score, random) if writes else None
        (may_contact,) = random.choices((True, False, None), (0.6, 0.2, 0.2))
        return Intent(score, comment, may_contact)

    def behaviour(self, circumstances: Circumstances, random: Random) -> Behaviour | None:
        """What a customer does with an invitation; None: nothing, as nearly half of them do."""
        if random.random() > 0.55:  # noqa: PLR2004
            return None
        opens_after_s = min(2 + random.expovariate(1 / MEAN_ANSWER_DELAY_S), 6 * MEAN_ANSWER_DELAY_S)
        intent = self.intent(circumstances, random)
        writing_time_s = random.uniform(2, 15) if random.random() < 0.9 else None  # noqa: PLR2004
        amended = self.intent(circumstances, random) if random.random() < 0.05 else None  # noqa: PLR2004
        return Behaviour(
            opens_after_s, intent, writing_time_s, amended if writing_time_s is not None else None
        )
