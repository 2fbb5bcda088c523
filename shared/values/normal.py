"""Ends of the standard normal distribution. Pure."""

from functools import lru_cache
from statistics import NormalDist


@lru_cache(maxsize=16)
def z_value(confidence: float) -> float:
    """Two-sided: 0.95 gives 1.959964."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


Z_95 = z_value(0.95)
