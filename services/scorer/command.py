"""What the scorer adds to the ``afterword`` command: the audit."""

import asyncio
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from services.scorer.auditing.recounting import Audit

MAX_NAMED = 100
"""Of what differs at most so many are named."""


def add_to(app: typer.Typer, settings: Callable[[], None]) -> None:
    """Add ``afterword audit``."""

    @app.command()
    def audit(
        tenant: Annotated[str | None, typer.Option(help="Only this company, by short name.")] = None,
        as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each company.")] = False,
        mend: Annotated[
            bool, typer.Option("--mend", help="Set counts that differ to what the answers say.")
        ] = False,
    ) -> None:
        """Recount all answers, and compare with the counts that are kept and the collector's totals.

        It ends with 1 when anything differs, with --mend when anything still does. The services may run.
        A total that differs is of answers that the scorer lacks, or has too many: see
        `afterword answers republish`.
        """
        settings()
        from services.scorer.app import SERVICE
        from services.scorer.auditing.recounting import audit_now
        from shared.cli.context import command_context
        from shared.tenancy.tenants import all_tenants

        async def work() -> bool:
            equal = True
            async with command_context(SERVICE) as context:
                async with context.database.reading() as uow:
                    tenants = [each.id for each in await all_tenants(uow) if each.state != "left"]
                if tenant is not None and tenant not in tenants:
                    sys.exit(f"The scorer knows no company {tenant}.")
                for name in tenants if tenant is None else [tenant]:
                    found, mended = await audit_now(context.database, name, mending=mend)
                    typer.echo(json.dumps(as_document(found, mended)) if as_json else as_line(found, mended))
                    equal = equal and found.result.is_equal
            return equal

        if not asyncio.run(work()):
            sys.exit(1)


def as_document(found: "Audit", mended: int) -> dict[str, Any]:
    """An audit as it is printed as JSON."""
    result = found.result
    return {
        "tenant": found.tenant,
        "at": result.at.isoformat(),
        "equal": result.is_equal,
        "counts": result.counts,
        "counts_differing": result.counts_differing,
        "totals": result.totals,
        "totals_differing": result.totals_differing,
        "totals_waiting": result.totals_waiting,
        "mended": mended,
        "differing": names_of(found),
    }


def as_line(found: "Audit", mended: int) -> str:
    """An audit as it is printed for people."""
    result = found.result
    words = [
        f"{result.counts} counts, {result.counts_differing} differ",
        f"{result.totals} totals of the collector, {result.totals_differing} differ",
        *([f"{result.totals_waiting} totals wait for answers on their way"] if result.totals_waiting else []),
        *([f"{mended} counts were mended"] if mended else []),
    ]
    return "\n  ".join([f"{found.tenant}: {'; '.join(words)}", *names_of(found)])


def names_of(found: "Audit") -> list[str]:
    """What differs, up to :data:`MAX_NAMED`: counts of days and weeks, of who was asked and of themes, and
    totals of the collector.
    """
    names = [
        f"{kind} {key.day} {key.measurement} {key.segment or '(company)'}"
        for kind, keys in (
            *(("day", found.differing.days), ("week", found.differing.weeks)),
            *(("asked", found.noted.asked), ("themes", found.noted.themes)),
        )
        for key in keys
    ]
    return [*names, *(f"total {name}" for name in found.totals.differing)][:MAX_NAMED]
