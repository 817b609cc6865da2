"""The agent's side of a subscribing driver, as far as tests of it need one: connects, listens, and again."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping

from drivers.contract import Group, Quality, Scan, SubscribingDriver, Tag, Value
from drivers.errors import NotConnected
from drivers.opcua import PLUGIN
from tests.bench import Keys, Notes

PATIENCE_S = 20.0


class Listener:
    """What is known of each tag, everything that came, and how often the conversation was lost."""

    def __init__(
        self, connection: Keys, tags: Mapping[str, str], sampling_s: float = 0.05, device: Keys | None = None
    ) -> None:
        addresses = {name: PLUGIN.address.model_validate({"address": address}) for name, address in tags.items()}
        self.group = Group(
            "press~",
            "press",
            PLUGIN.device.model_validate(dict(device or {})),
            [Tag(*pair) for pair in addresses.items()],
            sampling_s,
            is_subscribed=True,
        )
        self.notes = Notes()
        settings = PLUGIN.connection.model_validate(dict(connection))
        driver = PLUGIN.open(settings, [self.group], self.notes)
        assert isinstance(driver, SubscribingDriver)
        self.driver = driver
        self.known: dict[str, Value | Quality] = {}
        self.quality: dict[str, Quality] = {}
        self.came: dict[str, list[Value]] = {name: [] for name in tags}
        """Values, changes only."""
        self.times: dict[str, list[int]] = {name: [] for name in tags}
        self.scans: list[tuple[float, Scan]] = []
        """With the monotonic time at which they came."""
        self.lost: list[str] = []
        self.codes: list[str | None] = []
        """Of what was lost."""
        self._stirred = asyncio.Event()

    async def listen(self, pause_s: float = 0.1) -> None:
        """As the agent does: connect, listen, close, wait, for ever."""
        while True:
            try:
                await self.driver.connect()
                async for _, scan in self.driver.changes():
                    self._take(scan)
            except NotConnected as lost:
                self.lost.append(lost.reason)
                self.codes.append(lost.code)
            finally:
                await self.driver.close()
            self._stirred.set()
            await asyncio.sleep(pause_s)

    def _take(self, scan: Scan) -> None:
        self.scans.append((time.monotonic(), scan))
        assert len(set(scan.indexes)) == len(scan.indexes) == len(scan.values), "a tag is named once in a scan"
        times = scan.times or [scan.time_ms] * len(scan.indexes)
        for index, value, time_ms in zip(scan.indexes, scan.values, times, strict=True):
            name = self.group.tags[index].name
            if self.known.get(name) != value or type(self.known.get(name)) is not type(value):
                self.came[name].append(value)
                self.times[name].append(time_ms)
            self.known[name] = value
            self.quality[name] = scan.faults.get(index, Quality.GOOD)
        for index, reason in scan.faults.items():
            name = self.group.tags[index].name
            self.quality[name] = reason
            if reason.is_bad:
                self.known[name] = reason
        self._stirred.set()

    async def until(self, holds: Callable[[], bool], patience_s: float = PATIENCE_S) -> float:
        """Wait for it; how many seconds that took."""
        began = time.monotonic()
        async with asyncio.timeout(patience_s):
            while not holds():
                self._stirred.clear()
                await self._stirred.wait()
        return time.monotonic() - began


def unprotected(url: str, **more: object) -> Keys:
    """A connection's keys."""
    return {"url": url, "insecure": True, "security": {"policy": "None"}, **more}


@contextlib.asynccontextmanager
async def listening(
    connection: Keys, tags: Mapping[str, str], sampling_s: float = 0.05, device: Keys | None = None
) -> AsyncIterator[Listener]:
    listener = Listener(connection, tags, sampling_s, device)
    task = asyncio.create_task(listener.listen())
    try:
        await listener.until(lambda: len(listener.known) == len(tags))
        yield listener
    finally:
        task.cancel()
        await asyncio.wait((task,))
