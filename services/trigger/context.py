"""The context of the trigger's routes."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from shared.kafka.kernel import Publisher
from shared.service import Context
from shared.web import context_of


@dataclass(frozen=True, kw_only=True)
class TriggerContext(Context):
    """The process's context with the publisher of transactions."""

    publisher: Publisher


OwnContext = Annotated[TriggerContext, Depends(context_of(TriggerContext))]
