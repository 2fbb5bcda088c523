"""What the pages of benchmarks send, read as the API's body. What is wrong is said beside its field."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.scorer.benchmarks.domain import Benchmark
from services.scorer.benchmarks.schemas import BenchmarkBody
from shared.http.form_texts import day_of
from shared.http.validation_errors import FieldFault
from shared.pages.language import spoken

EACH_PREFIX = "each:"
"""Before a dimension among the choices of what a benchmark is about."""
FIELDS = ("name", "source", "link", "score", "n", "first", "last", "measurement", "about")
EMPTY_FORM = dict.fromkeys(FIELDS, "") | {"measurement": "transactional"}


def body_of(form: Mapping[str, str]) -> BenchmarkBody:
    """The benchmark that a form describes.

    :raises ValidationError: for what is wrong with it.
    """
    given = {name: form.get(name, "").strip() for name in FIELDS}
    about, values = given.pop("about"), dict[str, Any](given)
    values["score"] = _number(given["score"].replace("\N{MINUS SIGN}", "-").replace(",", "."), float)
    values["n"] = _number(given["n"], int) if given["n"] else None
    for name in ("first", "last"):
        day = day_of(given[name])
        values[name] = day if day is not None else given[name] or (None if name == "first" else "")
    side = "dimension" if about.startswith(EACH_PREFIX) else "segment"
    values[side] = about.removeprefix(EACH_PREFIX)
    return BenchmarkBody.model_validate(values)


def _number(typed: str, kind: type[int | float]) -> Any:
    """What was typed as a number; as it stands where it is none, so that it is refused in words."""
    try:
        return kind(typed)
    except ValueError:
        return typed


def form_of(benchmark: Benchmark) -> dict[str, str]:
    """A benchmark as a form shows it."""
    return {
        "name": benchmark.name,
        "source": benchmark.source,
        "link": benchmark.link or "",
        "score": f"{benchmark.score:g}",
        "n": "" if benchmark.n is None else str(benchmark.n),
        "first": "" if benchmark.first is None else benchmark.first.isoformat(),
        "last": benchmark.last.isoformat(),
        "measurement": benchmark.measurement,
        "about": f"{EACH_PREFIX}{benchmark.dimension}" if benchmark.dimension else benchmark.segment,
    }


def faults_by_field(found: Iterable[FieldFault]) -> dict[str, str]:
    """What is refused, by the field of the form."""
    fields = ((fault["field"].strip("/").partition("/")[0], fault["detail"]) for fault in found)
    return {"about" if name in {"segment", "dimension"} else name: spoken(detail) for name, detail in fields}
