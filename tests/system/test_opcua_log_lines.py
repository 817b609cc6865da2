"""T11: under any one fault of an OPC UA server at most 20 lines in a minute leave, and none of them is a traceback.

Each fault lasts for a minute of wall time. What leaves are lines of the agent's own, none of the library's; each says
in words what is wrong and what to do, and once the fault is over the operator is told that, too.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from asyncua.ua.status_codes import StatusCodes

from tests.fakes.agent import LINE, agent, busiest_minute, site
from tests.fakes.application import Application, application
from tests.fakes.mosquitto import mosquitto
from tests.fakes.nodeopcua import Node, NodeSpec, node_server
from tests.fakes.opcua import Spec, address, opcua_server
from tests.fakes.proxy import ANSWERS, FaultProxy

pytestmark = [pytest.mark.needs("mosquitto", "node-opcua"), pytest.mark.acceptance]

MINUTE_S = 62.0
LINES_A_MINUTE = 20
PATIENCE_S = 60.0

SPEED = "Press.Speed"
VARIABLES = {SPEED: 1.5}
NODES = NodeSpec([Node(SPEED, 1.5)])
DEVICE = {
    "name": "press",
    "connection": "press",
    "sampling": "50ms",
    "tags": [
        {"name": "x_told", "address": address(SPEED)},
        {"name": "x_read", "address": address(SPEED), "every": "200ms"},
    ],
}

Step = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Trouble:
    """A server that works, how it is hurt, and how it is well again."""

    url: str
    hurt: Step
    mend: Step


@asynccontextmanager
async def killed(directory: Path) -> AsyncIterator[Trouble]:
    """Power off, without a word; nobody listens."""
    async with node_server(directory, NODES) as server:

        async def hurt() -> None:
            server.kill()

        yield Trouble(server.url, hurt, server.start)


@asynccontextmanager
async def frozen(directory: Path) -> AsyncIterator[Trouble]:
    """SIGSTOP: the kernel takes connections and bytes, and nobody is there."""
    async with node_server(directory, NODES) as server:

        async def hurt() -> None:
            server.freeze()

        async def mend() -> None:
            server.thaw()

        yield Trouble(server.url, hurt, mend)


def refusing(service: str, code: int) -> Callable[[Path], contextlib.AbstractAsyncContextManager[Trouble]]:
    """A service is refused, and the sessions that there were are gone."""

    @asynccontextmanager
    async def prepared(directory: Path) -> AsyncIterator[Trouble]:
        async with opcua_server(VARIABLES) as server:
            refusal = contextlib.ExitStack()

            async def hurt() -> None:
                refusal.enter_context(server.refusing(service, code))
                await server.end_sessions()

            async def mend() -> None:
                refusal.close()

            yield Trouble(server.url, hurt, mend)

    return prepared


@asynccontextmanager
async def mute(directory: Path) -> AsyncIterator[Trouble]:
    """Channels are opened, and no request is answered."""
    async with opcua_server(VARIABLES) as server:
        silence = contextlib.ExitStack()

        async def hurt() -> None:
            silence.enter_context(server.mute())

        async def mend() -> None:
            silence.close()

        yield Trouble(server.url, hurt, mend)


@asynccontextmanager
async def bits(directory: Path) -> AsyncIterator[Trouble]:
    """In every other answer one bit is wrong."""
    async with opcua_server(VARIABLES) as server, FaultProxy(server.port, seed=1) as proxy:

        async def hurt() -> None:
            proxy.corrupt[ANSWERS] = 0.5

        async def mend() -> None:
            proxy.corrupt[ANSWERS] = 0.0
            proxy.cut()

        yield Trouble(f"opc.tcp://127.0.0.1:{proxy.port}/", hurt, mend)


@asynccontextmanager
async def stranger(directory: Path) -> AsyncIterator[Trouble]:
    """Another program has the port and answers whatever it is asked in its own way."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while await reader.read(4096):
                writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" + bytes(range(256)))
                await writer.drain()
        writer.close()

    other = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with other, opcua_server(VARIABLES) as server, FaultProxy(server.port) as proxy:

        async def hurt() -> None:
            proxy.target_port = other.sockets[0].getsockname()[1]
            proxy.cut()

        async def mend() -> None:
            proxy.target_port = server.port
            proxy.cut()

        yield Trouble(f"opc.tcp://127.0.0.1:{proxy.port}/", hurt, mend)


@asynccontextmanager
async def resetting(directory: Path) -> AsyncIterator[Trouble]:
    """Every connection is taken and closed at once."""
    async with opcua_server(VARIABLES) as server, FaultProxy(server.port) as proxy:

        async def hurt() -> None:
            proxy.refuses = True
            proxy.cut()

        async def mend() -> None:
            proxy.refuses = False

        yield Trouble(f"opc.tcp://127.0.0.1:{proxy.port}/", hurt, mend)


def pairs(directory: Path) -> tuple[Application, Application]:
    """Of a server, before and after it made itself another one."""
    (directory / "new").mkdir()
    return application(directory, "server"), application(directory / "new", "server")


def trusted(directory: Path, port: int, known: Application) -> None:
    folder = directory / "state" / "drivers" / "opcua" / "servers" / f"127.0.0.1_{port}" / "trusted"
    folder.mkdir(parents=True)
    (folder / "server.der").write_bytes(known.der)


@asynccontextmanager
async def renewed(directory: Path) -> AsyncIterator[Trouble]:
    """The server shows a certificate that nobody has seen yet; in the end it is the old one again."""
    old, new = pairs(directory)
    async with opcua_server(VARIABLES, Spec(application=old)) as server:
        trusted(directory, server.port, old)

        async def show(which: Spec) -> None:
            server.spec = which
            await server.restart()

        async def hurt() -> None:
            await show(Spec(application=new))

        async def mend() -> None:
            await show(Spec(application=old))

        yield Trouble(server.url, hurt, mend)


TROUBLES: Mapping[str, Callable[[Path], contextlib.AbstractAsyncContextManager[Trouble]]] = {
    "killed": killed,
    "frozen": frozen,
    "no session left": refusing("CreateSession", StatusCodes.BadTooManySessions),
    "channel closed": refusing("Read", StatusCodes.BadSecureChannelClosed),
    "denied": refusing("ActivateSession", StatusCodes.BadUserAccessDenied),
    "no publish": refusing("Publish", StatusCodes.BadTooManyPublishRequests),
    "mute": mute,
    "bits": bits,
    "stranger": stranger,
    "resetting": resetting,
    "renewed": renewed,
}


async def test_t11_a_minute_of_each_fault_of_an_opc_ua_server(tmp_path: Path) -> None:
    """All at the same time, because a minute is a minute; one after the other only until they work."""
    async with mosquitto(tmp_path) as broker, asyncio.TaskGroup() as group:
        turn = asyncio.Lock()
        told = {name: group.create_task(_suffer(tmp_path, name, broker.port, turn)) for name in TROUBLES}
    most = {name: busiest_minute(task.result()) for name, task in told.items()}
    print(f"lines in the busiest minute: {most}")
    assert max(most.values()) <= LINES_A_MINUTE


async def _suffer(root: Path, name: str, broker: int, turn: asyncio.Lock) -> Sequence[str]:
    """What the agent said while the fault lasted and until it was over."""
    directory = _directory(root, name)
    async with contextlib.AsyncExitStack() as stack:
        async with turn:
            trouble = await stack.enter_async_context(TROUBLES[name](directory))
            running = await stack.enter_async_context(agent(_file(directory, trouble.url, broker)))
            await running.until(lambda: _works(running.lines), PATIENCE_S)
        before = len(running.lines)
        await trouble.hurt()
        await asyncio.sleep(MINUTE_S)
        during = len(running.lines)
        await trouble.mend()
        await running.until(lambda: "NOTICE" in _levels(running.lines[before:]), PATIENCE_S)
        assert await running.stop() == 0, name
    said = running.lines[before:]
    print(f"{name}:\n  " + "\n  ".join(said))
    _are_words(name, said)
    assert _levels(running.lines[before:during]) & {"ERROR", "WARNING", "NOTICE"}, f"{name}: nobody was told"
    return said


def _directory(root: Path, name: str) -> Path:
    directory = root / name.replace(" ", "_")
    directory.mkdir()
    return directory


def _file(directory: Path, url: str, broker: int) -> Path:
    connection = {"name": "press", "driver": "opcua", "url": url, "timeout": "2s", "keep_alive": "1s"}
    protection = {} if directory.name == "renewed" else {"insecure": True}
    client = f"gw-{directory.name}"
    destinations = [{"name": "broker", "url": f"mqtt://127.0.0.1:{broker}", "client_id": client}]
    return site(directory, [connection | protection], [DEVICE], gateway=client, destinations=destinations)


def _works(lines: Sequence[str]) -> bool:
    """Values came, at the first attempt or, where many start on two cores, at a later one."""
    return any(" I2005 " in line or " NOTICE  E2001 " in line for line in lines)


def _levels(lines: Sequence[str]) -> set[str]:
    return {line.split()[2] for line in lines}


FOREIGN = re.compile(r"Traceback|\?|asyncua|uaclient|exception|\.py\b|0x[0-9A-Fa-f]{6}|E9003")


MORE = re.compile(r" (\w\d{4}) and \d+ more like this")
"""What was held back of a code that had its lines in this minute."""


def _are_words(name: str, lines: Sequence[str]) -> None:
    """Each line is one of the agent's, and what is wrong comes with what to do."""
    for line in lines:
        assert LINE.match(line), f"{name}: {line}"
        assert not FOREIGN.search(line), f"{name}: {line}"
        if line.split()[2] in {"ERROR", "WARNING"}:
            more = MORE.search(line)
            told = [line] if more is None else [one for one in lines if f" {more[1]} press: " in one]
            assert any(" -> " in one for one in told), f"{name}: {line}"
