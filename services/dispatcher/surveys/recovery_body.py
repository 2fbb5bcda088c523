"""What a survey that asks again after cases must be, as it is sent to the API."""

from typing import Annotated

from pydantic import AfterValidator, ValidationInfo

from shared.values.messages import message

RECOVERY_MEANING = (
    "Of a recovery survey: so many days after a case was closed whose first answer was 0 to 6, its customer "
    "is asked again; where nobody has reached the customer, so many days after the case was opened. Each "
    "case once. Of several such surveys that are live the first in the order asks."
)
ANONYMOUS_MEANING = (
    "Answers are kept without a person, from the next invitation on: nobody can see whose they are, unless "
    "the customer asks to be contacted. A recovery survey is not anonymous."
)


def _checked(anonymous: bool, info: ValidationInfo) -> bool:
    """The same where it fits the measurement before it, as far as that is without fault."""
    if anonymous and info.data.get("measurement") == "recovery":
        raise ValueError(
            message("Answers after a case are compared with the first one, so they cannot be anonymous.")
        )
    return anonymous


OwnAnonymity = Annotated[bool, AfterValidator(_checked)]
"""Behind ``measurement`` in its body, by which it is judged."""
