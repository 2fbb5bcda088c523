"""Tables of those who are never asked: what is read of them, row by row."""

import io
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.http_clients import SECRET

from services.dispatcher.csv_tables import BadTable
from services.dispatcher.suppressions.csv_rows import SuppressionFault, SuppressionRow, faults_of, read_rows
from services.dispatcher.suppressions.import_commands import batches, named
from shared.secrets import customer_hash
from shared.values.csv_cells import plain_cell, safe_cell

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
HASH = "ab" * 32


def read(table: str) -> list[SuppressionRow | SuppressionFault]:
    return list(read_rows(io.StringIO(table, newline=""), NOW, frozenset({"walk in"})))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_row_is_read_whatever_separates_and_ends_it(separator: str, end: str) -> None:
    rows = [
        ["\ufeffemail", "customer_id", "reason", "since"],
        [" Kim@Example.com ", "", "Unsubscribed", "2026-03-02"],
        ["", '"c-1"', "", "2026-03-02T09:00:00+02:00"],
        ["", "", "", ""],
        ["bo@example.com", "'=c-2", "listed", ""],
    ]
    found = read(end.join(separator.join(row) for row in rows))
    assert found == [
        SuppressionRow(2, "Kim@Example.com", "", "", "unsubscribed", datetime(2026, 3, 2, tzinfo=UTC)),
        SuppressionRow(3, "", "c-1", "", "listed", datetime(2026, 3, 2, 7, tzinfo=UTC)),
        SuppressionRow(5, "bo@example.com", "=c-2", "", "listed", None),
    ]


def test_a_phone_number_is_read_in_any_notation_and_one_without_a_country_is_of_the_companys() -> None:
    table = "phone;reason\n+45 20 12 34 56;unsubscribed\n20123456;\n0045 20-12-34-56;\n12;\n"
    found = list(read_rows(io.StringIO(table, newline=""), NOW, frozenset(), "DK"))
    good, bad = found[:3], found[3]
    assert [(row.phone, row.reason) for row in good if isinstance(row, SuppressionRow)] == [
        ("+4520123456", "unsubscribed"),
        ("+4520123456", "listed"),
        ("+4520123456", "listed"),
    ]
    assert isinstance(bad, SuppressionFault)
    assert bad.column == "phone"
    abroad = read("phone\n20123456\n")
    assert [type(row) for row in abroad] == [SuppressionFault]


@pytest.mark.parametrize(
    ("country", "number", "phone"),
    [
        ("", "20123456", "+4520123456"),
        ("", "0176 12345678", None),  # of Germany; possible in Denmark, too
        ("DE", "0176 12345678", "+4917612345678"),
        ("germany", "0176 12345678", "+4917612345678"),
        ("NL", "06 12345678", "+31612345678"),
        ("", "12345678", None),  # as long as one of Denmark, and none
        ("", "+45 12 34 56 78", "+4512345678"),
        ("", "0045 20 12 34 56", "+4520123456"),
        ("US", "555 0123", None),  # within a town alone
        ("", "+1 555 0123", None),
        ("US", "(212) 555-0123", "+12125550123"),
        ("", "4520123456", "+4520123456"),
    ],
)
def test_a_number_in_national_form_counts_where_it_is_one_of_its_country_for_sure(
    country: str, number: str, phone: str | None
) -> None:
    table = f"phone;country\n{number};{country}\n"
    (row,) = read_rows(io.StringIO(table, newline=""), NOW, frozenset(), "DK")
    assert (row.phone if isinstance(row, SuppressionRow) else None) == phone
    if isinstance(row, SuppressionFault):
        assert (row.column, "might be somebody else's" in str(row.detail)) == ("phone", True)


def test_a_country_that_is_none_is_a_fault_of_its_column() -> None:
    (row,) = read("phone,country\n+4520123456,Atlantis\n")
    assert isinstance(row, SuppressionFault)
    assert row.column == "country"


@pytest.mark.parametrize("other", ["", "c-1"])
def test_a_bounce_is_of_an_address_and_never_of_a_number(other: str) -> None:
    number, address = read(f"phone,customer_id,reason\n+4520123456,{other},bounced\n,c-2,bounced\n")
    assert isinstance(number, SuppressionFault)
    assert (number.column, "Give the address in a row of its own" in str(number.detail)) == ("reason", True)
    assert isinstance(address, SuppressionRow)


@pytest.mark.parametrize("phone", ["+4520123456", "12", ""])
@pytest.mark.parametrize("address", ["kim@example.com,", f",{HASH}"])
def test_a_bounce_with_an_address_and_a_number_is_of_the_address(address: str, phone: str) -> None:
    table = f"email,address_hash,phone,reason\n{address},{phone},bounced\n"
    email, hashed = address.split(",")
    assert read(table) == [SuppressionRow(2, email, "", hashed, "bounced", None)]


@pytest.mark.parametrize(
    ("row", "kept", "column"),
    [
        ("kim@example.com,12,,,", ("kim@example.com", "", "", ""), "phone"),
        ("kim@example.com,,Atlantis,,", ("kim@example.com", "", "", ""), "country"),
        ("kim@example.com,20123456,Atlantis,,", ("kim@example.com", "", "", ""), "country"),
        ("kim,+4520123456,,,", ("", "+4520123456", "", ""), "email"),
        ("kim,,,c-1,", ("", "", "c-1", ""), "email"),
        ("kim@example.com,,,Walk In,", ("kim@example.com", "", "", ""), "customer_id"),
        (f",12,,,{HASH}", ("", "", "", HASH), "phone"),
        ("kim@example.com,,,,abc", ("kim@example.com", "", "", ""), "address_hash"),
    ],
)
def test_a_cell_that_names_nobody_takes_no_other_of_its_row_from_the_list(
    row: str, kept: tuple[str, str, str, str], column: str
) -> None:
    (found,) = read(f"email,phone,country,customer_id,address_hash,reason\n{row},unsubscribed\n")
    assert isinstance(found, SuppressionRow)
    assert (found.email, found.phone, found.customer_id, found.address_hash) == kept
    assert found.left_out is not None
    assert (found.left_out.number, found.left_out.column) == (2, column)
    assert faults_of([found]) == [found.left_out]


def test_a_row_lists_its_address_and_its_number() -> None:
    (row,) = read("email,phone\nkim@example.com,+45 20 12 34 56\n")
    assert isinstance(row, SuppressionRow)
    (hashed,) = named(SECRET, "acme", [row])
    assert hashed.addresses == (
        customer_hash(SECRET, "acme", "kim@example.com"),
        customer_hash(SECRET, "acme", "+4520123456"),
    )


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (",,,,", None),
        (",,,listed,", ""),
        ("kim,,,,", "email"),
        ("kim@localhost,,,,", "email"),
        (f",{'x' * 201},,,", "customer_id"),
        (",guest,,,", "customer_id"),
        (",Walk In,,,", "customer_id"),
        (",c\0,,,", "customer_id"),
        (",,abc,,", "address_hash"),
        (f",,{HASH.upper()},,", "address_hash"),
        (",c-1,,gone,", "reason"),
        (",c-1,,erased,", "reason"),
        (",c-1,,,yesterday", "since"),
        (",c-1,,,2026-03-02T09:00:00", "since"),
        (",c-1,,,2026-02-30", "since"),
        (",c-1,,,0001-01-01T00:00:00+14:00", "since"),
        (",c-1,,,2026-11-29T13:00:00Z", "since"),
        (",c-1,,,,further", ""),
    ],
)
def test_a_bad_row_names_its_column_and_harms_no_other(row: str, column: str | None) -> None:
    found = read(f"email,customer_id,address_hash,reason,since\n,c-0,,,\n{row}\n,,{HASH},,\n")
    assert [type(each) for each in (found[0], found[-1])] == [SuppressionRow, SuppressionRow]
    faults = [(each.number, each.column) for each in found if isinstance(each, SuppressionFault)]
    assert faults == ([] if column is None else [(3, column)])


@pytest.mark.parametrize(
    "table", ["", "name\nKim", "email,email\na@example.com,", "reason,since\nlisted,", "a;b"]
)
def test_a_table_without_its_columns_is_none(table: str) -> None:
    with pytest.raises(BadTable):
        read(table)


@pytest.mark.parametrize(
    "table",
    [
        "Customer_ID,EMAIL\nc-1,\nc-2,\n", "customer_id;email;;\nc-1;;;\n;;;\nc-2;;;\n", "\ufeff\r\nsep=;\r\ncustomer_id;email\r\nc-1;\r\nc-2;",
        '"sep=,"\ncustomer_id\nc-1\nc-2', "customer_id\temail\r\rc-1\t\rc-2\t",
    ],
)  # fmt: skip
def test_a_table_is_read_as_spreadsheets_write_it(table: str) -> None:
    assert [row.customer_id for row in read(table) if isinstance(row, SuppressionRow)] == ["c-1", "c-2"]
    assert not [row for row in read(table) if isinstance(row, SuppressionFault)]


def test_a_line_break_of_another_kind_in_a_cell_ends_no_row() -> None:
    (row,) = read("customer_id,email\nc\u2028\x0b1,\n")
    assert isinstance(row, SuppressionRow)
    assert row.customer_id.startswith("c")


def test_a_cell_that_is_too_long_is_said_to_be_and_all_other_rows_are_kept() -> None:
    found = read("customer_id\nc-1\n" + "c" * 140_000 + "\nc-3\n")
    assert [type(each) for each in found] == [SuppressionRow, SuppressionFault, SuppressionRow]
    assert (found[1].number, "131,072" in str(found[1].detail)) == (3, True)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "behind", ["c-4\n" * 40_000, 'c-4\nc-5"\n', ""], ids=["never", "far below", "at once"]
)
def test_a_quote_that_is_not_closed_costs_no_row_behind_it(behind: str) -> None:
    found = read('customer_id\nc-1\n"c-2\nc-3\n' + behind)
    faults = [(each.number, str(each.detail)) for each in found if isinstance(each, SuppressionFault)]
    assert faults == [(3, "A quote is not closed. Save the table as CSV once more.")]
    assert len(found) == 3 + behind.count("\n")


def test_two_ids_in_one_pair_of_quotes_are_no_id() -> None:
    assert [type(each) for each in read('customer_id\n"c-1\nc-2"\n')] == [SuppressionFault, SuppressionRow]


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20))
def test_a_cell_is_no_formula_and_is_read_as_it_was(text: str) -> None:
    assert plain_cell(safe_cell(text)) == text
    assert not safe_cell(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_many_rows_of_any_kind_need_no_more_memory_than_a_thousand() -> None:
    def lines() -> Iterator[str]:
        yield "email,customer_id,since\n"
        for number in range(21_000):
            yield f"{'no' if number % 9 == 0 else f'c-{number}@example.com'},,{'never' if number % 7 == 0 else ''}\n"

    taken = refused = 0
    tracemalloc.start()
    for part in batches(read_rows(lines(), NOW), 1_000):
        refused += sum(isinstance(each, SuppressionFault) for each in part)
        taken += sum(isinstance(each, SuppressionRow) for each in part)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (taken, refused) == (16_000, 5_000)
    assert most < 3_000_000


def test_an_address_is_kept_by_its_hash_and_a_hash_as_it_is() -> None:
    rows = [
        each
        for each in read(f"email,address_hash\nKIM@example.com,\n,{HASH}\n")
        if isinstance(each, SuppressionRow)
    ]
    assert [each.addresses[0] for each in named(SECRET, "havnbo", rows)] == [
        customer_hash(SECRET, "havnbo", "kim@example.com"),
        HASH,
    ]
