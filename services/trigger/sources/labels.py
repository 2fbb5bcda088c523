"""Words for what a source is and does."""

from services.trigger.sources.domain import Format, Sasl
from services.trigger.sources.problems import ProblemCode
from shared.values.messages import Message, message

FORMAT_LABELS: dict[Format, Message] = {
    "json": message("JSON"),
    "cloudevents": message("CloudEvents"),
    "avro": message("Avro, with a schema registry"),
    "json-schema": message("JSON Schema, with a schema registry"),
}
SASL_LABELS: dict[Sasl, Message] = {
    "none": message("Nobody signs in"),
    "plain": message("PLAIN"),
    "scram-sha-256": message("SCRAM-SHA-256"),
    "scram-sha-512": message("SCRAM-SHA-512"),
}
PROBLEM_LABELS: dict[ProblemCode, Message] = {
    "unreachable": message(
        "No broker answers, or it closes the connection. Check the addresses, whether TLS and a certificate "
        "of ours are needed, and whether the cluster lets us in."
    ),
    "unknown_host": message("There is no machine of this name. Check the addresses of the brokers."),
    "address": message(
        "A broker's address lies in a private network. Whoever runs Afterword can allow it "
        "(AFTERWORD_OUTBOUND_NETWORKS)."
    ),
    "tls": message("The brokers' certificates are not trusted, or they ask for one of ours. Check TLS."),
    "sign_in": message("The brokers refuse the user name, the password or the way of signing in."),
    "no_topic": message("The cluster has no topic of this name."),
    "forbidden": message("We may not read the topic. Allow the user to describe and to read it."),
    "own_cluster": message(
        "This is the cluster of Afterword itself. There only topics are read whose names begin with "
        "“sources.”, the short name of your company and a dot."
    ),
    "registry": message("The schema registry does not give the schema. Check its address and password."),
    "registry_address": message(
        "The schema registry lies in a private network. Whoever runs Afterword can allow it "
        "(AFTERWORD_OUTBOUND_NETWORKS)."
    ),
    "secrets": message("The passwords can no longer be read here. Give them again."),
    "lost": message(
        "Records were deleted before they were read. Nothing is skipped by itself: "
        "have the topic read again from its oldest record."
    ),
    "another_topic": message(
        "The topic is another one of the same name: it was deleted and created again. "
        "Say so, and have it read again."
    ),
    "misfits": message(
        "A hundred records in a row did not fit. Change what does not fit below, or start it again."
    ),
    "too_large": message(
        "A batch of records becomes larger than 16 MiB when it is decompressed. Have its producer write "
        "smaller batches, and the topic read again from a time behind it."
    ),
    "internal": message("An error of ours. It is in the log; whoever runs Afterword can see it."),
}
NO_SOURCE = message("There is no such source.")
DONE_LABELS: dict[str, Message] = {
    "made": message("The source is declared. Look at its newest records, then start it."),
    "saved": message("The changes are saved."),
    "start": message("The source is read now."),
    "pause": message("The source is paused: nothing more is taken in."),
    "again": message("The topic is read again. Events that came before change nothing."),
    "deleted": message("The source is deleted, and its passwords with it."),
}
