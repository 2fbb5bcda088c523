"""The forms of the case page: whatever they carry is an action or a fault."""

from typing import Any, get_args
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.alerts.cases.domain.closing import CASE_OUTCOMES, CONTACT_METHODS
from services.alerts.cases.forms import CaseForm
from shared.values.causes import CAUSES

ACTS = get_args(CaseForm.model_fields["act"].annotation)
NAMES = sorted(set(CaseForm.model_fields) - {"act", "version"})
likely = st.sampled_from(
    [
        "",
        "2026-12-01",
        "481516",
        "yes",
        "no",
        " ",
        "x",
        "x" * 6_000,
        *CONTACT_METHODS,
        *CASE_OUTCOMES,
        *CAUSES,
    ]
)


@given(
    act=st.sampled_from(ACTS),
    fields=st.dictionaries(st.sampled_from(NAMES), likely | st.text(max_size=30)),
    version=st.none() | st.integers(-(10**20), 10**20),
)
def test_a_form_without_faults_is_an_action(act: str, fields: dict[str, str], version: int | None) -> None:
    told: dict[str, Any] = {"act": act, "version": version, **fields}
    faulty: set[object] = set()
    try:
        form = CaseForm.model_validate(told)
    except ValidationError as refused:
        form, faulty = None, {fault["loc"] for fault in refused.errors()}
    if form is None:
        assert faulty == {("version",)}
        assert version is not None
        assert not 0 <= version < 2**63
    else:
        assert form.faults() or form.read(ZoneInfo("Europe/Copenhagen"), uuid4()).act == act


@pytest.mark.parametrize("version", ["-1", str(2**63), "9" * 5_000, "²", "1.5"])
def test_a_version_that_no_case_has_is_refused(version: str) -> None:
    with pytest.raises(ValidationError):
        CaseForm.model_validate({"act": "take", "version": version})
