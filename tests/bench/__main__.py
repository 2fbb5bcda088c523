"""``python -m bench``, with ONLY (names, by commas), ROUNDS and SCALE (1 is the full size of every measure)."""

import gc
import logging
import os
import sys
from collections.abc import Awaitable, Callable

import structlog
import uvloop
from bench import (
    answers,
    cases,
    clocks,
    dispatcher,
    dry_runs,
    erasures,
    imports,
    inbox,
    mails,
    memory,
    peer_frameworks,
    relay,
    scorer,
    sources,
    trigger,
    waves,
    webhooks,
    windows,
    workers,
)
from bench.results import Result, describe_machine, print_progress, print_results, write_results
from bench.servers import Servers, running_servers

from deploy.local.state import state_folder
from shared.telemetry.logging import configure_logging

MEASURES: dict[str, Callable[[Servers], Awaitable[list[Result]]]] = {
    "trigger": trigger.single_events,
    "batches": trigger.batches,
    "sources": sources.reading,
    "relay": relay.publishing,
    "scorer": scorer.catching_up,
    "dispatcher": dispatcher.deciding,
    "rules": dispatcher.with_all_rules,
    "dry_runs": dry_runs.tried,
    "waves": waves.published,
    "imports": imports.taken,
    "cases": cases.answered,
    "answers": answers.stored_answers,
    "windows": windows.reading,
    "mails": mails.mailed,
    "erasures": erasures.erased,
    "clocks": clocks.due_at_once,
    "inbox": inbox.lists_and_searches,
    "webhooks": webhooks.sending,
    "workers": workers.two_instead_of_one,
    "memory": memory.memory,
    "peers": peer_frameworks.counting,
}


async def main() -> None:
    only = set(filter(None, os.environ.get("ONLY", "").split(",")))
    if unknown := only - set(MEASURES):
        sys.exit(f"no such measure: {', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}")
    rounds, scale = int(os.environ.get("ROUNDS") or 5), float(os.environ.get("SCALE") or 1)
    # As in every process of the product.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    about = describe_machine() | {"rounds": rounds, "scale": scale}
    results: list[Result] = []
    async with running_servers(rounds, scale) as servers:
        try:
            for name, measure in MEASURES.items():
                if not only or name in only:
                    print_progress(name)
                    results += await measure(servers)
                    write_results(results, about, state_folder() / "bench.json")
        finally:
            # A measure that fails does not lose the results before it.
            print_results(results, about)
            sys.stdout.write(f"{state_folder() / 'bench.json'}\n")


if __name__ == "__main__":
    configure_logging("console", service="bench")
    # An application in this process tells of each of its requests.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    uvloop.run(main())
