"""Why an act on a case was refused: a sentence for the person who tried."""

from typing import Literal

import msgspec

from shared.values.messages import Message, message

Decision = Literal["took", "changed", "closed"]
DECISIONS: dict[Decision, tuple[Message, Message]] = {
    "took": (message("%(name)s took this case a moment ago."), message("%(name)s took this case.")),
    "changed": (message("%(name)s changed this case a moment ago."), message("%(name)s changed this case.")),
    "closed": (message("%(name)s closed this case a moment ago."), message("%(name)s closed this case.")),
}
"""As a refusal says them, while they are a moment ago and afterwards."""


class ActRefused(Exception):
    """Nothing was changed. The reason is for the person who tried."""

    def __init__(self, reason: Message) -> None:
        super().__init__(str(reason))
        self.reason = reason


class NotDone(ActRefused):
    """Another person decided first. The reason says who, and what they did."""


class NotPossible(ActRefused):
    """The state of the case does not allow it. The reason says why."""


def decision(name: str, did: Decision, *, recently: bool) -> Message:
    """Who decided last, and what: a sentence for the person who comes second."""
    recent, earlier = DECISIONS[did]
    return msgspec.structs.replace(recent if recently else earlier, facts={"name": name})
