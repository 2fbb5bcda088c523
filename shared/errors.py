"""Errors, sorted by what happens next."""

import socket

from sqlalchemy.exc import DBAPIError, PendingRollbackError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class Unprocessable(Exception):
    """This event can be read but never be handled: it goes to the dead letters, its neighbours go on."""


class PositionRefused(Exception):
    """The stored position and the topic do not fit together: the partition waits for an operator."""


class FatalError(Exception):
    """Waiting mends nothing: the message says what a person must do, and the process ends."""


def sqlstate(error: BaseException) -> str:
    """PostgreSQL's code of a database error, or an empty string."""
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")


def is_data_error(error: BaseException) -> bool:
    """Whether the database refused the values themselves, so that a retry cannot help.

    Classes 22 (data), 23 (constraint) and 54 (longer than an index or a row can be).
    """
    return isinstance(error, DBAPIError) and sqlstate(error)[:2] in {"22", "23", "54"}


_WAITING_CLASSES = frozenset({"08", "40", "53", "57", "58"})
"""Connection; serialization and deadlock; resources; shutdown, start and deadlines; input and output."""
_WAITING_STATES = frozenset(
    {
        "26000",  # no such prepared statement, or one too many: somebody pools connections between us
        "42P05",
        "25006",  # read-only: the address is a standby's
        "25P03",  # the transaction was idle for too long, as of a process that was frozen
        "25P04",  # or took too long altogether
        "28000",  # role or password, or a database that is not there: an operator's to mend
        "28P01",
        "3D000",
        "42501",
        "55006",  # an object in use
        "55P03",  # a lock not to be had in time
        "XX001",  # damaged data or a damaged index
        "XX002",
    }
)
_NOT_MIGRATED = frozenset({"42P01", "42703", "3F000"})
"""A table, a column or a schema that is not there yet."""
_ABOUT_ARGUMENTS = ("the server expects", "number of query arguments")
"""What asyncpg says of a statement of ours; all else that it says without a code is of the connection."""


def is_unavailable(error: BaseException) -> bool:
    """Whether the database or the network cannot serve just now: the same request may work in a moment.

    Includes what follows from a lost connection, such as a savepoint that can no longer be rolled back.
    """
    if isinstance(error, SQLAlchemyError):
        return _database_is_away(error) or (
            error.__context__ is not None and is_unavailable(error.__context__)
        )
    return isinstance(error, ConnectionError | TimeoutError | socket.gaierror)


def _database_is_away(error: SQLAlchemyError) -> bool:
    if isinstance(error, PoolTimeout | PendingRollbackError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    if type(error.orig).__name__ == "InvalidCachedStatementError":
        return True  # a migration changed a table under a prepared statement, which is prepared again
    state = sqlstate(error)
    if not state:
        return not any(words in str(error.orig) for words in _ABOUT_ARGUMENTS)
    return state[:2] in _WAITING_CLASSES or state in _WAITING_STATES


def is_infrastructure_error(error: BaseException) -> bool:
    """Whether Kafka, PostgreSQL or the network cannot serve, or the tables are not there yet: never the
    event's fault, so wait and try again.

    What PostgreSQL refuses for any other reason (a value, a statement of ours that only this event leads to)
    would be refused for ever: the event is put aside.
    """
    from aiokafka.errors import KafkaError  # noqa: PLC0415  (the web process without consumers stays light)

    if isinstance(error, SQLAlchemyError):
        return is_unavailable(error) or sqlstate(error) in _NOT_MIGRATED
    if isinstance(error, IsADirectoryError | NotADirectoryError):
        return False  # files of ours: a name that an event gave led to a folder
    return isinstance(error, KafkaError | OSError | TimeoutError)


def is_retryable(error: BaseException) -> bool:
    """Whether a loop that has no single event to blame waits and tries again.

    That is trouble, and whatever else the database refuses: the loop says so in /readyz and goes on when it
    is mended, and the other loops of its process go on meanwhile.
    """
    return is_infrastructure_error(error) or isinstance(error, SQLAlchemyError)
