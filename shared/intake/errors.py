"""What can be wrong with an event."""

from shared.values.messages import Message


class Unacceptable(Exception):
    """The event cannot be accepted: the field, as a JSON pointer, and the remedy."""

    def __init__(self, field: str, remedy: Message | str) -> None:
        super().__init__(field)
        self.field = field
        self.remedy = remedy
