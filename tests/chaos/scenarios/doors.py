"""What comes from outside: a mail server in trouble, and many clients with the same."""

from chaos.arena import Arena, Scenario


async def nothing(arena: Arena) -> None:
    """The trouble lies in the load itself."""
    arena.ready.set()


SCENARIOS = (
    Scenario("smtp", "550, 451, cut after DATA", nothing, "sender states", trouble=True),
    Scenario("clients", "100 clients post the same, two answers at once", nothing, "-", clients=100),
)
