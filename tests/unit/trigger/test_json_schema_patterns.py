"""Patterns of JSON Schemas from outside: whatever they are, a record costs a bounded time."""

import random
import time
from typing import Any

import pytest

from services.trigger.sources.json_schema import MAX_PATTERN_COST, MAX_PATTERNS, JsonSchema
from services.trigger.sources.schema_faults import BadSchema

ORDINARY = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"},
        "email": {"type": "string", "pattern": r"^[^@\s]+@[^@\s]+\.[^@\s]+$"},
        "name": {"type": "string", "pattern": "^.{1,255}$"},
        "country": {"type": "string", "pattern": "^[A-Z]{2}$"},
    },
}
MAX_SECONDS = 10.0
"""Of the slowest record on a busy machine; without the bound the first pattern below takes minutes."""


def of_string(pattern: str) -> dict[str, Any]:
    return {"type": "object", "properties": {"text": {"type": "string", "pattern": pattern}}}


@pytest.mark.parametrize("pattern", ["(?:a{0,200}){0,200}b", "(a?){0,5000}a{5000}", "(", "(?=a)b"])
def test_a_pattern_that_is_too_large_or_none_in_linear_time_is_refused_with_its_schema(pattern: str) -> None:
    for schema in (of_string(pattern), {"patternProperties": {pattern: True}}):
        with pytest.raises(BadSchema):
            JsonSchema(schema)


@pytest.mark.parametrize(
    "pattern", ["[ab]*a[ab]{900}c", "(?:a{0,60}){0,30}c", "(?:[ab]{0,50}){0,30}c", "(a+)+$b", "(?:a|a)*c"]
)
def test_the_longest_record_that_is_looked_at_costs_a_bounded_time(pattern: str) -> None:
    schema = JsonSchema(of_string(pattern))
    chosen = random.Random(7)
    length = min(400_000, MAX_PATTERN_COST // schema._patterns_kib - 20)
    began = time.process_time()
    for text in ("a" * length, "".join(chosen.choice("ab") for _ in range(length))):
        with pytest.raises(ValueError, match=r"does not fit|too long"):
            schema.decode(b'{"text": "%s"}' % text.encode())
    assert time.process_time() - began < MAX_SECONDS
    longer = b'{"text": "%s"}' % (b"a" * (MAX_PATTERN_COST // schema._patterns_kib + 1))
    with pytest.raises(ValueError, match="too long for so large patterns"):
        schema.decode(longer)


def test_patterns_of_every_day_take_records_of_every_day() -> None:
    schema = JsonSchema(ORDINARY)
    record = b'{"id": "01234567-89ab-cdef-0123-456789abcdef", "email": "kim@example.com", "name": "Kim", "x": "%s"}'
    assert schema.decode(record % (b"y" * 8_000))["name"] == "Kim"
    with pytest.raises(ValueError, match="does not fit"):
        schema.decode(b'{"email": "nobody"}')


def test_a_pattern_counts_where_it_is_used_and_there_are_only_so_many() -> None:
    shared = {"$defs": {"t": {"type": "string", "pattern": "^a+$"}}}
    once = JsonSchema({**shared, "properties": {"a": {"$ref": "#/$defs/t"}}})
    twice = JsonSchema({**shared, "properties": {name: {"$ref": "#/$defs/t"} for name in "ab"}})
    assert twice._patterns_kib == 2 * once._patterns_kib
    with pytest.raises(BadSchema, match="more than 200 patterns"):
        JsonSchema({"properties": {f"p{n}": {"pattern": f"^{n}$"} for n in range(MAX_PATTERNS + 1)}})
