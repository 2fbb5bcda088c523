"""``erasures``: a service has erased what it stored of a customer. Every such service publishes here."""

from shared.events.envelope import Data, Instant, Name, Topic
from shared.ids import derived


class ErasureConfirmed(Data, frozen=True, kw_only=True):
    """One service stores nothing of the customer any more."""

    id: Name
    """That of the erased customer (:class:`shared.events.customers.CustomerErased`)."""
    service: Name
    confirmed_at: Instant


ERASURES = Topic(
    name="erasures.v1",
    event_type="afterword.erasure.confirmed",
    data=ErasureConfirmed,
    source="/afterword",
    identity=lambda confirmed: str(derived("erasure", confirmed.id, confirmed.service)),
    version=lambda _: 0,
    key=lambda confirmed: confirmed.id,
)
