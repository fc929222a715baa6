"""What can be said of a median from a few repetitions: intervals without any assumption about the distribution."""

import math
import statistics

MET, NOT_MET, NOT_RESOLVED = "met", "not met", "not resolved"


def median(values):
    return statistics.median(values)


def interval(values):
    """The 95 % interval of the median of `values`: two of the ordered values, chosen as the sign test does.

    Fewer than 6 values cannot give 95 %; then it is the smallest and the largest.
    """
    ordered = sorted(values)
    count = len(ordered)
    rank = 0  # the largest one with P(fewer than `rank` of `count` fair coins show heads) <= 0.025
    tail = 1 / 2**count
    while tail <= 0.025:
        rank += 1
        tail += math.comb(count, rank) / 2**count
    rank = max(rank, 1)
    return ordered[rank - 1], ordered[count - rank]


def at_most(values, bar):
    """Whether the median of `values` is at most `bar`; None is no value, and without any it is not resolved."""
    values = [value for value in values if value is not None]
    if not values:
        return NOT_RESOLVED
    low, high = interval(values)
    if high <= bar:
        return MET
    return NOT_MET if low > bar else NOT_RESOLVED


def at_least(values, bar):
    return at_most([-value for value in values], -bar)


def slope(xs, ys):
    """Of the line of least squares."""
    x_mean, y_mean = statistics.fmean(xs), statistics.fmean(ys)
    spread = sum((x - x_mean) ** 2 for x in xs)
    return sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys)) / spread


def share_sigma(share, samples):
    """Standard deviation of a share that is estimated from independent samples."""
    return math.sqrt(share * (1 - share) / samples)


def excess_quantile(with_it, without, scale, quantile, bin_of, value_of):
    """The quantile of what one set of lengths has more than another, `without` counted `scale` times.

    Both are counted in bins (`bin_of` a length, `value_of` a bin); where there are fewer, the excess is negative and
    taken off its neighbours above. None without any excess.
    """
    excess = {}
    for lengths, weight in ((with_it, 1), (without, -scale)):
        for length in lengths:
            index = bin_of(length)
            excess[index] = excess.get(index, 0) + weight
    total = sum(excess.values())
    if total <= 0:
        return None
    so_far = 0
    for index in sorted(excess):
        so_far += excess[index]
        if so_far >= quantile * total:
            return value_of(index)
    return None


def worst(verdicts):
    """The verdict of several that must all be met."""
    for verdict in (NOT_MET, NOT_RESOLVED):
        if verdict in verdicts:
            return verdict
    return MET
