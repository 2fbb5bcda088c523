"""Past answers, as a company imports them from the system that it used before."""

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
# The shares of the purchases that were answered. Recent days have more, since most pages show a month.
ANSWERED_SHARE, RECENT_ANSWERED_SHARE = 0.12, 0.40
SUPPORT_CALLS, RELATIONAL_ANSWERS = 900, 300
SHARE_IN_RECENT_DAYS = 0.3
OPENING_TIME, CLOSING_TIME = time(8), time(22)

Answer = dict[str, Any]


class History:
    """All answers before the time at which this demo began; equal arguments give equal answers."""

    def __init__(self, model: Model, purchases: Sequence[Purchase], began: datetime, zone: ZoneInfo) -> None:
        self._model = model
        self._purchases = purchases
        self._began = began
        self._zone = zone
        self._today = began.astimezone(zone).date()

    def answers(self) -> list[Answer]:
        """Oldest first."""
        past = [*self._after_purchases(), *self._after_calls(), *self._relational()]
        return sorted(
            (answer for answer in past if answer["answered_at"] < self._began),
            key=lambda answer: (answer["answered_at"], answer["id"]),
        )

    def _after_purchases(self) -> Iterator[Answer]:
        for purchase in move_to_today(self._purchases, self._today, HISTORY_DAYS):
            days_ago = (self._today - purchase.day).days
            random = self._model.random("past purchase", purchase.number)
            if random.random() < (RECENT_ANSWERED_SHARE if days_ago < RECENT_DAYS else ANSWERED_SHARE):
                circumstances = personas.purchase_circumstances(
                    self._model, f"past/{purchase.number}", days_ago
                )
                yield self._answer(
                    f"past-order-{purchase.number:05d}",
                    purchase.customer,
                    purchase.day,
                    circumstances,
                    random,
                )

    def _after_calls(self) -> Iterator[Answer]:
        for number in range(SUPPORT_CALLS):
            random = self._model.random("past call", number)
            day, customer = self._any_day_and_customer(random)
            circumstances = personas.support_circumstances(
                self._model, f"past/{number}", (self._today - day).days
            )
            yield self._answer(f"past-call-{number:04d}", customer, day, circumstances, random)

    def _relational(self) -> Iterator[Answer]:
        for number in range(RELATIONAL_ANSWERS):
            random = self._model.random("past relation", number)
            day, customer = self._any_day_and_customer(random)
            circumstances = Circumstances(None, days_ago=(self._today - day).days)
            answer = self._answer(f"past-relation-{number:04d}", customer, day, circumstances, random)
            yield {**answer, "measurement": "relational"}

    def _any_day_and_customer(self, random: Random) -> tuple[date, str]:
        days_ago = random.randrange(RECENT_DAYS if random.random() < SHARE_IN_RECENT_DAYS else HISTORY_DAYS)
        day = self._today - timedelta(days=days_ago)
        return day, random.choice(self._purchases).customer

    def _answer(
        self, name: str, customer: str, day: date, circumstances: Circumstances, random: Random
    ) -> Answer:
        intent = self._model.intent(circumstances, random)
        opening = datetime.combine(day, OPENING_TIME, self._zone)
        open_seconds = (CLOSING_TIME.hour - OPENING_TIME.hour) * 3600
        answered_at = (opening + timedelta(seconds=random.randrange(open_seconds))).astimezone(UTC)
        return {
            "id": name,
            "score": intent.score,
            "comment": intent.comment,
            "answered_at": answered_at,
            "invited_at": answered_at - timedelta(minutes=1 + random.expovariate(1 / 360)),
            "customer": {"id": f"c-{customer}"},
            "segments": personas.segments(circumstances),
            "organisation": personas.organisation(circumstances),
            "measurement": "transactional",
        }
