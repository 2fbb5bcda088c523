"""Why a schema cannot be used, or a value does not fit one: messages for the company, with their facts."""

from shared.values.messages import Message


class BadSchema(Exception):
    """The schema cannot be used."""

    def __init__(self, why: Message) -> None:
        super().__init__(str(why))
        self.why = why


class NotOfSchema(ValueError):
    """The value is none of its schema, or its schema cannot be used."""

    def __init__(self, why: Message) -> None:
        super().__init__(str(why))
        self.why = why


class NoSuchSchema(BadSchema):
    """The registry does not have the schema, or one that it refers to: it may have it later."""
