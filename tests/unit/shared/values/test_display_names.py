"""What staff read in place of codes, and for how long."""

from shared.pages.filters import dimension_name, segment_name, touchpoint_name
from shared.values.display_names import showing_names

NAMES = {
    "organisation": "Region",
    "organisation:north": "North region",
    "organisation:north/sales": "Sales desk",
    "touchpoint:check%20out": "The till",
}


def test_each_level_of_a_path_has_the_name_that_it_was_given_and_only_there() -> None:
    with showing_names(NAMES):
        assert segment_name("organisation:north/sales") == "North region / Sales desk"
        assert segment_name("organisation:north/care") == "North region / Care"
        assert segment_name("organisation:south") == "South"
        assert dimension_name("organisation") == "Region"
        assert touchpoint_name("delivery") == "delivery"
    assert segment_name("organisation:north/sales") == "North / Sales"
    assert segment_name("") == ""
