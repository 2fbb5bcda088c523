"""Errors, by what happens next: a dead letter, a retry, or the end of the process."""

import socket

from sqlalchemy.exc import DBAPIError, PendingRollbackError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class Unprocessable(Exception):
    """This event can be decoded but never be handled: it becomes a dead letter, the others are handled."""


class PositionRefused(Exception):
    """The stored position and the topic do not fit together: the partition waits for an operator."""


class FatalError(Exception):
    """No retry can help: the message says what a person must do, and the process ends."""


def sqlstate(error: BaseException) -> str:
    """The SQLSTATE of a database error, or an empty string."""
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")


def is_data_error(error: BaseException) -> bool:
    """Whether the database refused the values themselves, so that a retry cannot help.

    SQLSTATE classes 22 (data), 23 (constraint) and 54 (longer than an index or a row can be).
    """
    return isinstance(error, DBAPIError) and sqlstate(error)[:2] in {"22", "23", "54"}


_RETRYABLE_CLASSES = frozenset({"08", "40", "53", "57", "58"})
"""Connection; serialization and deadlock; resources; shutdown, start and deadlines; input and output."""
_RETRYABLE_STATES = frozenset(
    {
        "26000",  # no such prepared statement, or a second one: a pooler between us and the server
        "42P05",
        "25006",  # read-only: the address is a standby's
        "25P03",  # the transaction was idle for too long: the process was frozen
        "25P04",  # the transaction took too long
        "28000",  # role or password, a missing database, privileges: an operator can mend them
        "28P01",
        "3D000",
        "42501",
        "55006",  # an object in use
        "55P03",  # a lock was not available in time
        "XX001",  # damaged data or a damaged index
        "XX002",
    }
)
_NOT_MIGRATED = frozenset({"42P01", "42703", "3F000"})
"""A table, a column or a schema that is not there yet."""
_ABOUT_ARGUMENTS = ("the server expects", "number of query arguments")
"""In asyncpg's messages about our statements; its other errors without a code are about the connection."""


def is_unavailable(error: BaseException) -> bool:
    """Whether the database or the network is unavailable: the same request may succeed in a moment.

    This includes errors that follow from a lost connection, as when a savepoint cannot be rolled back.
    """
    if isinstance(error, SQLAlchemyError):
        return _is_database_unavailable(error) or (
            error.__context__ is not None and is_unavailable(error.__context__)
        )
    return isinstance(error, ConnectionError | TimeoutError | socket.gaierror)


def _is_database_unavailable(error: SQLAlchemyError) -> bool:
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
    return state[:2] in _RETRYABLE_CLASSES or state in _RETRYABLE_STATES


def is_infrastructure_error(error: BaseException) -> bool:
    """Whether Kafka, PostgreSQL or the network is unavailable, or tables are missing: retry, no event is at
    fault.

    What PostgreSQL refuses for any other reason (a value, or a statement of ours that only this event leads
    to) would be refused for ever: the event becomes a dead letter.
    """
    from aiokafka.errors import KafkaError  # noqa: PLC0415  (the web process without consumers stays light)

    if isinstance(error, SQLAlchemyError):
        return is_unavailable(error) or sqlstate(error) in _NOT_MIGRATED
    if isinstance(error, IsADirectoryError | NotADirectoryError):
        return False  # a file name from an event is that of a folder
    return isinstance(error, KafkaError | OSError | TimeoutError)


def is_retryable(error: BaseException) -> bool:
    """Whether a loop retries after this error, since no single event is at fault.

    That is an infrastructure error, or any other refusal of the database: the loop is unready until it is
    mended, and the other loops of its process go on.
    """
    return is_infrastructure_error(error) or isinstance(error, SQLAlchemyError)
