"""``python -m chaos``: every scenario on a stack of its own. SEED, EVENTS and ONLY (names, by commas)."""

import asyncio
import os
import secrets
import sys
import time

from chaos.arena import Result, run
from chaos.scenarios import SCENARIOS
from chaos.stack import a_stack
from chaos.table import show

EVENTS = 20_000
PER_SECOND = 1_000
SHORTEST = 15.0


async def main() -> int:
    seed = os.environ.get("SEED") or secrets.token_hex(4)
    events = int(os.environ.get("EVENTS") or EVENTS)
    only = set(filter(None, os.environ.get("ONLY", "").split(",")))
    if unknown := only - {scenario.name for scenario in SCENARIOS}:
        sys.exit(f"no such scenario: {', '.join(sorted(unknown))}")
    results: list[Result] = []
    began = time.monotonic()
    sys.stdout.write(f"SEED={seed} EVENTS={events}\n")
    async with a_stack() as stack:
        for scenario in SCENARIOS:
            if not only or scenario.name in only:
                result = await run(
                    stack, scenario, seed=seed, events=events, seconds=max(SHORTEST, events / PER_SECOND)
                )
                results.append(result)
                sys.stdout.write(
                    f"{scenario.name}: {result.seconds:.0f} s, {result.injected} faults, "
                    f"{result.found.faults[:4] or 'all as it must be'}\n"
                )
                sys.stdout.flush()
    show(results)
    sys.stdout.write(f"{time.monotonic() - began:.0f} s in all; again with SEED={seed}\n")
    return int(any(result.found.faults for result in results))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
