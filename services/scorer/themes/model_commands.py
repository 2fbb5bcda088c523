"""Whether a company's comments are sent to the model of this installation."""

from collections.abc import Sequence
from typing import NamedTuple

from services.scorer.themes import model_repository
from shared.db.database import UnitOfWork
from shared.events import AuditLine, Event
from shared.privacy.audit import AuditActor, record_audit


class NoSuchModel(Exception):
    """There is no model, or it is not the one that was agreed to."""


class ModelState(NamedTuple):
    """Where comments could be sent, and where a company lets them be."""

    origin: str | None
    """Of this installation's model; None: it has none."""
    agreed: str | None
    """Of the one that the company agreed to; None: its comments are sent to none."""
    waiting: int
    """Comments that are to be sent."""

    @property
    def is_on(self) -> bool:
        """Whether comments are sent."""
        return self.origin is not None and self.origin == self.agreed


async def read_state(uow: UnitOfWork, tenant: str, origin: str | None) -> ModelState:
    """As it is.

    :param origin: of this installation's model.
    """
    agreed = await model_repository.find_origin(uow, tenant)
    waiting = 0 if agreed is None else await model_repository.count_waiting_of(uow, tenant)
    return ModelState(origin, agreed, waiting)


async def switch_model(
    uow: UnitOfWork, tenant: str, who: AuditActor, *, is_on: bool, origin: str | None, agreed: str
) -> None:
    """Let comments be sent to the model, or not; the same again changes nothing.

    :param origin: of this installation's model.
    :param agreed: where whoever switches it on was told that they go.
    :raises NoSuchModel: when it is to be switched on, and that is not where they would go.
    """
    if not is_on:
        changed = await model_repository.switch_off(uow, tenant)
    elif origin is None or agreed != origin:
        raise NoSuchModel
    else:
        changed = await model_repository.switch_on(uow, tenant, origin)
    if changed:
        record_audit(uow, tenant, who, "themes", model=is_on)


async def switch_off_again(uow: UnitOfWork, events: Sequence[Event[AuditLine]]) -> None:
    """After a restore from an older backup: what these lines say was switched off stays so."""
    lines = [
        (event.tenant, event.data.at)
        for event in events
        if event.data.act == "themes" and event.data.facts.get("model") is False
    ]
    if lines:
        await model_repository.switch_off_again(uow, lines)
