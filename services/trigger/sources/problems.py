"""What keeps a source from being read: one word for each, which the page explains with its remedy."""

import socket
import ssl
from typing import Literal, get_args

from aiokafka.errors import KafkaError

from services.trigger.sources.registry import RegistryUnavailable
from shared.outbound.address_guard import AddressRefused

ProblemCode = Literal[
    "unreachable",
    "unknown_host",
    "address",
    "tls",
    "sign_in",
    "no_topic",
    "forbidden",
    "own_cluster",
    "registry",
    "registry_address",
    "secrets",
    "lost",
    "another_topic",
    "misfits",
    "too_large",
    "internal",
]
PROBLEM_CODES: tuple[ProblemCode, ...] = get_args(ProblemCode)
WAITS_FOR_A_CHANGE: tuple[ProblemCode, ...] = ("lost", "another_topic", "misfits")
"""Of a partition: it goes on only when somebody has changed the source, or has it read again."""

_BY_KAFKA_ERROR: dict[str, ProblemCode] = {
    "AuthenticationFailedError": "sign_in",
    "SaslAuthenticationFailed": "sign_in",
    "UnsupportedSaslMechanismError": "sign_in",
    "IllegalSaslStateError": "sign_in",
    "TopicAuthorizationFailedError": "forbidden",
    "ClusterAuthorizationFailedError": "forbidden",
    "UnknownTopicOrPartitionError": "no_topic",
    "OffsetOutOfRangeError": "lost",
}


class OwnClusterRefused(OSError):
    """The broker is one of this installation's own cluster, and the topic is none of the company's there."""


class SourceProblem(Exception):
    """A source cannot be read now."""

    def __init__(self, code: ProblemCode) -> None:
        super().__init__(code)
        self.code: ProblemCode = code


def problem_of(error: BaseException, beneath: BaseException | None = None) -> ProblemCode | None:
    """The word for an error of a source's servers; None for any other error.

    :param beneath: why the last connection failed, which says more than that none could be made.
    """
    if isinstance(error, SourceProblem):
        return error.code
    if isinstance(error, RegistryUnavailable):
        return "registry_address" if isinstance(_cause_of(error), AddressRefused) else "registry"
    for each in (beneath, error):
        if each is not None and (code := _code_of(each)) not in {None, "unreachable"}:
            return code
    return _code_of(error)


def _code_of(error: BaseException) -> ProblemCode | None:
    if isinstance(error, AddressRefused):
        return "address"
    if isinstance(error, OwnClusterRefused):
        return "own_cluster"
    if isinstance(error, ssl.SSLError):
        return "tls"
    if isinstance(error, socket.gaierror):
        return "unknown_host"
    if isinstance(error, KafkaError):
        return _BY_KAFKA_ERROR.get(type(error).__name__, "unreachable")
    return "unreachable" if isinstance(error, OSError | TimeoutError) else None


def _cause_of(error: BaseException) -> BaseException:
    """The innermost error that led to this one."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return error
