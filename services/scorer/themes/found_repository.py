"""``theme_finding`` and ``found_theme``: who is looked at for new themes, what opened, what became of it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple, get_args

from services.scorer.amendments.repository import CUSTOMER
from services.scorer.themes.proposals import WrittenComment
from services.scorer.windows import Window
from shared.db.database import UnitOfWork
from shared.events.surveys import NpsMeasurement

FoundState = Literal["proposed", "kept", "merged", "dropped"]
"""What became of a theme that was opened by itself."""
MEASUREMENTS: tuple[NpsMeasurement, ...] = get_args(NpsMeasurement)
MAX_COMMENTS_LOOKED_AT = 20_000
"""Of those that name no theme, and of the others: the latest ones."""
LATE_AFTER = timedelta(days=1)

TRY_LOOK_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('found themes', 0))"
CLAIM_COMPANY = """
    SELECT n.tenant
    FROM unnest(CAST(:tenants AS text[])) AS n (tenant)
    LEFT JOIN theme_finding f ON f.tenant = n.tenant
    WHERE coalesce(f.is_on, true) AND (f.looked_at IS NULL OR f.looked_at <= :before)
    ORDER BY f.looked_at NULLS FIRST, n.tenant
    LIMIT 1
"""


async def claim_company(uow: UnitOfWork, tenants: Sequence[str], before: datetime) -> str | None:
    """The company that was not looked at for longest, if not since a time; until the transaction ends no
    other worker looks. None: there is no such company, or another worker is looking.
    """
    if not (await uow.execute(TRY_LOOK_LOCK)).scalar_one():
        return None
    values = {"tenants": list(tenants), "before": before}
    return (await uow.execute(CLAIM_COMPANY, values)).scalar_one_or_none()


NOTE_LOOK = """
    INSERT INTO theme_finding (tenant, looked_at) VALUES (:tenant, :now)
    ON CONFLICT (tenant) DO UPDATE SET looked_at = EXCLUDED.looked_at
"""


async def note_look(uow: UnitOfWork, tenant: str) -> None:
    """Remember that the comments of a company were looked at now."""
    await uow.execute(NOTE_LOOK, {"tenant": tenant, "now": uow.now})


COUNT_LATE = """
    SELECT count(*)
    FROM tenant t
    JOIN theme_finding f ON f.tenant = t.id
    WHERE f.is_on AND f.looked_at < :before AND t.id NOT IN (SELECT tenant FROM closed_company)
"""


async def count_late(uow: UnitOfWork) -> int:
    """How many companies were last looked at more than a day ago."""
    return int((await uow.execute(COUNT_LATE, {"before": uow.now - LATE_AFTER})).scalar_one())


FIND_SWITCH = "SELECT is_on FROM theme_finding WHERE tenant = :tenant"


async def is_finding_on(uow: UnitOfWork, tenant: str) -> bool:
    """Whether themes of a company are opened by themselves; they are, until it switches that off."""
    found: bool | None = (await uow.execute(FIND_SWITCH, {"tenant": tenant})).scalar_one_or_none()
    return True if found is None else found


SWITCH = """
    INSERT INTO theme_finding AS f (tenant, is_on) VALUES (:tenant, :is_on)
    ON CONFLICT (tenant) DO UPDATE SET is_on = EXCLUDED.is_on WHERE f.is_on <> EXCLUDED.is_on
    RETURNING tenant
"""


async def switch_finding(uow: UnitOfWork, tenant: str, *, is_on: bool) -> bool:
    """Switch it on or off; whether that wrote anything."""
    return (await uow.execute(SWITCH, {"tenant": tenant, "is_on": is_on})).one_or_none() is not None


class FoundTheme(NamedTuple):
    """A theme that was opened by itself."""

    theme: str
    """Its id in the set of themes, where it may be no more."""
    language: str
    stem: str
    state: FoundState
    customers: int
    """Who shared the words when it was opened."""
    found_at: datetime
    decided_at: datetime | None


_FOUND = "theme, language, stem, state, customers, found_at, decided_at"
LIST_FOUND = f"SELECT {_FOUND} FROM found_theme WHERE tenant = :tenant ORDER BY found_at, language, stem"


async def list_found(uow: UnitOfWork, tenant: str) -> list[FoundTheme]:
    """All themes of a company that ever were opened by themselves, the oldest first."""
    return [FoundTheme._make(row) for row in await uow.execute(LIST_FOUND, {"tenant": tenant})]


LOCK_FOUND = f"""
    SELECT {_FOUND} FROM found_theme WHERE tenant = :tenant AND theme = :theme
    ORDER BY found_at DESC LIMIT 1
    FOR UPDATE
"""


async def lock_found(uow: UnitOfWork, tenant: str, theme: str) -> FoundTheme | None:
    """The theme that was opened by itself under an id, the last one; locked."""
    row = (await uow.execute(LOCK_FOUND, {"tenant": tenant, "theme": theme})).one_or_none()
    return None if row is None else FoundTheme._make(row)


INSERT_FOUND = """
    INSERT INTO found_theme (tenant, language, stem, theme, state, customers, found_at)
    VALUES (:tenant, :language, :stem, :theme, 'proposed', :customers, :now)
"""


async def keep_found(
    uow: UnitOfWork, tenant: str, theme: str, language: str, stem: str, customers: int
) -> None:
    """Keep that a theme was opened by itself."""
    values = {"tenant": tenant, "theme": theme, "language": language, "stem": stem}
    await uow.execute(INSERT_FOUND, values | {"customers": customers, "now": uow.now})


DECIDE = """
    UPDATE found_theme SET state = :state, decided_at = :now
    WHERE tenant = :tenant AND language = :language AND stem = :stem
"""


async def decide(uow: UnitOfWork, tenant: str, found: FoundTheme, state: FoundState) -> None:
    """Keep what became of one."""
    values = {"tenant": tenant, "language": found.language, "stem": found.stem}
    await uow.execute(DECIDE, values | {"state": state, "now": uow.now})


_OF_WINDOW = """
    tenant = :tenant AND measurement = ANY(CAST(:measurements AS text[])) AND day BETWEEN :first AND :last
    AND score IS NOT NULL AND comment <> '' AND language IS NOT NULL
"""
_LATEST = "ORDER BY answered_at DESC, id DESC LIMIT :limit"
# A comment of before counts once it was matched with the themes as they are now.
LIST_UNCOVERED = f"""
    SELECT {CUSTOMER} AS customer, comment, language, day >= :recent_from AS is_recent FROM answer
    WHERE {_OF_WINDOW} AND themes = '{{}}' AND theme_version >= :version {_LATEST}
"""
LIST_COVERED = f"SELECT comment, language FROM answer WHERE {_OF_WINDOW} AND themes <> '{{}}' {_LATEST}"


async def list_uncovered(
    uow: UnitOfWork, tenant: str, window: Window, version: int, recent_from: date
) -> list[WrittenComment]:
    """The latest comments of a window that name no theme, of answers that count.

    :param version: of the present themes.
    :param recent_from: from which day on they are recent.
    """
    values = _values(tenant, window) | {"version": version, "recent_from": recent_from}
    return [WrittenComment._make(row) for row in await uow.execute(LIST_UNCOVERED, values)]


async def list_covered(uow: UnitOfWork, tenant: str, window: Window) -> Mapping[str, list[str]]:
    """The latest ones that name one, by language."""
    found: dict[str, list[str]] = {}
    for row in await uow.execute(LIST_COVERED, _values(tenant, window)):
        found.setdefault(row.language.partition("-")[0].lower(), []).append(row.comment)
    return found


def _values(tenant: str, window: Window) -> dict[str, object]:
    return {
        "tenant": tenant,
        "measurements": list(MEASUREMENTS),
        "first": window.first,
        "last": window.last,
        "limit": MAX_COMMENTS_LOOKED_AT,
    }


LIST_SEGMENTS = "SELECT segment FROM segment WHERE tenant = :tenant ORDER BY segment"


async def list_segment_names(uow: UnitOfWork, tenant: str) -> list[str]:
    """All segments of a company."""
    return list((await uow.execute(LIST_SEGMENTS, {"tenant": tenant})).scalars())
