"""Lines above the names of the columns are passed over only where that is sure: else the first line has the names."""

import io
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.dispatcher.imports.tables import open_file

SEPARATORS = [",", ";", "\t"]


def names_of(content: str) -> list[str]:
    return open_file(io.BytesIO(content.encode())).names


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (
            "score;answered_at;comment\n9;2026-03-01;Fast, friendly, cheap, and the staff were kind\n",
            ["score", "answered_at", "comment"],
        ),
        ("customer_id;comment\nanna;Great, fast, and kind\n", ["customer_id", "comment"]),
        (
            'customer_id;comment\nanna;"Great, fast; and kind, and cheap"\nbo;"Slow, and, well, rude"\n',
            ["customer_id", "comment"],
        ),
        ("customer_id\tcomment\nanna\tGreat, fast, and kind; cheap, too\n", ["customer_id", "comment"]),
        ("name,,,\nAnna,Copenhagen,Gold,yes\nBo,Aarhus,Silver,no\n", ["name"]),
        ("customer_id\nc-1,left in March\nc-2,left in May\n", ["customer_id"]),
        ("customer_tier,,,\nemail,phone,Gold,yes\nk@example.com,20123456,Silver,no\n", ["customer_tier"]),
        ("Remark,,,\nmail,mobile,Gold,yes\nphone,mail,Silver,no\n", ["Remark"]),
        ("Remark,,\nmail,phone,yes\nmail,phone,2026-01-01\n", ["Remark"]),
        ("Remark,,\nemail,score,date\nk@example.com,9\n", ["Remark"]),
        ("Remark,,\nemail,score,date\n", ["Remark"]),
        ('"Fast, or friendly";email\n9;k@example.com\n', ["Fast, or friendly", "email"]),
        ("navn;;;\nAnna;by;dato;mail\nBo;Aarhus;1;b@example.com\n", ["navn"]),
    ],
)
def test_the_first_line_of_an_ordinary_file_has_the_names(content: str, names: list[str]) -> None:
    assert names_of(content) == names


@pytest.mark.parametrize(
    ("content", "names", "first"),
    [
        (
            'Our customers, and when they left\nid;email;comment\nc-1;k@example.com;"Slow,\nrude, and dear"\n',
            ["id", "email", "comment"],
            3,
        ),
        (
            "Export of May;;;\nWho;;What;\nid;email;score;date\nc-1;k@example.com;9;2026-01-01\n",
            ["id", "email", "score", "date"],
            4,
        ),
        (
            "Kunder i maj\t\t\nkundenr\te-post\ttelefon\n7\tk@example.com\t20123456\n",
            ["kundenr", "e-post", "telefon"],
            3,
        ),
        (
            'Export of May\nid;email;comment\nc-1;k@example.com;"'
            + "so\n" * 40
            + '"\nc-2;b@example.com;fine\n',
            ["id", "email", "comment"],
            3,
        ),
        (
            'Export of May\nid;email;comment\nc-1;k@example.com;fine\nc-2;b@example.com;"'
            + "so\n" * 200
            + '"\n',
            ["id", "email", "comment"],
            3,
        ),
        (
            'Export of May\nid;email;comment\nc-1;k@example.com;fine\nc-2;b@example.com;"open\nc-3;a;b;c\n',
            ["id", "email", "comment"],
            3,
        ),
    ],
)
def test_a_title_above_known_names_and_rows_as_wide_is_passed_over(
    content: str, names: list[str], first: int
) -> None:
    table = open_file(io.BytesIO(content.encode()))
    assert (table.names, next(table.rows).number) == (names, first)


words = st.sampled_from(
    [
        "anna",
        "Gold",
        "yes",
        "mail",
        "phone",
        "email",
        "score",
        "c-1",
        "k@example.com",
        "9",
        "2026-03-01",
        "left in March",
        "",
    ]
)
sentences = st.lists(st.sampled_from(["fast", "kind", "9", "mail"]), min_size=2, max_size=7).map(", ".join)
columns = st.sampled_from(
    [
        "name",
        "customer_id",
        "email",
        "score",
        "comment",
        "kundenr",
        "klantnummer",
        "dato",
        "customer_tier",
        "segments.shop",
        "",
    ]
)


@settings(max_examples=300)
@given(
    separator=st.sampled_from(SEPARATORS),
    header=st.lists(columns, min_size=1, max_size=5).filter(any),
    rows=st.lists(
        st.lists(st.one_of(words, sentences), min_size=1, max_size=5).filter(any), min_size=1, max_size=8
    ),
    quoted=st.booleans(),
)
@example(separator=";", header=["customer_id", "comment"], rows=[["anna", "fast, kind, mail"]], quoted=False)
def test_no_file_without_headings_loses_its_names(
    separator: str, header: list[str], rows: list[list[str]], quoted: bool
) -> None:
    def written(cells: list[str]) -> str:
        plain = [f'"{cell}"' if separator in cell or (quoted and "," in cell) else cell for cell in cells]
        return separator.join(plain)

    padded = [*header, *[""] * (max(map(len, rows)) - len(header))]
    for line in (header, padded):
        found = names_of("\n".join([written(line), *map(written, rows)]) + "\n")
        given_names = [name for name in found if not re.fullmatch(r"Column \d+", name)]
        said = [re.sub(r" \(\d+\)$", "", name) for name in given_names]
        assert said == [name for name in header if name]
