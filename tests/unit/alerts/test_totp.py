"""Codes of an app are those of RFC 6238, count once, and let a clock differ by one step."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.staff.recovery_codes import CODES, code_digest, new_codes
from services.alerts.staff.totp import (
    DRIFT_STEPS,
    STEP_S,
    code_of,
    key_address,
    key_text,
    matching_step,
    new_key,
)

RFC_KEY = b"12345678901234567890"
KEY = b"0123456789abcdefghij"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ],
)
def test_the_codes_are_those_of_appendix_b(seconds: int, code: str) -> None:
    assert code_of(RFC_KEY, seconds // STEP_S, digits=8) == code
    assert code_of(RFC_KEY, seconds // STEP_S) == code[-6:]


@given(step=st.integers(100, 10**9), offset=st.integers(-3, 3), within=st.floats(0, STEP_S, exclude_max=True))
def test_a_code_counts_one_step_before_and_after_its_own(step: int, offset: int, within: float) -> None:
    found = matching_step(
        KEY, code_of(KEY, step), seconds=(step + offset) * STEP_S + min(within, 29.9), last_step=0
    )
    others = {
        code_of(KEY, step + offset + drift)
        for drift in range(-DRIFT_STEPS, DRIFT_STEPS + 1)
        if drift != -offset
    }
    if code_of(KEY, step) not in others:  # of a million codes two may be the same
        assert found == (step if abs(offset) <= DRIFT_STEPS else None)


@given(last=st.integers(97, 103))
def test_no_code_counts_again_nor_one_from_before_it(last: int) -> None:
    for step in (99, 100, 101):
        found = matching_step(KEY, code_of(KEY, step), seconds=100 * STEP_S, last_step=last)
        assert found == (step if step > last else None)


@given(code=st.text(max_size=12))
def test_what_is_no_code_is_none(code: str) -> None:
    if code not in {code_of(KEY, step) for step in (99, 100, 101)}:
        assert matching_step(KEY, code, seconds=100 * STEP_S, last_step=0) is None


def test_an_app_reads_the_key_with_its_account() -> None:
    address = key_address(RFC_KEY, "anna@example.com")
    assert address.startswith("otpauth://totp/Afterword:anna%40example.com?")
    assert "secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" in address
    assert "issuer=Afterword" in address
    assert key_text(RFC_KEY).replace(" ", "") in address
    assert new_key() != new_key()


def test_recovery_codes_are_ten_and_read_however_they_are_typed() -> None:
    codes = new_codes()
    assert len(set(codes)) == CODES
    for code in codes:
        typed = code.upper().replace("-", " ")
        assert code_digest("s", "havnbo", 1, typed) == code_digest("s", "havnbo", 1, code)
        assert code_digest("s", "havnbo", 2, code) != code_digest("s", "havnbo", 1, code)
        assert code_digest("s", "other", 1, code) != code_digest("s", "havnbo", 1, code)
