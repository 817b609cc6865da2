"""What a message of the native format says of itself, see docs/mqtt.md. Pure; whatever the bytes are, it is `Broken`
at most.

It is recognised by its own fields and not by its topic, because topics are a site's to choose.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import orjson

from agent.verify.numbering import MASK
from drivers.contract import Quality

MOST = 1 << 63
"""No number of a record comes near it; larger ones are no numbers of ours."""
PARTS_MOST = 1 << 20
CLOCK = Quality.UNCERTAIN_CLOCK.value


class Broken(Exception):
    """A payload that breaks the format: the code of the message that says why, and the field."""

    def __init__(self, code: str, field: str = "") -> None:
        super().__init__(code, field)
        self.code = code
        self.field = field


class Gap(NamedTuple):
    """`records` of the numbers from `first` to `last` of a boot were lost."""

    boot: int
    first: int
    last: int
    records: int


@dataclass(frozen=True, slots=True)
class Said:
    """One record, or a part of one."""

    gateway: str
    device: str
    boot: int
    seq: int
    part: tuple[int, int] | None
    is_event: bool
    hist: bool
    unsynced: bool
    oldest_ms: int
    newest_ms: int
    values: int
    digest: int
    """Equal for the same values however they were split and whatever times were corrected."""
    gap: Gap | None = None


@dataclass(frozen=True, slots=True)
class State:
    """Whether a gateway is there, and what it knows of its run before."""

    gateway: str
    boot: int
    online: bool
    clean: bool
    previous_boot: int | None = None
    previous_clean: bool = False
    last_seq: Mapping[str, int] | None = None


class End(NamedTuple):
    """The last line of a file: how many of its lines are records, and (device, loss) that none of them announces."""

    gateway: str
    records: int
    lost: Sequence[tuple[str, Gap]]


class Beside(NamedTuple):
    """Meta, health, an empty message: part of the format, no part of the account."""


def parse(payload: bytes) -> object:
    """Raises `Broken`: NaN and infinity are no JSON either (RFC 8259, section 6)."""
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        raise Broken("I8041") from None


def read(topic: str, said: object) -> Said | State | Beside:
    """What a parsed payload says. Raises `Broken`."""
    if not isinstance(said, dict):
        raise Broken("I8042")
    try:
        if "seq" in said or topic.endswith(("/data", "/event")):
            return _record(said)
        if "online" in said or topic.endswith("/state"):
            return _state(topic, said)
    except TypeError:  # orjson writes less deep than it reads
        raise Broken("I8042") from None
    return Beside()


def end(said: Mapping[str, object]) -> End:
    """What the last line of a file says. Raises `Broken`."""
    lost = _field(said, "lost", list)
    spans = []
    for one in lost if isinstance(lost, list) else ():
        if not isinstance(one, dict):
            raise Broken("I8043", "lost")
        spans.append((_text(one, "dev"), _gap(one)))
    return End(_text(said, "gw"), _number(said, "records"), spans)


def _field(said: Mapping[str, object], name: str, kind: type) -> object:
    found = said.get(name)
    if type(found) is not kind:
        raise Broken("I8043", name)
    return found


def _text(said: Mapping[str, object], name: str) -> str:
    found = str(_field(said, name, str))
    if not found:
        raise Broken("I8043", name)
    return found


def _number(said: Mapping[str, object], name: str) -> int:
    found = said.get(name)
    if type(found) is not int or not 0 <= found < MOST:
        raise Broken("I8043", name)
    return found


def _time(said: Mapping[str, object]) -> int:
    found = said.get("t")
    if type(found) is not int or not -MOST < found < MOST:
        raise Broken("I8043", "t")
    return found


def _record(said: Mapping[str, object]) -> Said:
    is_event = "scans" not in said
    times, values, digest, gap = _happening(said) if is_event else _scans(said)
    return Said(
        _text(said, "gw"),
        _text(said, "dev"),
        _number(said, "boot"),
        _number(said, "seq"),
        _part(said),
        is_event,
        bool("hist" in said and _field(said, "hist", bool)),
        said.get("clock") == "unsynced",
        min(times),
        max(times),
        values,
        digest,
        gap,
    )


def _part(said: Mapping[str, object]) -> tuple[int, int] | None:
    match said.get("part"):
        case None:
            return None
        case [int(number), int(count)] if 1 <= number <= count <= PARTS_MOST:
            return int(number), int(count)
        case _:
            raise Broken("I8043", "part")


_Content = tuple[list[int], int, int, Gap | None]


def _happening(said: Mapping[str, object]) -> _Content:
    kind, data = _text(said, "type"), _field(said, "data", dict)
    told = orjson.dumps([kind, data, said.get("context")], option=orjson.OPT_SORT_KEYS)
    gap = _gap(data) if kind == "gap" and isinstance(data, dict) else None
    return [_time(said)], 0, hash(told) & MASK, gap


def _gap(data: Mapping[str, object]) -> Gap:
    gap = Gap(*(_number(data, name) for name in ("boot", "from_seq", "to_seq", "records")))
    if gap.first > gap.last:
        raise Broken("I8043", "to_seq")
    return gap


def _scans(said: Mapping[str, object]) -> _Content:
    scans = said["scans"]
    if not isinstance(scans, list) or not scans:
        raise Broken("I8043", "scans")
    times, values, digest = [], 0, 0
    for scan in scans:
        if not isinstance(scan, dict):
            raise Broken("I8043", "scans")
        times.append(_time(scan))
        content = _field(scan, "v", dict)
        qualities = _field(scan, "q", dict) if "q" in scan else {}
        if isinstance(content, dict) and isinstance(qualities, dict):
            values += len(content)
            for name, value in content.items():
                digest += _value(name, value, qualities.get(name, "good"))
    return times, values, digest & MASK, None


def _value(name: str, value: object, quality: object) -> int:
    """A number for it. Raises `Broken` where value and quality contradict each other."""
    if not isinstance(quality, str):
        raise Broken("I8043", "q")
    if isinstance(value, dict | list):
        raise Broken("I8043", "v")
    if (value is None) is not quality.startswith("bad"):
        raise Broken("I8044", name)
    # A correction of the clock takes the doubt away from values that were sent with it before.
    told = (name, value) if quality in ("good", CLOCK) else (name, value, quality)
    return hash(orjson.dumps(told))


def _state(topic: str, said: Mapping[str, object]) -> State | Beside:
    """A state names its gateway only in its topic: behind `gateways`."""
    boot, online = _number(said, "boot"), _field(said, "online", bool)
    clean, levels = said.get("clean") is True, topic.split("/")
    if "gateways" not in levels[:-2]:
        return Beside()
    gateway = levels[levels.index("gateways") + 1]
    before = said.get("previous")
    if before is None:
        return State(gateway, boot, online is True, clean)
    if not isinstance(before, dict) or not isinstance(last := before.get("last_seq"), dict):
        raise Broken("I8043", "previous")
    known = {name: _number(last, name) for name in last}
    return State(gateway, boot, online is True, clean, _number(before, "boot"), before.get("clean") is True, known)
