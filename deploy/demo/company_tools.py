"""What Havnbo's people work on cases with: text blocks, and the names of what its events say."""

from services.alerts.case_tools.domain import CaseTool, ShownAttribute, TextBlock
from services.alerts.case_tools.tool_commands import save_tool
from shared.db.database import Database
from shared.ids import derived
from shared.privacy.audit import AuditActor

TEXT_BLOCKS = (
    TextBlock(
        name="Sorry",
        language="en",
        text="Dear {name},\n\nthank you for telling us. I am sorry about it, and I am looking into it.",
    ),
    TextBlock(
        name="Sorry",
        language="da",
        text="Kære {name}\n\nTak, fordi du fortalte os det. Det er jeg ked af, og jeg ser på det nu.",
    ),
    TextBlock(
        name="Sorry",
        language="nl",
        text="Beste {name},\n\nbedankt voor uw bericht. Het spijt me wat er gebeurd is; ik zoek het uit.",
    ),
    TextBlock(
        name="A new one", language="en", text="We have sent you a new one today. It costs you nothing."
    ),
    TextBlock(
        name="A new one", language="da", text="Vi har sendt dig en ny i dag. Det koster dig ikke noget."
    ),
    TextBlock(
        name="A new one",
        language="nl",
        text="Wij hebben u vandaag een nieuw exemplaar gestuurd. Het kost u niets.",
    ),
)
ATTRIBUTES = (
    ShownAttribute(
        attribute="order_id", names={"en": "Order", "da": "Ordre", "nl": "Bestelling"}, position=1
    ),
    ShownAttribute(
        attribute="total", names={"en": "Amount", "da": "Beløb", "nl": "Bedrag"}, unit="USD", position=2
    ),
    ShownAttribute(attribute="cds", names={"en": "CDs", "da": "Cd'er", "nl": "Cd's"}, position=3),
    ShownAttribute(attribute="ticket", names={"en": "Ticket", "da": "Sag", "nl": "Ticket"}, position=4),
    ShownAttribute(
        attribute="minutes",
        names={"en": "Duration", "da": "Varighed", "nl": "Duur"},
        unit="min",
        position=5,
    ),
    ShownAttribute(
        attribute="simulated", names={"en": "Simulated", "da": "Simuleret", "nl": "Gesimuleerd"}, position=6
    ),
)
"""The amounts of the data are in US dollars."""


async def save_tools(database: Database, tenant: str, who: AuditActor) -> None:
    """Add all of them; again it changes nothing."""
    named: list[tuple[str, CaseTool]] = [
        *((f"{block.name} {block.language}", block) for block in TEXT_BLOCKS),
        *((one.attribute, one) for one in ATTRIBUTES),
    ]
    async with database.transaction() as uow:
        for name, tool in named:
            await save_tool(uow, tenant, who, derived("demo case tool", tenant, name), tool)
