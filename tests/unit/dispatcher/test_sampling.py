"""Who is asked by a survey that asks only some."""

from math import sqrt
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from support.invitations import an_invitation

from services.dispatcher.decisions.contacts import ContactKey
from services.dispatcher.decisions.sampling import is_sampled, is_still_sampled, sampling_key

KEY = sampling_key("a secret of the tests")
SURVEY = UUID(int=1)
percents = st.integers(1, 100)


def a_contact(name: str, tenant: str = "havnbo") -> ContactKey:
    return ContactKey(tenant, f"c-{name}", name)


@given(name=st.text(min_size=1, max_size=20), one=percents, other=percents)
def test_a_higher_percent_only_adds_people(name: str, one: int, other: int) -> None:
    contact = a_contact(name)
    few, many = (is_sampled(KEY, contact, SURVEY, percent) for percent in sorted((one, other)))
    assert few <= many
    assert is_sampled(KEY, contact, SURVEY, 100)


@given(name=st.text(min_size=1, max_size=20), percent=percents)
def test_a_contact_is_sampled_alike_under_whatever_id(name: str, percent: int) -> None:
    under_another_id = ContactKey("havnbo", "another", name)
    assert is_sampled(KEY, a_contact(name), SURVEY, percent) is is_sampled(
        KEY, under_another_id, SURVEY, percent
    )


@given(
    name=st.text(min_size=1, max_size=20), drawn_by=st.none() | percents, now=percents, beyond=st.booleans()
)
def test_a_mail_that_waits_is_drawn_anew_by_a_lower_percent_alone(
    name: str, drawn_by: int | None, now: int, beyond: bool
) -> None:
    contact = a_contact(name)
    invitation = an_invitation("kim", drawn_percent=drawn_by, beyond_draw=beyond)
    found = is_still_sampled(KEY, contact, SURVEY, now, "address", invitation)
    if drawn_by is None and not beyond:
        assert found  # of a wave, or a test
    elif now >= (100 if beyond else drawn_by or 0):
        assert found
    else:
        assert found is is_sampled(KEY, contact, SURVEY, now)


@given(id_=st.text(min_size=1, max_size=9), one=st.none() | st.text(min_size=1, max_size=9), percent=percents)
def test_a_person_is_drawn_alike_under_whatever_address_unless_ids_are_shared(
    id_: str, one: str | None, percent: int
) -> None:
    def drawn(address: str | None, **changes: Any) -> bool:
        contact = ContactKey("havnbo", id_, address)._replace(**changes)
        return is_sampled(KEY, contact, SURVEY, percent, "person")

    assert drawn(one) is drawn("another") is drawn(None)
    shared = ContactKey("havnbo", id_, "another", id_is_shared=True)
    assert is_sampled(KEY, shared, SURVEY, percent, "person") is is_sampled(KEY, shared, SURVEY, percent)


def test_the_share_of_10000_contacts_is_within_the_bounds_of_chance() -> None:
    contacts = [a_contact(f"{number}") for number in range(10_000)]
    for percent in (1, 10, 30, 50, 99):
        n = sum(is_sampled(KEY, contact, SURVEY, percent) for contact in contacts)
        share = percent / 100
        assert abs(n - 10_000 * share) < 4 * sqrt(10_000 * share * (1 - share)), percent


def test_two_surveys_two_companies_and_two_secrets_draw_independently() -> None:
    names = [f"{number}" for number in range(10_000)]
    first = [is_sampled(KEY, a_contact(name), SURVEY, 30) for name in names]
    others = (
        [is_sampled(KEY, a_contact(name), UUID(int=2), 30) for name in names],
        [is_sampled(KEY, a_contact(name, "another"), SURVEY, 30) for name in names],
        [is_sampled(sampling_key("another secret"), a_contact(name), SURVEY, 30) for name in names],
    )
    for other in others:
        both = sum(a and b for a, b in zip(first, other, strict=True))
        assert abs(both - 900) < 4 * sqrt(10_000 * 0.09 * 0.91)
