"""Reading one group: ask for its blocks, deal with what did not answer, and say what differs."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from drivers.contract import Quality, Scan
from drivers.modbus.batch import PATIENCE
from drivers.modbus.complaint import Complaint
from drivers.modbus.counts import Counts
from drivers.modbus.inquiry import Findings, inquire
from drivers.modbus.layout import Layout
from drivers.modbus.link import Way
from drivers.modbus.live import LiveBlock, fault_of
from drivers.modbus.request import LATER, REFUSALS, UNREACHABLE, Outcome, Request, Result
from drivers.modbus.unit import Unit

_BUSY_PAUSE_S = 0.05
"""Before a busy device is asked again; doubled each time."""

_ANSWER = Result.ANSWER
_Ended = tuple[LiveBlock, Outcome]


@dataclass(frozen=True, slots=True)
class Manners:
    """How a connection is spoken to: shared by all its groups."""

    link: Way
    counts: Counts
    clock: Callable[[], float]
    """Monotonic seconds, for quarantine and probes."""
    timeout_s: float
    retries_busy: int


class GroupReader:
    """One group of one unit. `read` is lean as long as everything answers; the rest is off that path."""

    def __init__(
        self, layout: Layout, names: Sequence[str], unit: Unit, complaint: Complaint, manners: Manners
    ) -> None:
        self._layout = layout
        self._names = names
        self._unit = unit
        self._complaint = complaint
        self._its = manners
        self._searches = 0
        self._registers = layout.registers
        self._is_shared = unit.bus.is_shared
        # On a line with others one time-out ends a unit's turn: the next request would have to wait for its reply.
        self._patience = 1 if self._is_shared and manners.link.drains else PATIENCE
        self._unnamed: dict[int, Quality] = {}
        """Faults of single tags that are still to be named."""

    def forget(self) -> None:
        """A new conversation: name every tag in the next read, and ask soon again for what was refused."""
        for live in self._layout.blocks:
            live.forget()
        self._layout.quarantine.make_due(self._its.clock())
        self._unnamed = dict.fromkeys(self._layout.quarantine.indexes, Quality.BAD_CONFIG)

    async def read(self) -> Sequence[Scan]:
        """One Scan for each request. Raises `NotConnected`."""
        if self._is_shared and (self._owes() or (self._unit.is_out and not await self._came_back())):
            return self._silence()
        layout = self._layout
        blocks, requests = layout.blocks, layout.requests
        probed = self._to_probe() if layout.quarantine.indexes else None
        if probed is not None:
            requests = (*requests, probed[1].request)
        outcomes = await self._its.link.ask(requests, self._patience)
        epoch = _epoch()
        scans: list[Scan] = []
        failed: list[_Ended] = []
        for live, outcome in zip(blocks, outcomes, strict=False):
            if outcome.result is _ANSWER:
                scans.append(live.answered(outcome.payload, _moment(outcome, epoch)))
            else:
                failed.append((live, outcome))
        if failed:
            scans += await self._deal_with(failed)
        if self._is_shared and requests:
            self._judge_unit(outcomes, len(failed) < len(blocks))
        if probed is not None:
            scans += self._take_probe(*probed, outcomes[-1])
        return [*scans, *self._name_faults()] if self._unnamed else scans

    # -- what did not answer

    async def _deal_with(self, failed: list[_Ended]) -> list[Scan]:
        failed = await self._ask_again_if_busy(failed)
        scans: list[Scan] = []
        found: list[Findings] = []
        for live, outcome in failed:
            moment = _moment(outcome, _epoch())
            if outcome.result is Result.ANSWER:
                scans.append(live.answered(outcome.payload, moment))
            elif outcome.code in REFUSALS:
                found.append(await inquire(self._layout, live, self._ask_one))
            else:
                scans.append(live.failed(fault_of(outcome), moment))
        return [*scans, *self._take_findings(found)] if found else scans

    async def _ask_again_if_busy(self, failed: list[_Ended]) -> list[_Ended]:
        """Blocks that a busy device put off are asked for again, spaced out, for at most one time-out."""
        pause_s, until = _BUSY_PAUSE_S, asyncio.get_running_loop().time() + self._its.timeout_s
        for _ in range(self._its.retries_busy):
            busy = [live for live, outcome in failed if outcome.code in LATER]
            if not busy or asyncio.get_running_loop().time() + pause_s > until:
                break
            await asyncio.sleep(pause_s)
            pause_s *= 2
            self._its.counts.busy_retries += len(busy)
            outcomes = await self._its.link.ask([live.request for live in busy])
            failed = [pair for pair in failed if pair[1].code not in LATER]
            failed += zip(busy, outcomes, strict=True)
        return failed

    async def _ask_one(self, request: Request) -> Outcome:
        self._its.counts.bisect_requests += 1
        return (await self._its.link.ask([request]))[0]

    def _take_findings(self, found: Iterable[Findings]) -> list[Scan]:
        """Quarantine what is bad, plan again for the rest, and pass on what was read on the way."""
        now, epoch = self._its.clock(), _epoch()
        self._searches += 1
        scans: list[Scan] = []
        quarantine = self._layout.quarantine
        for one in found:
            quarantine.put(one.bad, now, found=self._searches, verified=True)
            quarantine.put(one.presumed, now, found=self._searches, verified=False)
            self._unnamed |= dict.fromkeys([*one.bad, *one.presumed], Quality.BAD_CONFIG) | dict(one.faults)
            scans += [live.answered(outcome.payload, _moment(outcome, epoch)) for live, outcome in one.answers]
        self._layout.plan()
        refused = sorted(index for one in found for index in (*one.bad, *one.presumed))
        self._complaint.refused({self._names[index]: self._layout.points[index].source for index in refused})
        if self._layout.registers < self._registers:
            self._registers = self._layout.registers
            self._complaint.limited(self._layout.registers)
        return scans

    def _name_faults(self) -> list[Scan]:
        faults, self._unnamed = self._unnamed, {}
        return [Scan(round(time.time() * 1000), (), (), faults)]

    # -- quarantine

    def _to_probe(self) -> tuple[int, LiveBlock] | None:
        """The one refused tag that is asked for again in this read: when it is due, or there is nothing else to ask."""
        quarantine = self._layout.quarantine
        index = quarantine.due(self._its.clock()) if self._layout.blocks else quarantine.first
        return None if index is None else (index, self._layout.live_block_of([index]))

    def _take_probe(self, index: int, live: LiveBlock, outcome: Outcome) -> list[Scan]:
        self._its.counts.probes += 1
        quarantine = self._layout.quarantine
        if index not in quarantine.indexes:
            return []
        if outcome.result is not Result.ANSWER:
            quarantine.refused(index, self._its.clock())
            return []
        free = quarantine.release(index, alone=bool(self._layout.blocks))
        self._unnamed.pop(index, None)
        self._layout.plan()
        self._complaint.readable([self._names[other] for other in free])
        return [live.answered(outcome.payload, _moment(outcome, _epoch()))]

    # -- units

    def _judge_unit(self, outcomes: Sequence[Outcome], answered: bool) -> None:
        if answered:
            self._unit.answered(_slowest(outcomes))
        elif all(outcome.result is Result.LOST for outcome in outcomes):
            return  # that says nothing of the unit: nobody was there to be asked
        elif any(_is_sign_of_life(outcome) for outcome in outcomes):
            self._unit.answered(0.0)
        else:
            self._unit.failed(fault_of(outcomes[-1]), self._its.clock())

    async def _came_back(self) -> bool:
        """Ask a silent unit for one block, when it is time."""
        if not self._unit.may_be_probed(self._its.clock()):
            return False
        self._its.counts.probes += 1
        request = self._layout.requests[0] if self._layout.requests else self._first_refused().request
        (outcome,) = await self._its.link.ask([request._replace(patience_s=self._unit.patience_s)])
        if _is_sign_of_life(outcome):
            self._unit.answered(outcome.ended - outcome.sent)
            return True
        self._unit.probe_failed(fault_of(outcome), outcome.ended - outcome.sent, self._its.clock())
        return False

    def _first_refused(self) -> LiveBlock:
        return self._layout.live_block_of([next(iter(self._layout.quarantine.indexes))])

    def _owes(self) -> bool:
        """Whether the unit must not be asked yet, and others would wait for that: then it loses this turn."""
        return self._its.link.owes_until(self._layout.unit) > asyncio.get_running_loop().time()

    def _silence(self) -> list[Scan]:
        """Faults of a unit that is not asked, as far as they are not named yet."""
        now_ms = round(time.time() * 1000)
        fault = self._unit.fault if self._unit.is_out else Quality.BAD_TIMEOUT
        scans = [live.failed(fault, now_ms) for live in self._layout.blocks]
        self._its.counts.skipped += len(scans)
        scans = [scan for scan in scans if scan.faults]
        return [*scans, *self._name_faults()] if self._unnamed else scans


def _epoch() -> float:
    """Wall clock minus the loop's clock, which is the monotonic one, in seconds."""
    return time.time() - time.monotonic()


def _moment(outcome: Outcome, epoch: float) -> int:
    """UTC epoch milliseconds in the middle of a request."""
    return int((epoch + (outcome.sent + outcome.ended) / 2) * 1000)


def _slowest(outcomes: Sequence[Outcome]) -> float:
    """Seconds until the slowest answer."""
    return max(outcome.ended - outcome.sent for outcome in outcomes if outcome.result is Result.ANSWER)


def _is_sign_of_life(outcome: Outcome) -> bool:
    """Whether the unit itself said something, right or wrong."""
    if outcome.result is Result.EXCEPTION:
        return outcome.code not in UNREACHABLE
    return outcome.result in {Result.ANSWER, Result.PROTOCOL}
