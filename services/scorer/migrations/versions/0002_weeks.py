"""What the days of each week add up to, kept by the database itself: the version before counts as well as this
one while they run side by side, and knows nothing of weeks.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WEEK = "day - CAST(extract(isodow FROM day) AS integer) + 1"
GROUPS = {
    "detractors": "c0 + c1 + c2 + c3 + c4 + c5 + c6",
    "passives": "c7 + c8",
    "promoters": "c9 + c10",
}
ADD = f"""
    INSERT INTO week_count AS t (tenant, measurement, week, segment, {", ".join(GROUPS)})
    SELECT tenant, measurement, {WEEK}, segment,
           {", ".join(f"sum(sign * ({columns}))" for columns in GROUPS.values())}
    FROM %s GROUP BY 1, 2, 3, 4
    HAVING ({", ".join(f"sum(sign * ({columns}))" for columns in GROUPS.values())}) <> (0, 0, 0)
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (tenant, measurement, week, segment)
    DO UPDATE SET {", ".join(f"{name} = t.{name} + EXCLUDED.{name}" for name in GROUPS)}
"""
FUNCTION = "CREATE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN %s; RETURN NULL; END $$"
TRIGGER = "CREATE TRIGGER %s AFTER %s ON day_count REFERENCING %s FOR EACH STATEMENT EXECUTE FUNCTION %s()"
CAME = "(SELECT *, 1 AS sign FROM came) AS n"
CHANGED = "(SELECT *, 1 AS sign FROM came UNION ALL SELECT *, -1 AS sign FROM went) AS n"
DDL = (
    """
    CREATE TABLE week_count (
        tenant text NOT NULL, measurement text NOT NULL, week date NOT NULL, segment text COLLATE "C" NOT NULL,
        detractors integer NOT NULL, passives integer NOT NULL, promoters integer NOT NULL,
        CONSTRAINT pk_week_count PRIMARY KEY (tenant, measurement, week, segment)
    ) WITH (fillfactor = 70)
    """,
    # Nobody counts from here to the commit.
    "CREATE INDEX ix_day_count_tenant_measurement_day_segment ON day_count (tenant, measurement, day, segment)",
    ADD % "(SELECT *, 1 AS sign FROM day_count) AS n",
    FUNCTION % ("add_new_days", ADD % CAME),
    FUNCTION % ("add_changed_days", ADD % CHANGED),
    TRIGGER % ("new_days", "INSERT", "NEW TABLE AS came", "add_new_days"),
    TRIGGER % ("changed_days", "UPDATE", "NEW TABLE AS came OLD TABLE AS went", "add_changed_days"),
)


def upgrade() -> None:
    for statement in DDL:
        op.execute(statement)
