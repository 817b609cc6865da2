"""What waits behind a refused topic."""

import asyncio
import math

from agent.mqtt import Refusal
from agent.publish.pace import Pace
from agent.publish.refusals import Refusals
from tests.fakes.silent import Heard


class Held:
    """The refusing side of a reader: lsn -> when it is offered again."""

    def __init__(self) -> None:
        self.again: dict[int, float] = {}

    def refuse(self, lsn: int, again_in_s: float) -> bool:
        self.again[lsn] = again_in_s
        return True


async def test_a_probe_that_ends_in_another_way_makes_room_for_the_next() -> None:
    """It was too large, or its payload was refused: that says nothing of the topic, which must not stay blocked."""
    reader = Held()
    refusals = Refusals("county", reader, Heard(), Pace(probe_first_s=0.01, probe_most_s=0.02))  # type: ignore[arg-type]  # only a part of `Reader` is there
    for lsn in range(3):
        refusals.refused("a/data", lsn, Refusal(0x97, "Quota exceeded"))
    tried: list[int] = []
    async with asyncio.timeout(5):
        while len(tried) < 3:
            await asyncio.sleep(0.005)
            for lsn, again_in_s in list(reader.again.items()):
                if again_in_s != math.inf and lsn not in tried:
                    tried.append(lsn)
                    assert not refusals.parks("a/data", lsn), "it may pass"
                    refusals.ended("a/data", lsn)
    assert tried == [0, 1, 2]
    refusals.close()
