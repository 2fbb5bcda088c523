"""Copies of what others keep: invitations, surveys, cases. The highest version stays."""

from collections.abc import Sequence

from services.scorer.repository.counting import BETWEEN
from shared.db.database import UnitOfWork
from shared.events import Case, Invitation, Survey

Segments = tuple[str, ...]


async def keep_invitations(uow: UnitOfWork, invitations: Sequence[tuple[str, Invitation, Segments]]) -> None:
    """Keep those that are newer than what we have."""
    await uow.execute(
        "INSERT INTO invitation AS t (tenant, id, version, measurement, test, sent_at, segments) "
        "SELECT tenant, id, version, measurement, test, sent_at, string_to_array(segments, :between) "
        "FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:versions AS bigint[]), "
        "CAST(:measurements AS text[]), CAST(:tests AS boolean[]), CAST(:sent AS timestamptz[]), "
        "CAST(:segments AS text[])) AS n(tenant, id, version, measurement, test, sent_at, segments) "
        "ORDER BY tenant, id ON CONFLICT (tenant, id) DO UPDATE SET version = EXCLUDED.version, "
        "measurement = EXCLUDED.measurement, test = EXCLUDED.test, sent_at = EXCLUDED.sent_at, "
        "segments = EXCLUDED.segments WHERE t.version < EXCLUDED.version",
        {
            "between": BETWEEN,
            "tenants": [tenant for tenant, _, _ in invitations],
            "ids": [invitation.id for _, invitation, _ in invitations],
            "versions": [invitation.version for _, invitation, _ in invitations],
            "measurements": [invitation.measurement for _, invitation, _ in invitations],
            "tests": [invitation.test for _, invitation, _ in invitations],
            "sent": [invitation.sent_at for _, invitation, _ in invitations],
            "segments": [BETWEEN.join(segments) for _, _, segments in invitations],
        },
    )


async def keep_surveys(uow: UnitOfWork, surveys: Sequence[tuple[str, Survey]]) -> None:
    """Keep those that are newer than what we have."""
    await uow.execute(
        "INSERT INTO survey AS t (tenant, id, survey_version, version, name, trigger, state, test, stopped) "
        "SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:numbers AS bigint[]), "
        "CAST(:versions AS bigint[]), CAST(:names AS text[]), CAST(:triggers AS text[]), "
        "CAST(:states AS text[]), CAST(:tests AS boolean[]), CAST(:stopped AS boolean[])) ORDER BY 1, 2, 3 "
        "ON CONFLICT (tenant, id, survey_version) DO UPDATE SET version = EXCLUDED.version, "
        "name = EXCLUDED.name, trigger = EXCLUDED.trigger, state = EXCLUDED.state, "
        "test = EXCLUDED.test, stopped = EXCLUDED.stopped "
        "WHERE t.version < EXCLUDED.version",
        {
            "tenants": [tenant for tenant, _ in surveys],
            "ids": [survey.id for _, survey in surveys],
            "numbers": [survey.survey_version for _, survey in surveys],
            "versions": [survey.version for _, survey in surveys],
            "names": [survey.name for _, survey in surveys],
            "triggers": [survey.trigger for _, survey in surveys],
            "states": [survey.state for _, survey in surveys],
            "tests": [survey.test for _, survey in surveys],
            "stopped": [survey.stopped for _, survey in surveys],
        },
    )


async def keep_cases(uow: UnitOfWork, cases: Sequence[tuple[str, Case, Segments]]) -> None:
    """Keep those that are newer than what we have."""
    await uow.execute(
        "INSERT INTO case_copy AS t (tenant, id, version, number, state, answer_id, score, touchpoint, "
        "owner, opened_at, due_at, closed_at, segments, heard_at) "
        "SELECT tenant, id, version, number, state, answer_id, score, touchpoint, owner, opened_at, due_at, "
        "closed_at, string_to_array(segments, :between), CAST(:now AS timestamptz) "
        "FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:versions AS bigint[]), "
        "CAST(:numbers AS bigint[]), CAST(:states AS text[]), CAST(:answers AS uuid[]), "
        "CAST(:scores AS smallint[]), CAST(:touchpoints AS text[]), CAST(:owners AS text[]), "
        "CAST(:opened AS timestamptz[]), CAST(:due AS timestamptz[]), CAST(:closed AS timestamptz[]), "
        "CAST(:segments AS text[])) AS n(tenant, id, version, number, state, answer_id, score, touchpoint, "
        "owner, opened_at, due_at, closed_at, segments) ORDER BY tenant, id "
        "ON CONFLICT (tenant, id) DO UPDATE SET version = EXCLUDED.version, number = EXCLUDED.number, "
        "state = EXCLUDED.state, answer_id = EXCLUDED.answer_id, score = EXCLUDED.score, "
        "touchpoint = EXCLUDED.touchpoint, owner = EXCLUDED.owner, opened_at = EXCLUDED.opened_at, "
        "due_at = EXCLUDED.due_at, closed_at = EXCLUDED.closed_at, segments = EXCLUDED.segments, "
        "heard_at = EXCLUDED.heard_at WHERE t.version < EXCLUDED.version",
        {
            "between": BETWEEN,
            "now": uow.now,
            "tenants": [tenant for tenant, _, _ in cases],
            "ids": [case.id for _, case, _ in cases],
            "versions": [case.version for _, case, _ in cases],
            "numbers": [case.number for _, case, _ in cases],
            "states": [case.state for _, case, _ in cases],
            "answers": [case.answer_id for _, case, _ in cases],
            "scores": [case.score for _, case, _ in cases],
            "touchpoints": [case.touchpoint for _, case, _ in cases],
            "owners": [case.owner for _, case, _ in cases],
            "opened": [case.opened_at for _, case, _ in cases],
            "due": [case.due_at for _, case, _ in cases],
            "closed": [case.closed_at for _, case, _ in cases],
            "segments": [BETWEEN.join(segments) for _, _, segments in cases],
        },
    )
