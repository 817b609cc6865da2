"""Watch a stream until told to stop, and give account: what `lineside sub` does."""

import asyncio
import gc
import gzip
import math
import signal
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from agent.messages import Catalogue
from agent.mqtt import Endpoint
from agent.scope import Scope
from agent.verify.account import Account
from agent.verify.listening import Listening
from agent.verify.logged import read_lines
from agent.verify.report import Connection, progress, totals

LOOK_S = 0.2
GZIP = b"\x1f\x8b"
"""How a packed file begins, whatever its name is (RFC 1952, section 2.3.1)."""
SETTLE_S, LATE_S = 0.5, 3.0
"""At the end: for what the broker has sent by then, and longer where something is missing that may be on its way."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for on the command line."""

    endpoint: Endpoint
    filters: Sequence[str]
    seconds: float
    """`inf` listens until it is told to stop."""
    every_s: float
    """Between two lines of progress."""
    is_shared: bool


class Show:
    """Where lines go: `line` stays, `progress` may be written over by the next, `aside` is not of the report."""

    def __init__(self, line: Callable[[str], None], progress: Callable[[str], None], aside: Callable[[str], None]):
        self.line = line
        self.progress = progress
        self.aside = aside


async def watch(wish: Wish, said: Catalogue, show: Show) -> tuple[Account, Connection]:
    """Listen until the time is over or a signal comes. Raises `LinkFailed` where that cannot begin."""
    account = Account()
    connection = Connection(bool(wish.endpoint.session_expiry_s), wish.is_shared)
    stop, hurry = asyncio.Event(), asyncio.Event()

    def tell(code: str, facts: dict[str, object]) -> None:
        show.aside(f"{code} {said.text(code, facts)}")

    listening = Listening(wish.endpoint, wish.filters, account, connection, tell)
    try:
        await listening.begin()
        gc.enable()  # the command line starts without it
        # Until here a signal ends the process as usual: nothing is to be reported, and a broker may be silent for long.
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, _wished, stop, hurry)
        topics, place = ", ".join(wish.filters), wish.endpoint.place
        show.line(said.text("I8048", {"place": place, "topics": topics, "protocol": listening.protocol}))
        async with Scope() as tasks:
            tasks.start(listening.hold(), "the subscription")
            await _follow(wish, account, said, show, stop)
            await _pause(hurry, SETTLE_S)
            await _late(account, hurry, 0.0 if wish.is_shared else LATE_S)
    finally:
        await listening.end()
    return account, connection


def _wished(stop: asyncio.Event, hurry: asyncio.Event) -> None:
    """The first signal asks for the report, another one not to wait for what may still come."""
    (hurry if stop.is_set() else stop).set()


async def _follow(wish: Wish, account: Account, said: Catalogue, show: Show, stop: asyncio.Event) -> None:
    began = shown = time.monotonic()
    records = 0
    while (now := time.monotonic()) - began < wish.seconds and not stop.is_set():
        if now - shown >= wish.every_s:
            total = totals(account).records
            show.progress(progress(account, said, now - began, (total - records) / (now - shown)))
            shown, records = now, total
        await _pause(stop, min(LOOK_S, began + wish.seconds - now))


async def _late(account: Account, hurry: asyncio.Event, within_s: float) -> None:
    ends = time.monotonic() + within_s
    while time.monotonic() < ends and not hurry.is_set() and totals(account).missing.unannounced:
        await _pause(hurry, LOOK_S)


async def _pause(sooner: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds if math.isfinite(seconds) else None):
            await sooner.wait()
    except TimeoutError:
        return


def read_file(path: Path) -> Account:
    """The account of an exported log, packed or not. Raises `OSError`."""
    account = Account(is_file=True)
    with path.open("rb") as file:
        is_packed = file.read(len(GZIP)) == GZIP
        file.seek(0)
        read_lines(_unpacked(file) if is_packed else file, account)
    return account


def _unpacked(file: BinaryIO) -> Iterator[bytes]:
    """The lines up to where the file is damaged or cut off, and one that says so because it is none."""
    with gzip.open(file) as lines:
        try:
            yield from lines
        except (EOFError, zlib.error, gzip.BadGzipFile):
            yield b"{"
