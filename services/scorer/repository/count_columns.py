"""SQL fragments of the eleven counts ``c0`` to ``c10``, made from the scale and the bounds of its groups."""

from shared.events.nps import HIGHEST_DETRACTOR, HIGHEST_PASSIVE, SCALE, group_of

COLUMNS = ", ".join(f"c{score}" for score in SCALE)
SUMS = ", ".join(f"coalesce(sum(c{score}), 0)::bigint AS c{score}" for score in SCALE)
ANSWERS_PER_SCORE = ", ".join(f"count(*) FILTER (WHERE score = {score}) AS c{score}" for score in SCALE)

DETRACTORS, PASSIVES, PROMOTERS = (
    " + ".join(f"c{score}" for score in SCALE if group_of(score) == group)
    for group in ("detractor", "passive", "promoter")
)
"""The sum of the counts of each group."""
IS_DETRACTOR = f"score <= {HIGHEST_DETRACTOR}"
IS_PASSIVE = f"score > {HIGHEST_DETRACTOR} AND score <= {HIGHEST_PASSIVE}"
IS_PROMOTER = f"score > {HIGHEST_PASSIVE}"
HAS_WRITTEN = "(comment <> '' OR comment IS NULL AND themes IS NOT NULL)"
"""Of an answer: that it has a comment, or had one that was removed since it is old. What that named stays."""
