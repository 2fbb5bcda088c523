"""Counts of who was asked and of what comments name, so that pages do not read every row of their days.

An invitation learns from the triggers of ``answer`` whether its link was followed and what score was given, in
whatever order the two arrive: an answer that is first leaves a row of version 0, which counts nowhere until the
invitation comes. Triggers note every difference in ``asked_change`` and ``theme_change``, which a loop adds to
the counts; pages add what is noted to what is counted. So writers never wait for each other at a row that all of
them change, and the version before notes as well as this one while they run side by side.

With ten million answers and as many invitations it takes five to six minutes on two cores. The scorer consumes
nothing meanwhile, and pages that read invitations wait.
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

GROUPS = "detractors integer NOT NULL, passives integer NOT NULL, promoters integer NOT NULL"
NUMBERS = f"asked integer NOT NULL, delivered integer NOT NULL, opened integer NOT NULL, answered integer NOT NULL, {GROUPS}"
# What is noted is soon removed again.
NOTED = "WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000)"
TABLES = (
    "ALTER TABLE invitation ADD COLUMN sent_local timestamp, ADD COLUMN opened boolean NOT NULL DEFAULT false, ADD COLUMN score smallint",
    # Each invitation is written several times.
    "ALTER TABLE invitation SET (fillfactor = 85)",
    f"""
    CREATE TABLE asked_count (
        tenant text NOT NULL, measurement text NOT NULL, segment text COLLATE "C" NOT NULL, day date NOT NULL,
        channel text NOT NULL, {NUMBERS}, endless integer NOT NULL, ends timestamptz,
        CONSTRAINT pk_asked_count PRIMARY KEY (tenant, measurement, segment, day, channel)
    ) WITH (fillfactor = 80)
    """,
    f"""
    CREATE TABLE asked_hour (
        tenant text NOT NULL, measurement text NOT NULL, day date NOT NULL, hour smallint NOT NULL, {NUMBERS},
        CONSTRAINT pk_asked_hour PRIMARY KEY (tenant, measurement, day, hour)
    ) WITH (fillfactor = 80)
    """,
    f"""
    CREATE TABLE asked_change (
        tenant text NOT NULL, id bigint NOT NULL GENERATED ALWAYS AS IDENTITY, measurement text NOT NULL,
        hour timestamp NOT NULL, segments text[] NOT NULL, channel text NOT NULL, delivered boolean NOT NULL,
        opened boolean NOT NULL, score smallint, endless boolean NOT NULL, ends timestamptz, n integer NOT NULL,
        CONSTRAINT pk_asked_change PRIMARY KEY (tenant, id)
    ) {NOTED}
    """,
    f"""
    CREATE TABLE theme_count (
        tenant text NOT NULL, measurement text NOT NULL, segment text COLLATE "C" NOT NULL, day date NOT NULL,
        theme text COLLATE "C" NOT NULL, {GROUPS},
        CONSTRAINT pk_theme_count PRIMARY KEY (tenant, measurement, segment, day, theme)
    ) WITH (fillfactor = 80)
    """,
    f"""
    CREATE TABLE theme_change (
        tenant text NOT NULL, id bigint NOT NULL GENERATED ALWAYS AS IDENTITY, measurement text NOT NULL,
        day date NOT NULL, segments text[] NOT NULL, themes text[] NOT NULL, score smallint NOT NULL,
        n integer NOT NULL,
        CONSTRAINT pk_theme_change PRIMARY KEY (tenant, id)
    ) {NOTED}
    """,
)

COUNTS = "version > 0 AND NOT test AND NOT anonymous AND NOT beyond_draw AND channel IS DISTINCT FROM 'link' AND sent_local IS NOT NULL"
DELIVERED = "state IS DISTINCT FROM 'bounced' AND report IS DISTINCT FROM 'undeliverable'"
NOTE_ASKED = f"""
    INSERT INTO asked_change (
        tenant, measurement, hour, segments, channel, delivered, opened, score, endless, ends, n
    )
    SELECT tenant, measurement, date_trunc('hour', sent_local), segments, coalesce(channel, ''), {DELIVERED},
           opened, score, expires_at IS NULL, max(expires_at) FILTER (WHERE sign > 0), sum(sign)
    FROM %s
    WHERE {COUNTS}
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
    HAVING sum(sign) <> 0
        OR max(expires_at) FILTER (WHERE sign > 0) IS DISTINCT FROM max(expires_at) FILTER (WHERE sign < 0)
"""
NOTE_THEMES = """
    INSERT INTO theme_change (tenant, measurement, day, segments, themes, score, n)
    SELECT tenant, measurement, day, segments, coalesce(themes, '{}'), score, sum(sign)
    FROM %s
    WHERE score IS NOT NULL AND comment <> ''
    GROUP BY 1, 2, 3, 4, 5, 6
    HAVING sum(sign) <> 0
"""
# Only answers to a survey have the id of an invitation.
TELL_INVITATIONS = """
    INSERT INTO invitation AS t (tenant, id, version, measurement, test, segments, opened, score)
    SELECT tenant, id, 0, came.measurement, false, '{}', true, came.score
    FROM %s
    WHERE came.origin = 'survey' %s
    ORDER BY 1, 2
    ON CONFLICT (tenant, id) DO UPDATE SET opened = true, score = EXCLUDED.score
    WHERE NOT t.opened OR t.score IS DISTINCT FROM EXCLUDED.score
"""
CAME = "(SELECT *, 1 AS sign FROM came) AS n"
CHANGED = "(SELECT *, 1 AS sign FROM came UNION ALL SELECT *, -1 AS sign FROM went) AS n"
FUNCTION = "CREATE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN %s; RETURN NULL; END $$"
TRIGGER = "CREATE TRIGGER %s AFTER %s ON %s REFERENCING %s FOR EACH STATEMENT EXECUTE FUNCTION %s()"
INSERTED, UPDATED = "NEW TABLE AS came", "NEW TABLE AS came OLD TABLE AS went"
NEW_ANSWERS = f"{NOTE_THEMES % CAME}; {TELL_INVITATIONS % ('came', '')}"
CHANGED_ANSWERS = f"{NOTE_THEMES % CHANGED}; " + TELL_INVITATIONS % (
    "came JOIN went USING (tenant, id)",
    "AND came.score IS DISTINCT FROM went.score",
)
TRIGGERS = (
    FUNCTION % ("note_new_invitations", NOTE_ASKED % CAME),
    FUNCTION % ("note_changed_invitations", NOTE_ASKED % CHANGED),
    FUNCTION % ("note_new_answers", NEW_ANSWERS),
    FUNCTION % ("note_changed_answers", CHANGED_ANSWERS),
    TRIGGER % ("new_invitations", "INSERT", "invitation", INSERTED, "note_new_invitations"),
    TRIGGER % ("changed_invitations", "UPDATE", "invitation", UPDATED, "note_changed_invitations"),
    TRIGGER % ("new_answers", "INSERT", "answer", INSERTED, "note_new_answers"),
    TRIGGER % ("changed_answers", "UPDATE", "answer", UPDATED, "note_changed_answers"),
)

SUMS = f"""
    count(*) AS asked, count(*) FILTER (WHERE {DELIVERED}), count(*) FILTER (WHERE opened), count(score),
    count(*) FILTER (WHERE score <= 6), count(*) FILTER (WHERE score BETWEEN 7 AND 8), count(*) FILTER (WHERE score >= 9)
"""
COUNT_ALL = {
    "asked_count": f"""
    INSERT INTO asked_count
    SELECT tenant, measurement, s.segment COLLATE "C", CAST(sent_local AS date), coalesce(channel, ''), {SUMS},
           count(*) FILTER (WHERE expires_at IS NULL), max(expires_at)
    FROM invitation, unnest(array_prepend('', segments)) AS s(segment)
    WHERE {COUNTS}
    GROUP BY 1, 2, 3, 4, 5
    ORDER BY 1, 2, 3, 4, 5
    """,
    "asked_hour": f"""
    INSERT INTO asked_hour
    SELECT tenant, measurement, CAST(sent_local AS date), CAST(extract(hour FROM sent_local) AS smallint), {SUMS}
    FROM invitation
    WHERE {COUNTS}
    GROUP BY 1, 2, 3, 4
    ORDER BY 1, 2, 3, 4
    """,
    "theme_count": """
    INSERT INTO theme_count
    SELECT tenant, measurement, s.segment COLLATE "C", day, t.theme COLLATE "C", count(*) FILTER (WHERE score <= 6),
           count(*) FILTER (WHERE score BETWEEN 7 AND 8), count(*) FILTER (WHERE score >= 9)
    FROM answer, unnest(array_prepend('', segments)) AS s(segment),
         unnest(themes || CASE WHEN cardinality(themes) > 0 THEN '{#wrote,#named}' ELSE '{#wrote}'::text[] END) AS t(theme)
    WHERE score IS NOT NULL AND comment <> ''
    GROUP BY 1, 2, 3, 4, 5
    ORDER BY 1, 2, 3, 4, 5
    """,
}
# Nobody writes answers or invitations from here to the commit.
FILL = (
    "LOCK TABLE answer IN SHARE ROW EXCLUSIVE MODE",
    "SET LOCAL work_mem = '128MB'",
    # Every row gets a new place: the index is made anew after that.
    "DROP INDEX ix_invitation_tenant_measurement_sent_at",
    """
    UPDATE invitation i
    SET opened = n.opened, score = n.score, sent_local = n.sent_at AT TIME ZONE n.zone
    FROM (
        SELECT j.tenant, j.id, j.sent_at, a.id IS NOT NULL AS opened, a.score,
               t.zone
        FROM invitation j
        LEFT JOIN answer a ON a.tenant = j.tenant AND a.id = j.id AND a.origin = 'survey'
        LEFT JOIN (
            SELECT id, coalesce(z.name, 'UTC') AS zone
            FROM tenant LEFT JOIN pg_timezone_names z
                ON z.name = convert_from(body, 'UTF8')::jsonb ->> 'time_zone'
        ) AS t ON t.id = j.tenant
    ) AS n
    WHERE i.tenant = n.tenant AND i.id = n.id
    """,
    "CREATE INDEX ix_invitation_tenant_measurement_sent_at ON invitation (tenant, measurement, sent_at)",
    "CREATE INDEX ix_invitation_without_day ON invitation (tenant) WHERE sent_local IS NULL AND sent_at IS NOT NULL",
    *COUNT_ALL.values(),
    "CREATE INDEX ix_asked_count_tenant_measurement_day_segment ON asked_count (tenant, measurement, day, segment)",
)


def upgrade() -> None:
    for statement in (*TABLES, *FILL, *TRIGGERS):
        op.execute(statement)
