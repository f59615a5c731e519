"""A sample that the seed and the keys decide: the same whatever order the items come in.

An item keeps its place when others are added or taken away, so two reports over nearly the
same dataset show nearly the same utterances.
"""

import hashlib
import heapq
from typing import Generic, TypeVar

Item = TypeVar("Item")


class SeededSample(Generic[Item]):
    """The items whose keys have the smallest hashes; holds no more than `size` of them."""

    def __init__(self, size: int, *, seed: int) -> None:
        self._size = size
        self._seed = seed
        self._heap: list[tuple[int, int, Item]] = []
        self._num_seen = 0

    def add(self, key: str, item: Item) -> None:
        """Offer one item."""
        digest = hashlib.sha256(f"{self._seed}:{key}".encode()).digest()
        self._num_seen += 1
        entry = (-int.from_bytes(digest[:8], "big"), -self._num_seen, item)
        if len(self._heap) < self._size:
            heapq.heappush(self._heap, entry)
        elif self._heap:
            heapq.heappushpop(self._heap, entry)

    def items(self) -> list[Item]:
        """The sample so far, in the order in which it was offered."""
        return [item for _, _, item in sorted(self._heap, key=lambda entry: -entry[1])]
