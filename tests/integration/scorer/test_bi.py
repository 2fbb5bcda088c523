"""The schema ``bi``: a company's role reads its own figures, those of the API, and can do nothing else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.audit import audit_lines
from support.examples import examples
from support.invitations import an_answer_to, an_invitation, invite
from support.pairs import fill
from support.scorer_builders import add_tenant, an_answer, count
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant
from support.stack import Postgres
from support.themes import match_all

from services.scorer.asked.noted_repository import count_noted_asked
from services.scorer.bi.domain import NewBiRole
from services.scorer.bi.granting import UnknownCompany, grant, list_grants, revoke
from services.scorer.bi.role_repository import NoServerAccess
from services.scorer.domain import MIN_ANSWERS_SHOWN, Groups, score_interval
from services.scorer.models import metadata
from services.scorer.themes.count_repository import count_noted_themes
from shared.db.database import Database
from shared.events import People
from shared.events.people import names_people
from shared.health import Health
from shared.privacy.left_companies import CompanyErasing

NOW = datetime(2026, 11, 20, 13, tzinfo=UTC)
TODAY = date(2026, 11, 20)
VIEWS = ("company", "segments", "daily_counts", "answers", "responses", "themes", "marks")
ACME = a_tenant("acme", "Europe/Copenhagen", "scores:read", "answers:read")
PEOPLE = People(dimensions=("chair",), level=2)


class ErasingRows(CompanyErasing):
    """It erases the rows of companies that have left; there is no broker with records."""

    async def _erase_records(self, tenant: str) -> int:  # noqa: ARG002  (as it is called)
        return 0


@pytest.fixture
def admin_url(database: Database, postgres: Postgres) -> str:
    return postgres.state.admin_url(urlsplit(database.url).path.lstrip("/"))


@pytest.fixture
async def client(database: Database) -> AsyncIterator[ScorerClient]:
    database.clock = lambda: NOW
    async with a_scorer_client(database, ACME, a_tenant("other", "UTC")) as client:
        for tenant in ("acme", "other"):
            invitations = [an_invitation(f"i{n}", sent_at=NOW - timedelta(days=n % 9)) for n in range(20)]
            await invite(database, *invitations, tenant=tenant)
            await count(
                database,
                *(an_answer_to(each, f"i{n}") for n, each in enumerate(invitations[:7])),
                tenant=tenant,
            )
            await count(
                database,
                *(
                    an_answer(
                        f"{tenant}{n}",
                        day=TODAY - timedelta(days=n % 30),
                        score=n % 11,
                        measurement="relational" if n % 5 == 0 else "transactional",
                        organisation=("north", ("sales", "care")[n % 2]),
                        segments={
                            "touchpoint": "checkout",
                            "agent": f"a{n % 3}",
                            "chair": "c",
                            "owner": tenant,
                        },
                        comment=f"{tenant}: the delivery came late" if n % 3 else None,
                        language="en",
                        test=n % 13 == 0,
                    )
                    for n in range(80 if tenant == "acme" else 33)
                ),
                tenant=tenant,
            )
        await match_all(database)
        yield client


@asynccontextmanager
async def signed_in(admin_url: str, made: NewBiRole) -> AsyncIterator[asyncpg.Connection]:
    address = urlsplit(admin_url)
    connection = await asyncpg.connect(
        host=address.hostname,
        port=address.port,
        database=address.path.lstrip("/"),
        user=made.role,
        password=made.password,
        ssl=False,
    )
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
async def role(database: Database, client: ScorerClient, admin_url: str) -> AsyncIterator[NewBiRole]:
    made = await grant(database, admin_url, "acme", reads_answers=True)
    yield made
    await revoke(database, admin_url, "acme")


@pytest.fixture
async def bi(admin_url: str, role: NewBiRole) -> AsyncIterator[asyncpg.Connection]:
    """A session of the company's role."""
    async with signed_in(admin_url, role) as connection:
        yield connection


SUMS = ", ".join(f"coalesce(sum(score_{score}), 0)::int AS score_{score}" for score in range(11))


@pytest.mark.parametrize("segment", ["", "organisation:north", "touchpoint:checkout", "owner:acme"])
@pytest.mark.parametrize("measurement", ["transactional", "relational"])
@pytest.mark.parametrize("days", [1, 7, 30])
async def test_the_sums_of_a_segment_are_those_of_the_api(
    client: ScorerClient, bi: asyncpg.Connection, segment: str, measurement: str, days: int
) -> None:
    asked: dict[str, Any] = {"measurement": measurement, "window": f"{days}d"} | (
        {"segment": segment} if segment else {}
    )
    body = (await client.get("/v1/scores", **asked)).json()
    (row,) = await bi.fetch(
        f"SELECT {SUMS}, coalesce(sum(n), 0)::int AS n, coalesce(sum(promoters), 0)::int AS promoters, "
        "coalesce(sum(detractors), 0)::int AS detractors, coalesce(sum(passives), 0)::int AS passives "
        "FROM daily_counts WHERE segment = $1 AND measurement = $2 AND day BETWEEN $3 AND $4",
        *(segment, measurement, TODAY - timedelta(days=days - 1), TODAY),
    )
    assert [row[f"score_{score}"] for score in range(11)] == body["counts"]
    groups = ("n", "promoters", "passives", "detractors")
    assert {name: row[name] for name in groups} == {name: body[name] for name in groups}
    listed = await bi.fetchval(
        "SELECT count(*) FROM answers WHERE measurement = $1 AND day BETWEEN $2 AND $3 AND ($4 = '' OR $4 = ANY (segments))",
        *(measurement, TODAY - timedelta(days=days - 1), TODAY, segment),
    )
    assert listed == body["n"]


async def test_segments_responses_and_themes_are_those_of_the_api(
    client: ScorerClient, bi: asyncpg.Connection
) -> None:
    segments = (await client.get("/v1/segments", limit=200)).json()["segments"]
    seen = await bi.fetch("SELECT segment, dimension FROM segments ORDER BY segment")
    assert [tuple(row) for row in seen] == [(each["segment"], each["dimension"]) for each in segments]
    asked = (await client.get("/v1/responses", window="30d")).json()["total"]
    names = ("asked", "delivered", "opened", "answered")
    (row,) = await bi.fetch(
        f"SELECT {', '.join(f'sum({name})::int AS {name}' for name in names)} FROM responses "
        "WHERE measurement = 'transactional'"
    )
    assert dict(row) == {name: asked[name] for name in names}
    themes = (await client.get("/v1/themes/figures", window="30d")).json()["themes"]
    rows = await bi.fetch(
        "SELECT theme, sum(n)::int AS n, sum(detractors)::int AS detractors FROM themes "
        "WHERE measurement = 'transactional' GROUP BY theme"
    )
    assert {(row["theme"], row["n"], row["detractors"]) for row in rows} == {
        (each["id"], each["n"], each["detractors"]) for each in themes if each["n"]
    }


async def test_a_role_sees_no_other_companys_rows_whatever_it_asks(bi: asyncpg.Connection) -> None:
    assert await bi.fetchval("SELECT string_agg(name, ',') FROM company") == "Acme"
    for view in VIEWS:
        rows = await bi.fetch(f"SELECT to_jsonb(v)::text AS row FROM {view} v")
        assert not [row for row in rows if "other" in row["row"]], view
    # A condition that fails for another company's row would tell of it.
    leaking = "SELECT count(*) FROM answers WHERE 1 / (CASE WHEN comment LIKE 'other%' THEN 0 ELSE 1 END) = 1"
    assert await bi.fetchval(leaking) > 0
    leaking = "SELECT count(*) FROM segments WHERE CAST(replace(segment, 'owner:other', '1e999') AS text)::text <> ''"
    assert await bi.fetchval(leaking) > 0
    leaking = "SELECT count(*) FROM daily_counts WHERE CAST(CASE value WHEN 'other' THEN 'x' ELSE '1' END AS int) = 1"
    assert await bi.fetchval(leaking) > 0


FORBIDDEN = (
    "SELECT * FROM public.answer",
    "SELECT * FROM public.day_count",
    "SELECT * FROM public.tenant",
    "SELECT * FROM public.bi_role",
    "SELECT * FROM public.bi_reader",
    "SET ROLE scorer",
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION scorer",
    "UPDATE bi.company SET name = 'x'",
    "DELETE FROM bi.marks",
    "INSERT INTO bi.segments (segment) VALUES ('touchpoint:x')",
    "INSERT INTO public.bi_role VALUES ('other', session_user, true, now())",
    "CREATE TABLE public.x (a int)",
    "CREATE TABLE bi.x (a int)",
    "CREATE TEMP TABLE x (a int)",
    "CREATE SCHEMA x",
    "CREATE ROLE x",
    "CREATE FUNCTION bi.f() RETURNS int LANGUAGE sql RETURN 1",
    "SELECT lo_create(0)",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT pg_advisory_lock(7431001)",
    "SELECT pg_try_advisory_xact_lock(7431001)",
    "SELECT pg_notify('outbox', '')",
    "SELECT pg_read_file('/etc/passwd')",
    "COPY (SELECT 1) TO '/tmp/x'",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "ALTER VIEW bi.answers SET (security_barrier = false)",
    "GRANT SELECT ON bi.answers TO PUBLIC WITH GRANT OPTION",
    "SET temp_file_limit = -1",
    "TRUNCATE public.answer",
    "DO $$ BEGIN LOCK TABLE public.answer; END $$",
)


@pytest.mark.parametrize("sql", FORBIDDEN)
async def test_a_role_can_read_no_table_and_write_nothing_even_in_a_writing_transaction(
    bi: asyncpg.Connection, sql: str
) -> None:
    await bi.execute("SET default_transaction_read_only = off")
    with pytest.raises(
        (
            asyncpg.InsufficientPrivilegeError,
            asyncpg.ObjectNotInPrerequisiteStateError,
            asyncpg.WrongObjectTypeError,
            asyncpg.InvalidGrantOperationError,
        )
    ):
        await bi.execute(sql)


async def test_a_session_begins_read_only_with_limits(
    bi: asyncpg.Connection, role: NewBiRole, admin_url: str
) -> None:
    shown = {
        name: await bi.fetchval(f"SHOW {name}")
        for name in ("transaction_read_only", "statement_timeout", "temp_file_limit")
    }
    assert shown == {"transaction_read_only": "on", "statement_timeout": "30s", "temp_file_limit": "1GB"}
    (limited,) = await bi.fetch(
        "SELECT rolconnlimit, rolsuper, rolcreaterole, rolcreatedb, rolinherit, rolbypassrls FROM pg_roles "
        "WHERE rolname = session_user"
    )
    assert tuple(limited) == (5, False, False, False, False, False)
    for name in ("postgres", "template1"):
        other = admin_url.rpartition("/")[0]
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with signed_in(f"{other}/{name}", role):
                pass


async def test_every_view_and_column_says_what_it_is(bi: asyncpg.Connection) -> None:
    rows = await bi.fetch(
        "SELECT c.relname, c.reloptions, obj_description(c.oid) AS about FROM pg_class c "
        "WHERE relnamespace = 'bi'::regnamespace ORDER BY 1"
    )
    assert [row["relname"] for row in rows] == sorted(VIEWS)
    assert all(row["about"] and "security_barrier=true" in row["reloptions"] for row in rows)


async def test_single_employees_are_in_no_view(database: Database, bi: asyncpg.Connection) -> None:
    dimensions = "SELECT DISTINCT dimension FROM daily_counts ORDER BY 1"
    assert [row[0] for row in await bi.fetch(dimensions)] == [
        "",
        "chair",
        "organisation",
        "owner",
        "touchpoint",
    ]
    await add_tenant(database, replace(ACME, version=2, people=PEOPLE))
    assert [row[0] for row in await bi.fetch(dimensions)] == ["", "organisation", "owner", "touchpoint"]
    for view, column in (
        ("daily_counts", "segment"),
        ("segments", "segment"),
        ("answers", "unnest(segments)"),
    ):
        found = {row[0] for row in await bi.fetch(f"SELECT DISTINCT {column} FROM {view}")}
        assert found - {""} == {"organisation:north", "owner:acme", "touchpoint:checkout"}, view


async def test_a_role_for_figures_alone_sees_no_answers(
    database: Database, client: ScorerClient, admin_url: str
) -> None:
    made = await grant(database, admin_url, "acme", reads_answers=False)
    async with signed_in(admin_url, made) as session:
        assert await session.fetchval("SELECT count(*) FROM answers") == 0
        assert await session.fetchval("SELECT sum(n) FROM daily_counts WHERE segment = ''") > 0
    await revoke(database, admin_url, "acme", made.role)


async def test_a_revoked_role_ends_and_a_company_that_leaves_shows_nothing(
    database: Database, client: ScorerClient, admin_url: str
) -> None:
    first = await grant(database, admin_url, "acme", reads_answers=True)
    second = await grant(database, admin_url, "acme", reads_answers=False)
    assert {(each.role, each.reads_answers) for each in await list_grants(database)} == {
        (first.role, True),
        (second.role, False),
    }
    async with signed_in(admin_url, first) as session:
        assert await revoke(database, admin_url, "acme", second.role) == [second.role]
        with pytest.raises(asyncpg.InvalidPasswordError):
            async with signed_in(admin_url, second):
                pass
        leaving = {"version": 9, "state": "leaving", "leaves_at": NOW + timedelta(days=30)}
        await add_tenant(database, replace(ACME, **leaving))
        assert await session.fetchval("SELECT count(*) FROM daily_counts") == 0
        await add_tenant(database, replace(ACME, **(leaving | {"version": 10, "state": "left"})))
        erasing = ErasingRows("scorer", database, metadata, "", (), (), Health())
        while await erasing.step() is not None:
            pass
        assert await list_grants(database) == []
        assert await session.fetchval("SELECT count(*) FROM company") == 0
    assert await revoke(database, admin_url, "acme") == []
    with pytest.raises(asyncpg.InvalidPasswordError):
        async with signed_in(admin_url, first):
            pass
    acts = [line.act for line in await audit_lines(database)]
    assert acts == ["bi_granted", "bi_granted", "bi_revoked"]


async def test_without_the_superuser_or_a_company_nothing_is_made(
    database: Database, client: ScorerClient, admin_url: str
) -> None:
    with pytest.raises(UnknownCompany):
        await grant(database, admin_url, "nobody", reads_answers=True)
    for url in (database.url, "postgresql://postgres:wrong@127.0.0.1:1/scorer"):
        with pytest.raises(NoServerAccess):
            await grant(database, url, "acme", reads_answers=True)
    assert await list_grants(database) == []


NAMES = st.one_of(
    st.text(max_size=30).filter(lambda text: "\0" not in text),
    st.lists(
        st.sampled_from(
            ["agent", "Handled", "by", "_", " ", "-", "sales", "man", "Sælger", "ID", "%2F", "store", "no"]
        ),
        max_size=5,
    ).map("".join),
)


@settings(max_examples=examples(12), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(NAMES, max_size=25), named=st.lists(NAMES, max_size=2))
@example(
    names=["agent", "handledBy", "sales-rep id", "medarbejder", "STORE", "ſeller", "%3Aagent"],
    named=["store"],
)
async def test_who_is_a_single_employee_in_sql_is_one_by_the_rule(
    database: Database, names: list[str], named: list[str]
) -> None:
    """SQL compares letters alone, and so may take rather more names for people: never fewer."""
    people = People(dimensions=tuple(name for name in named if name))
    async with database.reading() as uow:
        rows = await uow.execute(
            "SELECT name, bi_names_people(name, CAST(:named AS text[])) AS found "
            "FROM unnest(CAST(:names AS text[])) AS n(name)",
            {"names": names, "named": list(people.dimensions)},
        )
        found = {row.name: row.found for row in rows}
    for name, in_sql in found.items():
        by_rule = names_people(people, name)
        assert in_sql or not by_rule, name
        if name.isascii():
            assert in_sql == by_rule, name


@settings(max_examples=examples(20), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(counted=st.lists(st.tuples(*[st.integers(0, 400)] * 3), min_size=1, max_size=20))
@example(counted=[(0, 0, 9), (0, 0, 10), (10, 0, 0), (0, 10, 0), (25, 25, 50)])
async def test_the_score_and_its_interval_in_sql_are_those_of_the_pages(
    database: Database, counted: list[tuple[int, int, int]]
) -> None:
    async with database.reading() as uow:
        for groups in counted:
            row = await uow.execute(
                "SELECT bi.nps(:d, :pa, :p) AS nps, bi.nps_low(:d, :pa, :p) AS low, bi.nps_high(:d, :pa, :p) AS high",
                dict(zip(("d", "pa", "p"), map(Decimal, groups), strict=True)),
            )
            found = row.one()
            known = Groups(*groups)
            if known.n < MIN_ANSWERS_SHOWN:
                assert tuple(found) == (None, None, None)
            else:
                assert tuple(found) == pytest.approx((known.points, *(score_interval(known) or ())), abs=1e-9)


async def test_a_declared_pair_changes_no_row_of_any_view(
    database: Database, admin_url: str, role: NewBiRole
) -> None:
    async def everything() -> dict[str, list[str]]:
        async with signed_in(admin_url, role) as reader:
            return {
                view: sorted(repr(dict(row)) for row in await reader.fetch(f"SELECT * FROM bi.{view}"))
                for view in VIEWS
            }

    before = await everything()
    await fill(database, ("touchpoint", "owner"), ("organisation", "touchpoint"))
    assert await everything() == before


@pytest.mark.parametrize(("view", "rows_of"), [("responses", "invitation"), ("themes", "answer")])
async def test_views_of_counts_say_the_same_before_and_after_they_are_counted_and_read_no_rows(
    database: Database, bi: asyncpg.Connection, view: str, rows_of: str
) -> None:
    """A tool that draws a week would otherwise read every row of the company."""
    read = f"SELECT * FROM {view} WHERE day >= $1 ORDER BY 1, 2, 3"
    noted = [tuple(row) for row in await bi.fetch(read, TODAY - timedelta(days=7))]
    assert noted
    async with database.transaction() as uow:
        await count_noted_asked(uow, 10_000)
        await count_noted_themes(uow, 10_000)
        changes = await uow.execute(
            "SELECT (SELECT count(*) FROM asked_change) + (SELECT count(*) FROM theme_change)"
        )
        assert changes.scalar_one() == 0
    assert [tuple(row) for row in await bi.fetch(read, TODAY - timedelta(days=7))] == noted
    async with database.reading() as uow:
        plan = await uow.execute(f"EXPLAIN SELECT * FROM bi.{view} WHERE day >= CURRENT_DATE - 7")
        assert not [line for (line,) in plan if f" on {rows_of} " in line]
