"""What the pages of marks send, read as the API's body. What is wrong is said beside its field."""

from collections.abc import Iterable, Mapping

from services.scorer.marks.schemas import MarkBody
from shared.http.form_texts import day_of
from shared.http.validation_errors import FieldFault
from shared.pages.language import spoken

FIELDS = ("day", "text", "segment")
EMPTY_FORM = dict.fromkeys(FIELDS, "")


def body_of(form: Mapping[str, str]) -> MarkBody:
    """The mark that a form describes.

    :raises ValidationError: for what is wrong with it.
    """
    given = {name: form.get(name, "").strip() for name in FIELDS}
    day = day_of(given["day"])
    return MarkBody.model_validate({**given, "day": day if day is not None else given["day"]})


def faults_by_field(found: Iterable[FieldFault]) -> dict[str, str]:
    """What is refused, by the field of the form."""
    return {fault["field"].strip("/").partition("/")[0]: spoken(fault["detail"]) for fault in found}
