"""The demo's events in order: purchases, and a support call in every fifth place.

Event n is always the same except for its time, so that only n has to be stored. After the last purchase they
begin again, as new orders.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from deploy.demo import personas
from deploy.demo.model import Circumstances, Model
from deploy.demo.purchases import Purchase

SUPPORT_CALL_INTERVAL = 5
REFUND_INTERVAL, FIRST_REFUND = 20, 16
"""The order of one in so many events is sent back, beginning with that of this number."""
REFUND = "order.refunded"
DELIVERY = "order.delivered"

WEBSHOP, HELPDESK, TILLS = "webshop", "helpdesk", "Tills"
"""The back-ends. The tills write to Kafka: theirs is the name of the Kafka source."""
AT_THE_TILL = "checkout"
"""The touchpoint of their purchases."""


@dataclass(frozen=True, slots=True)
class DemoEvent:
    """One event without its time."""

    number: int
    type: str
    source: str
    id: str
    customer: personas.Customer
    circumstances: Circumstances
    attributes: dict[str, Any]

    def body(self, occurred_at: datetime) -> dict[str, Any]:
        """The body for `POST /v1/events`."""
        body = {
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "occurred_at": occurred_at.isoformat(),
            "customer": {
                "id": self.customer.id,
                "phone" if self.customer.has_only_a_phone else "email": self.customer.address,
                "name": self.customer.name,
                "locale": self.customer.locale,
                "country": self.customer.country,
            },
            "segments": personas.segments(self.circumstances),
            "organisation": personas.organisation(self.circumstances),
            "attributes": {**self.attributes, "simulated": True},
        }
        return {**body, "handled_by": self.circumstances.agent} if self.circumstances.agent else body


class EventStream:
    def __init__(self, model: Model, purchases: Sequence[Purchase]) -> None:
        self._model = model
        self._purchases = purchases
        self._callers = sorted({purchase.customer for purchase in purchases})

    def at(self, number: int) -> DemoEvent:
        return (
            self._call(number)
            if number % SUPPORT_CALL_INTERVAL == SUPPORT_CALL_INTERVAL - 1
            else self._purchase(number)
        )

    def refund_of(self, event: DemoEvent) -> DemoEvent | None:
        """The event that follows when this order is sent back; None: it is kept, or is no order."""
        if event.number % REFUND_INTERVAL != FIRST_REFUND or event.type != DELIVERY:
            return None
        id_ = f"order-{event.attributes['order_id']}-refunded"
        return replace(event, type=REFUND, id=id_)

    def _purchase(self, number: int) -> DemoEvent:
        rounds, index = divmod(number - number // SUPPORT_CALL_INTERVAL, len(self._purchases))
        purchase = self._purchases[index]
        order = f"{purchase.number:05d}" + (f"-{rounds + 1}" if rounds else "")
        circumstances = personas.purchase_circumstances(self._model, order)
        return DemoEvent(
            number,
            DELIVERY,
            TILLS if circumstances.touchpoint == AT_THE_TILL else WEBSHOP,
            f"order-{order}-delivered",
            personas.customer(self._model, purchase.customer),
            circumstances,
            {"order_id": order, "cds": purchase.cds, "total": purchase.cents / 100},
        )

    def _call(self, number: int) -> DemoEvent:
        random = self._model.random("call", number)
        return DemoEvent(
            number,
            "support.closed",
            HELPDESK,
            f"call-{number}-closed",
            personas.customer(self._model, random.choice(self._callers)),
            personas.support_circumstances(self._model, number),
            {"ticket": f"T-{number}", "minutes": 1 + int(random.expovariate(1 / 6))},
        )
