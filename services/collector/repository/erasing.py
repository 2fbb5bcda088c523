"""What is erased of a customer's invitations and answers."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

import msgspec

from services.collector.domain import InvitationReplica
from services.collector.repository.answers import ANSWER_BODY, decode_answer
from shared.db.database import UnitOfWork
from shared.events import Answer
from shared.privacy.erased import TARGETS, Target, of_target, target_values
from shared.privacy.persons import NOBODY

_decode = msgspec.json.Decoder(InvitationReplica).decode
_encode = msgspec.json.Encoder().encode

LOCK_INVITATIONS = f"""
    SELECT t.tenant, t.id, t.body
    FROM invitation t
    JOIN {TARGETS} ON {of_target("CAST(convert_from(t.body, 'UTF8') AS jsonb) ->> 'contact_key'")}
    ORDER BY 1, 2
    FOR UPDATE OF t
"""
WRITE_INVITATIONS = f"""
    UPDATE invitation t SET body = n.body, person = '{NOBODY}'
    FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:bodies AS bytea[]))
        AS n(tenant, id, body)
    WHERE t.tenant = n.tenant AND t.id = n.id
"""
DELETE_VISITS = """
    DELETE FROM intent t
    USING unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])) AS n(tenant, id)
    WHERE t.tenant = n.tenant AND t.invitation_id = n.id
"""
FORGET_LINKS = """
    DELETE FROM answered_link t
    USING unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])) AS n(tenant, id)
    WHERE t.tenant = n.tenant AND t.invitation_id = n.id
"""


async def erase_invitations(uow: UnitOfWork, targets: Sequence[Target]) -> None:
    """Erase whose the invitations of these customers are, and the visits and answering of their links.

    Their rows are locked first, as by whoever writes their answers.
    """
    rows = (await uow.execute(LOCK_INVITATIONS, target_values(targets))).all()
    if not rows:
        return
    tenants, ids = [row.tenant for row in rows], [row.id for row in rows]
    bodies = [_encode(_decode(row.body).without_customer()) for row in rows]
    await uow.execute(WRITE_INVITATIONS, {"tenants": tenants, "ids": ids, "bodies": bodies})
    await delete_visits(uow, list(zip(tenants, ids, strict=True)))


async def delete_visits(uow: UnitOfWork, invitations: Sequence[tuple[str, UUID]]) -> None:
    """Delete the visits and answering of the links of these locked invitations (tenant, id)."""
    keys = {"tenants": [tenant for tenant, _ in invitations], "ids": [id_ for _, id_ in invitations]}
    await uow.execute(DELETE_VISITS, keys)
    await uow.execute(FORGET_LINKS, keys)


LOCK_ANSWERS = f"""
    SELECT a.tenant, {ANSWER_BODY} AS body
    FROM answer a
    JOIN {TARGETS} ON {of_target("a.contact_key", "a")}
    ORDER BY a.tenant, a.id
    FOR UPDATE OF a
"""


async def lock_answers(uow: UnitOfWork, targets: Sequence[Target]) -> dict[str, list[Answer]]:
    """The answers of these customers, by tenant."""
    found: defaultdict[str, list[Answer]] = defaultdict(list)
    for row in await uow.execute(LOCK_ANSWERS, target_values(targets)):
        found[row.tenant].append(decode_answer(row.body))
    return found
