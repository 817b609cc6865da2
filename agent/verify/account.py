"""The account that a platform keeps: for each gateway and device what came, what did not, and why. Pure.

Memory is bounded whatever arrives: numbers are kept as intervals, latencies in buckets, digests for the newest records,
and old boots as sums.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

from agent.verify.device import Device
from agent.verify.numbering import Known, Numbering, Part, Verdict
from agent.verify.payload import Beside, Broken, End, Said, State, parse, read

BOOTS_MOST = 64
"""Of one gateway that are kept apart; what is older is judged for good."""
DEVICES_MOST = 20_000
DIGESTS_MOST = 20_000
BROKEN_MOST = 20
"""That are named; all are counted."""

NEVER = 1 << 64


@dataclass(slots=True)
class Boot:
    """One run of a gateway."""

    is_fresh: bool = False
    """It was seen to come online, so this is no memory of the broker."""
    is_from_start: bool | None = None
    """Decided at its first record."""
    ended: bool | None = None
    """Cleanly or not; None as far as nobody said so."""


@dataclass(slots=True)
class Gateway:
    """What came of one gateway."""

    devices: dict[str, Device] = field(default_factory=dict)
    boots: dict[int, Boot] = field(default_factory=dict)
    kept: set[int] = field(default_factory=set)
    """Boots that the broker's retained state named: they were running before we listened."""

    def boot(self, number: int) -> Boot:
        return self.boots.setdefault(number, Boot())

    def has_heard_other(self, number: int) -> bool:
        """Whether another run than this one was there; what `previous` says of one is hearsay."""
        return any(
            other != number and (boot.is_fresh or boot.is_from_start is not None or other in self.kept)
            for other, boot in self.boots.items()
        )


class Account:
    """Takes messages as they arrive."""

    def __init__(self, *, is_file: bool = False) -> None:
        """`is_file`: what is taken was read from a log, whose delivered beginning may have been removed."""
        self.gateways: dict[str, Gateway] = {}
        self.messages = 0
        self.beside = 0
        self.broken = 0
        self.named: Counter[tuple[str, str, str]] = Counter()
        """(topic or place, code of the reason, field) -> how often, for the first different ones."""
        self.began_ms = NEVER
        """When we began to listen; set it."""
        self.is_file = is_file
        self._devices = 0
        self._digests: OrderedDict[tuple[str, str, int, int], int] = OrderedDict()

    def take(self, topic: str, payload: bytes, now_ms: int, retained: bool = False) -> None:
        """One message as it arrived. An empty one takes a retained one back and says nothing."""
        self.messages += 1
        try:
            if payload:
                self._take(read(topic, parse(payload)), now_ms, retained)
            else:
                self.beside += 1
        except Broken as broken:
            self.refuse(topic, broken)

    def take_logged(self, topic: str, said: object) -> bool:
        """One line of a file; whether it was a record."""
        self.messages += 1
        try:
            found = read(topic, said)
            self._take(found, None, False)
        except Broken as broken:
            self.refuse(topic, broken)
            return False
        return isinstance(found, Said)

    def take_end(self, end: End) -> None:
        """The last line of a file. Raises `Broken`."""
        gateway = self._gateway(end.gateway)
        for name, gap in end.lost:
            self._numbering(gateway, self._device(gateway, name), gap.boot).lose(*gap[1:])

    def refuse(self, place: str, broken: Broken) -> None:
        """What breaks the format is counted, and the first kinds of it are named."""
        self.broken += 1
        name = (place, broken.code, broken.field)
        if name in self.named or len(self.named) < BROKEN_MOST:
            self.named[name] += 1

    def away(self) -> None:
        """The connection was broken, and nobody kept what came meanwhile."""
        for gateway in self.gateways.values():
            for device in gateway.devices.values():
                for numbering in device.numbers.values():
                    numbering.away()

    def _take(self, said: Said | State | Beside, now_ms: int | None, retained: bool) -> None:
        match said:
            case Said():
                self._record(said, now_ms, retained)
            case State():
                self._state(said, retained)
            case _:
                self.beside += 1

    def streams(self) -> Iterator[tuple[str, str, Device, Verdict]]:
        """Gateway, device, what came of it and what is missing by now; sorted by name."""
        for gateway, its in sorted(self.gateways.items()):
            for name, device in sorted(its.devices.items()):
                yield gateway, name, device, device.verdict(self.is_file)

    # ---- gateways and their boots

    def _state(self, said: State, retained: bool) -> None:
        gateway = self._gateway(said.gateway)
        boot = gateway.boot(said.boot)
        if retained:
            gateway.kept.add(said.boot)
        elif said.online:
            boot.is_fresh = True
        if said.clean:
            boot.ended = True
        if said.previous_boot is not None:
            gateway.boot(said.previous_boot).ended = said.previous_clean
            for name, last in (said.last_seq or {}).items():
                self._ended(gateway, name, said.previous_boot, last)
        self._close_old(gateway)

    def _ended(self, gateway: Gateway, name: str, boot: int, last: int) -> None:
        """A boot's last number counts where some of that boot was heard, or all of it should have been."""
        device = gateway.devices.get(name)
        if device is not None and boot in device.numbers:
            numbering = device.numbers[boot]
            numbering.known_last = max(numbering.known_last, last)
        elif gateway.boot(boot).is_from_start:
            self._numbering(gateway, self._device(gateway, name), boot).known_last = last

    def _close_old(self, gateway: Gateway) -> None:
        while len(gateway.boots) > BOOTS_MOST:
            boot = next(iter(gateway.boots))
            del gateway.boots[boot]
            gateway.kept.discard(boot)
            for device in gateway.devices.values():
                if boot in device.numbers:
                    device.close(boot, self.is_file)

    def _begins(self, gateway: Gateway, said: Said, boot: Boot) -> bool:
        """Whether this boot began while we listened: it came online before our ears, or its first record is live and
        nothing in it is older than our listening; and no earlier listener was told of it."""
        is_fresh = boot.is_fresh or not said.hist
        others = gateway.has_heard_other(said.boot)
        is_new = others or (not said.unsynced and said.oldest_ms >= self.began_ms)
        return not self.is_file and said.boot not in gateway.kept and is_fresh and is_new

    # ---- records

    def _gateway(self, name: str) -> Gateway:
        if name not in self.gateways and len(self.gateways) >= DEVICES_MOST:
            raise Broken("I8045")
        return self.gateways.setdefault(name, Gateway())

    def _device(self, gateway: Gateway, name: str) -> Device:
        if name not in gateway.devices:
            if self._devices >= DEVICES_MOST:
                raise Broken("I8045")
            self._devices += 1
            gateway.devices[name] = Device()
        return gateway.devices[name]

    def _numbering(self, gateway: Gateway, device: Device, boot: int) -> Numbering:
        is_from_start = gateway.boot(boot).is_from_start is True
        return device.numbers.setdefault(boot, Numbering(is_from_start))

    def _record(self, said: Said, now_ms: int | None, retained: bool) -> None:
        gateway = self._gateway(said.gateway)
        device = self._device(gateway, said.device)
        boot = gateway.boot(said.boot)
        if boot.is_from_start is None:
            boot.is_from_start = self._begins(gateway, said, boot)
        numbering = self._numbering(gateway, device, said.boot)
        if said.seq in numbering.seen:
            self._again(device, said)
        elif (whole := self._whole(device, numbering, said)) is not None:
            numbering.take(said.seq)
            if not said.is_event and numbering.first_data is None:
                numbering.first_data = said.seq
            device.count(said, whole.values)
            self._remember(said, whole.digest)
            if said.gap is not None:
                self._numbering(gateway, device, said.gap.boot).lose(*said.gap[1:])
            if now_ms is not None and not (said.hist or said.unsynced or retained):
                device.latencies.add(now_ms - said.newest_ms)
        self._close_old(gateway)

    def _whole(self, device: Device, numbering: Numbering, said: Said) -> Part | None:
        """The content of a record as soon as all of it is here."""
        content = Part(said.digest, said.values)
        if said.part is None:
            return content
        try:
            return numbering.take_part(said.seq, *said.part, content)
        except Known as known:
            device.again(said, is_same=known.digest == said.digest)
            return None

    def _again(self, device: Device, said: Said) -> None:
        known = self._digests.get((said.gateway, said.device, said.boot, said.seq))
        device.again(said, is_same=known is None or said.part is not None or known == said.digest)

    def _remember(self, said: Said, digest: int) -> None:
        self._digests[said.gateway, said.device, said.boot, said.seq] = digest
        if len(self._digests) > DIGESTS_MOST:
            self._digests.popitem(last=False)
