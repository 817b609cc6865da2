"""Serial lines made by socat: two ports wired to each other, and an adapter that can be pulled out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path


@asynccontextmanager
async def socat(*ends: str, until: Path) -> AsyncIterator[None]:
    """Runs until the end of the block, from when that file exists."""
    process = await asyncio.create_subprocess_exec("socat", *ends)
    try:
        async with asyncio.timeout(10):
            while not _is_there(until):
                assert process.returncode is None, "socat did not start"
                await asyncio.sleep(0.01)
        yield
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        _remove(until)


def _is_there(link: Path) -> bool:
    return link.exists()


def _remove(link: Path) -> None:
    """A killed socat leaves its link, as no device does that is pulled out."""
    link.unlink(missing_ok=True)


@asynccontextmanager
async def wired(folder: Path) -> AsyncIterator[tuple[Path, Path]]:
    """Both ends of a serial line, each a port."""
    here, there = folder / "here", folder / "there"
    async with socat(f"pty,rawer,link={there}", f"pty,rawer,link={here}", until=here):
        yield here, there


def adapter(port: Path, to: int) -> AbstractAsyncContextManager[None]:
    """A USB adapter that is plugged in for the block; its line leads to a TCP port where RTU frames are spoken."""
    return socat(f"pty,rawer,link={port}", f"tcp:127.0.0.1:{to}", until=port)
