"""A command in a process of its own, until it ends."""

import asyncio
import os
import sys
from typing import NamedTuple

from tests.fakes.agent import ROOT


class Done(NamedTuple):
    """How it went."""

    code: int
    out: str
    err: str


async def lineside(*arguments: object) -> Done:
    return await python("-m", "agent.cli", *arguments)


async def python(*arguments: object) -> Done:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *map(str, arguments),
        cwd=ROOT,
        stdout=pipe,
        stderr=pipe,
        env={**os.environ, "LINESIDE_LANG": "en", "PYTHONIOENCODING": "utf-8"},
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    assert b"Traceback" not in err, err.decode()
    return Done(process.returncode, out.decode(), err.decode())
