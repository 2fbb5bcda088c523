"""What a person does to a suspect answer: say whose it is."""

from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import replace

from services.collector.domain import amended
from services.collector.repository import links, suspects
from services.collector.suspicion import published
from shared.db.database import UnitOfWork
from shared.events import ANSWERS, Answer
from shared.events.answers import Judgement
from shared.privacy.audit import AuditActor, record_audit


async def judge_answer(
    uow: UnitOfWork,
    tenant: str,
    who: AuditActor,
    answer_id: UUID,
    judgement: Judgement,
    allowed: Sequence[str] = (),
) -> Answer | None:
    """Judge a suspect answer, again too; the same again changes nothing. None: the caller sees none.

    :param allowed: segments to which the caller is limited; none: not limited.
    """
    # As whoever writes the answer does; an id of another company's invitation waits, and finds nothing then.
    await links.lock_invitation(uow, answer_id)
    answer = await suspects.lock_suspect(uow, tenant, answer_id, allowed)
    if answer is None or answer.judgement == judgement:
        return answer
    judged = amended(answer, replace(answer, judgement=judgement), uow.now)
    await suspects.write_judgement(uow, tenant, judged)
    uow.publish(ANSWERS, tenant, published(judged))
    record_audit(uow, tenant, who, "answer_judged", str(answer_id), judgement=judgement)
    return judged
