"""The words of the pages of waves."""

from services.dispatcher.waves.drawing import WaveState
from shared.pages.language import spoken
from shared.values.messages import Message, message

FIELD_LABELS: dict[str, Message] = {
    "survey_id": message("Survey"),
    "size": message("How many customers"),
    "margin": message("Or the margin of the score, in points"),
    "segments": message("Of these segments only"),
    "start_at": message("Begins"),
    "spread": message("Time over which they are asked"),
    "spread_unit": message("Unit of that time"),
}
STATE_LABELS: dict[WaveState, Message] = {
    "waiting": message("Waits for its time"),
    "publishing": message("Under way"),
    "done": message("Done"),
    "stopped": message("Stopped"),
}
NOTICES: dict[str, Message] = {
    "started": message("The wave is made. It begins by itself."),
    "stopped": message("The wave is stopped. Who was not reached yet is not asked by it."),
    "ended": message("The wave had ended already."),
}


def notice(did: str) -> str:
    """What has just been done; empty for anything else."""
    return spoken(NOTICES.get(did, ""))
