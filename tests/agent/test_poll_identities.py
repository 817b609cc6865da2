"""What a machine says of itself is taken up before its values; in virtual time."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest

from drivers.contract import Scan
from drivers.errors import NotConnected
from tests.agent.test_poll_subscribed import Site, Talker, every_second, now_s, stamp
from tests.fakes.virtual import run

Told = tuple[str, Scan]
EXCHANGED = 20


def until_exchanged(since: float) -> AsyncIterator[Told]:
    """The machine is another one after a while."""

    async def tell() -> AsyncIterator[Told]:
        async for told in every_second()(since):
            if since < EXCHANGED <= now_s():
                raise NotConnected("no keep-alive")
            yield told

    return tell()


class Named(Talker):
    """A driver that learns who its machine is when it is connected, or later."""

    def __init__(self, *learns_at: float) -> None:
        super().__init__(until_exchanged)
        self.learns_at = [*learns_at] or [0, EXCHANGED]
        self.learnt: list[float] = []
        self.identities: Mapping[str, Mapping[str, str]] = {}

    async def connect(self) -> None:
        await super().connect()
        self._learn()

    async def read(self, group: str) -> Sequence[Scan]:
        self._learn()
        return await super().read(group)

    def _learn(self) -> None:
        if self.learns_at and now_s() >= self.learns_at[0]:
            self.learnt.append(self.learns_at.pop(0))
            self.identities = {"press": {"serial_number": f"{self.learnt[-1]:g}"}}


class SlowDisk(Site):
    """A site that takes a while to take up who its machine is."""

    def __init__(self, named: Named, *, polled: bool = True) -> None:
        super().__init__(named, polled=polled)
        self.named = named
        self.recognised: list[object] = []
        self._one_at_a_time = asyncio.Lock()

    async def recognise(self) -> None:
        async with self._one_at_a_time:
            said = self.named.identities
            if said not in self.recognised:
                await asyncio.sleep(0.3)
                self.recognised.append(said)
                self.device.rev = len(self.recognised)


def revisions(site: Site) -> list[tuple[float, int]]:
    """Of each record with a value: when that was acquired, and the meta that the record names."""
    return [
        ((moment.time_ms - stamp(0)) / 1000, record.rev)
        for record in site.kept.records
        for moment in record.moments
        if any(value is not None for value in moment.values.values())
    ]


@pytest.mark.parametrize("polled", [False, True])
def test_values_of_another_machine_never_name_the_meta_of_the_one_before(polled: bool) -> None:
    site = SlowDisk(talker := Named(), polled=polled)
    run(site.look_after(), for_s=60.5)
    found = revisions(site)
    assert {at < EXCHANGED for at, _ in found} == {True, False}
    assert [rev for _, rev in found] == [1 if at < EXCHANGED else 2 for at, _ in found]
    assert len(site.recognised) == len(talker.learnt) == 2


def test_a_machine_that_is_found_by_a_read_is_known_before_what_was_read() -> None:
    site = SlowDisk(Named(10))
    run(site.look_after(), for_s=19.5)
    assert revisions(site) == [(0.0, 0), (0.0, 0), (10.0, 1)]
