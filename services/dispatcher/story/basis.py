"""Why the law of a country forbade to ask, in words: what it needs, what was there, and how to mend it."""

from collections.abc import Mapping, Sequence

from services.dispatcher.decisions.lawful_basis import BasisFault, MissingBasis
from shared.pages.language import spoken, translated
from shared.values.messages import Message, message

NEEDS: Mapping[BasisFault, Message] = {
    "incentive": message("No survey may ask there whose answers are rewarded."),
    "age": message("Nobody is asked there later than %(days)s days after it happened."),
    "neutral": message("A survey must be neutral there, or the customer must have given consent."),
    "existing_customer": message(
        "A survey must be neutral there, or the customer an existing one or have given consent."
    ),
    "evidence": message("The customer must have given consent there, or got a notice with their address."),
}
MENDING: Mapping[BasisFault, Message] = {
    "incentive": message("Ask with a survey without a reward there, or change the rule of the country."),
    "age": message("Send events sooner, shorten the delay of the survey, or change the rule of the country."),
    "neutral": message(
        "Make the survey neutral, send the consent of the customer, or declare for the country why you "
        "may ask."
    ),
    "existing_customer": message(
        "Make the survey neutral, send what makes the customer an existing one, or declare for the country "
        "why you may ask."
    ),
    "evidence": message(
        "Send customer.basis with the event or with the customer (consent or notice, with its time), or "
        "declare for the country why you may ask."
    ),
}
KIND_LABELS = {
    "consent": message("consent"),
    "notice": message("a notice when the address was collected"),
    "existing_customer": message("an existing customer"),
}


def basis_lines(missing: MissingBasis) -> list[str]:
    """One line for each thing: which rule, what was there, and how to mend it."""
    need = spoken(NEEDS[missing.fault])
    if missing.fault == "age":
        need %= {"days": missing.max_age_days}
    by = (
        translated("The customer lives in %(country)s: the rule for all other countries.")
        if missing.by_other
        else translated("The customer lives in %(country)s.")
    ) % {"country": missing.country or translated("a country that is not known")}
    return [f"{by} {need}", _there_was(missing.evidence), spoken(MENDING[missing.fault])]


def _there_was(evidence: Sequence[str]) -> str:
    if not evidence:
        return translated("There was no evidence of the customer.")
    kinds = ", ".join(spoken(KIND_LABELS[kind]) for kind in evidence if kind in KIND_LABELS)
    return translated("There was: %(kinds)s.") % {"kinds": kinds}
