"""Virtual time: an event loop whose clock jumps to the next timer, so that an hour passes in a moment, exactly."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any


class _Selector(selectors.DefaultSelector):
    """Never waits: where the loop would sleep, its clock moves instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout:
            self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """For code without real sockets or threads."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now


def run(main: Coroutine[Any, Any, None], *, for_s: float) -> None:
    """Run a coroutine for a stretch of virtual time, then cancel it."""

    async def bounded() -> None:
        try:
            async with asyncio.timeout(for_s):
                await main
        except TimeoutError:
            return

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(bounded())
