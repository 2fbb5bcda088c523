"""Files as people and systems save them: encodings, separators, headers, quotes, and what is wrong with single rows."""

import codecs
import io
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatcher.csv_records import Row, rows_of_lines
from services.dispatcher.csv_tables import BadTable
from services.dispatcher.imports.decoding import MAX_LINE_CHARACTERS, find_encoding
from services.dispatcher.imports.domain import MAX_PART_BYTES, MAX_ROWS_PER_PART
from services.dispatcher.imports.fields import Kind
from services.dispatcher.imports.items import FaultyRow, Item, ItemReader
from services.dispatcher.imports.mapping import Mapping, column_of, guess_mapping, mapping_faults
from services.dispatcher.imports.tables import FileTable, clean_cell, open_file
from services.dispatcher.imports.uploads import encode_row, parts_of, rows_of_part
from shared.values.messages import message

TEXT = "Navn;Børn\r\nSøren;2\r\n"


def read(content: bytes | str) -> FileTable:
    return open_file(io.BytesIO(content.encode() if isinstance(content, str) else content))


def cells(content: bytes | str) -> list[list[str]]:
    return [row.cells for row in read(content).rows]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (codecs.BOM_UTF8 + TEXT.encode(), "utf-8"),
        (TEXT.encode("cp1252"), "cp1252"),
        (TEXT.encode("utf-16"), "utf-16"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16"),
        (TEXT.encode("utf-32"), "utf-32"),
    ],
)
def test_a_file_is_read_in_whatever_encoding_it_was_saved(content: bytes, encoding: str) -> None:
    table = read(content)
    assert (table.encoding, table.separator, table.names) == (encoding, ";", ["Navn", "Børn"])
    assert [row.cells for row in table.rows] == [["Søren", "2"]]


def test_the_encoding_is_found_by_the_whole_file_not_by_its_beginning() -> None:
    content = b"a,b\n" + b"x,1\n" * 50_000 + "ø,1\n".encode("cp1252")
    assert find_encoding(io.BytesIO(content)) == "cp1252"
    split = b"a\n" + b"x" * (32 * 1024 - 3) + "ø".encode()  # a character on the border of two pieces
    assert find_encoding(io.BytesIO(split)) == "utf-8"


def test_a_broken_byte_is_a_fault_of_its_cell_and_changes_no_other_one() -> None:
    rows = [f"9,2026-01-01,k{n}@example.com,Søren".encode() for n in range(40_000)]
    rows[30_000] = rows[30_000].replace(b"k3", b"\xffk3")
    table = read(b"\n".join([b"s,t,e,shop", *rows]))
    assert table.encoding == "utf-8"
    by = reader("answers", NAMES, **ANSWER)
    items = [by.read(row) for row in table.rows]
    assert [(each.number, each.column) for each in items if isinstance(each, FaultyRow)] == [(30_002, "e")]
    shops = {each.content["segments"]["shop"] for each in items if isinstance(each, Item)}
    assert (len(items), shops) == (40_000, {"Søren"})


def test_a_character_that_another_system_could_not_read_is_utf8() -> None:
    assert find_encoding(io.BytesIO("a\nS\ufffdren\n".encode())) == "utf-8"


@pytest.mark.parametrize("text", ["Søren", "Søren Ærø Åse", "naïve café", "Ã¸ dør"])
def test_a_file_of_windows_stays_one(text: str) -> None:
    table = read(f"a,b\n1,{text}\n".encode("cp1252"))
    assert (table.encoding, [row.cells for row in table.rows]) == ("cp1252", [["1", text]])


@pytest.mark.parametrize(
    ("content", "names", "rows"),
    [
        ("sep=;\r\na;b\r\n1;2\r\n", ["a", "b"], [["1", "2"]]),
        ('"sep=\t"\r\na\tb\r\n1\t2\r\n', ["a", "b"], [["1", "2"]]),
        ("a,,c\n1,2,3\n", ["a", "Column 2", "c"], [["1", "2", "3"]]),
        ("a,a,a\n1,2,3\n", ["a", "a (2)", "a (3)"], [["1", "2", "3"]]),
        ("a,b,,\n1,2,,\n", ["a", "b"], [["1", "2", "", ""]]),
        ("\n\na,b\n1\n\n , \n1,2,3\n,,\n", ["a", "b"], [["1"], ["1", "2", "3"]]),
        ('a,"b\r\nc"\r\n1,"2\r\n3"\r\n', ["a", "b c"], [["1", "2\n3"]]),
        ("a,b\r1,2\r3,4", ["a", "b"], [["1", "2"], ["3", "4"]]),
        ('a,b\n1,"2, ""3"""', ["a", "b"], [["1", '2, "3"']]),
    ],
)
def test_headers_and_rows_are_read_as_they_are_in_real_life(
    content: str, names: list[str], rows: list[list[str]]
) -> None:
    assert read(content).names == names
    assert cells(content) == rows


@pytest.mark.parametrize(
    ("content", "names", "first"),
    [
        ("Customers of May,,\n\nid,email,city\nc-1,k@example.com,Aarhus\n", ["id", "email", "city"], 4),
        ("Customers\nid;email;city\nc-1;k@example.com;Aarhus\n", ["id", "email", "city"], 3),
        (
            "Who,,Where,\nid,email,city,land\nc-1,k@example.com,Aarhus,DK\n",
            ["id", "email", "city", "land"],
            3,
        ),
        ("id,,\nc-1,k@example.com,Aarhus\n", ["id"], 2),
        ("id,,city\nKim,x,Aarhus\n", ["id", "Column 2", "city"], 2),
        ("email\nk@example.com\n", ["email"], 2),
        ("sep=;\nid;email\nc-1;k@example.com\n", ["id", "email"], 2),
    ],
)
def test_titles_and_merged_headings_above_the_names_are_no_names(
    content: str, names: list[str], first: int
) -> None:
    table = read(content.encode())
    assert table.names == names
    row = next(table.rows)
    assert (row.number, "k@example.com" in row.cells or "Kim" in row.cells) == (first, True)


@given(st.lists(st.text(alphabet='ab1,;"\t \n', max_size=12), max_size=8))
def test_whatever_stands_above_no_line_of_words_is_lost(lines: list[str]) -> None:
    content = "\n".join([*lines, "id,email,city", "c-1,k@example.com,Aarhus"]) + "\n"
    try:
        table = read(content.encode())
    except BadTable:
        return
    assert any("Aarhus" in cell for row in table.rows for cell in row.cells) or "Aarhus" in table.names


def test_a_row_that_is_no_row_costs_no_other_one() -> None:
    rows = list(read('a,b\n1,2\n"3"x,4\n5,6\n').rows)
    assert [(row.number, row.cells) for row in rows if row.remedy is None] == [
        (2, ["1", "2"]),
        (4, ["5", "6"]),
    ]
    (bad,) = [row for row in rows if row.remedy is not None]
    assert (bad.number, str(bad.remedy)) == (3, "A quote is not closed. Save the table as CSV once more.")


def customers(count: int, **lines: str) -> list[str]:
    """The lines of a file of customers, some of them replaced by their numbers."""
    given_lines = [f"c-{n};c{n}@example.com;DK" for n in range(count)]
    for place, line in lines.items():
        given_lines[int(place.removeprefix("at_"))] = line
    return ["Customer ID;E-mail;Land", *given_lines]


@pytest.mark.parametrize(
    "closing",
    [{}, {"at_70": 'c-70;c70@example.com";DK'}, {"at_70": 'c-70";c70@example.com;DK'}],
    ids=["never closed", "closed far below", "closed far below in another column"],
)
def test_a_quote_that_is_not_closed_costs_no_row_behind_it(closing: dict[str, str]) -> None:
    lines = customers(6_000, at_9='c-9;"c9@example.com;DK', **closing)
    found = list(read("\n".join(lines)).rows)
    assert [row.number for row in found] == list(range(2, 6_002))
    (bad,) = [row for row in found if row.remedy is not None]
    assert (bad.number, bad.cells) == (11, ["c-9", "c9@example.com", "DK"]), "it can be mended"


@pytest.mark.parametrize(
    ("line", "cells_of_it"),
    [
        ('1;"my 12" tv";x', ["1", 'my 12" tv', "x"]),
        ('1;"a"b;x', ["1", '"a"b', "x"]),
        ('1;"open;"x ""y"""', ["1", 'open;"x "y"']),
        ('"', [""]),
    ],
)
def test_a_row_whose_quotes_do_not_fit_keeps_the_text_of_its_cells(line: str, cells_of_it: list[str]) -> None:
    bad, other = read(f"a;b;c\n{line}\n2;fine;y\n").rows
    assert bad.remedy is not None
    assert (bad.cells, other.cells, other.remedy) == (cells_of_it, ["2", "fine", "y"], None)


@pytest.mark.parametrize(
    "cell",
    ["Fast, friendly\nand cheap", "One\n\nTwo, three\n4 stars", 'Says ""no"",\n""never""', "a@b.dk\nx"],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_text_with_line_breaks_in_quotes_is_one_cell(cell: str, place: int) -> None:
    def line(row: list[str]) -> str:
        return ",".join(row) + "\n"

    around = ["7", "2026-03-02"]
    row = [*around[:place], f'"{cell}"', *around[place:]]
    above = [*around[:place], "fine", *around[place:]]
    found = list(read(line(["a", "b", "c"]) + line(above) + line(row) + line(above)).rows)
    text = cell.replace('""', '"')
    assert [row.cells for row in found] == [above, [*around[:place], text, *around[place:]], above]
    assert [row.remedy for row in found] == [None] * 3


def test_a_text_with_separators_that_is_never_closed_swallows_nothing() -> None:
    lines = [f"{n},fine,2026-01-02,k{n}@example.com" for n in range(40)]
    lines[3] = '3,"Fast, cheap, and,2026-01-02,k3@example.com'
    lines[9] = '9,tv 12",2026-01-02,k9@example.com'
    rows = list(read("\n".join(["id,comment,date,email", *lines])).rows)
    assert [row.number for row in rows if row.remedy is not None] == [5]
    assert len(rows) == 40


def test_rows_of_words_alone_are_not_swallowed_either() -> None:
    rows = list(read('a;b\n"kim;gold\nlee;gold\nann;gold\nida;gold\nbo;gold"\njo;gold\n').rows)
    assert [row.remedy is None for row in rows] == [False, True, True, True, True, True]


def test_a_file_of_nothing_but_stray_quotes_is_read_in_bounded_time_and_to_its_end() -> None:
    rows = list(read("a,b,c,d,e\n" + '1,9,tv 12",x,"\n' * 60_000 + "1,9,tv,x,y\n").rows)
    assert (len(rows), rows[-1].cells) == (60_001, ["1", "9", "tv", "x", "y"])


@given(st.text(st.sampled_from('",;\nab1 @'), max_size=60))
def test_no_line_is_lost_whatever_its_quotes(text: str) -> None:
    found = list(rows_of_lines(iter(text.splitlines(keepends=True)), ","))
    kept = "".join(cell for row in found for cell in row.cells)
    for character in "ab1@;":
        assert kept.count(character) == text.count(character)


@pytest.mark.parametrize(
    "content", ["", "\n\n", ",,,\n1,2", "kim@example.com,9\n", ",".join(f"c{n}" for n in range(201))]
)
def test_a_file_without_names_of_columns_is_refused(content: str) -> None:
    with pytest.raises(BadTable):
        read(content)


def test_a_line_without_an_end_is_refused_and_never_gathered() -> None:
    for rows_before in (0, 100):
        content = "a,b\n" + "1,2\n" * rows_before + "1," + "x" * 2 * MAX_LINE_CHARACTERS
        with pytest.raises(BadTable):
            list(read(content).rows)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("'=1+1", "=1+1"),
        ('="00123"', "00123"),
        ('=HYPERLINK("http://x")', '=HYPERLINK("http://x")'),
        ("'tis", "'tis"),
        ("  a ", "a"),
    ],
)
def test_a_cell_loses_only_what_a_spreadsheet_put_around_it(cell: str, text: str) -> None:
    assert clean_cell(cell) == text


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=4), max_size=40))
def test_rows_come_out_of_their_parts_as_they_went_in(rows: list[list[str]]) -> None:
    given_rows = [Row(number, each) for number, each in enumerate(rows, 2)]
    found = [
        row
        for part in parts_of(FileTable("utf-8", ",", [], iter(given_rows)))
        for row in rows_of_part(part.content)
    ]
    assert found == given_rows


def test_parts_are_bounded_and_a_remedy_is_kept_with_its_facts() -> None:
    wide, many = [Row(n, ["x" * 50_000]) for n in range(20)], [Row(n, ["x"]) for n in range(1_100)]
    for rows, count in ((wide, 7), (many, 3)):
        parts = list(parts_of(FileTable("utf-8", ",", [], iter(rows))))
        assert (len(parts), [part.number for part in parts]) == (count, list(range(count)))
        assert all(part.rows <= MAX_ROWS_PER_PART for part in parts)
        assert all(len(part.content) <= MAX_PART_BYTES + 2 + MAX_ROWS_PER_PART for part in parts)
    remedy = message("More than %(most)s.", most=message("%(n)s row", "%(n)s rows", n=3))
    (row,) = rows_of_part(b"[" + encode_row(Row(7, [], remedy)) + b"]")
    assert (row.number, str(row.remedy)) == (7, "More than 3 rows.")


def reader(kind: Kind, names: list[str], **mapping: Any) -> ItemReader:
    return ItemReader(kind, Mapping(**mapping), names, ZoneInfo("Europe/Copenhagen"))


ANSWER: dict[str, Any] = {
    "fields": {"score": "s", "answered_at": "t", "customer.email": "e", "segments.shop": "shop"}
}
NAMES = ["s", "t", "e", "shop"]


def test_a_row_becomes_what_the_api_takes_and_has_the_id_of_its_content() -> None:
    read_by = reader("answers", NAMES, **ANSWER, dates="dmy", decimal="comma")
    item = read_by.read(Row(2, ["9,0", "31.12.2026 kl", "", ""]))
    assert isinstance(item, FaultyRow)
    item = read_by.read(Row(2, ["9,0", "31.12.2026 23:30", "kim@example.com", "Nord"]))
    assert isinstance(item, Item)
    assert {**item.content, "id": ""} == {
        "id": "",
        "score": 9,
        "answered_at": "2026-12-31T22:30:00+00:00",
        "customer": {"email": "kim@example.com"},
        "segments": {"shop": "Nord"},
    }
    again = read_by.read(Row(9, [" 9,0", " 31.12.2026 23:30", "kim@example.com", "Nord", "", ""]))
    other = read_by.read(Row(2, ["9,0", "31.12.2026 23:30", "kim@example.com", "Syd"]))
    assert isinstance(again, Item)
    assert isinstance(other, Item)
    assert again.content["id"] == item.content["id"] != other.content["id"]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (["", "2026-01-01", "", ""], "s"),
        (["11", "2026-01-01", "", ""], "s"),
        (["9,5", "2026-01-01", "", ""], "s"),
        (["nine", "2026-01-01", "", ""], "s"),
        (["9", "", "", ""], "t"),
        (["9", "31/02/2026", "", ""], "t"),
        (["9", "2026-02-30", "", ""], "t"),
        (["9", "01/02/26", "", ""], "t"),
        (["9"], "t"),
        (["9", "2026-01-01", "a\ufffdb", ""], "e"),
        (["9", "2026-01-01", "", "", "more"], ""),
    ],
)
def test_a_faulty_cell_is_named_by_row_and_column(row: list[str], column: str) -> None:
    fault = reader("answers", NAMES, **ANSWER, dates="dmy", decimal="comma").read(Row(5, row))
    assert isinstance(fault, FaultyRow)
    assert (fault.number, fault.column) == (5, column)
    assert str(fault.remedy)


def test_nul_and_broken_bytes_are_faults_of_their_cells() -> None:
    table = read(b"s,t,e,shop\n9,2026-01-01,a\0b,x\n")
    fault = reader("answers", NAMES, **ANSWER).read(next(table.rows))
    assert isinstance(fault, FaultyRow)
    assert fault.column == "e"


def test_numbers_of_events_are_json_numbers_and_identifiers_stay_texts() -> None:
    mapping = {
        "fields": {
            "numbers.total": "Total",
            "attributes.order_id": "Order",
            "occurred_at": "When",
            "organisation": "Org",
        },
        "values": {"type": "order.delivered"},
        "decimal": "comma",
    }
    item = reader("events", ["Total", "Order", "When", "Org"], **mapping).read(
        Row(2, ["1.234,50", "00123", "2026-01-01T00:00:00-05:00", "north / sales"])
    )
    assert isinstance(item, Item)
    assert b'"attributes":{"total":1234.50,"order_id":"00123"}' in msgspec.json.encode(item.content)
    assert item.content["organisation"] == ["north", "sales"]
    assert item.content["occurred_at"] == "2026-01-01T05:00:00+00:00"


@pytest.mark.parametrize(
    ("kind", "columns", "fields"),
    [
        (
            "customers",
            ["Customer ID", "E-mail", "Land"],
            {"id": "Customer ID", "email": "E-mail", "country": "Land"},
        ),
        (
            "answers",
            ["NPS", "Dato", "email", "segments.store"],
            {
                "score": "NPS",
                "answered_at": "Dato",
                "customer.email": "email",
                "segments.store": "segments.store",
            },
        ),
        ("suppressions", ["Email", "afterword_row", "x"], {"email": "Email"}),
    ],
)
def test_columns_are_guessed_by_their_names(kind: Kind, columns: list[str], fields: dict[str, str]) -> None:
    assert guess_mapping(kind, columns, [], None).fields == fields


def test_the_mapping_of_before_is_taken_where_the_file_has_its_columns() -> None:
    before = Mapping(fields={"email": "A"}, dates="mdy")
    assert guess_mapping("suppressions", ["A", "B"], [], before) == before
    assert guess_mapping("suppressions", ["email"], [["1/31/2026"]], before) == Mapping(
        fields={"email": "email"}, dates="mdy"
    )


@pytest.mark.parametrize(
    "mapping",
    [
        {"fields": {"score": "s"}},
        {"fields": {**ANSWER["fields"], "score": "gone"}},
        {"fields": {**ANSWER["fields"], "salary": "s"}},
        {"fields": {**ANSWER["fields"], "segments.": "s"}},
        {**ANSWER, "values": {"score": "9"}},
        {**ANSWER, "time_zone": "Mars/Olympus"},
    ],
)
def test_a_mapping_that_cannot_hold_is_refused(mapping: dict[str, Any]) -> None:
    assert mapping_faults("answers", Mapping(**mapping), NAMES)
    assert mapping_faults("answers", Mapping(**ANSWER), NAMES) == []


def test_a_fault_of_the_api_is_found_in_its_column() -> None:
    mapping = Mapping(
        fields={"segments.a/b": "x", "numbers.total": "y", "customer.email": "z", "basis.kind": "b"}
    )
    for place, column in (
        ("/segments/a~1b", "x"),
        ("/attributes/total", "y"),
        ("/customer/email", "z"),
        ("/basis/kind", "b"),
        ("/organisation/0", ""),
        ("/", ""),
    ):
        assert column_of(mapping, place) == column
