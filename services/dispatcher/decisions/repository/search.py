"""The search in ``decision``: by whatever is given, newest first, a page at a time.

A statement has the conditions that are given and no others, so that the planner takes the index of the
rarest one; and it is planned for its values, since the same filter may match nearly all rows or none.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row

from services.dispatcher.decisions.reasons import SURVEY_OUTCOMES
from services.dispatcher.decisions.repository.decisions import COLUMNS, OF_CLIENTS, fallen_by
from shared.db import UnitOfWork

Place = tuple[datetime, UUID]
"""When an event was decided, and its id: the order of the list."""


class DecisionFilter(NamedTuple):
    """Which decisions are wanted: those that meet each condition; None: any."""

    named: str | None = None
    """The back-end's id of the event or of its customer; with ``named_contact``, or that address."""
    named_contact: str | None = None
    named_number: str | None = None
    """With ``named``: or the keyed hash of that phone number."""
    source_id: str | None = None
    clients_only: bool | None = None
    """True: no events of waves and programmes, whose ids may name the customer."""
    source: str | None = None
    customer_id: str | None = None
    contact: str | None = None
    """The keyed hash of the customer's address."""
    number: str | None = None
    """The keyed hash of the customer's phone number."""
    reason: str | None = None
    """Why nobody was asked: by the decision, or when the mail was due."""
    survey_id: UUID | None = None
    """The survey that asks, or did not ask though it matched the event; with ``reason``, for that one. Of a
    ``channel``, or of mails, the one that asks."""
    channel: str | None = None
    state: str | None = None
    """Of the mail that asks."""
    postponed_by: str | None = None
    """The rule for which that mail waits longer than it was to."""
    since: datetime | None = None
    until: datetime | None = None
    """Before this time."""
    allowed: tuple[str, ...] = ()
    """Of these segments; of all, when there are none."""

    def given(self) -> dict[str, Any]:
        """The values that are given, by their names."""
        return {name: value for name, value in self._asdict().items() if value not in {None, ()}}


# Found by the customers who came under the address: most of them have few events, and one index less is
# written with each decision.
_OF_CONTACT = """(
    d.person = ANY(ARRAY(
        SELECT k.person FROM known_customer k
        WHERE k.tenant = :tenant AND k.contact = :{name} AND k.contact <> ''
    ))
    AND d.contact_key = :{name}
)"""
# A decision keeps no number of a customer who has an address, too: the pair of the two tells whose it is.
_OF_NUMBER = """(
    d.person = ANY(ARRAY(
        SELECT k.person FROM known_customer k
        WHERE k.tenant = :tenant AND k.phone = :{name} AND k.phone <> ''
    ))
    AND EXISTS (
        SELECT FROM known_customer k
        WHERE k.tenant = :tenant AND k.phone = :{name} AND k.person = d.person
            AND k.contact = coalesce(d.contact_key, '')
    )
)"""
NAMED_CONTACT, NAMED_NUMBER = "named_contact", "named_number"
_NAMED = "d.source_id = :named OR d.customer_id = :named"
CONDITIONS = {
    "named": f"({_NAMED})",
    NAMED_CONTACT: f"({_NAMED} OR {_OF_CONTACT.format(name=NAMED_CONTACT)})",
    NAMED_NUMBER: f"({_NAMED} OR {_OF_NUMBER.format(name=NAMED_NUMBER)})",
    "source_id": "d.source_id = :source_id",
    "clients_only": OF_CLIENTS,
    "source": "d.source = :source",
    "customer_id": "d.customer_id = :customer_id",
    "contact": _OF_CONTACT.format(name="contact"),
    "number": _OF_NUMBER.format(name="number"),
    "reason": "d.reason = :reason",
    "survey_id": "d.survey_id = :survey_id",
    "channel": (
        "d.reason = 'invited' "
        "AND (d.channel = :channel OR d.channel IS NULL AND CAST(:channel AS text) = 'mail')"
    ),
    "state": "i.state = :state",
    "postponed_by": "i.state = 'waiting' AND i.reason = :postponed_by",
    "since": "d.decided_at >= :since",
    "until": "d.decided_at < :until",
    "allowed": "d.segments && CAST(:allowed AS text[])",
    "before": "(d.decided_at, d.event_id) < (:at, :event_id)",
}
"""By the name of the value that is given."""
SURVEY_FELL = "d.fallen && CAST(:fallen AS text[])"
"""That of ``survey_id`` for events that it matched and did not ask about."""
DROPPED_FOR = "i.state = 'dropped' AND i.reason = :reason"
"""That of ``reason`` for events that are to be asked about and whose mail was dropped for it."""
MAIL_CONDITIONS = {
    "since": "i.decided_at >= :since",
    "until": "i.decided_at < :until",
    "before": "i.decided_at <= :at",
}
"""The same again where mails of one state are wanted, which are read in the order of their own times."""
OF_MAILS = {"state", "postponed_by"}
MAIL = "JOIN invitation i ON i.tenant = :tenant AND i.id = d.invitation_id AND i.decided_at IS NOT NULL"
# That the two times are equal is not told to the planner: it would take such rows for rare.
SELECT_PAGE = """
    SELECT {columns} FROM decision d {mail}
    WHERE d.tenant = :tenant AND {conditions}
    ORDER BY {ordered}.decided_at DESC, d.event_id DESC
    LIMIT :limit
"""
# Each part reads an index in the order of the list: one condition with OR would read all decisions.
SELECT_PARTS = """
    SELECT {columns} FROM ({parts}) d
    ORDER BY d.decided_at DESC, d.event_id DESC
    LIMIT :limit
"""
OF_THE_ONE_THAT_ASKS = {*OF_MAILS, "channel"}
"""The filters that are about the ask itself: a survey that did not ask has none."""
NO_OWN: Mapping[str, str] = {}
BOTH_COLUMNS = "d.tenant, d.event_id, d.decided_at, d.reason, d.invitation_id"
"""Those of a decision that a page may name."""
FELL_COLUMNS = """d.tenant, d.event_id, d.decided_at, (
        SELECT split_part(f.fell, '/', 2) FROM unnest(d.fallen) AS f(fell)
        WHERE f.fell = ANY(CAST(:fallen AS text[])) LIMIT 1
    ) AS reason, CAST(NULL AS uuid) AS invitation_id"""
"""The same of a survey that did not ask: the rule by which it fell, and no mail."""
PLAN_FOR_VALUES = "SET LOCAL plan_cache_mode = force_custom_plan"


def page_sql(wanted: DecisionFilter, columns: str, *, before: bool) -> str:
    """The statement of the newest decisions ``d`` that are wanted.

    :param columns: some of ``BOTH_COLUMNS``.
    """
    names = {*wanted.given(), *(("before",) if before else ())}
    if not names.isdisjoint({NAMED_CONTACT, NAMED_NUMBER}):
        names.remove("named")  # the condition of both
    # A survey that asks about an event has no reason not to: no row is looked for that cannot be there.
    asks = "survey_id" in names and wanted.reason not in {None, "invited"}
    parts: list[tuple[str, dict[str, str]]] = [] if asks else [(BOTH_COLUMNS, {})]
    if wanted.reason is not None:
        parts.append((BOTH_COLUMNS, {"reason": DROPPED_FOR}))
    if "fallen" in page_values(wanted):
        parts.append((FELL_COLUMNS, {"survey_id": SURVEY_FELL, "reason": "true"}))
    if len(parts) == 1:
        return _page_sql(names, columns, parts[0][1])
    each = [f"({_page_sql(names, own_columns, own)})" for own_columns, own in parts]
    return SELECT_PARTS.format(columns=columns, parts=" UNION ALL ".join(each))


def _page_sql(names: set[str], columns: str, own: Mapping[str, str] = NO_OWN) -> str:
    """The decisions that meet the named conditions; ``own``: those that are others in this part."""
    conditions = [own.get(name, sql) for name, sql in CONDITIONS.items() if name in names]
    of_mails = DROPPED_FOR in own.values() or not names.isdisjoint(OF_MAILS)
    if of_mails:
        conditions += [sql for name, sql in MAIL_CONDITIONS.items() if name in names]
    return SELECT_PAGE.format(
        columns=columns,
        mail=MAIL if of_mails else "",
        ordered="i" if of_mails else "d",
        conditions=" AND ".join(conditions) or "true",
    )


def page_values(wanted: DecisionFilter) -> dict[str, Any]:
    """The values of the filter's part of the statement."""
    values = wanted.given()
    if "allowed" in values:
        values["allowed"] = list(wanted.allowed)
    if (
        wanted.survey_id is not None
        and wanted.reason != "invited"
        and OF_THE_ONE_THAT_ASKS.isdisjoint(values)
    ):
        rules = SURVEY_OUTCOMES if wanted.reason is None else (wanted.reason,)
        values["fallen"] = [fallen_by(wanted.survey_id, rule) for rule in rules if rule != "invited"]
    return values


async def run_page(
    uow: UnitOfWork,
    statement: str,
    tenant: str,
    wanted: DecisionFilter,
    *,
    before: Place | None = None,
    limit: int,
) -> Sequence[Row[Any]]:
    """The rows of a statement that holds ``page_sql`` of the same filter, planned for these values."""
    values = page_values(wanted) | {"tenant": tenant, "limit": limit}
    if before is not None:
        values["at"], values["event_id"] = before
    await uow.execute(PLAN_FOR_VALUES)
    return (await uow.execute(statement, values)).all()


SEARCH_DECISIONS = f"""
    SELECT {COLUMNS}, i.state, i.version, i.reason AS mail_reason, i.next_at
    FROM ({{page}}) p
    JOIN decision d ON d.tenant = :tenant AND d.event_id = p.event_id
    LEFT JOIN invitation i ON i.tenant = d.tenant AND i.id = d.invitation_id
    ORDER BY d.decided_at DESC, d.event_id DESC
"""


async def search(
    uow: UnitOfWork, tenant: str, wanted: DecisionFilter, *, before: Place | None, limit: int
) -> Sequence[Row[Any]]:
    """The decisions that are wanted, newest first."""
    page = page_sql(wanted, "d.event_id", before=before is not None)
    statement = SEARCH_DECISIONS.format(page=page)
    return await run_page(uow, statement, tenant, wanted, before=before, limit=limit)
