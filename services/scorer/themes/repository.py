"""``theme_set``: the themes of each company that has changed them; and the themes of its answers."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec

from services.scorer.domain import Groups
from services.scorer.repository.count_columns import HAS_WRITTEN, IS_DETRACTOR
from services.scorer.repository.selection import Selection
from services.scorer.themes.domain import Theme, ThemeSet
from services.scorer.themes.impact import MatchedAnswers
from services.scorer.themes.shipped import SHIPPED, SHIPPED_VERSION
from services.scorer.windows import Window
from shared.db.database import UnitOfWork

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[Theme, ...]).decode

NEW_FOR = timedelta(days=14)
"""So long a theme that was opened by itself is shown as new."""
FIND_THEMES = """
    SELECT s.version, s.body,
        ARRAY(SELECT f.theme FROM found_theme f WHERE f.tenant = s.tenant AND f.state = 'proposed') AS found,
        ARRAY(
            SELECT f.theme FROM found_theme f
            WHERE f.tenant = s.tenant AND f.state IN ('proposed', 'kept') AND f.found_at > :new_after
        ) AS new
    FROM theme_set s
    WHERE s.tenant = :tenant
"""
LOCK_THEMES = f"{FIND_THEMES} FOR UPDATE OF s"


async def find_themes(uow: UnitOfWork, tenant: str, *, lock: bool = False) -> ThemeSet:
    """The themes of a company: those that we ship, until it changes them."""
    values = {"tenant": tenant, "new_after": uow.now - NEW_FOR}
    row = (await uow.execute(LOCK_THEMES if lock else FIND_THEMES, values)).one_or_none()
    if row is None:
        return SHIPPED
    themes = _decode(row.body)
    ids = frozenset(theme.id for theme in themes)
    return ThemeSet(version=row.version, themes=themes, found=ids & {*row.found}, new=ids & {*row.new})


INSERT_THEMES = """
    INSERT INTO theme_set (tenant, version, body, changed_at) VALUES (:tenant, :version, :body, :now)
    ON CONFLICT (tenant) DO NOTHING
    RETURNING tenant
"""
UPDATE_THEMES = """
    UPDATE theme_set SET version = :version, body = :body, changed_at = :now
    WHERE tenant = :tenant AND version = :version - 1
    RETURNING tenant
"""


async def write_themes(uow: UnitOfWork, tenant: str, themes: ThemeSet, *, is_first: bool) -> bool:
    """Write the next version of a company's themes; False: somebody else has written it already.

    :param is_first: the company has changed nothing before.
    """
    values = {"tenant": tenant, "version": themes.version, "body": _encode(themes.themes), "now": uow.now}
    written = await uow.execute(INSERT_THEMES if is_first else UPDATE_THEMES, values)
    return written.one_or_none() is not None


class ThemeVersion(NamedTuple):
    """Which themes a company has, without what they are."""

    version: int | None
    """None: those that we ship."""
    digest: str
    """Of the themes: equal ones have the same."""
    has_model: bool
    """Whether its comments are sent to a model as well."""


FIND_VERSIONS = """
    SELECT n.tenant, s.version, coalesce(md5(s.body), '') AS digest, m.tenant IS NOT NULL AS has_model
    FROM unnest(CAST(:tenants AS text[])) AS n (tenant)
    LEFT JOIN theme_set s ON s.tenant = n.tenant
    LEFT JOIN theme_model m ON m.tenant = n.tenant
    WHERE s.tenant IS NOT NULL OR m.tenant IS NOT NULL
"""


async def find_versions(uow: UnitOfWork, tenants: Sequence[str]) -> Mapping[str, ThemeVersion]:
    """The versions of those companies that have changed their themes, or have a model on."""
    rows = await uow.execute(FIND_VERSIONS, {"tenants": list(tenants)})
    return {row.tenant: ThemeVersion(row.version, row.digest, row.has_model) for row in rows}


HAS_THEMES = "SELECT tenant FROM theme_set WHERE tenant = :tenant"


async def has_changed_themes(uow: UnitOfWork, tenant: str) -> bool:
    """Whether a company has ever changed its themes."""
    return (await uow.execute(HAS_THEMES, {"tenant": tenant})).one_or_none() is not None


# One look into the index of each company: comments of an older version stand first in it.
_COMPANIES_BEHIND = """
    FROM tenant t
    LEFT JOIN theme_set s ON s.tenant = t.id
    WHERE EXISTS (
        SELECT FROM answer a
        WHERE a.tenant = t.id AND a.comment IS NOT NULL
            AND a.theme_version < coalesce(s.version, :shipped)
    )
"""
FIND_BEHIND = f"SELECT t.id AS tenant {_COMPANIES_BEHIND} ORDER BY t.id LIMIT :limit"
COUNT_BEHIND = f"SELECT count(*) {_COMPANIES_BEHIND}"


async def find_behind(uow: UnitOfWork, limit: int) -> list[str]:
    """Companies with comments that were not matched by their present themes."""
    rows = await uow.execute(FIND_BEHIND, {"shipped": SHIPPED_VERSION, "limit": limit})
    return [str(row.tenant) for row in rows]


async def count_behind(uow: UnitOfWork) -> int:
    """How many companies these are."""
    return int((await uow.execute(COUNT_BEHIND, {"shipped": SHIPPED_VERSION})).scalar_one())


class UnmatchedComment(NamedTuple):
    """A comment that was not matched by the present themes of its company."""

    id: UUID
    comment: str
    language: str | None
    model_themes: Sequence[str] | None
    """What a model found in it, by the themes of then; None: none has labelled it."""


# Rows that somebody else holds are left for the next page: so nobody waits for this one.
CLAIM_UNMATCHED = """
    SELECT id, comment, language, model_themes
    FROM answer
    WHERE tenant = :tenant AND comment IS NOT NULL AND theme_version < :version
    ORDER BY theme_version
    LIMIT :limit
    FOR NO KEY UPDATE SKIP LOCKED
"""


async def claim_unmatched(uow: UnitOfWork, tenant: str, version: int, limit: int) -> list[UnmatchedComment]:
    """Lock some of a company's comments that were matched by an older version, or by none."""
    rows = await uow.execute(CLAIM_UNMATCHED, {"tenant": tenant, "version": version, "limit": limit})
    return [UnmatchedComment._make(row) for row in rows]


MARK_MATCHED = """
    UPDATE answer a
    SET themes = string_to_array(n.themes, ','), theme_version = :version,
        model_waits = :has_model AND score IS NOT NULL AND comment <> ''
    FROM unnest(CAST(:ids AS uuid[]), CAST(:themes AS text[])) AS n (id, themes)
    WHERE a.tenant = :tenant AND a.id = n.id
"""


async def mark_matched(
    uow: UnitOfWork, tenant: str, version: int, themes: Mapping[UUID, tuple[str, ...]], *, has_model: bool
) -> None:
    """Keep which themes the comments name that are locked.

    :param has_model: whether they are to be sent to a model with the new themes.
    """
    # An id of a theme has no comma.
    joined = [",".join(each) for each in themes.values()]
    values = {"tenant": tenant, "version": version, "ids": list(themes), "themes": joined}
    values["has_model"] = has_model
    await uow.execute(MARK_MATCHED, values)


_OF_SELECTION = """
    a.tenant = :tenant AND a.segments @> CAST(:selection AS text[]) AND a.score IS NOT NULL
    AND a.measurement = :measurement AND a.day BETWEEN :first AND :last
"""
# Of several segments at once nothing is counted before. Of the unhappy alone, by an index that holds no other
# answers: the page of scores shows no more.
COUNT_UNHAPPY = f"""
    SELECT coalesce(a.themes, '{{}}') AS themes, a.theme_version >= :version AS is_matched, count(*) AS n
    FROM answer a
    WHERE {_OF_SELECTION} AND a.{IS_DETRACTOR} AND {HAS_WRITTEN}
    GROUP BY 1, 2
"""


async def count_unhappy(
    uow: UnitOfWork, selection: Selection, measurement: str, window: Window, version: int
) -> list[MatchedAnswers]:
    """The detractors with a comment, of a selection and a window, by the themes that they name."""
    values = _values(selection, measurement, window) | {"version": version}
    return [
        MatchedAnswers(tuple(row.themes), True, row.is_matched, Groups(row.n, 0, 0))
        for row in await uow.execute(COUNT_UNHAPPY, values)
    ]


class ThemeComment(NamedTuple):
    """A comment of an answer that counts."""

    score: int
    comment: str
    language: str | None


LIST_COMMENTS = f"""
    SELECT a.score, a.comment, a.language
    FROM answer a
    WHERE {_OF_SELECTION} AND a.comment <> ''
        AND a.score BETWEEN CAST(:low AS smallint) AND CAST(:high AS smallint)
        AND (NOT :uncovered OR a.themes = '{{}}')
    ORDER BY a.answered_at DESC, a.id DESC
    LIMIT :limit
"""


async def list_comments(
    uow: UnitOfWork,
    selection: Selection,
    measurement: str,
    window: Window,
    *,
    scores: tuple[int, int],
    uncovered: bool = False,
    limit: int,
) -> list[ThemeComment]:
    """The latest comments of answers with these scores (both included).

    :param uncovered: only those that name no theme.
    """
    values = _values(selection, measurement, window)
    values |= {"low": scores[0], "high": scores[1], "uncovered": uncovered, "limit": limit}
    return [ThemeComment._make(row) for row in await uow.execute(LIST_COMMENTS, values)]


def _values(selection: Selection, measurement: str, window: Window) -> dict[str, object]:
    return selection.values() | {"measurement": measurement, "first": window.first, "last": window.last}
