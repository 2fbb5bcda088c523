"""A survey's form: whatever is typed comes down to values that the JSON door judges."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.dispatcher.surveys.draft_fields import DEFAULTS, NUMBERS
from services.dispatcher.surveys.forms import DraftForm
from services.dispatcher.surveys.schemas import SurveyBody
from shared.values.messages import Message

names = st.sampled_from([*DEFAULTS, "version", "en.intro", "xx.subject", "en.follow_up.passive", ".", "x"])


@given(typed=st.dictionaries(names, st.text(max_size=30) | st.sampled_from(["9" * 5_000, "²", "-1", "1e9"])))
def test_whatever_is_typed_is_a_survey_or_faults_beside_its_fields(typed: dict[str, str]) -> None:
    form = DraftForm({**DEFAULTS, "name": "x", "trigger": "x.y", **typed})
    assert form.seen is None or form.seen >= 0
    judged = form
    try:
        SurveyBody.model_validate(form.values())
    except ValidationError as error:
        judged = form.with_faults(error)
    assert judged is form or judged.faults


@pytest.mark.parametrize("name", [*NUMBERS, "delay", "version"])
def test_digits_without_end_are_a_fault_and_no_error(name: str) -> None:
    form = DraftForm({**DEFAULTS, "name": "x", "trigger": "x.y", name: "9" * 5_000})
    assert form.seen is None
    if name != "version":
        with pytest.raises(ValidationError) as refused:
            SurveyBody.model_validate(form.values())
        assert name in json.dumps([fault["loc"] for fault in refused.value.errors()])


@pytest.mark.parametrize(
    ("typed", "faults", "stands_out"),
    [
        ({}, {}, False),
        ({"link_days": " 30 "}, {}, False),
        ({"link_days": "31"}, {}, True),
        ({"link_days": ""}, {}, True),
        ({}, {"link_days": "x"}, True),
    ],
)
def test_what_is_as_in_a_new_survey_and_without_fault_is_folded(
    typed: dict[str, str], faults: dict[str, Message | str], stands_out: bool
) -> None:
    assert DraftForm({**DEFAULTS, **typed}, faults).stands_out("link_days") == stands_out
    assert not DraftForm({}).stands_out("link_days"), "a page that was open before posts none"
