"""Read a configuration file and check all that can be checked without a wire."""

from pathlib import Path

from agent.config import topics
from agent.config.configuration import Configuration, Connection, Destination, OutboxSettings
from agent.config.destinations import destination
from agent.config.fields import as_text
from agent.config.host import state_dir
from agent.config.located import START, Findings, Loaded, Located, shorten
from agent.config.models import DestinationKeys, Root
from agent.config.planning import check_plans
from agent.config.sections import DeviceDraft, Wire, read_connections, read_destinations, read_devices, read_header
from agent.config.text import read_text
from agent.config.tree import Map, Node, parse, place
from drivers.contract import DriverPlugin


def load(path: Path, *, secrets: bool = True, plans: bool = True, state_dir: Path | None = None) -> Loaded:
    """The configuration, or every problem with its place. Never raises for what is in the file.

    Without `secrets` no password, key or certificate of a destination is looked for: whoever connects to none needs
    none, and may not be allowed to read them. Without `plans` no driver is asked whether its groups can be read:
    whoever reads nothing need not wait for the library of a protocol. `state_dir` is used in place of the
    configuration's.
    """
    findings = Findings(str(path))
    findings.files[path.absolute()] = None
    text = read_text(path, findings)
    root = parse(text, findings) if text is not None else None
    if not _is_usable(text, root, findings) or not isinstance(root, Map):
        return Loaded(None, *_sorted(findings), files=tuple(findings.files))
    return _Reading(root, path.absolute().parent, findings, secrets, state_dir).loaded(plans=plans)


GOES_ON = frozenset(("E1011", "E1090", "E1091", "E1092"))
"""A key that stands twice and a full-width character do not hide what else is wrong; all else of the parser does."""


SECRETS = ("password_file", "proxy_password_file", "tls")
"""Keys of a destination that name files for nobody but who connects to it."""


def _is_usable(text: str | None, root: Node, findings: Findings) -> bool:
    if any(problem.code not in GOES_ON for problem in findings.problems) or text is None:
        return False
    if isinstance(root, Map) and root:
        return True
    empty = root is None or root == {}
    findings.wrong(START, (), "E1040" if empty else "E1029", value=shorten(root))
    return False


def _sorted(findings: Findings) -> tuple[tuple[Located, ...], tuple[Located, ...]]:
    """Problems and warnings, each from top to bottom, the configuration's own before those of its tables."""

    def order(one: Located) -> tuple[bool, str, str, int, int, str]:
        return one.file != findings.file, one.file, one.sheet, one.line, one.column, one.code

    return tuple(sorted(findings.problems, key=order)), tuple(sorted(findings.warnings, key=order))


class _Reading:
    """The sections of one file, in the order in which they need each other."""

    def __init__(self, root: Map, base: Path, findings: Findings, secrets: bool, elsewhere: Path | None) -> None:
        self.root, self.base, self.findings, self.secrets = root, base, findings, secrets
        self.plugins: dict[str, DriverPlugin] = findings.plugins
        self.header: Root = read_header(root, findings)
        findings.state_dir = elsewhere.absolute() if elsewhere else state_dir(self.header.state_dir, base)
        self.wires: dict[str, Wire] = read_connections(root, self.plugins, findings)
        self.devices: list[DeviceDraft] = read_devices(root, self.header, self.wires, base, findings)
        self.destinations = self._destinations()

    def loaded(self, *, plans: bool) -> Loaded:
        self._doubt_idle_connections()
        if plans:
            check_plans(self.wires, self.devices, self.findings)
        configuration = None if self.findings.problems else self._configuration()
        files = tuple(self.findings.files)
        notes = tuple(self.findings.notes)
        return Loaded(configuration, *_sorted(self.findings), self.plugins, self.header.language, files, notes)

    def _destinations(self) -> list[Destination]:
        found = read_destinations(self.root, self.findings)
        header = self.header
        gateway = topics.Labelled(header.gateway, (), {**header.labels, "gateway": header.gateway})
        labelled = [
            topics.Labelled(device.name, device.path, {**device.labels, "stream": device.name})
            for device in self.devices
            if device.labels is not None
        ]
        templates = [topics.Chosen(path, topics.written(keys)) for path, _, keys in found]
        topics.check(self.root, templates, gateway, labelled, self.findings)
        read = [
            (path, destination(self._asked(keys), node, path, header.gateway, self.base, self.findings))
            for path, node, keys in found
        ]
        first: dict[tuple[str, int, str], str] = {}
        for path, ready in read:
            if ready is None:
                continue
            twin = first.setdefault((ready.host, ready.port, ready.client_id), ready.name)
            if twin != ready.name:
                at = place(self.root, (*path, "client_id"))
                self.findings.wrong(at, (*path, "client_id"), "E1085", value=ready.client_id, first=twin)
        return [ready for _, ready in read if ready]

    def _asked(self, keys: DestinationKeys) -> DestinationKeys:
        """Without its secrets where these are not wanted."""
        return keys if self.secrets else keys.model_copy(update=dict.fromkeys(SECRETS))

    def _doubt_idle_connections(self) -> None:
        named = [as_text(device.node.get("connection")) for device in self.devices]
        used = {name for name in named if isinstance(name, str)}
        for name, wire in self.wires.items():
            if wire.connection and name not in used:
                self.findings.doubtful(wire.node.at, wire.path, "W1064", connection=name)

    def _configuration(self) -> Configuration:
        header = self.header
        return Configuration(
            gateway=header.gateway,
            language=header.language,
            labels=header.labels,
            state_dir=self.findings.state_dir,
            outbox=OutboxSettings(header.outbox.max_bytes, header.outbox.max_age, header.outbox.sync),
            health_interval_s=header.health_interval,
            destinations=tuple(self.destinations),
            connections=tuple(_present(wire.connection) for wire in self.wires.values()),
            devices=tuple(draft.device for draft in self.devices if draft.device),
        )


def _present(connection: Connection | None) -> Connection:
    assert connection is not None
    return connection
