"""Rows of the form of contacts: nothing that was typed vanishes, and a row is taken away by its name."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatcher.contact_policies.counter_rows import COUNTER_ROWS
from services.dispatcher.contact_policies.country_rows import COUNTRY_ROWS, with_recommended
from services.dispatcher.contact_policies.domain import CompanyPolicy
from services.dispatcher.contact_policies.form_rows import FormRows
from services.dispatcher.contact_policies.forms import PolicyForm, form_of
from services.dispatcher.contact_policies.recommended_countries import RECOMMENDED_COUNTRIES
from shared.events import ContactRules, CounterEvent, CountryRule, DeclaredBasis

ALL_ROWS = [COUNTER_ROWS, COUNTRY_ROWS]
POLICY = CompanyPolicy(
    ContactRules(
        counter_events=(
            CounterEvent(event_type="refund", effect="cancel", scope="customer"),
            CounterEvent(event_type="complaint", effect="hold", scope="customer", hold_hours=72),
        ),
        countries=(
            CountryRule(country="DK", needs="neutral", incentives=False, max_age_days=9),
            CountryRule(country="*", needs="nothing", declared=DeclaredBasis(wording="They are told so.")),
        ),
    ),
    3,
)
STORED = form_of(POLICY).fields


@pytest.mark.parametrize("rows", ALL_ROWS, ids=["counter", "country"])
@given(data=st.data())
def test_a_row_is_one_exactly_when_something_in_it_is_not_as_in_an_empty_one(
    rows: FormRows[Any], data: st.DataObject
) -> None:
    empty = rows.typed_of(None)
    parts = data.draw(st.dictionaries(st.sampled_from(list(empty)), st.sampled_from(["", " ", "x", "3"])))
    for part in rows.choices:
        if part in parts:
            parts[part] = data.draw(st.sampled_from(list(rows.choices[part])))
    fields = {rows.name(2, part): value for part, value in parts.items()}
    differs = any(value.strip() != empty[part] for part, value in parts.items())
    assert list(rows.filled(fields)) == ([2] if differs else [])
    assert len(rows.bodies(fields)) == differs


def emptied(**typed: str) -> Mapping[str, str]:
    return PolicyForm({**STORED, **typed}).completed(POLICY).fields


@pytest.mark.parametrize(
    ("rows", "number"), [(COUNTER_ROWS, 1), (COUNTER_ROWS, 2), (COUNTRY_ROWS, 1), (COUNTRY_ROWS, 2)]
)
def test_a_row_whose_name_alone_was_emptied_is_taken_away(rows: FormRows[Any], number: int) -> None:
    key = rows.name(number, rows.key)
    assert list(rows.filled(emptied(**{key: " "}))) == [3 - number]
    text = next(part for part in ("age", "hold") if part in rows.labels)
    changed = emptied(**{key: "", rows.name(number, text): "77"})
    assert list(rows.filled(changed)) == [1, 2]
    older = PolicyForm({**STORED, "version": "2", key: ""}).completed(POLICY)
    assert list(rows.filled(older.fields)) == [1, 2]


def test_the_recommended_rules_take_away_no_text_of_a_row_without_a_country() -> None:
    typed = {COUNTRY_ROWS.name(3, "wording"): "They are all told at the order."}
    fields = with_recommended({**STORED, **typed}, RECOMMENDED_COUNTRIES)
    last = COUNTRY_ROWS.bodies(fields)[-1]
    assert (last["country"], last["declared"]) == ("", {"wording": "They are all told at the order."})
    assert len(COUNTRY_ROWS.bodies(fields)) == len(RECOMMENDED_COUNTRIES) + 1
