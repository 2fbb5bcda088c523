"""How the simulated customers answer. Every choice comes from a seed and a name, so that it can be repeated.

The weights of the scores 0 to 10 are those of Rocks' manual on NPS samples. A shift t, the sum of what holds
for an answer, tilts them: p(s) is proportional to weight(s) x exp(t x (s - 8)), so that t = -0.05 is about
7 points of NPS down and t = +0.05 about 6 points up.
"""

from dataclasses import dataclass
from math import exp
from random import Random

from deploy.demo.sentences import Sentences

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
"""A year ago everything was this much better; it faded evenly."""
NEW_CARRIER_SHIFT, NEW_CARRIER_DAYS = -0.14, 20
"""For so many days a new carrier has brought the home deliveries, and brought them late."""

MEAN_ANSWER_DELAY_S = 20.0
"""Mean seconds between a mail and its answer in the stream; nobody takes more than six times as long."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What an answer is about."""

    touchpoint: str | None
    store: str | None = None
    agent: str | None = None
    days_ago: float = 0.0


@dataclass(frozen=True, slots=True)
class Intent:
    """What a customer is going to say."""

    score: int
    comment: str | None
    may_contact: bool | None


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a customer does with an invitation."""

    after: float
    """Seconds until the page is opened."""
    says: Intent
    writes_for: float | None
    """Seconds between choosing the score and sending the rest; None: chose, and left."""
    amends: Intent | None
    """What is said instead a little later, by those who think again."""


def shift(about: Circumstances) -> float:
    late = about.touchpoint == "home delivery" and about.days_ago < NEW_CARRIER_DAYS
    return (
        TOUCHPOINT_SHIFTS.get(about.touchpoint or "", 0.0)
        + STORE_SHIFTS.get(about.store or "", 0.0)
        + AGENT_SHIFTS.get(about.agent or "", 0.0)
        + DRIFT_SHIFT * min(about.days_ago, DRIFT_DAYS) / DRIFT_DAYS
        + (NEW_CARRIER_SHIFT if late else 0.0)
    )


def chances(t: float) -> list[float]:
    """The chance of each score 0 to 10 under a shift."""
    tilted = [weight * exp(t * (score - TILT_CENTRE)) for score, weight in enumerate(SCORE_WEIGHTS)]
    return [part / sum(tilted) for part in tilted]


class Model:
    """A seed and the sentences; the same name always does the same."""

    def __init__(self, seed: str, sentences: Sentences) -> None:
        self._seed = seed
        self._sentences = sentences

    def random(self, *name: object) -> Random:
        return Random("/".join((self._seed, *map(str, name))))  # noqa: S311  (it must repeat itself)

    def intent(self, about: Circumstances, random: Random) -> Intent:
        (score,) = random.choices(range(11), chances(shift(about)))
        # The unhappy and the delighted have more to say than those in between.
        writes = random.random() < (0.8 if score <= 6 else 0.4 if score <= 8 else 0.5)  # noqa: PLR2004
        comment = self._sentences.pick(score, random) if writes else None
        (may_contact,) = random.choices((True, False, None), (0.6, 0.2, 0.2))
        return Intent(score, comment, may_contact)

    def behaviour(self, about: Circumstances, random: Random) -> Behaviour | None:
        """What becomes of an invitation; None: nothing, as of nearly half."""
        if random.random() > 0.55:  # noqa: PLR2004
            return None
        after = min(2 + random.expovariate(1 / MEAN_ANSWER_DELAY_S), 6 * MEAN_ANSWER_DELAY_S)
        says = self.intent(about, random)
        writes_for = random.uniform(2, 15) if random.random() < 0.9 else None  # noqa: PLR2004
        amends = self.intent(about, random) if random.random() < 0.05 else None  # noqa: PLR2004
        return Behaviour(after, says, writes_for, amends if writes_for is not None else None)
