"""What the dispatcher adds to the ``afterword`` command."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from shared.privacy.audit import COMMAND_LINE

if TYPE_CHECKING:
    from shared.db import Database, UnitOfWork

T = TypeVar("T")
TenantName = Annotated[str, typer.Argument(metavar="TENANT", help="The company's short name.")]


def add_to(app: typer.Typer, settings: Callable[[], None]) -> None:
    """Add the commands; each calls ``settings`` before it reads any."""

    @app.command("stop-sending")
    def stop_sending(tenant: TenantName) -> None:
        """Stop all sending of a company at once; what is due waits."""
        settings()
        from services.dispatcher.sending.sending_commands import set_stopped

        done = _run(tenant, lambda uow: set_stopped(uow, tenant, COMMAND_LINE, stopped=True))
        typer.echo("stopped" if done else "was stopped already")

    @app.command("resume-sending")
    def resume_sending(tenant: TenantName) -> None:
        """Start sending again; what waited and is not too old goes out."""
        settings()
        from services.dispatcher.sending.sending_commands import set_stopped

        done = _run(tenant, lambda uow: set_stopped(uow, tenant, COMMAND_LINE, stopped=False))
        typer.echo("sending again" if done else "was not stopped")

    @app.command("live")
    def live(
        tenant: TenantName,
        yes: Annotated[
            bool, typer.Option("--yes", help="Confirm that customers will be written to.")
        ] = False,
    ) -> None:
        """Leave test mode: from now on customers are written to."""
        if not yes:
            raise typer.BadParameter("from then on customers get mail; confirm it with --yes")
        settings()
        from services.dispatcher.sending.sending_commands import set_mode

        done = _run(tenant, lambda uow: set_mode(uow, tenant, COMMAND_LINE, "live"))
        typer.echo("live" if done else "was live already")

    @app.command("test-address")
    def test_address(
        tenant: TenantName,
        address: Annotated[
            str,
            typer.Argument(
                metavar="ADDRESS", help="Of one of your own; or a phone number such as +4520123456."
            ),
        ],
    ) -> None:
        """List an address that gets mail in test mode too; its answers never count."""
        from services.dispatcher.decisions.addresses import address_quality
        from services.dispatcher.decisions.numbers import number_quality

        if "good" not in {address_quality(address), number_quality(address)}:
            raise typer.BadParameter("that cannot be an address")
        settings()
        from services.dispatcher.sending.sending_commands import add_test_address

        done = _run(tenant, lambda uow: add_test_address(uow, tenant, COMMAND_LINE, address))
        typer.echo("listed" if done else "was listed already")

    @app.command("placeholder-id")
    def placeholder_id(
        tenant: TenantName,
        customer_id: Annotated[str, typer.Argument(metavar="ID", help="As your systems write it.")],
        remove: Annotated[bool, typer.Option("--remove", help="It stands for somebody after all.")] = False,
    ) -> None:
        """Say that a customer id stands for nobody, as “guest” does; the address alone is the person then."""
        settings()
        from services.dispatcher.sending.sending_commands import change_placeholder_id

        done = _run(
            tenant, lambda uow: change_placeholder_id(uow, tenant, COMMAND_LINE, customer_id, add=not remove)
        )
        typer.echo("done" if done else "nothing to do: it was so already")

    @app.command("move-in")
    def move_in(
        vendor: Annotated[
            str,
            typer.Argument(
                metavar="VENDOR", help="delighted, asknicely, customergauge, retently, formbricks or csv."
            ),
        ],
        file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Its export, as CSV.")],
        tenant: Annotated[str, typer.Option(metavar="TENANT", help="The company's short name.")],
        column: Annotated[
            list[str] | None,
            typer.Option(help="What a column is that is named otherwise, as score='Your rating'."),
        ] = None,
        dates: Annotated[
            str | None, typer.Option(help="dmy or mdy, where days are written so and both could be meant.")
        ] = None,
        time_zone: Annotated[
            str | None, typer.Option(help="Of its times without an offset, and of its months; UTC without.")
        ] = None,
    ) -> None:
        """Take the answers and unsubscriptions of another system's export, and compare the NPS by month."""
        settings()
        _move_in(tenant, vendor, file, column or [], dates, time_zone)

    app.add_typer(_sender_commands(settings), name="sender")


def _sender_commands(settings: Callable[[], None]) -> typer.Typer:
    """The commands about whom mails come from."""
    senders = typer.Typer(no_args_is_help=True, help="Whom mails come from, and whether they arrive.")

    @senders.command("check")
    def check(
        company: Annotated[
            str | None, typer.Option(metavar="TENANT", help="Look at this company's own senders, too.")
        ] = None,
    ) -> None:
        """Look at SPF, DKIM, DMARC, PTR, TLS and the header of a mail; 1 when something is to be mended."""
        settings()
        if not _check_senders(company):
            raise typer.Exit(1)

    @senders.command("key")
    def key(
        selector: Annotated[
            str, typer.Argument(help="A name for it that the domain has not used, as s2026.")
        ],
        ed25519: Annotated[
            bool, typer.Option("--ed25519", help="Of this kind; few providers verify it, so have RSA, too.")
        ] = False,
    ) -> None:
        """Make a key to sign mails with: add it to AFTERWORD_DKIM_KEYS, behind those that are there.

        The record to publish is shown by `afterword sender check` then.
        """
        from shared.values.dkim_keys import new_key

        try:
            made = new_key(selector, "ed25519-sha256" if ed25519 else "rsa-sha256")
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        typer.echo(made.written(), nl=False)
        typer.echo(f'{selector}._domainkey  TXT  "{made.record}"', err=True)

    return senders


def _check_senders(company: str | None) -> bool:
    """Print what is found; False when something is to be mended."""
    import asyncio

    from services.dispatcher.senders.reporting import lines_of, report
    from shared.settings import Afterword, load

    (afterword,) = load([Afterword])
    if company is None:
        found = asyncio.run(report(afterword))
    else:
        found = _on_database(company, lambda database: report(afterword, (database, company)))
    for address, check in found:
        for line in lines_of(address, check):
            typer.echo(line)
    return all(check.worst != "bad" for _, check in found)


async def create_example_survey(
    database: "Database",
    tenant: str,
    *,
    test_address: str | None,
    trigger: str = "order.delivered",
    delay_minutes: int = 0,
    **rules: Any,
) -> None:
    """Create a survey that asks at once, and list the address of its first user; again it changes nothing.

    :param rules: further ones of the survey, other than their defaults.
    """
    from services.dispatcher.sending.sending_commands import add_test_address
    from services.dispatcher.surveys.domain import SurveyDraft
    from services.dispatcher.surveys.survey_commands import create_survey
    from shared.ids import derived

    name = trigger.replace(".", " ").replace("_", " ").capitalize()
    draft = SurveyDraft(name=name, trigger=trigger, state="live", delay_minutes=delay_minutes, **rules)
    async with database.transaction() as uow:
        # In this order: creating a survey locks the company's sending as well, but only against change.
        if test_address is not None:
            await add_test_address(uow, tenant, COMMAND_LINE, test_address)
        await create_survey(uow, tenant, derived("example survey", tenant, trigger), draft)


def _move_in(
    tenant: str, vendor: str, file: Path, columns: list[str], dates: str | None, time_zone: str | None
) -> None:
    from services.dispatcher.csv_tables import BadTable
    from services.dispatcher.imports.cells import DATE_ORDERS
    from services.dispatcher.moving_in.counted import months_of
    from services.dispatcher.moving_in.moving import CannotMove, MoveIn, move_in
    from services.dispatcher.moving_in.vendors import PARTS, VENDORS
    from shared.privacy.service_client import ServiceClient
    from shared.privacy.service_tokens import ServiceTokens
    from shared.settings import Afterword, load
    from shared.values.zones import zone_names

    found = next((each for each in VENDORS if each == vendor), None)
    if found is None:
        raise typer.BadParameter(f"no vendor {vendor!r}; there are {', '.join(VENDORS)}")
    order = next((each for each in DATE_ORDERS if each == dates), None)
    if dates is not None and order is None:
        raise typer.BadParameter(f"days are written {', '.join(DATE_ORDERS)}; not {dates}")
    if time_zone is not None and time_zone not in zone_names():
        raise typer.BadParameter(f"no time zone {time_zone!r}; write it like Europe/Copenhagen")
    said = dict(each.partition("=")[::2] for each in columns)
    chosen = {part: said.pop(part) for part in PARTS if part in said}
    if said:
        raise typer.BadParameter(f"a column can be {', '.join(PARTS)}; not {', '.join(said)}")
    (afterword,) = load([Afterword])
    secret = afterword.secret.get_secret_value()
    wanted = MoveIn(tenant, found, file, chosen, order, time_zone)
    try:
        services = ServiceClient(afterword.internal_url or afterword.staff_url, ServiceTokens(secret))
        read_months = months_of(services, tenant, found)

        async def act(database: "Database") -> Sequence[str]:
            try:
                return await move_in(database, secret, wanted, typer.echo, read_months)
            finally:
                await services.close()

        lines = _on_database(tenant, act)
    except (CannotMove, BadTable) as error:
        sys.exit(str(error))
    typer.echo("\n".join(lines))


def _run(tenant: str, act: "Callable[[UnitOfWork], Awaitable[bool]]") -> bool:
    """Act in one transaction on the dispatcher's database, for a company that is known here."""

    async def in_transaction(database: "Database") -> bool:
        async with database.transaction() as uow:
            return await act(uow)

    return _on_database(tenant, in_transaction)


def _on_database(tenant: str, act: "Callable[[Database], Awaitable[T]]") -> T:
    """Act on the dispatcher's database, for a company that is known here."""
    import asyncio

    from services.dispatcher.settings import Settings
    from services.dispatcher.surveys.repository import list_of_tenants
    from shared.db import Database
    from shared.settings import load
    from shared.tenancy import find_tenant

    async def main() -> T:
        (own,) = load([Settings])
        database = Database(own.database_url.get_secret_value(), name="dispatcher-command")
        try:
            async with database.reading() as uow:
                # A company that has a survey here exists, whether or not its event was consumed.
                known = await find_tenant(uow, tenant) is not None or await list_of_tenants(uow, [tenant])
            if not known:
                raise typer.BadParameter(
                    f"the dispatcher knows no company {tenant!r}; `afterword tenant list` shows all, "
                    "and one that was made just now is known in a moment"
                )
            return await act(database)
        finally:
            await database.close()

    return asyncio.run(main())
