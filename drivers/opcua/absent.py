"""Tags whose nodes the server does not have: told to the operator, once until it is another set of them."""

import time
from collections.abc import Mapping, Sequence
from typing import cast

from drivers.contract import Group, Journal, Quality, Scan
from drivers.opcua.config import Address
from drivers.opcua.node import OfMachine

SETTLE_S = 0.5
"""The groups of a device begin one after the other, and are told of together."""
NAMED = 5
"""Tags in one message."""


class Absent:
    """Of one driver. Words of a machine that maps itself are told of elsewhere."""

    def __init__(self, groups: Sequence[Group], url: str, journal: Journal) -> None:
        self._groups = groups
        self._url = url
        self._journal = journal
        self._words = [
            frozenset(place for place, tag in enumerate(group.tags) if _is_word(cast(Address, tag.address)))
            for group in groups
        ]
        self._missing: list[set[int]] = [set() for _ in groups]
        """By group, positions of tags."""
        self._told: dict[str, Sequence[str]] = {}
        """Device -> its tags that are missing, as the operator knows it."""
        self._changed_s: float | None = None

    def saw(self, group: int, scan: Scan) -> None:
        """Take up what a Scan of the group says."""
        missing = self._missing[group]
        if not scan.faults and not missing:
            return
        here = missing.difference(scan.indexes)
        for index, quality in scan.faults.items():
            (here.add if quality is Quality.BAD_CONFIG else here.discard)(index)
        here -= self._words[group]
        if here != missing:
            self._missing[group] = here
            self._changed_s = time.monotonic()

    def tell(self) -> None:
        """Tell what has changed, when it has settled."""
        if self._changed_s is None or time.monotonic() - self._changed_s < SETTLE_S:
            return
        self._changed_s = None
        for device, (names, tags) in self._by_device().items():
            before = self._told.get(device, ())
            if names == before:
                continue
            self._told[device] = names
            if not names:
                self._journal.back("U2104", device)
                continue
            facts = {"count": len(names), "tags": tags, "url": self._url, "names": _listed(names)}
            (self._journal.note if before else self._journal.lost)("U2104", device, **facts)

    def _by_device(self) -> Mapping[str, tuple[Sequence[str], int]]:
        """Names that are missing, in the order of the configuration, and how many tags there are."""
        found: dict[str, tuple[list[str], int]] = {}
        for group, missing in zip(self._groups, self._missing, strict=True):
            names, tags = found.get(group.device, ([], 0))
            here = [group.tags[place].name for place in sorted(missing)]
            found[group.device] = [*names, *here], tags + len(group.tags)
        return found


def _is_word(address: Address) -> bool:
    return isinstance(address.node.place, OfMachine)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (" ..." if len(names) > NAMED else "")
