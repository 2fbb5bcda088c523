"""``python -m chaos.selfcheck``: the harness must see what is wrong with each deliberately broken copy."""

import asyncio
import os
import sys

from chaos.arena import run
from chaos.broken import BREAKS
from chaos.scenarios import BY_NAME
from chaos.stack import a_stack

EVENTS = 2_000
TRIES = 2
"""A fault that needs a rare moment gets so many chances to show itself."""


async def main() -> int:
    seed = os.environ.get("SEED") or "selfcheck"
    only = set(filter(None, os.environ.get("ONLY", "").split(",")))
    missed: list[str] = []
    async with a_stack() as stack:
        for name, broken in BREAKS.items():
            if only and name not in only:
                continue
            stack.everywhere["CHAOS_BREAK"] = name
            await stack.stop_ours()
            await stack.start_ours()
            for number in range(TRIES):
                events = int(os.environ.get("EVENTS") or EVENTS)
                scenario = BY_NAME[broken.scenario]
                result = await run(
                    stack, scenario, seed=f"{seed}-{number}", events=events, seconds=10, settle_within=30
                )
                told = [fault for fault in result.found.faults if fault.startswith(("lost", "doubled"))]
                verdict = f"caught by {broken.scenario}" if told else "NOT CAUGHT"
                sys.stdout.write(f"{name} ({broken.what}): {verdict}\n")
                sys.stdout.write("".join(f"  {fault}\n" for fault in told[:3]))
                sys.stdout.flush()
                if told:
                    break
            else:
                missed.append(name)
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
