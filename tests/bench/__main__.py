"""``python -m bench``: ONLY (names, by commas), ROUNDS, SCALE (1 is the full size of every measure)."""

import gc
import os
import sys
from collections.abc import Awaitable, Callable

import uvloop
from bench import (
    alternatives,
    answers,
    cases,
    dispatcher,
    mails,
    memory,
    relay,
    scorer,
    trigger,
    windows,
    workers,
)
from bench.figures import Figure, keep, machine, say, show
from bench.ground import Ground, a_ground

from deploy.local.state import state_folder
from shared.telemetry.logging import configure_logging

MEASURES: dict[str, Callable[[Ground], Awaitable[list[Figure]]]] = {
    "trigger": trigger.single_events,
    "batches": trigger.batches,
    "relay": relay.publishing,
    "scorer": scorer.catching_up,
    "dispatcher": dispatcher.deciding,
    "cases": cases.answered,
    "answers": answers.stored_answers,
    "windows": windows.reading,
    "mails": mails.mailed,
    "workers": workers.two_instead_of_one,
    "memory": memory.memory,
    "peers": alternatives.counting,
}


async def main() -> None:
    only = set(filter(None, os.environ.get("ONLY", "").split(",")))
    if unknown := only - set(MEASURES):
        sys.exit(f"no such measure: {', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}")
    rounds, scale = int(os.environ.get("ROUNDS") or 5), float(os.environ.get("SCALE") or 1)
    # As every process of ours does.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    about = machine() | {"rounds": rounds, "scale": scale}
    figures: list[Figure] = []
    async with a_ground(rounds, scale) as ground:
        try:
            for name, measure in MEASURES.items():
                if not only or name in only:
                    say(name)
                    figures += await measure(ground)
                    keep(figures, about, state_folder() / "bench.json")
        finally:
            # A measure that fails takes nothing from those that were made before it.
            show(figures, about)
            sys.stdout.write(f"{state_folder() / 'bench.json'}\n")


if __name__ == "__main__":
    configure_logging("console", service="bench")
    uvloop.run(main())
