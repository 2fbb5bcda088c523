"""What names a mail in a report: nobody makes up another one, by a change or from the other kind."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared.mail.references import MailReference, MailReferences

OURS, ANOTHERS = MailReferences("a secret"), MailReferences("another secret")
HOST = "bounces.example"
MAILS = st.builds(MailReference, st.builds(UUID, int=st.integers(0, 2**128 - 1)), st.integers(1, 255))


@given(mail=MAILS)
def test_a_reference_is_read_whatever_a_server_made_of_its_case(mail: MailReference) -> None:
    for address in (OURS.bounce_address(mail, HOST), OURS.bounce_address(mail, HOST).upper()):
        assert OURS.read_bounce_address(address, HOST) == mail
    for address in (OURS.reply_address(mail, HOST), OURS.reply_address(mail, HOST).upper()):
        assert OURS.read_reply_address(address, HOST) == mail
    assert OURS.read_message_id(OURS.message_id(mail, "ask@shop.example").upper()) == mail


@given(
    mail=MAILS,
    place=st.integers(0, 200),
    character=st.characters(min_codepoint=33, max_codepoint=126) | st.sampled_from("åſK"),
)
def test_an_address_or_an_id_with_one_character_changed_names_no_mail(
    mail: MailReference, place: int, character: str
) -> None:
    address, id_ = OURS.bounce_address(mail, HOST), OURS.message_id(mail, "ask@shop.example")
    for text, read in (
        (OURS.reply_address(mail, HOST), lambda changed: OURS.read_reply_address(changed, HOST)),
        (address, lambda changed: OURS.read_bounce_address(changed, HOST)),
        (id_, OURS.read_message_id),
    ):
        at = place % text.index("@")
        changed = text[:at] + character + text[at + 1 :]
        assert read(changed) in ((None, mail) if changed.lower() == text.lower() else (None,))


@given(mail=MAILS)
def test_none_of_the_three_makes_another_and_no_other_secret_makes_any(mail: MailReference) -> None:
    token = OURS.reference(mail)
    assert OURS.read_bounce_address(f"bounce+{token}@{HOST}", HOST) is None
    assert OURS.read_message_id(f"<{OURS.bounce_address(mail, HOST).removeprefix('bounce+')}>") is None
    assert OURS.read_bounce_address(OURS.bounce_address(mail, "elsewhere.example"), HOST) is None
    assert OURS.read_bounce_address(ANOTHERS.bounce_address(mail, HOST), HOST) is None
    assert OURS.read_reference(ANOTHERS.reference(mail)) is None
    bounced, answered = OURS.bounce_address(mail, HOST), OURS.reply_address(mail, HOST)
    assert OURS.read_reply_address(bounced.replace("bounce+", "reply+"), HOST) is None
    assert OURS.read_bounce_address(answered.replace("reply+", "bounce+"), HOST) is None
    assert OURS.read_reply_address(f"reply+{token}@{HOST}", HOST) is None
    assert OURS.read_reply_address(OURS.reply_address(mail, "elsewhere.example"), HOST) is None
    assert OURS.read_reply_address(ANOTHERS.reply_address(mail, HOST), HOST) is None
