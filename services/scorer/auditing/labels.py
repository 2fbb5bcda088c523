"""The words of the dashboard's foot."""

from services.scorer.auditing.domain import AuditState
from shared.pages.filters import clock_time, day, thousands
from shared.pages.language import counted, translated


def audit_words(state: AuditState | None) -> str:
    """When the answers were last recounted, and what came of it; empty before the first time."""
    if state is None:
        return ""
    last = state.last
    at = {"day": day(last.at), "time": clock_time(last.at)}
    if last.is_equal or state.differs_since is None:
        return translated("Recounted from the answers on %(day)s, %(time)s: all counts are equal.") % at
    differing = last.counts_differing + last.totals_differing
    return counted(
        "Recounted from the answers on %(day)s, %(time)s: %(n)s count differs, since %(since)s at the "
        "latest. An alarm tells those who run this installation.",
        "Recounted from the answers on %(day)s, %(time)s: %(n)s counts differ, since %(since)s at the "
        "latest. An alarm tells those who run this installation.",
        differing,
    ) % {**at, "n": thousands(differing), "since": day(state.differs_since)}
