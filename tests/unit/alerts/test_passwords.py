"""Which passwords are refused, and who waits for a hash."""

import asyncio
import time
from collections.abc import Iterable
from threading import get_ident

import pytest

from services.alerts.staff import passwords
from services.alerts.staff.common_passwords import is_common
from services.alerts.staff.passwords import MAX_WAITING, Passwords, checked_password, password_fault
from shared.http.problems import Problem


def test_short_and_endless_passwords_are_refused() -> None:
    assert password_fault("correct bat")
    assert password_fault("correct horse " * 15)
    assert not password_fault("correct horse")


@pytest.mark.parametrize(
    "password",
    [
        *(
            "password1234",
            "Passw0rd!2024",
            "P@ssw0rd1234",
            "passwordpassword",
            "letmein123456",
            "iloveyou1234",
        ),
        *(
            "123456789012",
            "098765432109",
            "111111111111",
            "aaaaaaaaaaaa",
            " " * 12,
            "abcabcabcabc",
            "abcdefghijkl",
        ),
        *("qwertyuiop12", "asdfghjkl123", "1q2w3e4r5t6y", "1qaz2wsx3edc", "azertyuiop12", "qwertyqwerty"),
        *(
            "qweasdzxc123",
            "a1b2c3d4e5f6",
            "p4a3s2s1w5o6r7d8",
            "september2026",
            "december2025!",
            "januari-2026",
        ),
        *("manchesterunited", "spongebob123", "blink182blink", "dashboard123", "feedback1234"),
        *("københavn123", "nederland123", "danmark12345", "thequickbrown", "passphrase12"),
        *("unbelievable1", "skateboarding", "manutd123456", "lovemetender", "weloveliverpool"),
        *("unbelievable123", "iloveyouforever", "skateboarding1"),
        *("welcome2026!!", "summer2026summer", "sommer2026sommer", "monkeydragon12", "trustno1trustno1"),
        *(
            "afterword2026",
            "changeme!!!!",
            "Admin-Admin-1",
            "wachtwoord123",
            "adgangskode12",
            "１２３４５６７８９０１２",
        ),
    ],
)
def test_what_is_guessed_first_is_refused(password: str) -> None:
    assert password_fault(password)


@pytest.mark.parametrize(
    "password", ["acmeshop-2026!", "Acmeshop Acmeshop", "karen.jensen.1", "jensenkaren12"]
)
def test_what_everybody_knows_of_the_owner_is_refused(password: str) -> None:
    assert password_fault(password, "karen.jensen@acmeshop.example", "Acmeshop A/S")


@pytest.mark.parametrize(
    "password",
    [
        *("correct horse battery staple", "h7$kLm2pQx9z", "tr0ub4dor&3x", "jeg elsker kaffe om morgenen"),
        *(
            "the customer has the last word",
            "the manager of the support",
            "a new sentence",
            "havnbo-by-the-harbour",
            "ことばはやさしくつよく生きる",
        ),
    ],
)
def test_a_sentence_and_what_was_drawn_by_chance_are_taken(password: str) -> None:
    assert not is_common(password, ("kim@example.com", "Havnbo"))
    assert not password_fault(password, "kim@example.com", "Havnbo")


def test_a_long_password_is_measured_by_its_form_alone() -> None:
    started = time.process_time()
    assert password_fault("4@310$5!7+" * 20)
    assert not password_fault("a sentence with 4@310$5!7+ in it, " * 5 + "and an end")
    assert time.process_time() - started < 1


async def test_a_comparison_finds_the_right_one_of_several_and_nobodys_is_none() -> None:
    passwords = Passwords()
    kept = [await passwords.hash(word) for word in ("one sentence here", "another sentence")]
    assert await passwords.matching([*kept, None], "another sentence", times=4) == [False, True, False]
    assert await passwords.matching([], "another sentence", times=4) == []


async def test_strangers_who_wait_are_bounded_and_who_is_known_does_not_wait_behind_them() -> None:
    passwords = Passwords()
    held = asyncio.Event()

    async def stranger() -> None:
        async with passwords._turn(known=False):
            await held.wait()

    waiting = [asyncio.create_task(stranger()) for _ in range(MAX_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(Problem) as refused:
        await passwords.matching([None], "a sentence for strangers", times=1)
    assert refused.value.status == 503
    assert "Retry-After" in (refused.value.headers or {})
    assert await passwords.matching([None], "a sentence", times=1, known=True) == [False]
    held.set()
    await asyncio.gather(*waiting)
    assert await passwords.matching([None], "a sentence for strangers", times=1) == [False]


HASHER = passwords._hasher
"""As it is when the tests are collected: other tests hash by one that costs nothing."""


def test_hashes_cost_nineteen_mebibytes() -> None:
    assert "m=19456" in HASHER.hash("a sentence")


async def test_a_password_is_measured_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def spied(password: str, own: Iterable[str]) -> bool:
        seen.append((get_ident(), password, own))
        return True

    monkeypatch.setattr(passwords, "is_guessed_first", spied)
    assert await checked_password("correct horse", "kim@example.com") is not None
    ((thread, *given),) = seen
    assert thread != get_ident()
    assert given == ["correct horse", ("kim@example.com",)]
