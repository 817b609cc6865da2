"""What came of one device, over all its boots. Pure."""

from dataclasses import dataclass, field

from agent.verify.latency import Latencies
from agent.verify.numbering import NAMED_MOST, Numbering, Verdict
from agent.verify.payload import Said
from agent.verify.spans import Span


@dataclass(slots=True)
class Device:
    """What came of one device."""

    records: int = 0
    events: int = 0
    values: int = 0
    duplicates: int = 0
    conflicts: int = 0
    """Records that came again with other values: what de-duplication does not remove."""
    disorder: int = 0
    """Live records behind a newer one of the same topic."""
    latencies: Latencies = field(default_factory=Latencies)
    numbers: dict[int, Numbering] = field(default_factory=dict)
    conflicting: list[tuple[int, int]] = field(default_factory=list)
    """(boot, seq) of the first ones."""
    closed: Verdict = field(default_factory=Verdict)
    """Of boots that are not kept apart any more."""
    closed_named: list[tuple[int, Span]] = field(default_factory=list)
    _newest: dict[bool, tuple[int, int]] = field(default_factory=dict)

    def close(self, boot: int, is_cut_off: bool) -> None:
        """Judge a boot for good."""
        verdict = self.numbers.pop(boot).verdict(is_cut_off=is_cut_off)
        self.closed_named = [*self.closed_named, *((boot, span) for span in verdict.named)][:NAMED_MOST]
        self.closed = self.closed.plus(verdict)

    def verdict(self, is_cut_off: bool) -> Verdict:
        """What is missing by now, in all boots."""
        total = self.closed
        for numbering in self.numbers.values():
            total = total.plus(numbering.verdict(is_cut_off=is_cut_off))
        return total

    def unexplained(self, is_cut_off: bool) -> list[tuple[int, Span]]:
        """(boot, numbers) of the first holes that nobody announced."""
        found = list(self.closed_named)
        for boot, numbering in self.numbers.items():
            found += [(boot, span) for span in numbering.verdict(is_cut_off=is_cut_off).named]
        return found[:NAMED_MOST]

    def again(self, said: Said, *, is_same: bool) -> None:
        """A record, or a part of one, that is here already."""
        self.duplicates += 1
        if not is_same:
            self.conflicts += 1
            self.conflicting = [*self.conflicting, (said.boot, said.seq)][:NAMED_MOST]

    def count(self, said: Said, values: int) -> None:
        """A record that is new, and complete."""
        self.records += 1
        self.events += said.is_event
        self.values += values
        if not said.hist:
            self._note_order(said)

    def _note_order(self, said: Said) -> None:
        newest = self._newest.get(said.is_event, (-1, -1))
        if newest[0] == said.boot and said.seq < newest[1]:
            self.disorder += 1
        else:
            self._newest[said.is_event] = (said.boot, said.seq)
