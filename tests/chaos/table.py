"""The table at the end, and below it the faults in words."""

from collections.abc import Sequence

from chaos.arena import Result
from rich import box
from rich.console import Console
from rich.table import Table

LEFT = ("scenario", "faults", "seen by")
COLUMNS = (
    "scenario", "faults", "refused", "accepted", "decisions", "invited", "mails", "unknown", "answers", "counted",
    "cases", "dead", "lost", "doub.", "reord.", "again", "still", "took", "seen by",
)  # fmt: skip


def print_table(results: Sequence[Result]) -> None:
    """Print the table and the faults."""
    table = Table(title="Nothing lost, nothing twice", title_justify="left", box=box.SIMPLE, pad_edge=False)
    for column in COLUMNS:
        table.add_column(column, justify="left" if column in LEFT else "right")
    for result in results:
        findings = result.findings
        values = (
            result.injected, result.refused, findings.accepted, findings.decisions, findings.invitations, findings.mails,
            findings.unknown, findings.answers, findings.counted, findings.cases, findings.dead_letters, findings.lost, findings.doubled,
            findings.reordered, findings.published_again,
        )  # fmt: skip
        table.add_row(
            result.scenario.name, *map(str, values), f"{result.standstill:.1f} s", f"{result.seconds:.0f} s",
            ", ".join(map(str, result.scenario.seen_by)),
        )  # fmt: skip
    console = Console(width=220, highlight=False)
    console.print(table)
    for result in results:
        console.print("; ".join([f"{result.scenario.name}: {result.scenario.what}", *result.notes]))
        for fault in result.findings.faults:
            console.print(f"  {fault}", style="red")
