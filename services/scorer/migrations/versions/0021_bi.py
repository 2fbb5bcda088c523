"""The views of the schema ``bi``, by which a company's own tools read its figures with SQL.

Everybody who may connect may read the views, and finds in them the rows of the company that its role stands for in
``bi_role``; others find nothing. Who may connect is given by ``afterword bi grant``.
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

SCORES = range(11)
PERSON = (
    "agent|advis[eo]r|cashier|clerk|colleague|consultant|courier|doctor|driver|employee|handled ?by|handler"
    "|nurse|operator|person|rep|representative|sales ?(man|person|rep)|seller|served ?by|staff( ?member)?"
    "|teacher|technician|therapist|waiter"
    "|behandler|chauffør|ekspedient|konsulent|læge|medarbejder|montør|rådgiver|sagsbehandler|sælger|tekniker"
    "|adviseur|behandelaar|chauffeur|medewerker|monteur|verkoper"
    "|berater|fahrer|mitarbeiter(in)?|techniker|verkäufer(in)?"
)
"""The same as in ``shared.events.people``; a test compares both."""

TABLE = """
    CREATE TABLE bi_role (
        tenant text NOT NULL,
        role text NOT NULL,
        reads_answers boolean NOT NULL,
        granted_at timestamptz NOT NULL,
        CONSTRAINT pk_bi_role PRIMARY KEY (tenant, role)
    )
"""
ONE_COMPANY = "CREATE UNIQUE INDEX ix_bi_role_role ON bi_role (role)"
# As ``names_people``: here a name is in the form that is compared by letters alone, which hides rather more.
NAMES_PEOPLE = rf"""
    CREATE FUNCTION bi_names_people(dimension text, named text[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN replace(replace(replace(dimension, '%2F', '/'), '%3A', ':'), '%25', '%') = ANY (named)
        OR normalize(lower(btrim(regexp_replace(
            replace(replace(replace(dimension, '%2F', '/'), '%3A', ':'), '%25', '%'),
            '[\W_]+|(?<=[a-zæøåäöü])(?=[A-Z])', ' ', 'g'))), NFKC)
            ~ '^({PERSON})( ?(id|name|number|no|e?mail))?$'
"""
# Whose rows the session sees: by the role that signed in, which no SET ROLE changes. Nobody's while the company
# leaves. A dimension is shown where it is known and not one of single employees.
READER = """
    CREATE VIEW bi_reader AS
    SELECT r.tenant, r.reads_answers, t.body ->> 'name' AS name,
        coalesce(t.body ->> 'time_zone', 'UTC') AS time_zone,
        coalesce(CAST(t.body -> 'people' ->> 'level' AS integer), 3) AS person_level,
        ARRAY(
            SELECT d.dimension FROM dimension d
            WHERE d.tenant = r.tenant AND (d.dimension = 'organisation' OR NOT bi_names_people(
                d.dimension,
                ARRAY(SELECT jsonb_array_elements_text(coalesce(t.body -> 'people' -> 'dimensions', '[]')))))
        ) AS shown
    FROM bi_role r
    JOIN (SELECT id, CAST(convert_from(body, 'UTF8') AS jsonb) AS body FROM tenant) t ON t.id = r.tenant
    WHERE r.role = CAST(session_user AS text)
        AND r.tenant NOT IN (SELECT tenant FROM closed_company WHERE state <> 'paused')
"""
ME = "WITH me AS MATERIALIZED (SELECT * FROM public.bi_reader)"


def _shows(segment: str) -> str:
    """Whether a segment may be seen: as for a program that reads the API."""
    levels = f"length({segment}) - length(replace({segment}, '/', '')) + 1"
    return f"""
        split_part({segment}, ':', 1) = ANY (me.shown)
        AND NOT (starts_with({segment}, 'organisation:') AND me.person_level > 0
            AND {levels} >= me.person_level)
    """


def _dimension_and_value(segment: str) -> str:
    return f"""
        split_part({segment}, ':', 1) AS dimension,
        substr({segment}, strpos({segment}, ':') + 1) AS value
    """


def _sum(first: int, last: int) -> str:
    return " + ".join(f"c.c{score}" for score in range(first, last + 1))


VIEWS = {
    "company": f"{ME} SELECT me.name, me.time_zone FROM me",
    "segments": f"""
        {ME} SELECT s.segment, {_dimension_and_value("s.segment")}
        FROM me JOIN public.segment s ON s.tenant = me.tenant
        WHERE {_shows("s.segment")}
    """,
    "daily_counts": f"""
        {ME} SELECT c.measurement, c.segment, {_dimension_and_value("c.segment")}, c.day,
            {", ".join(f"c.c{score} AS score_{score}" for score in SCORES)},
            {_sum(0, 10)} AS n, {_sum(0, 6)} AS detractors, {_sum(7, 8)} AS passives,
            {_sum(9, 10)} AS promoters
        FROM me JOIN public.day_count c ON c.tenant = me.tenant
        WHERE (c.segment = '' OR ({_shows("c.segment")})) AND {_sum(0, 10)} > 0
    """,
    "answers": f"""
        {ME} SELECT a.answered_at, a.day, a.measurement, a.score,
            CASE WHEN a.score <= 6 THEN 'detractor' WHEN a.score <= 8 THEN 'passive' ELSE 'promoter' END
                AS score_group,
            a.was, CASE WHEN 'touchpoint' = ANY (me.shown) THEN a.touchpoint END AS touchpoint,
            ARRAY(SELECT s.segment FROM unnest(a.segments) AS s(segment) WHERE {_shows("s.segment")})
                AS segments,
            a.origin, a.language, a.comment, coalesce(a.themes, '{{}}') AS themes
        FROM me JOIN public.answer a ON a.tenant = me.tenant
        WHERE me.reads_answers AND a.score IS NOT NULL
    """,
    "responses": f"""
        {ME} SELECT i.measurement, CAST(i.sent_at AT TIME ZONE me.time_zone AS date) AS day,
            coalesce(i.channel, '') AS channel, count(*) AS asked,
            count(*) FILTER (
                WHERE i.state IS DISTINCT FROM 'bounced' AND i.report IS DISTINCT FROM 'undeliverable'
            ) AS delivered,
            count(a.id) AS opened, count(a.score) AS answered
        FROM me
        JOIN public.invitation i ON i.tenant = me.tenant
        LEFT JOIN public.answer a ON a.tenant = i.tenant AND a.id = i.id
        WHERE NOT i.test AND NOT i.anonymous AND NOT i.beyond_draw AND i.channel IS DISTINCT FROM 'link'
            AND i.measurement IN ('transactional', 'relational') AND i.sent_at IS NOT NULL
        GROUP BY 1, 2, 3
    """,
    "themes": f"""
        {ME} SELECT a.measurement, a.day, n.theme, count(*) AS n,
            count(*) FILTER (WHERE a.score <= 6) AS detractors,
            count(*) FILTER (WHERE a.score BETWEEN 7 AND 8) AS passives,
            count(*) FILTER (WHERE a.score >= 9) AS promoters
        FROM me
        JOIN public.answer a ON a.tenant = me.tenant
        CROSS JOIN LATERAL unnest(a.themes) AS n(theme)
        WHERE a.score IS NOT NULL AND a.comment <> ''
        GROUP BY 1, 2, 3
    """,
    "marks": f"""
        {ME} SELECT m.day, m.text, m.segment
        FROM me JOIN public.mark m ON m.tenant = me.tenant
        WHERE m.segment = '' OR ({_shows("m.segment")})
    """,
}
# As ``score_interval`` of ``services.scorer.domain``: the adjusted Wald interval, which adds three answers, in the
# limits of the scale and so that it holds the score. Of fewer than ten answers there is none.
_ARGUMENTS = "(detractors numeric, passives numeric, promoters numeric)"
_N = "(detractors + passives + promoters)"
_NPS = f"(100 * (promoters - detractors) / {_N})"
_MEAN = f"((promoters - detractors) / ({_N} + 3))"
_REACH = f"""1.959963984540054 * sqrt(greatest(0, (promoters + detractors + 1.5) / ({_N} + 3) - {_MEAN} * {_MEAN})
    / ({_N} + 3))"""
FUNCTIONS = {
    "nps": (_NPS, "The score of some answers, from -100 to 100; null of fewer than ten."),
    "nps_low": (
        f"least({_NPS}, greatest(-100, 100 * ({_MEAN} - {_REACH})))",
        "The lower end of its 95 % interval (adjusted Wald); null of fewer than ten.",
    ),
    "nps_high": (
        f"greatest({_NPS}, least(100, 100 * ({_MEAN} + {_REACH})))",
        "The upper end of its 95 % interval (adjusted Wald); null of fewer than ten.",
    ),
}
_SEGMENT = "dimension:value, a colon, slash or percent sign within a name as %3A, %2F, %25"
_MEASUREMENT = "transactional (asked after a contact) or relational (at any time): never add them up"
_DAY = "by the company's clock"
COMMENTS: dict[str, tuple[str, dict[str, str]]] = {
    "company": ("The company whose rows this role sees.", {"name": "As customers read it.", "time_zone": ""}),
    "segments": (
        "The segments for which answers count; none of single employees.",
        {"segment": _SEGMENT, "dimension": "Such as touchpoint.", "value": "Of an organisation its path."},
    ),
    "daily_counts": (
        (
            "How many answers each segment has on each day: sum them over days, never over segments. "
            "bi.nps, bi.nps_low and bi.nps_high (detractors, passives, promoters) make the score of the sums; "
            "compare none of fewer than 30."
        ),
        {
            "measurement": _MEASUREMENT,
            "segment": f"{_SEGMENT}; empty: the whole company.",
            "dimension": "Empty: the whole company.",
            "value": "Of an organisation its path, which counts at each of its levels.",
            "day": f"On which they were given, {_DAY}.",
            **{f"score_{score}": f"Answers with the score {score}." for score in SCORES},
            "n": "All of them.",
            "detractors": "Scores from 0 to 6.",
            "passives": "7 and 8.",
            "promoters": "9 and 10.",
        },
    ),
    "answers": (
        (
            "The answers that the counts are made of, without whose they are: for roles that may read answers. "
            "Anonymous ones are here once they are counted, with the segments and the day of their bundle."
        ),
        {
            "answered_at": "Of anonymous ones: when the last of their bundle was given.",
            "day": f"On which it counts, {_DAY}.",
            "measurement": _MEASUREMENT,
            "score": "From 0 to 10, as it was last changed.",
            "score_group": "detractor, passive or promoter",
            "was": "Its score before it was changed.",
            "touchpoint": "",
            "segments": "In which it counts, beside the company; none of single employees.",
            "origin": "survey, link or import",
            "language": "Of the survey.",
            "comment": "As the customer wrote it: it may name somebody.",
            "themes": "The ids of the themes that the comment names.",
        },
    ),
    "responses": (
        (
            "Of the customers who were asked on a day, how many were reached and answered, as /v1/responses counts "
            "them. They grow until the last link ends."
        ),
        {
            "measurement": _MEASUREMENT,
            "day": f"On which they were asked, {_DAY}.",
            "channel": "mail, sms, or empty: not known",
            "asked": "Whose mail or text has left.",
            "delivered": "As far as is known.",
            "opened": "Whose link was followed.",
            "answered": "",
        },
    ),
    "themes": (
        "How many answers of a day have a comment that names a theme; one comment may name several.",
        {
            "measurement": _MEASUREMENT,
            "day": f"On which they were given, {_DAY}.",
            "theme": "Its id: /v1/themes has the names.",
            "n": "All of them.",
            "detractors": "Scores from 0 to 6.",
            "passives": "7 and 8.",
            "promoters": "9 and 10.",
        },
    ),
    "marks": (
        "Marks on the trend: what happened on a day.",
        {"day": "", "text": "What happened.", "segment": f"{_SEGMENT}; empty: the whole company."},
    ),
}


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def upgrade() -> None:
    # A column's name or text with a percent sign or colon is no parameter.
    run = op.get_bind().exec_driver_sql
    for statement in (TABLE, ONE_COMPANY, NAMES_PEOPLE, READER, "CREATE SCHEMA bi"):
        run(statement)
    run("COMMENT ON SCHEMA bi IS 'Figures of one company, for its own tools: read only'")
    for name, query in VIEWS.items():
        run(f"CREATE VIEW bi.{name} WITH (security_barrier) AS {query}")
        about, columns = COMMENTS[name]
        run(f"COMMENT ON VIEW bi.{name} IS {_quoted(about)}")
        for column, words in columns.items():
            if words:
                run(f"COMMENT ON COLUMN bi.{name}.{column} IS {_quoted(words)}")
    for name, (formula, about) in FUNCTIONS.items():
        run(
            f"CREATE FUNCTION bi.{name}{_ARGUMENTS} RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE "
            f"RETURN CASE WHEN {_N} >= 10 THEN CAST({formula} AS double precision) END"
        )
        run(f"COMMENT ON FUNCTION bi.{name} IS {_quoted(about)}")
    run("GRANT USAGE ON SCHEMA bi TO PUBLIC")
    run("GRANT SELECT ON ALL TABLES IN SCHEMA bi TO PUBLIC")
