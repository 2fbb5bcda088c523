"""`python -m deploy.demo` lives in a local stack that is up; with `fetch` it only fetches its data."""

import sys

from deploy.demo import data


def tell(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


def main() -> None:
    try:
        data.fetch(tell)
    except data.FetchError as error:
        sys.exit(str(error))
    if sys.argv[1:] == ["fetch"]:
        tell(f"The demo's data are in {data.DATA_FOLDER}")
        return
    from deploy.demo.simulation import run_simulation  # noqa: PLC0415  (who only fetches needs no settings)
    from shared import runtime  # noqa: PLC0415

    runtime.run(run_simulation)


if __name__ == "__main__":
    main()
