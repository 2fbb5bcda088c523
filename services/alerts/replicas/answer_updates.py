"""What a batch of events contains of each answer."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from shared.events import Answer, Event
from shared.events.dedupe import newest


class AnswerUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """The versions of one answer in a batch, oldest first. Each has a score."""

    tenant: str
    versions: Sequence[Answer]

    @property
    def answer(self) -> Answer:
        """The newest version."""
        return self.versions[-1]

    @property
    def key(self) -> tuple[str, UUID]:
        """Tenant and id of the answer."""
        return self.tenant, self.answer.id


def has_quotable_comment(answer: Answer) -> bool:
    """Whether a letter to colleagues may quote its comment: not of tests, anonymous answers or machines, nor
    what was said when a customer was asked again after a case, which is told apart.
    """
    return bool(answer.comment) and not (
        answer.test
        or answer.anonymous
        or answer.erased
        or answer.judgement == "machine"
        or answer.measurement == "recovery"
    )


def left_out_answers(events: Sequence[Event[Answer]]) -> list[Event[Answer]]:
    """The newest versions here that are held: a machine may have given these answers."""
    return [event for event in newest(events, lambda answer: answer.id) if event.data.held is not None]


def answer_updates(events: Sequence[Event[Answer]]) -> list[AnswerUpdate]:
    """The update of each answer that has a score, by tenant and id; the versions may come in any order.

    What counted before it was held is no update, as if it had been held from the start.
    """
    held = {(event.tenant, event.data.id): event.data.version for event in left_out_answers(events)}
    versions: dict[tuple[str, UUID], list[Answer]] = {}
    for event in events:
        if event.data.version < held.get((event.tenant, event.data.id), 0):
            continue
        if event.data.state != "clicked" and event.data.score is not None:
            versions.setdefault((event.tenant, event.data.id), []).append(event.data)
    return [
        AnswerUpdate(tenant=tenant, versions=sorted(answers, key=lambda answer: answer.version))
        for (tenant, _), answers in sorted(versions.items())
    ]
