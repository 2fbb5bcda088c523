"""``afterword recover``: prints where a database and the topics do not fit together, and mends it."""

from collections.abc import Callable

from shared.cli.context import command_context
from shared.kafka.ops.recovery import Recoverer, RecoveryFinding
from shared.service import Service

PrintLine = Callable[[str], None]


async def recover(
    service: Service, print_line: PrintLine, *, yes: bool, restored: bool, publish_again: bool
) -> None:
    """Print what is wrong with a service; with ``yes`` mend it.

    :raises RecoveryRefused: when a process of the service runs.
    """
    async with command_context(service, process="recover") as context:
        recovery = service.restored(context)
        recoverer = Recoverer(
            context.database,
            service.name,
            service.consumed_topics,
            recovery,
            context.afterword.kafka,
            print_line,
        )
        finding = await (recoverer.recover(restored=restored) if yes else recoverer.inspect())
        is_consistent = not (finding.refused or finding.missing_rows or restored)
        _describe(finding, print_line, restored=restored)
        if (finding.missing_rows or restored) and recovery.lost:
            print_line(recovery.lost)
        if publish_again and yes:
            count = await recoverer.publish_again()
            print_line(f"{count} things of {service.name} wait in its outbox to be said again")
        elif publish_again:
            print_line(f"all that {service.name} owns would be said again on {', '.join(service.own_topics)}")
    if is_consistent and not publish_again:
        print_line("nothing to do: database and topics fit together")
    else:
        print_line("done; start the service again" if yes else "nothing was changed; say --yes to do it")


def _describe(finding: RecoveryFinding, print_line: PrintLine, *, restored: bool) -> None:
    for refused in finding.refused:
        place = f"{refused.tp.topic}/{refused.tp.partition}"
        then = (
            "forgotten" if refused.beginning is None else f"read from its oldest offset {refused.beginning}"
        )
        print_line(f"{place}: {refused.why}: {then}")
        if refused.beginning is not None and refused.next_offset < refused.beginning:
            lost = refused.beginning - refused.next_offset
            print_line(f"{place}: {lost} records were gone before they were applied")
    if finding.missing_rows or restored:
        print_line(
            f"database: {finding.missing_rows} rows that were said are unknown to it, so it comes from an "
            "older backup: its own topics are read again, and what may have been mailed since is never mailed"
        )
