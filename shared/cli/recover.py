"""``afterword recover``: what does not fit together, in words, and the mending of it."""

import asyncio
from collections.abc import Callable

from shared.kafka.ops.recovery import Recoverer, RecoveryFinding
from shared.service import Service, open_context, read_settings

Tell = Callable[[str], None]


async def recover(service: Service, tell: Tell, *, yes: bool, restored: bool, say_again: bool) -> None:
    """Say what is wrong with a service; with ``yes`` mend it.

    :raises Refusal: when a process of the service runs.
    """
    afterword, (own,) = read_settings([service])
    context = await open_context(service, asyncio.Event(), afterword, own, process="recover")
    recovery = service.recovery(context)
    recoverer = Recoverer(
        context.database, service.name, service.consumed_topics, recovery, afterword.kafka, tell
    )
    try:
        found = await (recoverer.recover(restored=restored) if yes else recoverer.look())
        whole = not (found.misfits or found.forgotten or restored)
        _describe(found, tell, restored=restored)
        if (found.forgotten or restored) and recovery.lost:
            tell(recovery.lost)
        if say_again and yes:
            tell(
                f"{await recoverer.say_again()} things of {service.name} wait in its outbox to be said again"
            )
        elif say_again:
            tell(f"all that {service.name} owns would be said again on {', '.join(service.own_topics)}")
    finally:
        await context.database.close()
    if whole and not say_again:
        tell("nothing to do: database and topics fit together")
    else:
        tell("done; start the service again" if yes else "nothing was changed; say --yes to do it")


def _describe(found: RecoveryFinding, tell: Tell, *, restored: bool) -> None:
    for misfit in found.misfits:
        place = f"{misfit.tp.topic}/{misfit.tp.partition}"
        then = "forgotten" if misfit.beginning is None else f"read from its oldest offset {misfit.beginning}"
        tell(f"{place}: {misfit.why}: {then}")
        if misfit.beginning is not None and misfit.at < misfit.beginning:
            tell(f"{place}: {misfit.beginning - misfit.at} records were gone before they were applied")
    if found.forgotten or restored:
        tell(
            f"database: {found.forgotten} rows that were said are unknown to it, so it comes from an older "
            "backup: its own topics are read again, and what may have been mailed since is never mailed"
        )
