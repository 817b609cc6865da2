"""How long records took, in a bounded number of buckets: any number of records, no more than 1 % off. Pure."""

from collections import Counter

EXACT_BITS = 8


class Latencies:
    """Milliseconds, also negative ones: they compare the clocks of two computers."""

    def __init__(self) -> None:
        self.count = 0
        self.most = 0
        self._buckets: Counter[int] = Counter()

    def add(self, ms: int) -> None:
        self.most = ms if not self.count else max(self.most, ms)
        self.count += 1
        self._buckets[_bucket(ms)] += 1

    def percentile(self, part: float) -> int:
        """The least latency that this part of all records did not exceed; 0 of none."""
        left = part * self.count
        for ms in sorted(self._buckets):
            left -= self._buckets[ms]
            if left <= 0:
                return min(ms, self.most)
        return self.most


def _bucket(ms: int) -> int:
    """The eight highest bits: exact up to 255 ms."""
    shift = max(abs(ms).bit_length() - EXACT_BITS, 0)
    return (abs(ms) >> shift << shift) * (1 if ms >= 0 else -1)
