"""Ten customers of one week, and what they answer."""

from typing import NamedTuple


class Customer(NamedTuple):
    """Somebody who bought a table, and what they answer."""

    name: str
    score: int
    comment: str
    account: str = ""
    """The company behind them; Jonas looks after it."""

    @property
    def address(self) -> str:
        """As we know it."""
        return f"{self.name.split()[0].casefold()}@example.com"


KAREN = Customer("Karen Whitfield", 2, "The leg is split again.")
ERIK = Customer("Erik Whitfield", 3, "My wife has told you of the leg.")
PETER = Customer("Peter Aagaard", 0, "Waited in all day. Nobody rang.")
FEMKE = Customer("Femke Bakker", 4, "It came four days late.")
IDA = Customer("Ida Krogh", 6, "Late, and nobody told me.")
OLE = Customer("Ole Thygesen", 5, "Your page lost my order twice.")
JENS = Customer("Jens Riis", 6, "I called, and nobody called back.")
LIS = Customer("Lis Holm", 10, "They came within the hour, and put it right.", account="Holm Homes")
OTHERS = (Customer("Anna Dahl", 8, "All right."), Customer("Bo Friis", 9, "Quick and kind."))
TEN = (KAREN, ERIK, PETER, FEMKE, IDA, OLE, JENS, LIS, *OTHERS)
