"""What can come of a link that is followed, and of a form that is posted by it. Pages and programs show each
in their own way.
"""

from dataclasses import dataclass
from typing import Literal

from services.collector.domain import LinkTarget
from services.collector.forms import FormFault, SurveyForm
from services.collector.merging import MergeResult


@dataclass(frozen=True, slots=True)
class Ended:
    """The link leads to nothing, or, if it is unknown, to nothing yet."""

    status: Literal["gone", "unknown"]
    receipt: LinkTarget | None = None
    """What it leads to, where it still shows how far the work on its answer is."""


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """The form is wanted in another language; nothing was written."""

    target: LinkTarget
    form: SurveyForm


@dataclass(frozen=True, slots=True)
class Faulty:
    """The form has faults; nothing was written."""

    target: LinkTarget
    form: SurveyForm
    faults: list[FormFault]


@dataclass(frozen=True, slots=True)
class Settled:
    """The answer is final, or was given elsewhere: nothing of the form was written, unless Send ended it."""

    form: SurveyForm
    language: str
    """The customer's, in which the link's page is shown."""


@dataclass(frozen=True, slots=True)
class Written:
    """The form was taken."""

    target: LinkTarget
    form: SurveyForm
    merged: MergeResult
    language: str
    """The customer's, in which the link's page is shown."""
    seen_by: str = ""
    """The id of the page that alone may see the answer, since it may be a machine's; empty: everybody."""


Outcome = Ended | AskedAgain | Faulty | Settled | Written
