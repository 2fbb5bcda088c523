"""Which keys a company's event carries."""

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.trigger import key_list
from shared.events import TENANTS, KeyDigest, Tenant
from shared.limits import MAX_EVENT_BYTES
from shared.permissions import SCOPES

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
LONG_AGO = NOW - key_list.ENDED_KEY_RETENTION - timedelta(seconds=1)


def a_key(
    number: int, name: str = "shop", expires_at: datetime | None = None, revoked_at: datetime | None = None
) -> KeyDigest:
    return KeyDigest(
        id=f"{number:032x}",
        name=name,
        digest="0" * 64,
        scopes=SCOPES,
        source=name,
        expires_at=expires_at,
        revoked_at=revoked_at,
    )


moments = st.sampled_from([None, NOW - timedelta(days=1), LONG_AGO, NOW, NOW + timedelta(days=1)])
keys = st.lists(
    st.builds(a_key, st.integers(0, 2**128 - 1), st.sampled_from(["s", "ø" * 200]), moments, moments),
    max_size=40,
    unique_by=lambda key: key.id,
)


@given(keys)
def test_every_live_key_is_published_and_none_that_ended_long_ago(known: list[KeyDigest]) -> None:
    published = key_list.keys_to_publish(known, NOW)
    for key in known:
        opens = key.revoked_at is None and (key.expires_at is None or key.expires_at > NOW)
        assert key_list.is_live(key, NOW) == opens
        if opens:
            assert key in published
        if LONG_AGO in {key.revoked_at, key.expires_at}:
            assert key not in published, key


def test_with_as_many_keys_as_can_be_each_of_them_can_be_revoked_and_the_event_still_fits_its_topic() -> None:
    for name in ("s", "\u00f8" * 200, "\\" * 200, "\U0001f600" * 200):
        known: list[KeyDigest] = []
        number = 0
        while key_list.has_room(known, a_key(number, name, NOW + timedelta(days=1)), NOW):
            known.append(a_key(number, name, NOW + timedelta(days=1)))
            number += 1
        assert number >= 100
        for place in range(len(known)):
            known[place] = replace(known[place], revoked_at=NOW)
            published = key_list.keys_to_publish(known, NOW)
            assert all(key in published for key in known if key.revoked_at is None)
            company = Tenant(
                id="acme",
                version=10**9,
                name="\U0001f600" * 200,
                time_zone="Europe/Copenhagen",
                country="DK",
                postal_address="\U0001f600" * 1_000,
                keys=published,
                staff_networks=("2001:db8:1111:2222:3333:4444:5555:6666/128",) * 50,
            )
            assert len(TENANTS.encode(TENANTS.event("acme", company, NOW))) < MAX_EVENT_BYTES


def test_of_too_many_that_ended_the_last_ones_are_published() -> None:
    ended = [a_key(n, "n" * 200, revoked_at=NOW - timedelta(seconds=n)) for n in range(2_000)]
    published = key_list.keys_to_publish(ended, NOW)
    assert 100 < len(published) < len(ended)
    assert list(published) == ended[: len(published)]
    assert len(msgspec.json.encode(published)) <= key_list.MAX_KEYS_BYTES


def test_keys_that_have_expired_take_no_room_from_new_ones() -> None:
    expired = [a_key(n, expires_at=NOW - timedelta(hours=1)) for n in range(key_list.MAX_LIVE_KEYS)]
    assert key_list.has_room(expired, a_key(0), NOW)
    live = [a_key(n) for n in range(key_list.MAX_LIVE_KEYS)]
    assert not key_list.has_room(live, a_key(0), NOW)


def test_no_key_is_called_valid_that_opens_nothing() -> None:
    company = Tenant(id="acme", version=1, name="Acme", time_zone="UTC", country="DK")
    soon, past = NOW + timedelta(hours=1), NOW - timedelta(hours=1)
    states = {
        "valid": (company, a_key(1, expires_at=soon)),
        "expired 2026-11-28 11:00": (company, a_key(1, expires_at=past)),
        "revoked 2026-11-28 11:00": (company, a_key(1, expires_at=soon, revoked_at=past)),
        "closed: the company leaves": (replace(company, state="leaving"), a_key(1)),
        "closed: the company has left": (replace(company, state="left"), a_key(1)),
    }
    assert {said: key_list.state_of(of, key, NOW) for said, (of, key) in states.items()} == {
        said: said for said in states
    }
    assert key_list.state_of(replace(company, state="paused"), a_key(1), NOW) == "valid"
