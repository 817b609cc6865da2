"""A serial line between a driver and a slave that we did not write, on which replies come late, short or garbled."""

import asyncio
import os
import random
from contextlib import ExitStack
from pathlib import Path
from typing import Self

QUIET_S = 0.004
"""A reply is over when nothing came for so long: both ends are on this machine."""


class SickLine:
    """Relays between two ports; requests untouched, replies with the faults of T1."""

    def __init__(self, master: Path, slave: Path, chance: random.Random, late_s: tuple[float, float]) -> None:
        """`late_s` are the bounds of how much later a late reply comes."""
        self._ends = master, slave
        self._chance = chance
        self._late_s = late_s
        self._reply = b""
        self._quiet: asyncio.TimerHandle | None = None
        self.faults = {"late": 0, "short": 0, "garbled": 0, "none": 0}

    def __enter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._open = ExitStack()
        self._master, self._slave = (self._port(end) for end in self._ends)
        self._loop.add_reader(self._master, lambda: os.write(self._slave, os.read(self._master, 4096)))
        self._loop.add_reader(self._slave, self._heard)
        return self

    def _port(self, path: Path) -> int:
        port = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self._open.callback(os.close, port)
        self._open.callback(self._loop.remove_reader, port)
        return port

    def __exit__(self, *_: object) -> None:
        if self._quiet is not None:
            self._quiet.cancel()
        self._open.close()

    def _heard(self) -> None:
        self._reply += os.read(self._slave, 4096)
        if self._quiet is not None:
            self._quiet.cancel()
        self._quiet = self._loop.call_later(QUIET_S, self._over)

    def _over(self) -> None:
        reply, self._reply = self._reply, b""
        fault = self._chance.choices(("late", "short", "garbled", "none"), (10, 3, 1, 86))[0]
        self.faults[fault] += 1
        match fault:
            case "late":
                self._loop.call_later(self._chance.uniform(*self._late_s), self._say, reply)
            case "short":
                self._say(reply[: self._chance.randrange(1, len(reply))])
            case "garbled":
                bit = self._chance.randrange(8 * len(reply))
                self._say(bytes(byte ^ (1 << bit % 8) * (bit // 8 == at) for at, byte in enumerate(reply)))
            case _:
                self._say(reply)

    def _say(self, reply: bytes) -> None:
        try:
            os.write(self._master, reply)
        except OSError:
            return
