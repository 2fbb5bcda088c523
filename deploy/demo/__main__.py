"""`python -m deploy.demo` runs the simulation in a running local stack; with `fetch` it loads data only."""

import sys

from deploy.demo import data
from deploy.local.logfile import print_line


def main() -> None:
    """Download the data, then run until SIGTERM."""
    try:
        data.fetch(print_line)
    except data.FetchError as error:
        sys.exit(str(error))
    if sys.argv[1:] == ["fetch"]:
        print_line(f"The demo's data are in {data.DATA_FOLDER}")
        return
    from deploy.demo.simulation import run_simulation  # noqa: PLC0415  (`fetch` needs no settings)
    from shared import runtime  # noqa: PLC0415

    runtime.run(run_simulation)


if __name__ == "__main__":
    main()
