import pytest

from services.scorer.access import BadSegmentAddress, SegmentAccess, parse_segment, segment_value
from shared.events import People, is_person


@pytest.mark.parametrize(
    "segment", ["touchpoint:checkout", "organisation:north/sales", "store:a%3Ab%2Fc%25", "store:Århus ☕"]
)
def test_a_segment_is_read_as_it_is_written(segment: str) -> None:
    assert parse_segment(segment) == segment


def test_a_segment_is_read_in_the_form_in_which_it_is_kept() -> None:
    assert parse_segment("store: A\u030arhus\u00a0 C ") == "store:Århus C"


@pytest.mark.parametrize("company", [None, ""])
def test_no_segment_is_the_company(company: str | None) -> None:
    assert parse_segment(company) == ""


@pytest.mark.parametrize(
    "wrong",
    ["checkout", ":x", "x:", "a:b:c", "store:a/b", "a/b:c", "store:%", "store:%41", "store:" + "x" * 2_000],
)
def test_what_no_segment_could_be_called_is_refused(wrong: str) -> None:
    with pytest.raises(BadSegmentAddress):
        parse_segment(wrong)


def test_a_level_of_the_organisation_covers_what_lies_below_it_and_nothing_beside() -> None:
    allows = SegmentAccess(People(), "leader", ("organisation:north",)).allows
    assert allows("organisation:north")
    assert allows("organisation:north/sales")
    assert not allows("organisation:northern")
    assert not allows("organisation:south")
    assert not allows("touchpoint:checkout")
    assert not allows("")
    assert SegmentAccess(People(), "leader").allows("")


def test_a_name_is_shown_as_it_was_sent() -> None:
    assert segment_value("store:a%3Ab%2Fc%25") == "a:b/c%"
    assert segment_value("organisation:north/sales") == "north / sales"


PEOPLE = (
    "agent:ida", "Agent:ida", "handled_by:ida", "Handled by:ida", "handledBy:ida", "agent_id:7", "agent name:x",
    "employee:7", "Medarbejder:7", "sælger:7", "medewerker:7", "sales rep:7",
    "organisation:service/chat/ida", "organisation:service/chat/ida/7",
)  # fmt: skip
NO_PEOPLE = (
    "",
    "store:ida",
    "touchpoint:agent",
    "organisation:service/chat",
    "organisation:ida",
    "product:x",
)


@pytest.mark.parametrize("segment", PEOPLE)
def test_what_is_named_like_a_person_or_lies_so_low_stands_for_one_until_the_company_decides_otherwise(
    segment: str,
) -> None:
    assert is_person(People(), segment)


@pytest.mark.parametrize("segment", NO_PEOPLE)
def test_what_is_no_person_is_none(segment: str) -> None:
    assert not is_person(People(), segment)


def test_a_company_decides_which_dimension_and_which_level_names_people() -> None:
    people = People(dimensions=("tuner: a/b",), level=2)
    assert is_person(people, "tuner%3A a%2Fb:x")
    assert is_person(people, "organisation:service/ida")
    assert not is_person(people, "organisation:service")
    assert not is_person(People(level=0), "organisation:a/b/c/d")


IDA = "organisation:service/chat/ida"
READERS = [
    ("the person", "agent", (IDA,), True),
    ("their leader", "leader", ("organisation:service/chat",), True),
    ("the leader's leader", "leader", ("organisation:service",), True),
    ("a leader of all", "leader", (), True),
    ("another leader", "leader", ("organisation:shops",), False),
    ("another person", "agent", ("organisation:service/chat/bo",), False),
    ("a colleague of the department", "agent", ("organisation:service/chat",), False),
    ("an agent of all", "agent", (), False),
    ("an administrator", "admin", (), False),
    ("an analyst", "analyst", (), False),
    ("a program", None, (), False),
]


@pytest.mark.parametrize(("who", "role", "own", "may"), READERS, ids=[reader[0] for reader in READERS])
def test_a_persons_score_is_nobodys_until_it_is_allowed_and_then_theirs_and_their_leaders(
    who: str, role: str | None, own: tuple[str, ...], may: bool
) -> None:
    assert not SegmentAccess(People(), role, own).allows(IDA), who
    assert SegmentAccess(People(shown=True), role, own).allows(IDA) is may, who
