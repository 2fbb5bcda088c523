"""Colours that can be read, on light pages and on dark ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.values.colours import DARK_PAGE, LIGHT_PAGE, MIN_CONTRAST, Accent, colour_of, contrast, darkened

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#767676", "#ffffff", 4.54)],
)
def test_contrast_is_that_of_the_guideline(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005)
    assert contrast(other, one) == contrast(one, other)


@given(COLOURS)
def test_whatever_the_colour_its_shade_can_be_read_on_light_pages_and_its_tint_on_dark_ones(
    colour: str,
) -> None:
    shade = darkened(colour)
    assert contrast(shade, LIGHT_PAGE) >= MIN_CONTRAST
    assert contrast(Accent.of(shade).dark, DARK_PAGE) >= MIN_CONTRAST
    assert darkened(shade) == shade
    if contrast(colour, LIGHT_PAGE) >= MIN_CONTRAST:
        assert shade == colour


@pytest.mark.parametrize(
    ("typed", "colour"),
    [(" 0A5A6C ", "#0a5a6c"), ("#fc0", "#ffcc00"), ("#0a5a6", None), ("petrol", None), ("", None)],
)
def test_a_colour_has_one_form_however_it_is_typed(typed: str, colour: str | None) -> None:
    assert colour_of(typed) == colour
