"""The scale of the recommend question, and the bounds of its three groups.

Source: Reichheld, "The One Number You Need to Grow", Harvard Business Review, December 2003.
"""

from typing import Literal

SCALE = range(11)
"""Every possible score."""
HIGHEST_DETRACTOR = 6
HIGHEST_PASSIVE = 8

Group = Literal["detractor", "passive", "promoter"]


def group_of(score: int) -> Group:
    """Detractor (0 to 6), passive (7 and 8) or promoter (9 and 10)."""
    if score <= HIGHEST_DETRACTOR:
        return "detractor"
    return "passive" if score <= HIGHEST_PASSIVE else "promoter"
