"""A scope: tasks that end when the block ends. The nesting of scopes is the order of shutdown."""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self


class Scope:
    """A TaskGroup whose tasks are cancelled when the block is left; a task that fails ends the block at once."""

    def __init__(self) -> None:
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Start work under a name that shows in debuggers and in tests."""
        task = self._group.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await self._group.__aexit__(kind, error, trace)
