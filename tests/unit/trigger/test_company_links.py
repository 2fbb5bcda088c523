"""Links to the export of a company: signed by us, and for some days."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from itsdangerous import URLSafeTimedSerializer

from services.trigger.company_links import EXPORT_LINK_DAYS, CompanyExportLinks
from shared.ids import uuid7
from shared.secrets import derive

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
SECRET = "s" * 40


def links(at: datetime) -> CompanyExportLinks:
    return CompanyExportLinks(SECRET, lambda: at)


def test_a_link_holds_for_its_days_and_no_longer() -> None:
    series = uuid7()
    token = links(NOW).sign("acme", series)
    end = NOW + timedelta(days=EXPORT_LINK_DAYS)
    assert links(end - timedelta(seconds=1)).read(token) == ("acme", series)
    assert links(end).read(token) is None


def test_a_link_of_before_the_update_holds_for_its_days_too() -> None:
    key, options = derive(SECRET, "company export"), {"digest_method": sha256, "key_derivation": "hmac"}
    earlier = URLSafeTimedSerializer(key, salt="afterword.company-export", signer_kwargs=options)
    series, end = uuid7(), NOW + timedelta(days=EXPORT_LINK_DAYS)
    token = str(earlier.dumps(["acme", series.hex, int(end.timestamp())]))
    assert links(end - timedelta(seconds=1)).read(token) == ("acme", series)
    assert links(end).read(token) is None
    assert links(NOW).read(f"{token}x") is None
    assert links(NOW).read(str(earlier.dumps(["acme", int(end.timestamp())]))) is None  # without a series


def test_what_we_did_not_sign_is_no_link() -> None:
    token = links(NOW).sign("acme", uuid7())
    foreign = CompanyExportLinks("x" * 40, lambda: NOW).sign("acme", uuid7())
    stamped = str(URLSafeTimedSerializer(SECRET, salt="afterword.company-export").dumps(["acme"]))
    for wrong in ("", "x", "ø", token[:-1], token + "x", "x" + token, foreign, stamped, token * 9):
        assert links(NOW).read(wrong) is None, wrong


def test_the_end_of_a_link_is_said_once() -> None:
    assert links(NOW).sign("acme", uuid7()).count(".") == 1, "a time of signing beside the end says nothing"
