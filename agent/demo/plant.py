"""The simulated plant: machines, and a witness of everything that they ever showed."""

import struct
import time
from collections.abc import Callable, Mapping
from fractions import Fraction

from agent.config import Configuration, TagSettings
from agent.demo.cartoner import Cartoner
from agent.demo.machines import BagMaker, LabelPress
from agent.demo.steps import Stepping
from drivers.contract import Value

KEPT = 5_000
"""How many different values of a tag the witness remembers."""

Key = tuple[str, Value]


class Plant:
    """Answers for the demo's devices, and remembers what it answered."""

    def __init__(self, configuration: Configuration, seed: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._machines: Mapping[str, Stepping] = {
            "press01": LabelPress(seed),
            "bags01": BagMaker(seed),
            "cartoner01": Cartoner(seed),
        }
        self._tags = {(device.name, tag.name): tag for device in configuration.devices for tag in device.tags}
        self._showed: dict[tuple[str, str], dict[Key, None]] = {place: {} for place in self._tags}
        self._clock = clock
        self._start = clock()

    def world(self, device: str, tag: str) -> Value | None:
        """What that tag's register or variable holds now (`drivers.contract.World`)."""
        value = self._machines[device].at(self._clock() - self._start).get(tag)
        if value is not None:
            showed = self._showed[device, tag]
            showed[_key(meaning(value, self._tags[device, tag]))] = None
            if len(showed) > KEPT:
                del showed[next(iter(showed))]
        return value

    def showed(self, device: str, tag: str, value: Value) -> bool:
        """Whether a platform that reads this value reads what the machine once showed."""
        return _key(value) in self._showed.get((device, tag), {})

    def has(self, device: str, tag: str) -> bool:
        """Whether the machine has such a thing at all."""
        return bool(self._showed.get((device, tag)))


def meaning(raw: Value, tag: TagSettings) -> Value:
    """What a raw value means by the rules of its tag; written apart from `agent.normalise`, to judge it."""
    if isinstance(raw, bool | str):
        return raw
    if isinstance(raw, float):
        raw = float(struct.unpack("f", struct.pack("f", raw))[0])  # a register pair and a PackML speed have 32 bits
    if tag.bits is not None and isinstance(raw, int):
        low, high = tag.bits
        raw = raw >> low & (1 << high - low + 1) - 1
        if low == high:
            return raw == 1
    if tag.enum is not None and isinstance(raw, int):
        return tag.enum[raw]
    if tag.scale == 1 and tag.offset == 0:
        return raw
    return float(Fraction(raw) * tag.scale + tag.offset)


def _key(value: Value) -> Key:
    """Values that are the same after their journey through JSON, and of the same type."""
    return type(value).__name__, round(value, 6) if isinstance(value, float) else value
