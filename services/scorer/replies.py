"""The replies of an answer as the lists show them: to the follow-up first, then to the further questions."""

import msgspec

from shared.events import Answer, Reply

FOLLOW_UP = "follow_up"
"""In place of the id of a further question."""
_decode = msgspec.json.Decoder(tuple[Reply, ...]).decode


def stored_replies(answer: Answer) -> str | None:
    """What is kept of them; None: there are none, or it is anonymous, and they are in no list."""
    if answer.anonymous:
        return None
    replies = list(answer.replies)
    if answer.follow_up:
        asked = answer.follow_up_question or ""
        replies.insert(0, Reply(question=FOLLOW_UP, kind="text", asked=asked, text=answer.follow_up))
    return msgspec.json.encode(replies).decode() if replies else None


def read_replies(stored: str | None) -> tuple[Reply, ...]:
    """The replies that are kept."""
    return _decode(stored) if stored else ()
