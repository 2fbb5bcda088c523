"""Passwords that are guessed first (OWASP ASVS 6.2.4 asks for the 3,000 most common of the wanted length).

Two checks: forms (repetition, rows of keys, known words with digits, Danish and Dutch ones among them, words
of the owner), and how many guesses zxcvbn expects by its lists of leaked passwords, English words and names.
"""

import re
import unicodedata
from collections.abc import Iterable

_GUESSED_WORDS = (
    "abc abcd access account admin administrator afterword amazon america andrea andrew angel anthony "
    "arsenal ashley august austin autumn azerty babygirl baseball basketball batman beautiful "
    "benjamin brandon buster butterfly changeme charlie cheese chelsea chicken chocolate christian "
    "coffee company computer cookie corvette customer daniel default diamond dolphin donald dragon "
    "elephant email england facebook family ferrari flower football forever freedom friday friend "
    "friends fuckyou george ginger google guest hannah harley heather hello helpdesk holiday hunter "
    "iloveyou internet iphone jackson jasmine jennifer jessica jesus jordan joshua justin killer "
    "klaster letmein linkedin liverpool login london love lovely loveme madison maggie manager "
    "manchester marina martin master matrix matthew melissa merlin michael michelle mickey microsoft "
    "monday monkey mother mustang mypass mypassword naruto nicholas nicole number office orange pass "
    "passw passwd passwort password patrick peanut pepper phoenix please pokemon princess private "
    "purple qazwsx qwer qwert qwerty rainbow robert root samantha samsung secret secure security "
    "service shadow silver slipknot snoopy soccer spider spring starwars success summer sunday "
    "sunshine superman support survey system taylor temp temporary test tester testing thomas thunder "
    "tigger trustno user victoria welcome whatever william winner winter wizard yankees yellow zaq "
    "zxc zxcv zxcvbn adgangskode kodeord velkommen sommer vinter hemmelig wachtwoord welkom zomer "
    "geheim passord lösenord "
    "january february march april june july october november september december januar februar marts juni "
    "juli oktober januari februari maart augustus thursday wednesday tuesday saturday mandag fredag maandag "
    "vrijdag feedback dashboard passphrase customer customers survey surveys review united chester city "
    "denmark danmark nederland holland netherlands germany deutschland sweden sverige norge norway "
    "copenhagen københavn kobenhavn aarhus odense aalborg amsterdam rotterdam utrecht berlin hamburg paris "
    "newyork texas florida california barcelona realmadrid juventus ajax feyenoord chelseafc rangers celtic "
    "everton tottenham blink metallica nirvana eminem beatles spongebob squarepants mickeymouse hellokitty "
    "harrypotter gandalf frodo skywalker vader pikachu minecraft fortnite roblox playstation nintendo "
    "windows apple android nokia toyota honda yamaha porsche mercedes ford chevrolet hockey tennis golf "
    "lacrosse volleyball swimming soccerball fussball voetbal fodbold hestehest kitty puppy kitten tiger "
    "turtle panda unicorn angels princesse prinsesse hanna emma sophie sarah rachel laura amanda brittany "
    "stephanie kimberly christopher alexander jonathan richard steven edward david james john maria sofie "
    "freja ida lars peter jens mads niels anders thequickbrownfox thequickbrown quickbrown "
    "opensesame iamgod fuckoff asshole bitch sexy money lucky happy dreams heaven peace blessed "
    "mercury jupiter saturn galaxy cosmos nothing something everything"
)
"""What people choose first, and what a system like this one suggests."""
_KEY_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    *("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn"),
    *("qweasdzxc", "qweasdzxcrfvtgb", "zaq1xsw2cde3vfr4bgt5"),
    *(
        "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
        "qazwsxedcrfvtgbyhnujmikolp",
        "1q2w3e4r5t6y7u8i9o0p",
        "147258369",
    ),
)
_SUBSTITUTES = str.maketrans("@4310$5!7+|€£", "aaeiossittleL".lower())
_MIN_RUN_CHARS = 4
_FILLERS = "0123456789!?.,:;-_+*#$%&/()='\"@ "
"""What people put before and behind a word to satisfy a rule."""
_MIN_DIFFERENT_CHARS = 5
_MIN_CHARS_LEFT = 6
"""Characters that must be left when everything that is guessed is removed."""
_MIN_LETTERS_LEFT = 4
"""The same among its letters alone."""
_MIN_GUESSES = 10**8
"""From here on zxcvbn calls a password safely unguessable (its score 3)."""
_MAX_MEASURED_CHARS = 32
"""Longer ones are on no list, and to measure one takes seconds."""


def is_guessed_first(password: str, own: Iterable[str] = ()) -> bool:
    """Whether a password has one of the forms, or is found in few guesses."""
    return is_common(password, own) or _is_found_soon(password, own)


def _is_found_soon(password: str, own: Iterable[str]) -> bool:
    if len(password) > _MAX_MEASURED_CHARS:
        return False
    from zxcvbn import zxcvbn  # noqa: PLC0415  (its lists take memory, and most processes see no password)

    return int(zxcvbn(password, user_inputs=[*_own_words(own)])["guesses"]) < _MIN_GUESSES


def is_common(password: str, own: Iterable[str] = ()) -> bool:
    """Whether little is left of a password without known words, rows of keys, digits and repetition."""
    plain = unicodedata.normalize("NFKC", password).casefold()
    packed = "".join(plain.split())
    if len(set(packed)) < _MIN_DIFFERENT_CHARS or _repeats(packed):
        return True
    words = {*_GUESSED_WORDS.split(), *_own_words(own)}
    letters = "".join(c for c in packed if c.isalpha())
    return (
        min(_left(packed, words), _left(packed.translate(_SUBSTITUTES), words)) < _MIN_CHARS_LEFT
        # As in a1b2c3d4e5f6: of random letters more is left.
        or (len(letters) >= _MIN_CHARS_LEFT and _left(letters, words) < _MIN_LETTERS_LEFT)
    )


def _left(text: str, words: set[str]) -> int:
    """How many characters are neither known words, rows of keys, nor fillers around these."""
    return sum(len(part.strip(_FILLERS)) for part in _without(text, words).split())


def _repeats(text: str) -> bool:
    """Whether it is one part again and again: abcabcabcabc."""
    return any(
        text == (text[:size] * (len(text) // size + 1))[: len(text)] for size in range(1, len(text) // 2 + 1)
    )


def _own_words(own: Iterable[str]) -> set[str]:
    found = {
        part for text in own for part in re.split(r"[\W_]+", text.casefold()) if len(part) >= _MIN_RUN_CHARS
    }
    return found | {part.translate(_SUBSTITUTES) for part in found}


def _without(text: str, words: set[str]) -> str:
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, " ")
    for row in _KEY_ROWS:
        text = _without_runs(_without_runs(text, row), row[::-1])
    return text


def _without_runs(text: str, row: str) -> str:
    """Without each piece of the row of four keys or more."""
    kept, place = [], 0
    while place < len(text):
        size = _MIN_RUN_CHARS
        while place + size <= len(text) and text[place : place + size] in row:
            size += 1
        if size > _MIN_RUN_CHARS:
            kept.append(" ")
            place += size - 1
        else:
            kept.append(text[place])
            place += 1
    return "".join(kept)
