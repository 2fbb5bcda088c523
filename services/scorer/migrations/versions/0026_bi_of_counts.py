"""Views for tools of companies read the counts of who was asked and of themes, not every row of their days.

What is counted and what is noted and not counted yet are added up: their sum is true at any time (migration 0022).
"""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

ME = "WITH me AS MATERIALIZED (SELECT * FROM public.bi_reader)"
VIEWS = {
    "responses": f"""
        {ME} SELECT c.measurement, c.day, c.channel, sum(c.asked) AS asked, sum(c.delivered) AS delivered,
            sum(c.opened) AS opened, sum(c.answered) AS answered
        FROM me CROSS JOIN LATERAL (
            SELECT k.measurement, k.day, k.channel, k.asked, k.delivered, k.opened, k.answered
            FROM public.asked_count k
            WHERE k.tenant = me.tenant AND k.segment = ''
            UNION ALL
            SELECT n.measurement, CAST(n.hour AS date), n.channel, n.n, CASE WHEN n.delivered THEN n.n ELSE 0 END,
                CASE WHEN n.opened THEN n.n ELSE 0 END, CASE WHEN n.score IS NOT NULL THEN n.n ELSE 0 END
            FROM public.asked_change n
            WHERE n.tenant = me.tenant
        ) AS c
        WHERE c.measurement IN ('transactional', 'relational')
        GROUP BY 1, 2, 3
        HAVING sum(c.asked) <> 0
    """,
    "themes": f"""
        {ME} SELECT c.measurement, c.day, c.theme, sum(c.detractors + c.passives + c.promoters) AS n,
            sum(c.detractors) AS detractors, sum(c.passives) AS passives, sum(c.promoters) AS promoters
        FROM me CROSS JOIN LATERAL (
            SELECT k.measurement, k.day, CAST(k.theme AS text) COLLATE "default" AS theme, k.detractors, k.passives,
                k.promoters
            FROM public.theme_count k
            WHERE k.tenant = me.tenant AND k.segment = '' AND NOT starts_with(k.theme, '#')
            UNION ALL
            SELECT n.measurement, n.day, t.theme, CASE WHEN n.score <= 6 THEN n.n ELSE 0 END,
                CASE WHEN n.score BETWEEN 7 AND 8 THEN n.n ELSE 0 END, CASE WHEN n.score >= 9 THEN n.n ELSE 0 END
            FROM public.theme_change n CROSS JOIN LATERAL unnest(n.themes) AS t(theme)
            WHERE n.tenant = me.tenant
        ) AS c
        GROUP BY 1, 2, 3
        HAVING sum(c.detractors + c.passives + c.promoters) <> 0
    """,
}


def upgrade() -> None:
    run = op.get_bind().exec_driver_sql
    for name, query in VIEWS.items():
        run(f"CREATE OR REPLACE VIEW bi.{name} WITH (security_barrier) AS {query}")
