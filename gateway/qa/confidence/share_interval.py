"""The interval of a share that was counted, for figures about persons."""

from math import sqrt

Z = 1.96  # This is two-sided 95 %.


def share_interval(count: int, of: int) -> tuple[float, float]:
    """Return the two-sided 95 % interval of a share (Wilson 1927).

    Where nothing was counted, it is (0, 1).

    >>> share_interval(0, 0), [round(end, 3) for end in share_interval(1, 10)]
    ((0.0, 1.0), [0.018, 0.404])
    >>> share_interval(10, 10)[1]
    1.0
    """
    if of <= 0:
        return 0.0, 1.0
    share, z2 = count / of, Z * Z
    middle = share + z2 / (2.0 * of)
    spread = Z * sqrt(share * (1.0 - share) / of + z2 / (4.0 * of * of))
    low, high = (middle - spread) / (1.0 + z2 / of), (middle + spread) / (1.0 + z2 / of)
    return (0.0 if count == 0 else max(0.0, low)), (1.0 if count == of else min(1.0, high))
