"""A digest: by topic, in the order in which things came, with links that lead to them."""

from services.alerts.notices.digests import MOST_LINES, digest_text
from services.alerts.notices.kinds import NoticeText
from services.alerts.notices.topics import NoticeTopic

URL = "http://staff.example"


def line(topic: NoticeTopic, subject: str, path: str = "/cases/1") -> tuple[NoticeTopic, NoticeText]:
    return topic, NoticeText(subject=subject, paragraphs=["Not in a digest."], path=path)


def test_a_digest_of_nothing_is_none() -> None:
    assert digest_text([], URL) is None


def test_things_are_grouped_by_topic_in_the_order_in_which_they_came() -> None:
    found = digest_text(
        [line("deadlines", "third"), line("cases", "first", "/cases/7"), line("cases", "second")], URL
    )
    assert found is not None
    assert found.subject == "3 things wait for you"
    assert found.paragraphs == [
        "Unhappy customers",
        f"- first\n  {URL}/cases/7\n- second\n  {URL}/cases/1",
        "Deadlines",
        f"- third\n  {URL}/cases/1",
    ]
    assert found.html is not None
    assert f'<a href="{URL}/cases/7">first</a>' in found.html
    assert "Not in a digest." not in str(found)


def test_what_is_said_twice_stands_once_and_what_is_too_much_is_counted() -> None:
    found = digest_text([line("cases", f"Case {n // 2}", f"/cases/{n // 2}") for n in range(120)], URL)
    assert found is not None
    lines = found.paragraphs[1].splitlines()[::2]
    assert lines == [f"- Case {n}" for n in range(MOST_LINES)]
    assert found.paragraphs[2] == "And 10 more."
    assert found.subject == "60 things wait for you"


def test_words_are_escaped() -> None:
    found = digest_text([line("cases", "<b>bold</b>")], URL)
    assert found is not None
    assert found.html is not None
    assert "<b>" not in found.html
