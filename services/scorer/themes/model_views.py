"""What the page of themes shows of the model that labels comments."""

from dataclasses import dataclass

from services.scorer.themes.model_commands import ModelState
from shared.pages.filters import thousands
from shared.pages.language import counted, translated


@dataclass(frozen=True, kw_only=True)
class ModelView:
    """Where comments go, or could go."""

    is_shown: bool
    """Whether there is anything to say: this installation has a model, or the company has one on."""
    is_on: bool
    can_switch_on: bool
    """Whether there is a model to which the company has not agreed yet."""
    can_switch_off: bool
    origin: str
    """Of this installation's model; empty: it has none."""
    finding: str
    waiting: str


def model_view(state: ModelState) -> ModelView:
    """What the page shows of it."""
    if state.is_on:
        finding = translated("Comments are sent to a model as well.")
    elif state.agreed is not None:
        finding = translated("The model is not where it was agreed to: no comment is sent.")
    else:
        finding = translated("No comment is sent to a model.")
    words = counted("%(n)s comment waits for the model.", "%(n)s comments wait for the model.", state.waiting)
    return ModelView(
        is_shown=state.origin is not None or state.agreed is not None,
        is_on=state.is_on,
        can_switch_on=state.origin is not None and not state.is_on,
        can_switch_off=state.agreed is not None,
        origin=state.origin or "",
        finding=finding,
        waiting=words % {"n": thousands(state.waiting)} if state.is_on and state.waiting else "",
    )
