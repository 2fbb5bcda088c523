import pytest

from services.scorer.access import BadSegment, allows, name_of, segment_of


@pytest.mark.parametrize(
    "segment", ["touchpoint:checkout", "organisation:north/sales", "store:a%3Ab%2Fc%25", "store:Århus ☕"]
)
def test_a_segment_is_read_as_it_is_written(segment):
    assert segment_of(segment) == segment


def test_a_segment_is_read_in_the_form_in_which_it_is_kept():
    assert segment_of("store: A\u030arhus\u00a0 C ") == "store:Århus C"


@pytest.mark.parametrize("company", [None, ""])
def test_no_segment_is_the_company(company):
    assert segment_of(company) == ""


@pytest.mark.parametrize(
    "wrong",
    ["checkout", ":x", "x:", "a:b:c", "store:a/b", "a/b:c", "store:%", "store:%41", "store:" + "x" * 2_000],
)
def test_what_no_segment_could_be_called_is_refused(wrong):
    with pytest.raises(BadSegment):
        segment_of(wrong)


def test_a_level_of_the_organisation_covers_what_lies_below_it_and_nothing_beside():
    own = ["organisation:north"]
    assert allows(own, "organisation:north")
    assert allows(own, "organisation:north/sales")
    assert not allows(own, "organisation:northern")
    assert not allows(own, "organisation:south")
    assert not allows(own, "touchpoint:checkout")
    assert not allows(own, "")
    assert allows([], "")


def test_a_name_is_shown_as_it_was_sent():
    assert name_of("store:a%3Ab%2Fc%25") == "a:b/c%"
    assert name_of("organisation:north/sales") == "north / sales"
