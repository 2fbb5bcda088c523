"""How a document is written as a table, and how PostgreSQL keeps a password."""

import base64
import hashlib
import hmac
from datetime import date

import pytest
from pydantic import BaseModel, Field

from services.scorer.bi.domain import is_role, new_role, scram_verifier
from services.scorer.bi.role_repository import as_superuser
from services.scorer.exports.domain import columns_of, table_of
from shared.values.csv_files import cell_of


class Part(BaseModel):
    name: str
    n: int


class Ends(BaseModel):
    low: float
    high: float


class Document(BaseModel):
    from_: date = Field(serialization_alias="from")
    counts: list[int]
    margin: Ends | None
    names: list[str]
    parts: list[Part]
    only: Part | None


DOCUMENT = Document(
    from_=date(2026, 11, 1),
    counts=list(range(11)),
    margin=None,
    names=["=a", "b"],
    parts=[Part(name="=1+1", n=-1), Part(name="x", n=2)],
    only=None,
)


def test_a_document_is_a_row_and_each_part_of_a_section_one_more() -> None:
    names, whole, first, second = table_of(DOCUMENT, ("parts", "only"))
    assert names == [
        *("of", "from", *(f"score_{score}" for score in range(11)), "margin_low", "margin_high", "names"),
        *("name", "n"),
    ]
    assert whole == ["all", "2026-11-01", *map(str, range(11)), "", "", "'=a; b", "", ""]
    assert [first[0], *first[-2:]] == ["parts", "'=1+1", "-1"]
    assert second == ["parts", *[""] * 15, "x", "2"]


def test_the_columns_come_from_the_class_alone() -> None:
    same = [column.name for column in columns_of(Document)]
    (names, _) = table_of(DOCUMENT)
    (others, row) = table_of(DOCUMENT.model_copy(update={"margin": Ends(low=-1.5, high=2)}))
    assert names == others == same
    assert dict(zip(others, row, strict=True))["margin_low"] == "-1.5"


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (True, "true"),
        (-1.25, "-1.25"),
        ("-1", "'-1"),
        ({"da": "x", "en": "y"}, "da: x; en: y"),
        (["=a", "b"], "'=a; b"),
        (date(2026, 11, 1), "2026-11-01"),
    ],
)
def test_a_text_like_a_formula_stands_behind_an_apostrophe_and_a_number_does_not(
    value: object, cell: str
) -> None:
    assert cell_of(value) == cell


def test_a_verifier_is_what_a_server_checks_the_password_by() -> None:
    """As a server does (RFC 5802): the proof of a client leads back to the key that is stored."""
    kind, rest = scram_verifier("geheim", b"0123456789abcdef").split("$", 1)
    (iterations, salt), (stored, server) = (part.split(":") for part in rest.split("$"))
    assert (kind, iterations, base64.b64decode(salt)) == ("SCRAM-SHA-256", "4096", b"0123456789abcdef")
    salted = hashlib.pbkdf2_hmac("sha256", b"geheim", base64.b64decode(salt), 4096)
    key = hmac.digest(salted, b"Client Key", "sha256")
    assert base64.b64decode(stored) == hashlib.sha256(key).digest()
    assert base64.b64decode(server) == hmac.digest(salted, b"Server Key", "sha256")


def test_names_of_roles_tell_of_no_company_and_need_no_quoting() -> None:
    made = {new_role().role for _ in range(20)}
    assert len(made) == 20
    assert all(map(is_role, made))
    assert not any(map(is_role, ("bi_acme", "postgres", "bi_0123456789ab; DROP ROLE x", "bi_0123456789abc")))
    assert as_superuser("postgresql+asyncpg://scorer:a@db:5432/scorer", "p@/w") == (
        "postgresql://postgres:p%40%2Fw@db:5432/scorer"
    )
