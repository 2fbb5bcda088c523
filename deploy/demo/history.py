"""Past answers, as a company brings them along from its last system: through the import door, once."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from deploy.demo import personas
from deploy.demo.model import Circumstances, Model
from deploy.demo.purchases import Purchase, move_to_today

HISTORY_DAYS = 400
RECENT_DAYS = 60
# The shares of the purchases that were answered: an answer of last year helps nobody who looks at a month.
ANSWERED_SHARE, RECENT_ANSWERED_SHARE = 0.12, 0.40
SUPPORT_CALLS, RELATIONAL_ANSWERS = 900, 300
SHARE_IN_RECENT_DAYS = 0.3
OPENING_TIME, CLOSING_TIME = time(8), time(22)

Answer = dict[str, Any]


class History:
    """All past answers up to the moment at which this demo began: the same whenever they are made."""

    def __init__(self, model: Model, purchases: Sequence[Purchase], began: datetime, zone: ZoneInfo) -> None:
        self._model = model
        self._purchases = purchases
        self._began = began
        self._zone = zone
        self._today = began.astimezone(zone).date()

    def answers(self) -> list[Answer]:
        """Oldest first."""
        past = [*self._purchased(), *self._called(), *self._asked_now_and_then()]
        return sorted(
            (answer for answer in past if answer["answered_at"] < self._began),
            key=lambda answer: (answer["answered_at"], answer["id"]),
        )

    def _purchased(self) -> Iterator[Answer]:
        for purchase in move_to_today(self._purchases, self._today, HISTORY_DAYS):
            days_ago = (self._today - purchase.day).days
            random = self._model.random("past purchase", purchase.number)
            if random.random() < (RECENT_ANSWERED_SHARE if days_ago < RECENT_DAYS else ANSWERED_SHARE):
                about = personas.purchase_circumstances(self._model, f"past/{purchase.number}", days_ago)
                yield self._answer(
                    f"past-order-{purchase.number:05d}", purchase.customer, purchase.day, about, random
                )

    def _called(self) -> Iterator[Answer]:
        for number in range(SUPPORT_CALLS):
            random = self._model.random("past call", number)
            day, customer = self._any(random)
            about = personas.support_circumstances(self._model, f"past/{number}", (self._today - day).days)
            yield self._answer(f"past-call-{number:04d}", customer, day, about, random)

    def _asked_now_and_then(self) -> Iterator[Answer]:
        for number in range(RELATIONAL_ANSWERS):
            random = self._model.random("past relation", number)
            day, customer = self._any(random)
            about = Circumstances(None, days_ago=(self._today - day).days)
            answer = self._answer(f"past-relation-{number:04d}", customer, day, about, random)
            yield {**answer, "measurement": "relational"}

    def _any(self, random: Random) -> tuple[date, str]:
        days_ago = random.randrange(RECENT_DAYS if random.random() < SHARE_IN_RECENT_DAYS else HISTORY_DAYS)
        day = self._today - timedelta(days=days_ago)
        return day, random.choice(self._purchases).customer

    def _answer(self, name: str, customer: str, day: date, about: Circumstances, random: Random) -> Answer:
        intent = self._model.intent(about, random)
        opens = datetime.combine(day, OPENING_TIME, self._zone)
        open_for = (CLOSING_TIME.hour - OPENING_TIME.hour) * 3600
        answered_at = (opens + timedelta(seconds=random.randrange(open_for))).astimezone(UTC)
        return {
            "id": name,
            "score": intent.score,
            "comment": intent.comment,
            "answered_at": answered_at,
            "invited_at": answered_at - timedelta(minutes=1 + random.expovariate(1 / 360)),
            "customer": {"id": f"c-{customer}"},
            "segments": personas.segments(about),
            "organisation": personas.organisation(about),
            "measurement": "transactional",
        }
