"""Whom an erasure means, and where a text names a customer."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services import SERVICES
from services.command import service
from services.dispatcher.decisions.erased_names import CustomerNames, is_named_in, kept_source_id
from services.dispatcher.erasures.domain import (
    CustomerNotFound,
    ErasureScope,
    NamedCustomer,
    NotOneCustomer,
    Sought,
    scope_of,
)
from shared.permissions import ERASE_SCOPE, SCOPES, STARTER_SCOPES
from shared.privacy.erased import CONFIRMING_SERVICES


def test_the_services_that_confirm_are_those_that_store_something_of_customers() -> None:
    assert set(CONFIRMING_SERVICES) == {name for name in SERVICES if service(name).personal_data is not None}


def test_a_new_companys_key_cannot_erase() -> None:
    assert ERASE_SCOPE in SCOPES
    assert ERASE_SCOPE not in STARTER_SCOPES


def named(
    person: str = "p", *, addresses: int = 1, contact: bool = False, phone: tuple[str, ...] = ()
) -> NamedCustomer:
    return NamedCustomer(person, f"id of {person}", addresses, person == "p", contact, phone)


class TestScope:
    def test_an_id_is_the_whole_person_under_however_many_addresses(self) -> None:
        assert scope_of(Sought(person="p"), [named(addresses=3)]) == ErasureScope("p")

    def test_an_address_of_one_customer_without_another_is_the_whole_person(self) -> None:
        assert scope_of(Sought(contact="a"), [named(contact=True)]) == ErasureScope("p")

    def test_a_phone_number_of_one_customer_without_an_address_is_the_whole_person(self) -> None:
        assert scope_of(Sought(phone="n"), [named(addresses=0, phone=("",))]) == ErasureScope("p")

    def test_an_address_of_several_customers_asks_which(self) -> None:
        several = [named("p", contact=True), named("q", contact=True)]
        with pytest.raises(NotOneCustomer) as asks:
            scope_of(Sought(contact="a"), several)
        assert asks.value.customers == several

    def test_an_address_of_a_customer_with_others_asks_which(self) -> None:
        with pytest.raises(NotOneCustomer):
            scope_of(Sought(contact="a"), [named(addresses=2, contact=True)])

    def test_id_and_address_are_that_address_only_where_the_id_has_several(self) -> None:
        both = Sought(person="p", contact="a")
        assert scope_of(both, [named(addresses=2, contact=True)]) == ErasureScope("p", "a")
        assert scope_of(both, [named(contact=True), named("q", contact=True)]) == ErasureScope("p")

    def test_id_and_number_are_the_one_address_that_came_with_the_number(self) -> None:
        both = Sought(person="p", phone="n")
        assert scope_of(both, [named(addresses=2, phone=("a",))]) == ErasureScope("p", "a")
        for unclear in (("a", "b"), ("",)):
            with pytest.raises(NotOneCustomer):
                scope_of(both, [named(addresses=2, phone=unclear)])

    def test_an_id_of_nobody_is_the_address_that_was_given_with_it(self) -> None:
        for addresses in (1, 2):
            guest = named(addresses=addresses, contact=True, phone=("",))._replace(is_shared=True)
            assert scope_of(Sought(person="p", contact="a"), [guest]) == ErasureScope("p", "a")
            with pytest.raises(NotOneCustomer):
                scope_of(Sought(person="p", phone="n"), [guest])

    def test_of_ids_that_differ_in_form_alone_the_one_that_was_given_is_meant(self) -> None:
        forms = [named("p"), named("q")._replace(has_id=True)]
        assert scope_of(Sought(person="p"), forms) == ErasureScope("p")
        assert scope_of(Sought(person="r"), forms[1:]) == ErasureScope("q")
        with pytest.raises(NotOneCustomer):
            scope_of(Sought(person="r"), forms)

    def test_names_of_two_customers_are_nobodys_together(self) -> None:
        with pytest.raises(CustomerNotFound) as nobody:
            scope_of(Sought(person="p", contact="a"), [named("p"), named("q", contact=True)])
        assert nobody.value.together

    def test_a_name_that_nobody_has_is_unknown(self) -> None:
        with pytest.raises(CustomerNotFound) as nobody:
            scope_of(Sought(person="p", contact="a"), [named("p")])
        assert not nobody.value.together

    @given(
        st.builds(Sought, *[st.none() | st.sampled_from("abc")] * 3).filter(any),
        st.lists(
            st.builds(
                NamedCustomer,
                st.sampled_from("abc"),
                st.just("id"),
                st.integers(0, 3),
                st.booleans(),
                st.booleans(),
                st.lists(st.sampled_from(["", "a", "b"]), unique=True),
                st.booleans(),
            ),
            max_size=3,
            unique_by=lambda customer: customer.person,
        ),
    )
    def test_nobody_is_erased_who_lacks_one_of_the_names(
        self, sought: Sought, customers: list[NamedCustomer]
    ) -> None:
        try:
            scope = scope_of(sought, customers)
        except (CustomerNotFound, NotOneCustomer):
            return
        fitting = [each for each in customers if each.fits(sought)]
        (meant,) = [each for each in fitting if each.person == sought.person] or fitting
        assert scope.person == meant.person
        if scope.contact is None:
            assert not meant.is_shared
        elif not meant.is_shared:
            assert meant.addresses > 1
            assert sought.person is not None


class TestNames:
    @pytest.mark.parametrize(
        ("text", "names"),
        [
            ("order c-17", CustomerNames(ids=["c-17"])),
            ("order-C-17/2", CustomerNames(ids=["c-17"])),
            ("x4711abcx", CustomerNames(ids=["4711abc"])),
            ("asked by KIM@example.com", CustomerNames(emails=["kim@example.com"])),
            ("asked by kim@EXAMPLE.com.", CustomerNames(emails=["Kim@example.com"])),
            ("called from 12 34 56 78", CustomerNames(phones=["+4512345678"])),
            ("called from +45 12345678", CustomerNames(phones=["+45 12 34 56 78"])),
            ("asked by mrs whitfield", CustomerNames(names=["Kim Whitfield"])),
            ("Kim asked", CustomerNames(names=["Kim Whitfield"])),
            ("from jo\u0308rg-17", CustomerNames(ids=["j\u00f6rg-17 "])),
        ],
    )
    def test_are_found_however_they_are_written(self, text: str, names: CustomerNames) -> None:
        assert is_named_in(text, names)

    @pytest.mark.parametrize(
        ("text", "names"),
        [
            ("order-1742", CustomerNames(ids=["17"])),
            ("asked by letter", CustomerNames(ids=["a"])),
            ("asked on 3 May 2026", CustomerNames(phones=["+4512345678"])),
            ("anything", CustomerNames(ids=[" "])),
            ("the customer will tell by post", CustomerNames(names=["The Will Post", "J. Al"])),
            ("anything", CustomerNames()),
        ],
    )
    def test_are_not_taken_for_a_part_of_another_word(self, text: str, names: CustomerNames) -> None:
        assert not is_named_in(text, names)

    def test_in_a_back_ends_id_are_replaced_by_our_id(self) -> None:
        ours = UUID(int=7)
        assert kept_source_id("order-1", ours, CustomerNames(ids=["c-1"])) == "order-1"
        assert kept_source_id("order-c-1", ours, CustomerNames(ids=["c-1"])) == str(ours)
        assert kept_source_id("kim@example.com/1", ours, CustomerNames()) == str(ours)
