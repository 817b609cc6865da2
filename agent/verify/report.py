"""The account in words: a table of devices, what is wrong with each, and the verdict with its exit code. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agent.messages import Catalogue
from agent.verify.account import Account, Boot
from agent.verify.device import Device
from agent.verify.numbering import Verdict
from agent.verify.spans import Span

COMPLETE, NOT_COMPLETE, WRONG = 0, 1, 3
"""Exit codes: all is here; something is missing and explained (or nothing came); something is missing in silence."""
BOOTS_SHOWN = 8


@dataclass(slots=True)
class Connection:
    """How it went with our own connection, which may be why something is missing."""

    is_lasting: bool = False
    """The broker was asked to keep the session while we are away (`--verify`)."""
    is_shared: bool = False
    """Only a share of all messages comes here."""
    breaks: int = 0
    forgotten: int = 0
    """Times that the broker had not kept the session."""


def table(account: Account, connection: Connection, said: Catalogue) -> list[Sequence[str]]:
    """Head and one row for each device, as texts."""
    head = said.text("I8010", {}).split("|")
    return [head, *(_row(*stream, connection.is_shared) for stream in account.streams())]


def _row(gateway: str, name: str, device: Device, missing: Verdict, is_shared: bool) -> Sequence[str]:
    came = (device.records, device.values)
    holes = ("-", "-", "-") if is_shared else (missing.announced, missing.unannounced, missing.unseen)
    twice = (device.duplicates, device.conflicts, device.disorder)
    return [_plain(gateway), _plain(name), *map(str, (*came, *holes, *twice)), *_latencies(device)]


def _latencies(device: Device) -> list[str]:
    taken = device.latencies
    if not taken.count:
        return ["-"] * 4
    return [*(str(taken.percentile(part)) for part in (0.5, 0.95, 0.99)), str(taken.most)]


def _plain(text: str) -> str:
    """A name from the wire as one harmless cell."""
    return "".join(c if c.isprintable() else "?" for c in text[:60])


def findings(account: Account, connection: Connection, said: Catalogue) -> list[str]:
    """What the table does not say: which numbers, which boots, which payloads, and how our connection was."""
    lines = [
        said.text("I8012", {"gateway": name, "boots": _boots(gateway.boots, said)})
        for name, gateway in sorted(account.gateways.items())
    ]
    if not connection.is_shared:
        lines += [
            said.text("I8011", {"gateway": gateway, "device": name, "boot": boot, "numbers": _numbers(span)})
            for gateway, name, device, _ in account.streams()
            for boot, span in device.unexplained(account.is_file)
        ]
    lines += [
        said.text("I8015", {"gateway": gateway, "device": name, "boot": boot, "seq": seq})
        for gateway, name, device, _ in account.streams()
        for boot, seq in device.conflicting
    ]
    lines += [
        said.text("I8014", {"times": times, "place": place, "why": said.text(code, {"field": field})})
        for (place, code, field), times in account.named.items()
    ]
    return lines if account.is_file else [*lines, _connection(connection, said)]


def _numbers(span: Span) -> str:
    return str(span[0]) if span[0] == span[1] else f"{span[0]}-{span[1]}"


def _boots(boots: Mapping[int, Boot], said: Catalogue) -> str:
    """The newest of those that were heard, or that the gateway told the end of."""
    clean, unclean, unknown = said.text("I8013", {}).split("|")
    ends = {True: clean, False: unclean, None: unknown}
    shown = [f"{number} ({ends[boot.ended]})" for number, boot in sorted(boots.items())]
    return ", ".join(["…"] * (len(shown) > BOOTS_SHOWN) + shown[-BOOTS_SHOWN:])


def _connection(connection: Connection, said: Catalogue) -> str:
    if not connection.breaks:
        return said.text("I8016", {})
    code = "I8019" if not connection.is_lasting else "I8018" if connection.forgotten else "I8017"
    return said.text(code, {"breaks": connection.breaks, "forgotten": connection.forgotten})


def progress(account: Account, said: Catalogue, seconds: float, rate: float) -> str:
    """One line while it goes on. What is missing may still come, so it waits."""
    total = totals(account)
    facts = {
        "seconds": round(seconds),
        "rate": round(rate),
        "records": total.records,
        "devices": total.devices,
        "waiting": total.missing.unannounced,
        "announced": total.missing.announced,
        "duplicates": total.duplicates,
    }
    return said.text("I8007", facts)


@dataclass(slots=True)
class Totals:
    """Over all devices."""

    devices: int = 0
    records: int = 0
    duplicates: int = 0
    conflicts: int = 0
    missing: Verdict = field(default_factory=Verdict)


def totals(account: Account) -> Totals:
    total = Totals()
    for _, _, device, missing in account.streams():
        total.devices += 1
        total.records += device.records
        total.duplicates += device.duplicates
        total.conflicts += device.conflicts
        total.missing = total.missing.plus(missing)
    return total


def verdict(account: Account, connection: Connection, said: Catalogue) -> tuple[int, str]:
    """The exit code, and why in one line."""
    total = totals(account)
    missing = total.missing if not connection.is_shared else Verdict()
    facts = {
        "records": total.records,
        "announced": missing.announced,
        "unannounced": missing.unannounced,
        "unseen": missing.unseen,
        "conflicts": total.conflicts,
        "broken": account.broken,
        "beside": account.beside,
    }
    if missing.unannounced or total.conflicts or account.broken:
        return WRONG, said.text("I8022", facts)
    if missing.announced or missing.unseen:
        return NOT_COMPLETE, said.text("I8021", facts)
    if not total.records:
        return NOT_COMPLETE, said.text("I8023", facts)
    return COMPLETE, said.text("I8024" if connection.is_shared else "I8020", facts)
