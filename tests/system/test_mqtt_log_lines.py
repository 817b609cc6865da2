"""T11: under any one fault of the way to the broker at most 20 lines in a minute leave, whichever fault it is.

Each lasts for a minute of wall time. The operator is told that it is there and that it is over, and nothing is lost.
"""

import asyncio
import contextlib
import datetime
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.fakes.agent import agent, busiest_minute
from tests.fakes.authority import DAY, NOW, Authority
from tests.fakes.mosquitto import free_port
from tests.fakes.plant import Plant, plant, started
from tests.fakes.proxy import ANSWERS, REQUESTS
from tests.system.test_mqtt_faults import hashed

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.acceptance]

MINUTE_S = 62.0
LINES_A_MINUTE = 20
PERIOD_S = 0.2
TAIL_S = 1.0
"""What is on its way at a stop, where seven agents share two cores."""

Hurt = Callable[[Plant], contextlib.AbstractContextManager[object]]


@dataclass(slots=True)
class Trouble:
    """A fault, and what broker and destination need for it."""

    hurt: Hurt
    lines: tuple[str, ...] = ()
    destination: Mapping[str, object] = field(default_factory=dict)
    tls_port: int = 0
    """The broker's listener for the agent, where it is not the one in clear."""
    is_direct: bool = False
    """Without the proxy, which would answer for a broker that is not there."""


@contextlib.contextmanager
def _down(site: Plant) -> Iterator[None]:
    """Nobody listens."""
    site.broker.stop()
    yield
    site.broker.launch()


@contextlib.contextmanager
def _frozen(site: Plant) -> Iterator[None]:
    """The kernel takes connections and bytes, and nobody is there."""
    site.broker.freeze()
    yield
    site.broker.thaw()


@contextlib.contextmanager
def _resetting(site: Plant) -> Iterator[None]:
    site.cut()
    yield
    site.mend()


@contextlib.contextmanager
def _mute(site: Plant) -> Iterator[None]:
    """Connections are taken, and CONNECT is not answered."""
    with site.proxy.frozen(REQUESTS, ANSWERS):
        site.proxy.cut()
        yield
        site.proxy.cut()


def _unacknowledged(site: Plant) -> contextlib.AbstractContextManager[None]:
    """Nothing comes back any more on a connection that is there."""
    return site.proxy.frozen(ANSWERS)


def plain(hurt: Hurt) -> Callable[[Path], Trouble]:
    return lambda directory: Trouble(hurt)


def directly(hurt: Hurt) -> Callable[[Path], Trouble]:
    return lambda directory: Trouble(hurt, is_direct=True)


def denied(directory: Path) -> Trouble:
    """The access list has lost the topics of the data."""
    access, everything = directory / "acl", "topic readwrite #\n"
    access.write_text(everything)

    @contextlib.contextmanager
    def hurt(site: Plant) -> Iterator[None]:
        access.write_text("topic read #\ntopic write lineside/v1/+/gateways/#\n")
        site.broker.reload()
        yield
        access.write_text(everything)
        site.broker.reload()
        site.proxy.cut()  # else the next attempt may be a minute away

    # With 0, no bound, mosquitto 2.0 hangs up where it should refuse.
    return Trouble(hurt, (f"acl_file {access}", "max_queued_messages 100000"))


def login(directory: Path) -> Trouble:
    """The password was changed at the broker only."""
    passwords, ours = directory / "passwords", directory / "password"
    ours.write_text("secret")
    ours.chmod(0o600)
    passwords.write_text(f"gw:{hashed('secret')}\n")

    @contextlib.contextmanager
    def hurt(site: Plant) -> Iterator[None]:
        passwords.write_text(f"gw:{hashed('other')}\n")
        site.broker.reload()
        site.proxy.cut()
        yield
        passwords.write_text(f"gw:{hashed('secret')}\n")
        site.broker.reload()

    return Trouble(hurt, (f"password_file {passwords}",), {"username": "gw", "password_file": str(ours)})


def expired(directory: Path) -> Trouble:
    """The broker's certificate is over, and it was started again with it."""
    authority, port = Authority(directory), free_port()

    def show(ends: datetime.datetime) -> tuple[Path, Path]:
        issued = authority.ca.issue_cert("127.0.0.1", not_before=NOW - 9 * DAY, not_after=ends)
        return authority.pair("broker", issued)

    @contextlib.contextmanager
    def hurt(site: Plant) -> Iterator[None]:
        show(NOW - DAY)
        site.broker.reload()
        site.proxy.cut()
        yield
        show(NOW + 9 * DAY)
        site.broker.reload()

    certificate, key = show(NOW + 9 * DAY)
    lines = (f"listener {port} 127.0.0.1", f"certfile {certificate}", f"keyfile {key}")
    return Trouble(hurt, lines, {"tls": {"ca_file": str(authority.ca_file)}}, port)


TROUBLES: Mapping[str, Callable[[Path], Trouble]] = {
    "down": directly(_down),
    "frozen": directly(_frozen),
    "resetting": plain(_resetting),
    "mute": plain(_mute),
    "unacknowledged": plain(_unacknowledged),
    "denied": denied,
    "login": login,
    "expired": expired,
}


async def test_t11_a_minute_of_each_fault_of_the_broker(tmp_path: Path, seed: int) -> None:
    """All at the same time, because a minute is a minute."""
    async with asyncio.TaskGroup() as group:
        told = {name: group.create_task(_suffer(tmp_path / name, seed, name)) for name in TROUBLES}
    most = {name: busiest_minute(task.result()) for name, task in told.items()}
    print(f"seed {seed}: lines in the busiest minute: {most}")
    assert max(most.values()) <= LINES_A_MINUTE


def _prepared(directory: Path, name: str) -> Trouble:
    directory.mkdir()
    return TROUBLES[name](directory)


async def _suffer(directory: Path, seed: int, name: str) -> list[str]:
    """What the agent said between its start and its stop."""
    trouble = _prepared(directory, name)
    async with plant(directory, seed, *trouble.lines) as site:
        destination = dict(trouble.destination)
        if trouble.is_direct:
            site.port = site.broker.port
        if trouble.tls_port:
            site.proxy.target_port = trouble.tls_port
            destination["url"] = f"mqtts://127.0.0.1:{site.port}"
        file = site.file(destination=destination, period_s=PERIOD_S)
        async with agent(file) as running:
            await started(running)
            await site.delivered()
            before = len(running.lines)
            with trouble.hurt(site):
                await running.until(lambda: _levels(running.lines[before:]) & {"ERROR", "WARNING"}, MINUTE_S)
                await asyncio.sleep(MINUTE_S)
            assert site.produced.at[1], name
            await running.until(lambda: "NOTICE" in _levels(running.lines[before:]), 60)
            await site.delivered(60)
            assert await site.ends_by(running, signal.SIGTERM) == 0, name
        await site.settle(file)
        assert max(site.tails()) <= TAIL_S, name
    print(f"{name}:\n  " + "\n  ".join(running.lines[before:]))
    return running.lines[before:]


def _levels(lines: list[str]) -> set[str]:
    return {line.split()[2] for line in lines}
