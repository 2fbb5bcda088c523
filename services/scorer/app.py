"""What the scorer consumes, publishes, serves and runs, on one screen."""

from services.scorer.audit_watch import AUDIT_LOOP, NightlyAudit
from services.scorer.counting_anonymous import LOOP_NAME, AnonymousCounter
from services.scorer.erasing import erase
from services.scorer.fall_watch import FALLS_LOOP, FallWatch
from services.scorer.gauges import (
    measure_audit,
    measure_falls,
    measure_improvements,
    measure_noted,
    measure_pairs,
    measure_themes,
    measure_waiting,
)
from services.scorer.handlers import count, subscriptions
from services.scorer.models import PERSONAL_TABLES, metadata
from services.scorer.noted_counts import NOTED_LOOP, NotedCounter
from services.scorer.pairs.filling import PAIRS_LOOP, PairFilling
from services.scorer.recovery import recovery
from services.scorer.repository.retention import RETENTION as RETENTION_RULES
from services.scorer.schedule import ScorePublisher
from services.scorer.settings import ScorerSettings
from services.scorer.theme_watch import FOUND_LOOP, ThemeWatch
from services.scorer.themes.keeping import THEMES_LOOP, ThemeMatching
from services.scorer.themes.labelling import MODEL_LOOP, ThemeLabelling
from services.scorer.themes.model_client import ThemeModel
from shared.events import (
    ANSWER_TOTALS,
    ANSWERS,
    CASE_MAILS,
    CASES,
    CUSTOMERS,
    FALLS,
    IMPROVEMENTS,
    INVITATIONS,
    RETENTION,
    SENDING,
    SURVEYS,
    TENANTS,
)
from shared.service import Context, Loops, PersonalData, Service, lazy_api


def build_loops(context: Context) -> Loops:
    """One loop publishes changed scores, one counts anonymous answers, one looks for falls, one matches
    comments with themes, one opens new ones, one audits the counts, one adds what is noted to counts, one
    fills declared pairs; where the operator has set up a model, one sends comments to it.
    """
    anonymous = AnonymousCounter(context.database, context.health, count)
    model = ThemeModel.of(context.own)
    labelling = (
        {} if model is None else {MODEL_LOOP: ThemeLabelling(context.database, context.health, model).loop}
    )
    return {
        "scores": ScorePublisher(context.database, context.health).run,
        LOOP_NAME: anonymous.loop,
        FALLS_LOOP: FallWatch(context.database, context.health).run,
        NOTED_LOOP: NotedCounter(context.database, context.health).loop,
        THEMES_LOOP: ThemeMatching(context.database, context.health).loop,
        FOUND_LOOP: ThemeWatch(context.database, context.health).loop,
        AUDIT_LOOP: NightlyAudit(context.database, context.health).run,
        PAIRS_LOOP: PairFilling(context.database, context.health).loop,
        **labelling,
    }


SERVICE = Service(
    name="scorer",
    settings=ScorerSettings,
    metadata=metadata,
    paths=(
        *("/", "/segments", "/actions", "/v1/scores", "/v1/segments", "/v1/actions"),
        *("/marks", "/responses", "/v1/marks", "/v1/responses"),
        *("/pairs", "/v1/pairs"),
        *("/compare", "/v1/comparisons", "/v1/trends"),
        *("/drivers", "/gap", "/v1/drivers", "/v1/gap"),
        *("/themes", "/v1/themes", "/v1/recounts", "/v1/ranking"),
        *("/benchmarks", "/v1/benchmarks", "/unbegged", "/v1/unbegged"),
        *("/views", "/wall", "/v1/views"),
        # Files of pages and documents of one segment: see csv_addresses.py.
        *(
            "/.csv",
            "/download",
            "/segments.csv",
            "/actions.csv",
            "/marks.csv",
            "/responses.csv",
            "/compare.csv",
        ),
        *("/drivers.csv", "/gap.csv", "/themes.csv", "/benchmarks.csv", "/unbegged.csv"),
        *("/v1/scores.csv", "/v1/segments.csv", "/v1/marks.csv", "/v1/responses.csv", "/v1/comparisons.csv"),
        *("/v1/trends.csv", "/v1/drivers.csv", "/v1/gap.csv", "/v1/ranking.csv", "/v1/benchmarks.csv"),
        *("/v1/unbegged.csv", "/pairs.csv", "/v1/pairs.csv"),
        "/v1/personal-data/scorer",
    ),
    api=lazy_api("services.scorer.web"),
    consumes=(
        *(CUSTOMERS, TENANTS, ANSWERS, ANSWER_TOTALS, INVITATIONS, SURVEYS, SENDING, CASES, CASE_MAILS),
        RETENTION,
    ),
    subscriptions=subscriptions,
    personal_data=PersonalData(PERSONAL_TABLES, erase),
    worker_loops=build_loops,
    owns=(FALLS, IMPROVEMENTS),
    recovery=recovery,
    gauges=(
        *(measure_waiting, measure_falls, measure_improvements, measure_themes, measure_audit),
        *(measure_noted, measure_pairs),
    ),
    retention=RETENTION_RULES,
    # Scores are not owned: after a restore the answers are consumed again, and their scores published anew.
)
