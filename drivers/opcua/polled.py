"""A group that is read with a period: requests prepared once in a session, answers compared with those before."""

import time
from collections.abc import Sequence

from asyncua import ua

from drivers.contract import Quality, Scan
from drivers.opcua import decode
from drivers.opcua.asking import Asking, chunks
from drivers.opcua.packml.composing import Composer
from drivers.opcua.packml.machines import Machines
from drivers.opcua.plan import Item
from drivers.opcua.prepared import PreparedRead, prepared
from drivers.opcua.scans import Columns, Sorter, faults, picked

AGAIN_S = 60.0
"""How often it is looked for nodes that were not there."""


class PolledGroup:
    """`begin` in every session, then `read`."""

    def __init__(self, items: Sequence[Item], asking: Asking, machines: Machines) -> None:
        self._items = items
        self._asking = asking
        self._machines = machines
        self._sorter = Sorter(items)
        self._composer = Composer(items)
        self._parts: list[tuple[Sequence[int], PreparedRead, ua.NodeId | None]] = []
        """Items, what asks for them, and the node if it is one."""
        self._before: list[decode.Read | None] = []
        self._unknown: dict[int, Quality] = {}
        """What cannot be asked for, and why."""
        self._may_come = False
        """Whether it makes sense to look for them again."""
        self._looked_s = 0.0
        self._is_fresh = True

    @property
    def overflows(self) -> int:
        return self._sorter.overflows

    async def begin(self) -> None:
        """Look for the nodes."""
        self._looked_s = time.monotonic()
        places = [item.place for item in self._items]
        found, large = self._asking.fitting(await self._machines.nodes(places))
        self._composer.learn(found, self._machines.rule)
        self._composer.begin()
        self._unknown = {
            item: Quality.BAD_DECODE if item in large else Quality.BAD_CONFIG
            for item, node in enumerate(found)
            if node is None
        }
        self._may_come = any(self._machines.may_come(places[item]) for item in self._unknown if item not in large)
        known = [(item, node) for item, node in enumerate(found) if node is not None]
        self._parts = [
            (
                [item for item, _ in some],
                prepared([node for _, node in some]),
                some[0][1] if len(some) == 1 else None,
            )
            for some in chunks(known, self._asking.bounds.read)
        ]
        self._before = [None] * len(self._parts)
        self._is_fresh = True

    async def read(self) -> list[Scan]:
        if self._may_come and time.monotonic() - self._looked_s >= AGAIN_S:
            await self.begin()
        scans: list[Scan] = []
        for part, (items, request, alone) in enumerate(self._parts):
            began_ms = time.time_ns() // 1_000_000
            answer = await self._asking.read_prepared(request, len(items), alone)
            now_ms = (began_ms + time.time_ns() // 1_000_000) // 2
            scans += self._compared(part, items, answer, now_ms)
        if self._is_fresh and self._unknown:
            scans += [scan for _, scan in faults(self._items, self._unknown, time.time_ns() // 1_000_000)]
        self._is_fresh = False
        return scans

    def _compared(self, part: int, items: Sequence[int], answer: decode.Read, now_ms: int) -> list[Scan]:
        """What differs from the answer before."""
        before, self._before[part] = self._before[part], answer
        columns = Columns(items, answer.values, answer.statuses, answer.source_times, answer.server_times)
        is_waiting = self._composer.is_waiting
        if before is not None:
            if not is_waiting and before.values == answer.values and before.statuses == answer.statuses:
                return [Scan(now_ms, (), ())]
            pairs = zip(before.values, answer.values, before.statuses, answer.statuses, strict=True)
            columns = picked(columns, [place for place, (a, b, c, d) in enumerate(pairs) if a != b or c != d])
        columns = self._composer.columns(columns, time.monotonic(), is_news=False)
        scans = [scan for _, scan in self._sorter.scans(columns, now_ms, is_news=False)]
        return scans or [Scan(now_ms, (), ())]
