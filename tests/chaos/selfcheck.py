"""``python -m chaos.selfcheck``: the harness must find each deliberate fault, and nothing wrong with the product in
the same short scenarios.
"""

import asyncio
import os
import sys

from chaos.arena import Result, run
from chaos.broken import BREAKS
from chaos.scenarios import BY_NAME
from chaos.stack import Stack, running_stack

EVENT_COUNT = 2_000
UNBROKEN = "whole"
"""The product without a fault."""
TRIES = 2
"""Runs for a fault that shows only at a rare moment."""


async def main() -> int:
    seed = os.environ.get("SEED") or "selfcheck"
    only = set(filter(None, os.environ.get("ONLY", "").split(",")))
    if unknown := only - {UNBROKEN, *BREAKS}:
        sys.exit(f"no such copy: {', '.join(sorted(unknown))}; there are {', '.join([UNBROKEN, *BREAKS])}")
    missed: list[str] = []
    async with running_stack() as stack:
        if not only or UNBROKEN in only:
            for name in sorted({broken.scenario for broken in BREAKS.values()}):
                faults = (await _run(stack, name, f"{seed}-0")).findings.faults
                sys.stdout.write(f"{UNBROKEN}, {name}: {faults or 'nothing is wrong with it'}\n")
                sys.stdout.flush()
                missed += [f"{UNBROKEN} {name}"] * bool(faults)
        for name, broken in BREAKS.items():
            if only and name not in only:
                continue
            stack.everywhere["CHAOS_BREAK"] = name
            await stack.stop_ours()
            await stack.start_ours()
            for number in range(TRIES):
                result = await _run(stack, broken.scenario, f"{seed}-{number}")
                found = [
                    fault for fault in result.findings.faults if fault.startswith(("lost", "doubled", "left"))
                ]
                verdict = f"caught by {broken.scenario}" if found else "NOT CAUGHT"
                sys.stdout.write(f"{name} ({broken.what}): {verdict}\n")
                sys.stdout.write("".join(f"  {fault}\n" for fault in found[:3]))
                sys.stdout.flush()
                if found:
                    break
            else:
                missed.append(name)
    return int(bool(missed))


async def _run(stack: Stack, scenario: str, seed: str) -> Result:
    events = int(os.environ.get("EVENTS") or EVENT_COUNT)
    return await run(stack, BY_NAME[scenario], seed=seed, events=events, seconds=10, settle_within=30)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
