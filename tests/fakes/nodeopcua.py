"""An OPC UA server that we did not write: node-opcua, in a process of its own on a fixed loopback port.

    spec = NodeSpec([Node("Press.Speed", 12.5), Node("Press.Count", 7, "UInt16")], max_sessions=10)
    async with node_server(tmp_path, spec) as server:
        await server.set("Press.Speed", 13.0, source_time=when)
        async with server.refusing("Publish", "BadTooManyPublishRequests"):
            ...
        (await server.statistics()).services["Read"]
        server.spec.namespaces.insert(0, "urn:new")
        server.kill()
        await server.start()

Names are those of `tests.fakes.opcua`: `nsu=<uri>;s=<identifier>`, or an identifier in `NAMESPACE`; dots are folders.
`machine` makes it one of PackML (the real nodeset, OPC 30050), Machinery (OPC 40001-1) or plain PackTags; it follows a
script.
"""

import asyncio
import contextlib
import itertools
import json
import os
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.fakes.application import SERVER_URI, Application, application
from tests.fakes.mosquitto import free_port
from tests.fakes.opcua import NAMESPACE, address

ROOT = Path(__file__).resolve().parents[2]
START_S = 90.0
STOP_S = 10.0

TYPES = "urn:lineside:tests:types"
LOAD = f"nsu={TYPES};Load"
"""A structure: Job (String), Sheets (UInt32), Kilograms (Double)."""
PRESS_MODE = f"nsu={TYPES};PressMode"
"""An enumeration: Off, MakeReady, Production."""


@dataclass(frozen=True, slots=True)
class Node:
    """A variable. A list is an array; a structure is a mapping of its fields; NaN and bytes are told as text."""

    name: str
    value: object
    type: str = "Double"
    """A built-in type; times are milliseconds since 1970, bytes are base64."""
    structure: str | None = None
    """The data type of a structure, as `LOAD`."""
    data_type: str | None = None
    """Of an enumeration, whose `type` is Int32."""

    def told(self) -> dict[str, object]:
        told = {"name": address(self.name), "value": self.value, "type": self.type}
        return told | ({"structure": self.structure} if self.structure else {"dataType": self.data_type})


@dataclass(frozen=True, slots=True)
class Generator:
    """Nodes that all show the number of the tick: whoever sees a step of 2 has missed a change."""

    count: int
    every_ms: int
    type: str = "Double"
    prefix: str = "Generated."


@dataclass(frozen=True, slots=True)
class PackMl:
    """A machine in Objects/PackMLObjects, with the optional nodes that are named or have a value."""

    name: str = "Press"
    state: str = "Stopped"
    values: Mapping[str, object] = field(
        default_factory=lambda: {
            "Status.UnitModeCurrent": 1,
            "Status.MachSpeed": 200.0,
            "Status.CurMachSpeed": 0.0,
            "Status.EquipmentBlocked": False,
            "Status.EquipmentStarved": False,
            "Admin.MachDesignSpeed": 250.0,
            "Admin.AccTimeSinceReset": 0,
            "Admin.ProdProcessedCount": [{"ID": 1, "Name": "sheets", "Count": 0, "AccCount": 0}],
            "Admin.ProdDefectiveCount": [{"ID": 1, "Name": "waste", "Count": 0, "AccCount": 0}],
        }
    )

    def told(self) -> dict[str, object]:
        optionals = [name for name in self.values if name.startswith("Admin.")]
        return {"packml": asdict(self) | {"namespace": NAMESPACE, "optionals": optionals}}


@dataclass(frozen=True, slots=True)
class Machinery:
    """A machine in Objects/Machines (OPC 40001-1): its state, its mode of operation, its name-plate."""

    name: str = "Press"
    states: Sequence[str] = ("NotExecuting", "Processing")
    """One of MachineryItemState, one of MachineryOperationMode."""
    values: Mapping[str, object] = field(
        default_factory=lambda: {
            "Manufacturer": {"text": "Builder"},
            "Model": {"text": "Press 106"},
            "SerialNumber": "4711",
            "ProductInstanceUri": "urn:lineside:tests:press:4711",
        }
    )

    def told(self) -> dict[str, object]:
        return {"machinery": asdict(self) | {"namespace": NAMESPACE}}


@dataclass(frozen=True, slots=True)
class PackTags:
    """Plain tags with string ids, as `Unit.Status.StateCurrent`, whose value is the number of the state."""

    unit: str = "Unit"
    state: str = "Stopped"
    tags: Sequence[Node] = (
        Node("Status.UnitModeCurrent", 1, "Int32"),
        Node("Status.MachSpeed", 200.0, "Float"),
        Node("Status.CurMachSpeed", 0.0, "Float"),
        Node("Admin.ProdProcessedCount[0].AccCount", 0, "Int32"),
        Node("Admin.ProdDefectiveCount[0].AccCount", 0, "Int32"),
    )

    def told(self) -> dict[str, object]:
        tags = [{"name": tag.name, "type": tag.type, "value": tag.value} for tag in self.tags]
        return {"packtags": {"prefix": address(self.unit) + ".", "state": self.state, "tags": tags}}


@dataclass(frozen=True, slots=True)
class Step:
    """A state for a time, and values that are set as it begins."""

    state: str
    ms: int = 50
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class NodeSpec:
    """What a server is; read at each start."""

    nodes: Sequence[Node] = ()
    namespaces: list[str] = field(default_factory=list)
    """Registered first, so before those of the nodes."""
    generator: Generator | None = None
    machine: PackMl | Machinery | PackTags | None = None
    application: Application | None = None
    """Its certificate; None: made at the first start."""
    policies: Sequence[str] = ("None",)
    """Of None, Basic256Sha256, Aes128_Sha256_RsaOaep, Aes256_Sha256_RsaPss."""
    modes: Sequence[str] = ("None", "Sign", "SignAndEncrypt")
    users: Mapping[str, str] | None = None
    """Name -> password; nobody comes in without one, if there is any."""
    trusted: Sequence[Path] | None = None
    """Certificates of clients (DER); None: all."""
    max_sessions: int = 100
    operations: Mapping[str, int] = field(default_factory=dict)
    """Most per call: maxNodesPerRead, maxNodesPerBrowse, maxMonitoredItemsPerCall ... 0 or absent: any number."""
    max_items: int = 1_000_000
    """Monitored items of all clients together; ServerCapabilities says so."""
    minimum_sampling_ms: int = 0
    """0: changes are told as they come; else nodes are sampled no faster than this."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Since the start."""

    sessions: int
    """Alive now."""
    created: Sequence[int]
    """When sessions were created, in ms since 1970."""
    subscriptions: Sequence[int]
    items: int
    services: Mapping[str, int]
    """How often each was asked."""
    ticks: int
    """Of the generator."""


class NodeServer:
    """One process at a time, always on the same port."""

    def __init__(self, directory: Path, spec: NodeSpec) -> None:
        self.spec = spec
        self.port = free_port()
        self.states: list[tuple[str, int]] = []
        """What its machine has shown, with the time in ms since 1970, over all starts."""
        self._directory = directory
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._heard: dict[str, asyncio.Event] = {}

    @property
    def url(self) -> str:
        return f"opc.tcp://127.0.0.1:{self.port}/"

    async def start(self) -> None:
        """Until it listens; after `kill` or `stop` it is a new process."""
        if self.spec.application is None:
            self.spec.application = application(self._directory, f"server-{self.port}")
        if self._listening is not None:
            await self._listening
        pipe = asyncio.subprocess.PIPE
        command = ("node", "tests/peers/opcua_server.js")
        self._process = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, cwd=ROOT, env=dict(os.environ), limit=2**24
        )
        self._heard = {"listening": asyncio.Event(), "played": asyncio.Event()}
        self._listening = asyncio.create_task(self._listen(self._process))
        await self._send(self._told())
        async with asyncio.timeout(START_S):
            await self._heard["listening"].wait()
        assert self._process.returncode is None, "node ended; its complaint is in the captured output"

    def _told(self) -> dict[str, object]:
        spec = self.spec
        assert spec.application is not None
        return {
            "port": self.port,
            "uri": SERVER_URI,
            "certificate": str(spec.application.certificate),
            "key": str(spec.application.key),
            "policies": list(spec.policies),
            "modes": list(spec.modes),
            "users": spec.users,
            "trusted": None if spec.trusted is None else [str(path) for path in spec.trusted],
            "limits": {
                "sessions": spec.max_sessions,
                "items": spec.max_items,
                "operations": dict(spec.operations),
            },
            "minimumSamplingMs": spec.minimum_sampling_ms,
            "namespaces": list(spec.namespaces),
            "nodes": [node.told() for node in spec.nodes],
            "generator": self._generator(),
        } | (spec.machine.told() if spec.machine else {})

    def _generator(self) -> dict[str, object] | None:
        one = self.spec.generator
        if one is None:
            return None
        return {"count": one.count, "everyMs": one.every_ms, "type": one.type, "prefix": address(one.prefix)}

    async def _send(self, told: object) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(told).encode() + b"\n")
        await self._process.stdin.drain()

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        """Answers go to who asked, events to who waits, until the process ends."""
        assert process.stdout is not None
        async for line in process.stdout:
            said = json.loads(line)
            match said:
                case {"event": "state", "state": state, "at": at}:
                    self.states.append((state, at))
                case {"event": event}:
                    self._heard[event].set()
                case {"id": number}:
                    if number in self._answers:  # else whoever asked has given up
                        self._answers[number].set_result(said)
        await process.wait()
        for answer in self._answers.values():
            answer.set_result({"error": "node ended"})
        for event in self._heard.values():
            event.set()

    async def stop(self) -> int:
        """Its standard input ends, so it does; its exit code."""
        if self._process is None or self._listening is None:
            return 0
        process, self._process = self._process, None
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(STOP_S):
                await asyncio.shield(self._listening)
        except TimeoutError:
            process.kill()
            await self._listening
        return process.returncode or 0

    def kill(self) -> None:
        """As a power cut: nothing is said to anybody."""
        assert self._process is not None
        self._process.kill()

    def freeze(self) -> None:
        """Accept, and never answer: the kernel goes on taking connections and bytes."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def ask(self, do: str, **more: object) -> Any:
        """A command of `tests/peers/opcua_server.js`, and its answer."""
        number = next(self._numbers)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            await self._send({"id": number, "do": do, **more})
            said = await asyncio.shield(answer)
        finally:
            del self._answers[number]
        if "error" in said:
            raise RuntimeError(said["error"])
        return said["result"]

    async def set(
        self, name: str, value: object = None, *, status: str | int = "Good", source_time: datetime | None = None
    ) -> None:
        """A new value; without one the last value, with another status or time."""
        told: dict[str, object] = {"name": _known(name), "status": status}
        told |= {} if value is None else {"value": value}
        told |= {} if source_time is None else {"sourceTime": source_time.timestamp() * 1000}
        await self.ask("set", **told)

    async def add(self, node: Node) -> None:
        await self.ask("add", node=node.told())

    async def remove(self, name: str) -> None:
        await self.ask("remove", name=_known(name))

    async def end_sessions(self) -> None:
        """In the server alone: its clients are told BadSessionIdInvalid when they ask next."""
        await self.ask("endSessions")

    async def end_subscriptions(self) -> None:
        await self.ask("endSubscriptions")

    async def announce_shutdown(self, seconds: int = 10) -> None:
        """ServerStatus says so; nothing else happens."""
        await self.ask("announceShutdown", seconds=seconds)

    @asynccontextmanager
    async def refusing(self, service: str, status: str) -> AsyncIterator[None]:
        """Every request of that service, as `Publish`, is answered with a fault."""
        await self.ask("refuse", service=service, status=status)
        try:
            yield
        finally:
            await self.ask("accept", service=service)

    async def statistics(self) -> Statistics:
        return Statistics(**await self.ask("statistics"))

    async def play(self, script: Sequence[Step]) -> None:
        """Its machine shows these states; until the last one has had its time."""
        self._heard["played"].clear()
        await self.ask("play", script=[{"state": one.state, "ms": one.ms, "set": dict(one.values)} for one in script])
        await self._heard["played"].wait()


@asynccontextmanager
async def node_server(directory: Path, spec: NodeSpec | None = None) -> AsyncIterator[NodeServer]:
    """A running server, whose certificate is made in that directory."""
    server = NodeServer(directory, spec or NodeSpec())
    try:
        await server.start()
        yield server
    finally:
        await server.stop()


def _known(name: str) -> str:
    """As the server knows it: nodes of a machine's type are `packml:Status.MachSpeed` or `machinery:Model`."""
    return name if name.startswith(("packml:", "machinery:")) else address(name)
