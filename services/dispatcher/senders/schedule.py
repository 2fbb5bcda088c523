"""By the clock: look for the records of companies' senders, so that one is used without anybody's help.

It runs where mail is sent, which reaches the world. One sender at a time: the look takes seconds at most, and
holds no connection to the database.
"""

from datetime import timedelta

from services.dispatcher.invitations.survey_mail import SurveyMailRenderer
from services.dispatcher.senders import repository
from services.dispatcher.senders.checker import SenderChecker
from services.dispatcher.senders.sender_commands import record_check
from shared.mail import mail_server
from shared.mail.tls_check import look_at_tls
from shared.runtime import Loop, Periodic
from shared.service import Context

SENDER_CHECKS_LOOP = "sender checks"
CHECK_INTERVAL_S = 15.0
TLS_LOOK_INTERVAL = timedelta(minutes=10)
CLAIM_DURATION = timedelta(minutes=2)
"""After which another process looks, where this one died meanwhile."""


def sender_checks_loop(context: Context) -> Loop:
    """The loop of a process that sends; any number may run it."""
    clock = context.database.clock
    checker = SenderChecker(context.afterword, SurveyMailRenderer(context.afterword, clock), clock)

    async def step() -> float | None:
        await look_at_server(context)
        if not context.own.company_senders:
            return None
        return 0 if await check_next(context, checker) else None

    return Periodic(SENDER_CHECKS_LOOP, step, CHECK_INTERVAL_S, context.health).run


async def look_at_server(context: Context) -> None:
    """Keep how the mail server encrypts, unless a process has looked lately: those that serve pages may have
    no way to it.
    """
    async with context.database.transaction() as uow:
        claimed = await repository.claim_tls(uow, uow.now - TLS_LOOK_INTERVAL)
    if claimed:
        found = await look_at_tls(mail_server(context.afterword))
        async with context.database.transaction() as uow:
            await repository.write_tls(uow, found)


async def check_next(context: Context, checker: SenderChecker) -> bool:
    """Look at the sender that is to be checked next; False when none is."""
    async with context.database.transaction() as uow:
        claimed = await repository.claim_check(uow, uow.now + CLAIM_DURATION)
        sender = await repository.find(uow, *claimed) if claimed is not None else None
    if sender is None:
        return False
    found = await checker.look_up(checker.company(sender))
    async with context.database.transaction() as uow:
        await record_check(uow, sender, passes=found.passes, seen=found.seen, missing=found.missing)
    return True
