"""Describe an error by what to do about it: for logs, /readyz and commands. It never quotes a value."""

import socket

from shared.errors import sqlstate

DATABASE_REMEDIES = {
    "28P01": "the database refuses the password; check the …_DATABASE_URL of the service",
    "28000": "the database does not let this role in; check …_DATABASE_URL and pg_hba.conf",
    "3D000": "there is no such database; create it, then run afterword migrate",
    "42P01": "a table is missing; run afterword migrate",
    "42703": "a column is missing; run afterword migrate",
    "42501": "the role may not do this; the database must belong to the service's own role",
    "53100": "the disk of the database is full; free some space, nothing is lost meanwhile",
    "53300": "the database has no connection left; raise max_connections or run fewer processes",
    "57P03": "the database is starting or stopping",
    "25006": "the database takes no writes; the address may be a standby's",
}
"""By PostgreSQL's SQLSTATE."""

KAFKA_REMEDIES = {
    "KafkaConnectionError": "no broker answers; check AFTERWORD_KAFKA",
    "UnknownTopicOrPartitionError": "a topic is missing; see afterword topics diff",
    "TopicAuthorizationFailedError": "the broker does not allow us a topic; "
    "we need Describe, DescribeConfigs, Read and Write",
    "ClusterAuthorizationFailedError": "the broker does not allow us this",
    "InvalidReplicationFactorError": "there are fewer brokers than copies asked for; "
    "set AFTERWORD_TOPIC_REPLICATION to 1 on a cluster of one",
    "KafkaStorageError": "a broker cannot write to its disk",
    "NotEnoughReplicasError": "too few brokers are in sync to keep a record safely",
}
"""By the name of aiokafka's class."""


def describe(error: BaseException) -> str:
    """A remedy for known errors, else the class of the error."""
    kind = type(error).__name__
    if (code := sqlstate(error)) in DATABASE_REMEDIES:
        return DATABASE_REMEDIES[code]
    if kind in KAFKA_REMEDIES:
        return KAFKA_REMEDIES[kind]
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens at that address (connection refused)"
    if isinstance(error, socket.gaierror):
        return "there is no machine of that name; check the address in the settings"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return f"{kind} {code}".strip()
