"""Conservation, counted from outside: what a PLC showed, what arrived of it, and what was announced as missing.

The agent is not asked. A register shows how often it was read, so every value is known; every message has a number, so
every hole shows; `previous.last_seq` of the state topic says where a run ended.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tests.fakes.agent import Arrived, Platform
from tests.fakes.faults import Asked
from tests.fakes.plc import FakePlc

TAG = {"name": "x_reads", "address": "hr:0:u32"}
"""The tag by which `Produced` and `Ledger` know a value again."""


class Identity(NamedTuple):
    """Of a message, for de-duplication."""

    device: str
    boot: int
    seq: int
    part: int


class Gap(NamedTuple):
    """A loss that was announced."""

    device: str
    boot: int
    first: int
    last: int
    records: int
    reason: str


class End(NamedTuple):
    """How a run ended, in the time of the event loop."""

    at: float
    """When the signal was sent, or the power went."""
    over: float
    """When the process was gone and the PLC had noticed."""


class Produced:
    """Every unit of a PLC shows in registers 0 and 1 the number of the request; kept with its time."""

    def __init__(self, plc: FakePlc) -> None:
        self._plc = plc
        self.at: dict[int, dict[int, float]] = defaultdict(dict)
        """Unit -> number -> when it was shown."""
        plc.describe = self._describe

    def _describe(self, address: int, asked: Asked) -> int:
        self.at[asked.unit][asked.number] = asyncio.get_running_loop().time()
        return asked.number >> (0 if address else 16) & 0xFFFF

    async def more(self, reads: int) -> None:
        """Wait for so many further reads of all units together."""
        enough = len(self._plc.requests) + reads
        async with asyncio.timeout(60):
            await self._plc.until(lambda: len(self._plc.requests) >= enough)

    def newest(self) -> dict[int, int]:
        return {unit: max(shown) for unit, shown in self.at.items()}

    def tails(self, unit: int, arrived: Mapping[int, object], ends: Sequence[End]) -> list[float]:
        """What is missing before each end: how many seconds before it the oldest of that was shown, else 0.

        Only the last values of a run may be missing: asserts that none before them is, and none of a run that went on.
        """
        lost, began = [], float("-inf")
        for end in ends:
            shown = [number for number, at in self.at[unit].items() if began < at <= end.over]
            missing = [number for number in shown if number not in arrived]
            assert missing == shown[len(shown) - len(missing) :], f"unit {unit}: holes within a run: {missing[:20]}"
            lost.append(max((end.at - self.at[unit][number] for number in missing), default=0.0))
            began = end.over
        return lost


class Ledger:
    """What arrived at a platform, booked once for each identity."""

    def __init__(self, seen: Platform, destination: str = "broker0") -> None:
        """Of what that platform has seen before, and what comes."""
        self.seen = seen
        self._destination = destination
        self._booked = 0
        self.bodies: dict[Identity, dict[str, Any]] = {}
        self.again = 0
        """Raw duplicates: messages whose identity had arrived before."""
        self.changed: list[Identity] = []
        """Identities that came with two contents."""
        self.values: dict[str, dict[int, Identity]] = defaultdict(dict)
        """Device -> number that its register showed -> the message that brought it first."""
        self.gaps: list[Gap] = []
        self.boot = -1
        """Of the run that spoke last."""
        self.told: dict[int, Mapping[str, int]] = {}
        """Boot -> device -> last seq, as the next run said."""
        self.health: dict[str, Any] = {}
        """This destination's part of the newest health report."""
        self.health_at = float("-inf")
        """When that arrived, in the time of the event loop."""
        self.unbalanced: list[dict[str, Any]] = []
        """Reports in which accepted is not delivered + queued + dropped."""
        self._arrived: dict[tuple[str, int], set[int]] = defaultdict(set)
        self._newest: dict[tuple[str, int], int] = {}
        self._parts: dict[tuple[str, int, int], set[int]] = defaultdict(set)

    @classmethod
    def from_now(cls, seen: Platform) -> "Ledger":
        """Of what will come."""
        ledger = cls(seen)
        ledger._booked = len(seen.messages)
        return ledger

    def look(self) -> "Ledger":
        """Book what has come since the last look."""
        for message in self.seen.messages[self._booked :]:
            self._book(message)
        self._booked = len(self.seen.messages)
        return self

    def _book(self, message: Arrived) -> None:
        match message.topic.rpartition("/")[2]:
            case "data" | "event":
                self._record(message.body)
            case "state":
                self._state(message.body)
            case "health":
                self.health, self.health_at = message.body["destinations"][self._destination], message.at
                if not _balances(self.health):
                    self.unbalanced.append(self.health)

    def _state(self, body: Mapping[str, Any]) -> None:
        self.boot = body["boot"]
        if previous := body.get("previous"):
            self.told[previous["boot"]] = previous["last_seq"]

    def _record(self, body: dict[str, Any]) -> None:
        part, parts = body.get("part", (1, 1))
        identity = Identity(body["dev"], body["boot"], body["seq"], part)
        content = {key: value for key, value in body.items() if key != "hist"}
        known = self.bodies.setdefault(identity, content)
        if known is not content:
            self.again += 1
            if known != content:
                self.changed.append(identity)
            return
        complete = self._parts[identity[:3]]
        complete.add(part)
        if len(complete) == parts:
            stream = identity[:2]
            self._arrived[stream].add(identity.seq)
            self._newest[stream] = max(identity.seq, self._newest.get(stream, -1))
        self._look_into(identity, body)

    def _look_into(self, identity: Identity, body: Mapping[str, Any]) -> None:
        for scan in body.get("scans", ()):
            number = scan["v"].get(TAG["name"])
            if number is not None:
                self.values[identity.device].setdefault(number, identity)
        if body.get("type") == "gap" and self._destination in body["data"]["lost_by"]:
            told = body["data"]
            span = (told["boot"], told["from_seq"], told["to_seq"], told["records"], told["reason"])
            self.gaps.append(Gap(identity.device, *span))

    def arrived(self, device: str, boot: int) -> set[int]:
        return self._arrived[device, boot]

    def announced(self, device: str, boot: int | None = None) -> int:
        """Records that gap events of a device counted, of one run or all."""
        return sum(gap.records for gap in self.gaps if gap.device == device and boot in {None, gap.boot})

    def streams(self) -> set[tuple[str, int]]:
        """(device, boot) of all that is known of."""
        told = {(device, boot) for boot, last in self.told.items() for device in last}
        return set(self._arrived) | told | {(gap.device, gap.boot) for gap in self.gaps}

    def last(self, device: str, boot: int) -> int:
        """The last seq that is known of, -1 where there is none."""
        gaps = [gap.last for gap in self.gaps if (gap.device, gap.boot) == (device, boot)]
        return max(self.told.get(boot, {}).get(device, -1), self._newest.get((device, boot), -1), *gaps, -1)

    def is_complete(self) -> bool:
        """Whether of each stream as many arrived or were announced as there are numbers."""
        return all(
            len(self.arrived(*stream)) + self.announced(*stream) >= self.last(*stream) + 1 for stream in self.streams()
        )

    def unexplained(self) -> list[str]:
        """Where conservation does not hold; empty where each number arrived or is announced, and each gap is exact."""
        return [wrong for stream in sorted(self.streams()) for wrong in self._wrong_with(*stream)]

    def _wrong_with(self, device: str, boot: int) -> list[str]:
        missing = set(range(self.last(device, boot) + 1)) - self.arrived(device, boot)
        spans = [gap for gap in self.gaps if (gap.device, gap.boot) == (device, boot)]
        silent = sorted(seq for seq in missing if not any(gap.first <= seq <= gap.last for gap in spans))
        found = [f"{device} boot {boot}: missing without a word: {silent[:20]}"] if silent else []
        counted = self.announced(device, boot)
        if counted != len(missing):
            found.append(f"{device} boot {boot}: {len(missing)} missing, {counted} announced by {spans}")
        return found


def _balances(account: Mapping[str, Any]) -> bool:
    gone = account["delivered"] + account["queued"] + sum(account["dropped"].values())
    return bool(account["accepted"] == gone)
