"""The form by which an administrator asks for an erasure."""

from typing import NamedTuple

from starlette.datastructures import FormData

from services.dispatcher.erasures.requests import ErasureRequest


class ErasureForm(NamedTuple):
    """What was typed."""

    customer_id: str = ""
    email: str = ""
    phone: str = ""
    reason: str = ""
    confirmed: bool = False

    @classmethod
    def of(cls, form: FormData) -> "ErasureForm":
        """The fields of a form that was sent."""
        return cls(
            customer_id=str(form.get("customer_id", "")),
            email=str(form.get("email", "")),
            phone=str(form.get("phone", "")),
            reason=str(form.get("reason", "")),
            confirmed=form.get("confirmed") == "on",
        )

    @property
    def texts(self) -> dict[str, str]:
        """What was typed, by the fields' names."""
        return {name: getattr(self, name) for name in self._fields[:-1]}

    def request(self) -> ErasureRequest:
        """What is asked for."""
        return ErasureRequest(*(text or None for text in self.texts.values()))
