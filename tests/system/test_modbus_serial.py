"""Rows of the promises on serial lines, and on sockets that carry their frames: fault -> what the driver does."""

import asyncio
import fcntl
import os
import random
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter

import pytest

from drivers.contract import Quality
from drivers.errors import NotConnected
from drivers.modbus import PLUGIN
from drivers.modbus.driver import open_driver
from tests.drivers.modbus.talk import Said, Talk, describe, fresh, group, holding, talk
from tests.fakes.faults import behind, byte_by_byte, fewer, flipped, garbage, late, swallowed
from tests.fakes.framing import ASCII, RTU, Framing
from tests.fakes.plc import FakePlc
from tests.fakes.ptys import adapter
from tests.fakes.sockets import Pty

FRAMINGS = pytest.mark.parametrize("framing", [RTU, ASCII], ids=["rtu", "ascii"])
FAST = "?baud=115200"


@asynccontextmanager
async def line(
    folder: Path, *, framing: Framing = RTU, seed: int = 0, tags: int = 4, timeout: str = "200ms", **limits: object
) -> AsyncIterator[tuple[FakePlc, Talk]]:
    """A slave on a serial line and a driver that talks to it, each value saying which request it answers."""
    async with FakePlc(seed=seed, at=Pty(folder / "tty"), framing=framing) as plc:
        plc.describe = describe
        async with talk(f"{plc.url}{FAST}", group("press", holding(range(tags))), timeout=timeout, **limits) as it:
            yield plc, it


@FRAMINGS
@pytest.mark.parametrize("over", ["pty", "tcp"])
async def test_a_plain_conversation(framing: Framing, over: str, tmp_path: Path) -> None:
    """125 registers at a time, in one piece and byte by byte."""
    at = Pty(tmp_path / "tty") if over == "pty" else None
    async with FakePlc(at=at, framing=framing) as plc, talk(plc, group("press", holding(range(300)))) as it:
        plc.describe = describe
        for rule in (None, plc.fault(byte_by_byte)):
            for _ in range(5):
                since = len(plc.requests)
                await it.read()
                assert fresh(it, plc, since) == 300
            if rule is None:
                continue
            rule.lift()
        assert it.counts["timeouts"] == it.counts["protocol_errors"] == 0


@FRAMINGS
async def test_row_09_a_late_reply_is_never_the_next_value(framing: Framing, tmp_path: Path) -> None:
    """Every second reply comes after its time-out: the line is drained until it is there, and no longer."""
    async with line(tmp_path, framing=framing, timeout="20ms", max_late="10s") as (plc, it):
        values, began = 0, perf_counter()
        for turn in range(60):
            since = len(plc.requests)
            rule = plc.fault(late(0.025, 0.06), times=1) if turn % 2 else None
            await it.read()
            values += fresh(it, plc, since)
            if rule:
                assert set(it.faults().values()) == {Quality.BAD_TIMEOUT}
                rule.lift()
        assert values == 4 * (60 - it.counts["timeouts"]) >= 4 * 25, (
            "a machine that stands still can make more of them late"
        )
        assert it.counts["late"] >= 29
        assert perf_counter() - began < 10, "max_late was not waited for"


async def test_row_09_a_missing_reply_is_waited_for_as_long_as_it_may_come(tmp_path: Path) -> None:
    async with line(tmp_path, timeout="150ms", max_late="300ms") as (plc, it):
        await it.read()
        with plc.fault(swallowed):
            await it.read()
        began = perf_counter()
        since = len(plc.requests)
        await it.read()
        assert 0.2 < perf_counter() - began < 1.0
        assert fresh(it, plc, since) == 4


async def test_row_09_another_unit_is_asked_meanwhile(tmp_path: Path) -> None:
    groups = (group("slow", holding(range(4)), unit=2), group("press", holding(range(4)), unit=1))
    async with (
        FakePlc(at=Pty(tmp_path / "tty"), framing=RTU) as plc,
        talk(f"{plc.url}{FAST}", *groups, timeout="150ms", max_late="10s") as it,
    ):
        plc.describe = describe
        plc.fault(late(0.4), unit=2)
        await it.read("slow")
        began = perf_counter()
        for _ in range(5):
            since = len(plc.requests)
            await it.read("press")
            assert fresh(it, plc, since) == 4
        assert perf_counter() - began < 1.0


async def test_row_11_flipped_bits_cost_their_value_only(tmp_path: Path, seed: int) -> None:
    async with line(tmp_path, seed=seed, timeout="150ms", max_late="150ms") as (plc, it):
        for turn in range(75):
            since = len(plc.requests)
            with plc.fault(flipped(), times=turn % 3 == 2):
                await it.read()
            assert fresh(it, plc, since) == (0 if turn % 3 == 2 else 4)
        assert it.counts["garbled"] + it.counts["protocol_errors"] + it.counts["exceptions"] == 25
        assert it.counts["garbled"] >= 24


@pytest.mark.parametrize(
    "noise",
    [b"\xff", b"\0\0\0", b"\1", b"\1\3", b"\1\3\xfa", b":0103\r\n", b"ID0042"],
    ids=["idle", "break", "unit", "head", "length", "ascii", "heartbeat"],
)
async def test_row_11_an_answer_behind_noise_is_found(noise: bytes, tmp_path: Path) -> None:
    """Where the noise looks like the beginning of a long frame, not before the time-out."""
    async with line(tmp_path) as (plc, it):
        plc.fault(behind(noise))
        for _ in range(3):
            since = len(plc.requests)
            await it.read()
            assert fresh(it, plc, since) == 4


async def test_row_11_garbage_of_every_kind(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    async with line(tmp_path, seed=seed, timeout="20ms", max_late="180ms") as (plc, it):
        values = 0
        for _ in range(60):
            rule = plc.fault(chance.choice([garbage(chance.randrange(600)), fewer(), flipped(8)]), fraction=0.5)
            since = len(plc.requests)
            await it.read()
            values += fresh(it, plc, since)
            rule.lift()
        assert values > 4 * 10


@pytest.mark.needs("socat")
async def test_row_12_unplugged_and_plugged_in_again(tmp_path: Path) -> None:
    port = tmp_path / "usb-FTDI-if00-port0"
    async with FakePlc(framing=RTU) as plc:
        plc.describe = describe
        async with adapter(port, plc.port), talk(f"rtu://{port}{FAST}", group("press", holding(range(4)))) as it:
            await it.read()
            assert it.faults() == {}
        with pytest.raises(NotConnected) as caught:
            await it.driver.connect()
        assert caught.value.code == "M2015"
        async with adapter(port, plc.port):
            await it.driver.connect()
            since = len(plc.requests)
            await it.read()
            assert fresh(it, plc, since) == 4
            await it.driver.close()


async def test_row_12_pulled_out_during_a_request(tmp_path: Path) -> None:
    """The read fails at once, not after its time-out."""
    async with line(tmp_path, timeout="2s", max_late="0ms") as (plc, it):
        await it.read()
        plc.is_mute = True
        already = len(plc.requests)
        reading = asyncio.ensure_future(it.read())
        await plc.until(lambda: len(plc.requests) > already)
        began = perf_counter()
        await plc.stop()
        with pytest.raises(NotConnected) as caught:
            await reading
        assert perf_counter() - began < 0.5
        assert caught.value.code == "M2015"
        plc.is_mute = False
        await plc.start()
        await it.driver.close()
        await it.driver.connect()
        since = len(plc.requests)
        await it.read()
        assert fresh(it, plc, since) == 4


async def test_row_12_a_replug_between_two_reads_costs_nothing(tmp_path: Path) -> None:
    async with line(tmp_path) as (plc, it):
        await it.read()
        await plc.stop()
        await plc.start()
        since = len(plc.requests)
        await it.read()
        assert fresh(it, plc, since) == 4


@pytest.mark.parametrize(("path", "warned"), [("/dev/ttyUSB0", 1), ("/dev/ttyACM3", 1), ("/dev/serial/by-id/a", 0)])
def test_row_12_a_name_that_may_change_is_warned_of(path: str, warned: int) -> None:
    said = Said()
    connection = PLUGIN.connection.model_validate({"url": f"rtu://{path}"})
    open_driver(connection, [group("press", holding(range(4)))], said)
    assert said.words == [("note", "M1046")] * warned


@FRAMINGS
async def test_row_13_an_echo_is_recognised_and_said_once(framing: Framing, tmp_path: Path) -> None:
    async with line(tmp_path, framing=framing, tags=200) as (plc, it):
        plc.sends_back = True
        for _ in range(3):
            for _ in range(5):
                since = len(plc.requests)
                await it.read()
                assert fresh(it, plc, since) == 200
            await it.driver.close()
            await it.driver.connect()
        assert it.said.words == [("note", "M2005")]


async def test_row_13_with_noise_and_late_replies_no_echo_is_a_value(tmp_path: Path, seed: int) -> None:
    """Registers at 0x0300 and coils whose request could be a reply."""
    addresses = {f"t{at}": f"hr:{at}" for at in range(0x0300, 0x0304)} | {
        f"t{at}": f"co:{at}" for at in range(800, 820)
    }
    async with (
        FakePlc(seed=seed, at=Pty(tmp_path / "tty"), framing=RTU) as plc,
        talk(f"{plc.url}{FAST}", group("press", addresses), timeout="20ms", max_late="300ms") as it,
    ):
        plc.sends_back = True
        plc.describe = lambda address, asked: asked.number % 2 if asked.function == 1 else describe(address, asked)
        plc.fault(late(0.022, 0.06), fraction=0.2)
        plc.fault(flipped(1), fraction=0.1)
        plc.latest_s = 0.07
        good = 0
        for _ in range(60):
            since = len(plc.requests)
            await it.read()
            for scan in it.scans:
                for at, value in zip(scan.indexes, scan.values, strict=True):
                    name = list(addresses)[at]
                    numbers = [one.number for one in plc.requests[since:] if (one.function == 1) == (at >= 4)]
                    right = [n % 2 if at >= 4 else (31 * int(name[1:]) + n) & 0xFFFF for n in numbers]
                    assert value in right
                    good += 1
        assert good > 60


async def test_the_port_is_ours_alone(tmp_path: Path) -> None:
    async with line(tmp_path) as (plc, it):
        await it.read()
        async with talk(f"{plc.url}{FAST}", group("press", holding(range(4))), connect=False) as second:
            with pytest.raises(NotConnected) as caught:
                await second.driver.connect()
            assert caught.value.code == "M2017"
            await it.driver.close()
            await second.driver.connect()
            await second.read()
            assert second.faults() == {}


async def test_a_port_in_use_by_another_program_is_said_to_be(tmp_path: Path) -> None:
    async with FakePlc(at=Pty(tmp_path / "tty"), framing=RTU) as plc:
        other = os.open(tmp_path / "tty", os.O_RDWR | os.O_NOCTTY)
        fcntl.flock(other, fcntl.LOCK_EX)
        async with talk(plc, group("press", holding(range(4))), connect=False) as it:
            with pytest.raises(NotConnected) as caught:
                await it.driver.connect()
        os.close(other)
    assert caught.value.code == "M2017"


async def test_what_is_no_serial_port(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    for path, code in ((tmp_path / "none", "M2015"), (file, None)):
        async with talk(f"rtu://{path}", group("press", holding(range(4))), connect=False) as it:
            with pytest.raises(NotConnected) as caught:
                await it.driver.connect()
            assert caught.value.code == code


async def test_wrong_parity_is_dropped_by_the_port(tmp_path: Path) -> None:
    """An ASCII frame has only an LRC of 8 bits; RTU without parity leaves the port as it is."""
    async with FakePlc(at=Pty(tmp_path / "tty"), framing=ASCII) as plc:
        looking = os.open(tmp_path / "tty", os.O_RDWR | os.O_NOCTTY)
        for query, checked in (("", True), ("?parity=N&bits=8", False)):
            async with talk(f"{plc.url}{query}", group("press", holding(range(4)))) as it:
                assert bool(termios.tcgetattr(looking)[0] & termios.INPCK) == checked
                await it.read()
                assert it.faults() == {}
        os.close(looking)
