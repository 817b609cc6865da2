"""A driver with a defect: once the file that it is given exists, a read hangs, alone or with the whole loop."""

import asyncio
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, cast

from pydantic import BaseModel

from drivers.contract import Driver, DriverPlugin, Group, Journal, Scan


class Connection(BaseModel):
    how: Literal["task", "loop"]
    file: Path


class Keys(BaseModel):
    address: str = ""


class Stuck:
    """Every tag is 1 until it hangs."""

    def __init__(self, settings: Connection, groups: Sequence[Group]) -> None:
        self._settings = settings
        self._sizes = {group.name: len(group.tags) for group in groups}

    async def connect(self) -> None: ...

    async def read(self, group: str) -> Sequence[Scan]:
        if self._settings.file.exists():
            await self._hang()
        size = self._sizes[group]
        return [Scan(round(time.time() * 1000), tuple(range(size)), (1,) * size)]

    async def _hang(self) -> None:
        if self._settings.how == "loop":
            threading.Event().wait()
        await asyncio.get_running_loop().create_future()

    async def close(self) -> None: ...


def _open(settings: BaseModel, groups: Sequence[Group], journal: Journal) -> Driver:
    return Stuck(cast(Connection, settings), groups)


PLUGIN = DriverPlugin(connection=Connection, device=Keys, address=Keys, open=_open)


def install(target: Path) -> Path:
    """The metadata by which the agent finds it; the folder for PYTHONPATH."""
    info = target / "lineside_stuck-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.3\nName: lineside-stuck\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[lineside.drivers]\nstuck = tests.fakes.stuck:PLUGIN\n")
    return target
