"""What the command says of senders: the installation's, and those of a company."""

from collections.abc import Iterator

from services.dispatcher.invitations.survey_mail import SurveyMailRenderer
from services.dispatcher.senders import repository
from services.dispatcher.senders.checker import CheckedSender, SenderChecker
from services.dispatcher.senders.findings import Finding, SenderCheck
from services.dispatcher.senders.labels import ABOUT_LABELS, VERDICT_LABELS
from services.dispatcher.tenants import placeholder_tenant, tenant_or_placeholder
from shared.clock import system_clock
from shared.db import Database
from shared.mail import mail_server
from shared.mail.tls_check import look_at_tls
from shared.settings import Afterword

INSTALLATION_COMPANY = placeholder_tenant("installation")


async def report(
    afterword: Afterword, company: tuple[Database, str] | None = None
) -> list[tuple[str, SenderCheck]]:
    """Look at the installation's sender; or at the company's own and the installation's.

    :param company: the dispatcher's database and the company's short name.
    """
    checker = SenderChecker(afterword, SurveyMailRenderer(afterword), system_clock)
    senders: list[CheckedSender] = [checker.installation()]
    tenant = INSTALLATION_COMPANY
    if company is not None:
        database, name = company
        async with database.reading() as uow:
            own = await repository.list_of(uow, name)
            tenant = await tenant_or_placeholder(uow, name)
        senders = [*map(checker.company, own), *senders]
    tls = await look_at_tls(mail_server(afterword))
    return [(sender.address, await checker.check(sender, tenant, tls)) for sender in senders]


def lines_of(address: str, check: SenderCheck) -> Iterator[str]:
    """What was found of a sender, for a terminal."""
    yield address
    for finding in check.findings:
        yield from _lines_of(finding)


def _lines_of(finding: Finding) -> Iterator[str]:
    yield f"  {VERDICT_LABELS[finding.verdict]}: {ABOUT_LABELS[finding.about]}. {finding.said}"
    for text in finding.found:
        yield f"      there is  {_printable(text)}"
    if finding.remedy is not None:
        yield f"      {finding.remedy}"
    for record in finding.records:
        yield f'      {record.name}  {record.type}  "{_printable(record.value)}"'


def _printable(text: str) -> str:
    """Written by others: nothing in it may steer a terminal."""
    return "".join(each if each.isprintable() else "?" for each in text)
