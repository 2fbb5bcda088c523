"""``theme_model``, and which comments of ``answer`` wait for the model: who has it on, whose turn it is."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from shared.db.database import UnitOfWork

SENT_FOR = timedelta(days=90)
"""Comments of older answers are not sent."""
MAX_SENT_OF_BEFORE = 20_000
"""When a company switches the model on: the latest ones."""

FIND_ORIGIN = "SELECT origin FROM theme_model WHERE tenant = :tenant"


async def find_origin(uow: UnitOfWork, tenant: str) -> str | None:
    """Where a company lets its comments be sent; None: nowhere."""
    origin: str | None = (await uow.execute(FIND_ORIGIN, {"tenant": tenant})).scalar_one_or_none()
    return origin


SWITCH_ON = """
    INSERT INTO theme_model AS m (tenant, origin, switched_at, turn_at)
    VALUES (:tenant, :origin, :now, :now)
    ON CONFLICT (tenant) DO UPDATE
    SET origin = EXCLUDED.origin, switched_at = EXCLUDED.switched_at, turn_at = EXCLUDED.turn_at
    WHERE m.origin <> EXCLUDED.origin
    RETURNING tenant
"""
# Nobody is waited for: who counts an answer in this moment holds its row, and others wait for that.
ASK_OF_BEFORE = """
    UPDATE answer a SET model_waits = true
    FROM (
        SELECT id FROM answer
        WHERE tenant = :tenant AND answered_at >= :oldest AND comment <> '' AND score IS NOT NULL
        ORDER BY answered_at DESC, id DESC
        LIMIT :limit
        FOR NO KEY UPDATE SKIP LOCKED
    ) AS n
    WHERE a.tenant = :tenant AND a.id = n.id
"""


async def switch_on(uow: UnitOfWork, tenant: str, origin: str) -> bool:
    """Let the comments of a company be sent there, its latest ones too; whether that changed anything."""
    values = {"tenant": tenant, "origin": origin, "now": uow.now}
    if (await uow.execute(SWITCH_ON, values)).one_or_none() is None:
        return False
    before = {"tenant": tenant, "oldest": uow.now - SENT_FOR, "limit": MAX_SENT_OF_BEFORE}
    await uow.execute(ASK_OF_BEFORE, before)
    return True


SWITCH_OFF = "DELETE FROM theme_model WHERE tenant = :tenant RETURNING tenant"
# Deleted before: who writes labels has ended then, or finds it off. Locked in the order of those who count.
ASK_NO_MORE = """
    UPDATE answer a SET model_waits = false
    FROM (SELECT id FROM answer WHERE tenant = :tenant AND model_waits ORDER BY id FOR NO KEY UPDATE) AS n
    WHERE a.tenant = :tenant AND a.id = n.id
"""


async def switch_off(uow: UnitOfWork, tenant: str) -> bool:
    """Let no comment of a company be sent any more; whether any was."""
    if (await uow.execute(SWITCH_OFF, {"tenant": tenant})).one_or_none() is None:
        return False
    await uow.execute(ASK_NO_MORE, {"tenant": tenant})
    return True


SWITCH_OFF_AGAIN = """
    DELETE FROM theme_model m
    USING unnest(CAST(:tenants AS text[]), CAST(:times AS timestamptz[])) AS a (tenant, at)
    WHERE m.tenant = a.tenant AND m.switched_at <= a.at
"""


async def switch_off_again(uow: UnitOfWork, switched_off: Sequence[tuple[str, datetime]]) -> None:
    """After a restore: switch it off for companies that had done so since, and had it on from before then."""
    tenants, times = [tenant for tenant, _ in switched_off], [at for _, at in switched_off]
    await uow.execute(SWITCH_OFF_AGAIN, {"tenants": tenants, "times": times})


COUNT_WAITING_OF = "SELECT count(*) FROM answer WHERE tenant = :tenant AND model_waits"
COUNT_WAITING = "SELECT count(*) FROM answer WHERE model_waits AND tenant IN (SELECT tenant FROM theme_model)"


async def count_waiting_of(uow: UnitOfWork, tenant: str) -> int:
    """How many comments of a company wait for the model."""
    return int((await uow.execute(COUNT_WAITING_OF, {"tenant": tenant})).scalar_one())


async def count_waiting(uow: UnitOfWork) -> int:
    """How many of all companies do."""
    return int((await uow.execute(COUNT_WAITING)).scalar_one())


# Another worker that claims at the same time passes over the locked row, or finds its turn later.
CLAIM_TURN = """
    UPDATE theme_model t SET turn_at = :until
    FROM (
        SELECT m.tenant FROM theme_model m
        WHERE m.origin = :origin AND m.turn_at <= :now AND m.tenant <> ALL (CAST(:passed AS text[]))
            AND m.tenant NOT IN (SELECT tenant FROM closed_company)
            AND EXISTS (SELECT FROM answer a WHERE a.tenant = m.tenant AND a.model_waits)
        ORDER BY m.turn_at, m.tenant
        LIMIT 1
        FOR UPDATE SKIP LOCKED
    ) AS n
    WHERE t.tenant = n.tenant
    RETURNING t.tenant
"""


async def claim_turn(uow: UnitOfWork, origin: str, until: datetime, passed: Sequence[str]) -> str | None:
    """The company whose comments waited for longest for a worker; until a time it is no other worker's.

    :param origin: of the model: only of companies that agreed to it.
    :param passed: companies that have no turn.
    """
    values = {"origin": origin, "until": until, "now": uow.now, "passed": list(passed)}
    return (await uow.execute(CLAIM_TURN, values)).scalar_one_or_none()


END_TURN = "UPDATE theme_model SET turn_at = :now WHERE tenant = :tenant AND turn_at = :until"


async def end_turn(uow: UnitOfWork, tenant: str, until: datetime) -> None:
    """Leave a company to whoever comes next, unless its time is over and it is another worker's."""
    await uow.execute(END_TURN, {"tenant": tenant, "until": until, "now": uow.now})


FORGET_OLD = """
    UPDATE answer SET model_waits = false WHERE tenant = :tenant AND model_waits AND answered_at < :oldest
"""


class WaitingComment(NamedTuple):
    """A comment that waits for the model."""

    id: UUID
    version: int
    """Of its answer."""
    comment: str
    language: str | None


# Those that the present themes have not matched yet follow once they have.
LIST_WAITING = """
    SELECT id, version, comment, language
    FROM answer
    WHERE tenant = :tenant AND model_waits AND comment <> '' AND theme_version = :version
    ORDER BY answered_at DESC, id
    LIMIT :limit
"""


async def list_waiting(uow: UnitOfWork, tenant: str, version: int, limit: int) -> list[WaitingComment]:
    """The latest comments of a company that wait, and were matched by a version of its themes."""
    await uow.execute(FORGET_OLD, {"tenant": tenant, "oldest": uow.now - SENT_FOR})
    rows = await uow.execute(LIST_WAITING, {"tenant": tenant, "version": version, "limit": limit})
    return [WaitingComment._make(row) for row in rows]


LOCK_ORIGIN = f"{FIND_ORIGIN} FOR KEY SHARE"


async def lock_origin(uow: UnitOfWork, tenant: str) -> str | None:
    """Where a company lets its comments be sent; it cannot be switched off until the transaction ends."""
    origin: str | None = (await uow.execute(LOCK_ORIGIN, {"tenant": tenant})).scalar_one_or_none()
    return origin


# What was amended, erased or matched by other themes since is left: what was sent is not what is there.
_SENT = """
    FROM (
        SELECT id FROM answer WHERE tenant = :tenant AND id = ANY(CAST(:ids AS uuid[]))
        ORDER BY id
        FOR NO KEY UPDATE
    ) AS l
    JOIN unnest(
        CAST(:ids AS uuid[]), CAST(:versions AS bigint[]), CAST(:themes AS text[]), CAST(:found AS text[])
    ) AS n (id, version, themes, found) USING (id)
    WHERE a.tenant = :tenant AND a.id = n.id AND a.version = n.version AND a.theme_version = :version
        AND a.comment IS NOT NULL AND a.model_waits
"""
KEEP_FOUND = f"""
    UPDATE answer a
    SET themes = string_to_array(n.themes, ','), model_themes = string_to_array(n.found, ','),
        model_waits = false
    {_SENT}
"""
GIVE_UP = f"UPDATE answer a SET model_waits = false {_SENT}"


class FoundThemes(NamedTuple):
    """What a comment names: by its words and the model, and by the model."""

    themes: tuple[str, ...]
    found: tuple[str, ...]


async def keep_found(
    uow: UnitOfWork, tenant: str, version: int, labelled: Mapping[WaitingComment, FoundThemes]
) -> None:
    """Keep what the model found in comments.

    :param version: of the themes with which they were sent.
    """
    values = _sent_values(tenant, version, list(labelled))
    # An id of a theme has no comma.
    values["themes"] = [",".join(each.themes) for each in labelled.values()]
    values["found"] = [",".join(each.found) for each in labelled.values()]
    await uow.execute(KEEP_FOUND, values)


async def give_up(uow: UnitOfWork, tenant: str, version: int, comments: Sequence[WaitingComment]) -> None:
    """Send these comments no more: the model has no answer for them."""
    await uow.execute(GIVE_UP, _sent_values(tenant, version, comments))


def _sent_values(tenant: str, version: int, comments: Sequence[WaitingComment]) -> dict[str, object]:
    return {
        "tenant": tenant,
        "version": version,
        "ids": [each.id for each in comments],
        "versions": [each.version for each in comments],
        "themes": [""] * len(comments),
        "found": [""] * len(comments),
    }
