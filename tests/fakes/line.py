"""An RS-485 line with its speed: bytes take their time, and units that answer, on one end of a pseudo terminal.

    with PacedLine(9600, units=range(1, 11), dead={3, 5}) as line:
        ... rtu:// + line.path ...

Requests and replies of function 3; register n of unit u holds 100 * u + n.
"""

import asyncio
import os
import tty
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import Self

from pymodbus.framer import FramerRTU

from tests.fakes.recorder import record


@dataclass(frozen=True, slots=True)
class Seen:
    """One request on the line."""

    unit: int
    at: float
    """Monotonic seconds when its last byte was on the line."""
    busy_s: float
    """How long it and its reply occupied the line."""


class PacedLine:
    """The line and everything on it but the master."""

    def __init__(self, baud: int, units: Collection[int], dead: Collection[int] = (), think_s: float = 0.01) -> None:
        self._char_s = 10 / baud
        self._think_s = think_s
        self._units = units
        self.dead = set(dead)
        self.seen: list[Seen] = []
        self.collisions = 0
        """Requests that came while a reply was on the line."""
        self._free_at = 0.0
        self._received = b""

    def __enter__(self) -> Self:
        self._file, device = os.openpty()
        tty.setraw(device)
        self.path = os.ttyname(device)
        self._device = device
        os.set_blocking(self._file, False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._file, self._readable)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.remove_reader(self._file)
        os.close(self._file)
        os.close(self._device)

    def _readable(self) -> None:
        self._received += os.read(self._file, 4096)
        while len(self._received) >= 8:
            frame, self._received = self._received[:8], self._received[8:]
            self._take(frame)

    def _take(self, frame: bytes) -> None:
        unit, function, start, count = frame[0], frame[1], int.from_bytes(frame[2:4]), int.from_bytes(frame[4:6])
        record(function)
        assert FramerRTU.compute_CRC(frame[:6]).to_bytes(2) == frame[6:], "a request whose checksum is wrong"
        now = self._loop.time()
        self.collisions += now < self._free_at
        said = now + len(frame) * self._char_s
        answers = unit in self._units and unit not in self.dead
        size = 5 + 2 * count if answers else 0
        self._free_at = said + (self._think_s + size * self._char_s if answers else 0.0)
        self.seen.append(Seen(unit, said, (len(frame) + size) * self._char_s + self._think_s * answers))
        if answers:
            words = [100 * unit + start + at for at in range(count)]
            body = bytes((unit, function, 2 * count)) + b"".join(word.to_bytes(2) for word in words)
            reply = body + FramerRTU.compute_CRC(body).to_bytes(2)
            self._loop.call_at(self._free_at, partial(self._say, reply))

    def _say(self, reply: bytes) -> None:
        try:
            os.write(self._file, reply)
        except OSError:
            return
