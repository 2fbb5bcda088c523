"""``afterword recover``: prints where a database and the topics do not fit together, and mends it."""

from collections.abc import Callable

from shared.cli.context import command_context
from shared.kafka.ops.recovery import Finding, Recoverer
from shared.service import Service

PrintLine = Callable[[str], None]


async def recover(
    service: Service, print_line: PrintLine, *, yes: bool, restored: bool, say_again: bool
) -> None:
    """Print what is wrong with a service; with ``yes`` mend it.

    :raises RecoveryRefused: when a process of the service runs.
    """
    async with command_context(service, process="recover") as context:
        recovery = service.recovery(context)
        recoverer = Recoverer(
            context.database,
            service.name,
            service.consumed_topics,
            recovery,
            context.afterword.kafka,
            print_line,
        )
        found = await (recoverer.recover(restored=restored) if yes else recoverer.look())
        is_consistent = not (found.misfits or found.forgotten or restored)
        _describe(found, print_line, restored=restored)
        if (found.forgotten or restored) and recovery.lost:
            print_line(recovery.lost)
        if say_again and yes:
            count = await recoverer.say_again()
            print_line(f"{count} things of {service.name} wait in its outbox to be said again")
        elif say_again:
            print_line(f"all that {service.name} owns would be said again on {', '.join(service.own_topics)}")
    if is_consistent and not say_again:
        print_line("nothing to do: database and topics fit together")
    else:
        print_line("done; start the service again" if yes else "nothing was changed; say --yes to do it")


def _describe(found: Finding, print_line: PrintLine, *, restored: bool) -> None:
    for misfit in found.misfits:
        place = f"{misfit.tp.topic}/{misfit.tp.partition}"
        then = "forgotten" if misfit.beginning is None else f"read from its oldest offset {misfit.beginning}"
        print_line(f"{place}: {misfit.why}: {then}")
        if misfit.beginning is not None and misfit.at < misfit.beginning:
            print_line(f"{place}: {misfit.beginning - misfit.at} records were gone before they were applied")
    if found.forgotten or restored:
        print_line(
            f"database: {found.forgotten} rows that were said are unknown to it, so it comes from an older "
            "backup: its own topics are read again, and what may have been mailed since is never mailed"
        )
