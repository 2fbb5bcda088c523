"""Errors, sorted by what happens next."""

import socket

from sqlalchemy.exc import DBAPIError, SQLAlchemyError


class Unprocessable(Exception):
    """This event can be read but never be handled: it goes to the dead letters, its neighbours go on."""


class Refused(Exception):
    """The stored position and the topic do not fit together: the partition waits for an operator."""


class Hopeless(Exception):
    """Waiting mends nothing: the message says what a person must do, and the process ends."""


def sqlstate(error: BaseException) -> str:
    """PostgreSQL's code of a database error, or an empty string."""
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")


def blames_the_data(error: BaseException) -> bool:
    """Whether the database refused the values themselves, so that a retry cannot help.

    Classes 22 (data), 23 (constraint) and 54 (longer than an index or a row can be).
    """
    return isinstance(error, DBAPIError) and sqlstate(error)[:2] in {"22", "23", "54"}


# Connection, transaction rolled back, too little of something, lock not to be had, an operator's hand.
_AWAY = {"08", "25", "40", "53", "55", "57"}


def is_away(error: BaseException) -> bool:
    """Whether the database cannot be asked just now: the same request may work in a moment."""
    if isinstance(error, SQLAlchemyError):
        return sqlstate(error)[:2] in {"", *_AWAY}
    return isinstance(error, ConnectionError | TimeoutError | socket.gaierror)


def is_trouble(error: BaseException) -> bool:
    """Whether it is Kafka, PostgreSQL or the network: never the event's fault, so wait and try again."""
    from aiokafka.errors import KafkaError  # noqa: PLC0415  (the web process without consumers stays light)

    if blames_the_data(error):
        return False
    return isinstance(error, SQLAlchemyError | KafkaError | OSError | TimeoutError)
