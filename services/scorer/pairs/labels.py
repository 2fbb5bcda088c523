"""Words for the states of pairs."""

from services.scorer.pairs.domain import PairState
from shared.values.messages import Message, message

STATE_LABELS: dict[PairState, Message] = {
    "filling": message("Being counted"),
    "ready": message("Ready"),
    "removing": message("Being removed"),
}
FULL = message("More combinations than can be counted: the answers are read as before.")
