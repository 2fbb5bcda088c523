"""What the API answers of a decision has all that was kept of it."""

import msgspec

from services.dispatcher.decisions.schemas import ConsideredAnswer, MailChangeAnswer
from services.dispatcher.decisions.values import Considered
from services.dispatcher.invitations.changes import ChangeValues


def test_each_value_by_which_a_survey_was_judged_is_answered() -> None:
    kept = {field.name for field in msgspec.structs.fields(Considered)}
    assert kept == set(ConsideredAnswer.model_fields)


def test_each_value_by_which_a_mail_was_judged_is_answered() -> None:
    kept = {field.name for field in msgspec.structs.fields(ChangeValues)}
    assert kept < set(MailChangeAnswer.model_fields)
