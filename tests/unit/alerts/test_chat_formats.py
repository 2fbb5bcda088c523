"""Messages to chats keep the limits that Slack and Teams document, whatever text is in them, and no text is markup."""

from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.chats.addresses import checked_address, shown_address
from services.alerts.chats.domain import (
    MAYBE,
    ChatAnswer,
    ChatChannel,
    ChatFault,
    ChatRetries,
    after_chat_try,
)
from services.alerts.chats.formats import ChatText, body_of, slack_message, teams_message
from services.alerts.chats.posting import meaning_of
from services.alerts.errors import SettingRefused
from shared.outbound.address_guard import AddressGuard
from shared.outbound.posting import PostAnswer

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
POLICY = ChatRetries()
TEAMS_MOST_BYTES = 28 * 1024
SLACK_MOST_BLOCKS, SLACK_MOST_TEXT, SLACK_MOST_HEADER = 50, 3_000, 150
LINK = "https://afterword.example/cases/0190"
nasty = st.text() | st.sampled_from(
    [
        "<!channel>",
        "<@U012>",
        "&lt;",
        "<http://evil|click>",
        "*b* _i_ ~s~ `c`",
        "[x](http://evil)",
        "\u202e",
        '"\\',
        "",
    ]
)
texts = st.builds(
    ChatText,
    nasty,
    st.lists(nasty | st.sampled_from([1, 700, 4_000]).map("<&>\u00e6".__mul__), max_size=8),
    nasty,
    st.just(LINK),
)


def of_slack(text: ChatText) -> dict[str, Any]:
    return dict(msgspec.json.decode(body_of("slack", text)))


def card_of(text: ChatText) -> dict[str, Any]:
    (attachment,) = msgspec.json.decode(body_of("teams", text))["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    return dict(attachment["content"])


@given(texts)
def test_a_message_of_slack_keeps_block_kits_limits_and_has_no_control_sequence_but_our_link(
    text: ChatText,
) -> None:
    told = of_slack(text)
    blocks = told["blocks"]
    assert len(blocks) <= SLACK_MOST_BLOCKS
    assert blocks[0]["type"] == "header"
    assert 1 <= len(blocks[0]["text"]["text"]) <= SLACK_MOST_HEADER
    assert set(blocks[0]["text"]) == {"type", "text", "emoji"}
    for block in blocks[1:]:
        assert (block["type"], block["text"]["type"]) == ("section", "mrkdwn")
        assert 1 <= len(block["text"]["text"]) <= SLACK_MOST_TEXT
    shown = [told["text"], *(block["text"]["text"] for block in blocks[1:-1])]
    assert not any("<" in each or ">" in each for each in shown)
    last = blocks[-1]["text"]["text"]
    assert last.startswith(f"<{LINK}|")
    assert last.endswith(">")
    assert last.count("<") == last.count(">") == 1
    assert told["text"].strip()


@given(texts)
def test_what_slack_unescapes_is_what_was_to_be_told(text: ChatText) -> None:
    sections = of_slack(text)["blocks"][1:-1]
    for section, paragraph in zip(sections, filter(None, text.paragraphs), strict=False):
        told = unescape(section["text"]["text"]) if "&" not in paragraph else section["text"]["text"]
        if not told.endswith("…") and "&" not in paragraph:
            assert told == paragraph


@given(texts)
def test_a_card_of_teams_is_of_version_1_4_fits_28_kb_and_reads_no_text_as_markdown(text: ChatText) -> None:
    assert len(body_of("teams", text)) <= TEAMS_MOST_BYTES
    card = card_of(text)
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert set(card) == {"$schema", "type", "version", "fallbackText", "body", "actions", "msteams"}
    for element in card["body"]:
        assert element["type"] == "RichTextBlock"  # a TextBlock would read Markdown
        (run,) = element["inlines"]
        assert run["type"] == "TextRun"
        assert set(run) <= {"type", "text", "weight", "size"}
    (action,) = card["actions"]
    assert (action["type"], action["url"]) == ("Action.OpenUrl", LINK)
    assert action["title"]


def test_a_long_text_is_cut_and_says_so_without_cutting_an_escaped_character_in_two() -> None:
    text = ChatText("s", ["&" * 4_000], "Open", LINK)
    told = slack_message(text)["blocks"][1]["text"]["text"]
    assert told.endswith("&amp;…")
    assert len(told) <= SLACK_MOST_TEXT
    assert [run["inlines"][0]["text"] for run in _card(teams_message(text))["body"]] == ["s", "&" * 4_000]


def _card(told: dict[str, Any]) -> dict[str, Any]:
    return dict(told["attachments"][0]["content"])


def channel(**changes: Any) -> ChatChannel:
    facts: dict[str, Any] = {
        "tenant": "havnbo",
        "id": UUID(int=1),
        "name": "care",
        "kind": "slack",
        "sealed": b"",
        "shown": "",
        "topics": ("cases",),
        "created_at": NOW,
        "changed_at": NOW,
    }
    return ChatChannel(**{**facts, **changes})


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        *[(status, None) for status in (200, 202)],
        *[(status, "gone") for status in (401, 403, 404, 410)],
        *[(status, "busy") for status in (429, 503)],
        *[(status, "refused") for status in (302, 400, 413)],
        *[(status, "status") for status in (500, 502, 504)],
    ],
)
def test_each_status_has_its_meaning(status: int, fault: ChatFault | None) -> None:
    wait = timedelta(seconds=3)
    answer = meaning_of(PostAnswer(status, None, True, 1, b"", wait))
    assert answer == ChatAnswer(fault, status, wait if fault == "busy" else None)


@pytest.mark.parametrize("left", [False, True])
def test_what_had_begun_to_leave_is_unknown_and_what_had_not_is_tried_again(left: bool) -> None:
    for fault in ("timeout", "connection"):
        answer = meaning_of(PostAnswer(None, fault, left, 1, b"", None))
        result = after_chat_try(POLICY, answer, channel(), is_test=False, now=NOW, jitter=0)
        assert (result.state, answer.fault in MAYBE) == (("unknown", True) if left else ("waiting", False))


def test_waits_grow_up_to_an_hour_and_retry_after_is_obeyed_up_to_there() -> None:
    busy = ChatAnswer("busy", 503)
    waits = []
    for failures in range(9):
        found = after_chat_try(POLICY, busy, channel(failures=failures), is_test=False, now=NOW, jitter=0)
        assert found.resume_at is not None
        waits.append(found.resume_at - NOW)
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=1)
    asked = ChatAnswer("busy", 429, timedelta(days=9))
    found = after_chat_try(POLICY, asked, channel(), is_test=False, now=NOW, jitter=0)
    assert found.resume_at == NOW + POLICY.max_asked_wait


def test_only_five_days_of_nothing_but_failures_or_a_channel_that_is_gone_switch_it_off() -> None:
    for since, off in ((timedelta(days=4, hours=23), None), (timedelta(days=5), "failing")):
        failing = channel(failing_since=NOW - since, failures=4)
        busy = after_chat_try(POLICY, ChatAnswer("busy"), failing, is_test=False, now=NOW, jitter=0)
        assert busy.switch_off == off
    gone = after_chat_try(POLICY, ChatAnswer("gone", 404), channel(), is_test=False, now=NOW, jitter=0)
    assert (gone.switch_off, gone.state) == ("gone", "waiting")
    assert not after_chat_try(POLICY, ChatAnswer(None), channel(), is_test=False, now=NOW, jitter=0).failing


def test_two_failures_five_days_apart_switch_no_channel_off_and_the_fifth_one_does() -> None:
    for fault in ("busy", "refused"):
        off = [
            after_chat_try(
                POLICY,
                ChatAnswer(fault),
                channel(failing_since=NOW - timedelta(days=5), failures=before),
                is_test=False,
                now=NOW,
                jitter=0,
            ).switch_off
            for before in range(1, 6)
        ]
        assert off == [None, None, None, "failing", "failing"]


@pytest.mark.parametrize(
    "address",
    [
        "https://prod-12.westeurope.logic.azure.com:443/workflows/a1/triggers/manual/paths/invoke?sig=x",
        "https://default123.ab.environment.api.powerplatform.com:443/powerautomate/automations/direct/x?sig=y",
    ],
)
def test_both_kinds_of_workflow_addresses_are_taken_and_only_their_ends_shown(address: str) -> None:
    assert checked_address(AddressGuard(), "teams", address) == address
    assert shown_address(address).endswith(f"/…{address[-4:]}")
    assert len(shown_address(address)) < len(address)


@pytest.mark.parametrize(
    "address",
    [
        "https://hooks.slack.com.evil.example/services/T0/B0/x",
        "https://evilhooks.slack.com/services/T0/B0/x",
        "http://hooks.slack.com/services/T0/B0/x",
        "https://user:word@hooks.slack.com/services/T0/B0/x",
        "https://169.254.169.254/services/x",
    ],
)
def test_an_address_that_only_looks_like_slacks_is_refused(address: str) -> None:
    with pytest.raises(SettingRefused):
        checked_address(AddressGuard(), "slack", address)
