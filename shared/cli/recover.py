"""``afterword recover``: what does not fit together in a service, in words, and its repair."""

import asyncio
from collections.abc import Callable

from shared.kafka.ops.recovery import Recoverer, RecoveryFinding
from shared.service import Service, open_context, read_settings

Report = Callable[[str], None]


async def recover(
    service: Service, report: Report, *, yes: bool, restored: bool, publish_again: bool
) -> None:
    """Report what is wrong with a service; with ``yes`` repair it.

    :raises RecoveryRefused: when a process of the service runs.
    """
    afterword, (own,) = read_settings([service])
    context = await open_context(service, asyncio.Event(), afterword, own, process="recover")
    recovery = service.recovery(context)
    recoverer = Recoverer(
        context.database, service.name, service.consumed_topics, recovery, afterword.kafka, report
    )
    try:
        finding = await (recoverer.recover(restored=restored) if yes else recoverer.inspect())
        _describe(finding, report, restored=restored)
        if (finding.missing_rows or restored) and recovery.lost:
            report(recovery.lost)
        if publish_again and yes:
            things = await recoverer.publish_again()
            report(f"{things} things of {service.name} wait in its outbox to be said again")
        elif publish_again:
            report(f"all that {service.name} owns would be said again on {', '.join(service.own_topics)}")
    finally:
        await context.database.close()
    if finding.refused or finding.missing_rows or restored or publish_again:
        report("done; start the service again" if yes else "nothing was changed; say --yes to do it")
    else:
        report("nothing to do: database and topics fit together")


def _describe(finding: RecoveryFinding, report: Report, *, restored: bool) -> None:
    for refused in finding.refused:
        place = f"{refused.tp.topic}/{refused.tp.partition}"
        beginning = refused.beginning
        then = "forgotten" if beginning is None else f"read from its oldest offset {beginning}"
        report(f"{place}: {refused.why}: {then}")
        if beginning is not None and refused.next_offset < beginning:
            report(f"{place}: {beginning - refused.next_offset} records were gone before they were applied")
    if finding.missing_rows or restored:
        report(
            f"database: {finding.missing_rows} rows that were said are unknown to it, so it comes from an "
            "older backup: its own topics are read again, and what may have been mailed since is never mailed"
        )
