"""When the expiry of the gateway's own certificate is told."""

import asyncio
from datetime import UTC, datetime, timedelta

from agent.publish import Expiry
from tests.fakes.told import Told

ENDS = datetime(2027, 3, 1, 12, tzinfo=UTC)


class Calendar:
    """A certificate, a clock that is set by hand, and what was said."""

    def __init__(self) -> None:
        self.told = Told()
        self.now = ENDS
        self.is_plausible = True
        self.expiry = Expiry("county", self.told, lambda: int(self.now.timestamp() * 1000), lambda: self.is_plausible)

    def look(self, *, days: float, ends: datetime = ENDS) -> list[str]:
        """What is new when so many days are left."""
        self.now = ends - timedelta(days=days)
        before = len(self.told.lines)
        self.expiry.look(ends)
        return self.told.codes()[before:]


def test_row_28_30_7_and_1_days_ahead_once_each_and_an_error_after_it() -> None:
    calendar = Calendar()
    assert calendar.look(days=31) == []
    assert calendar.look(days=29.5) == ["W4020"]
    assert calendar.told.facts[-1] == {"days": 30, "ends": "2027-03-01 12:00 UTC"}
    assert calendar.look(days=29) == []
    assert calendar.look(days=7) == ["W4020"]
    assert calendar.look(days=6.9) == []
    assert calendar.look(days=0.5) == ["W4020"]
    assert calendar.told.facts[-1]["days"] == 1
    assert calendar.look(days=0.1) == []
    assert calendar.look(days=0) == ["lost E4021"]
    assert calendar.look(days=-1) == []


def test_who_starts_late_is_told_once() -> None:
    calendar = Calendar()
    assert calendar.look(days=5) == ["W4020"]
    assert calendar.look(days=4) == []


def test_a_renewed_one_ends_the_error_and_is_warned_of_anew() -> None:
    calendar = Calendar()
    assert calendar.look(days=-3) == ["lost E4021"]
    renewed = ENDS + timedelta(days=90)
    assert calendar.look(days=80, ends=renewed) == ["back E4021"]
    assert calendar.look(days=20, ends=renewed) == ["W4020"]


def test_a_clock_that_cannot_be_right_says_nothing_of_dates() -> None:
    calendar = Calendar()
    calendar.is_plausible = False
    assert calendar.look(days=-10_000) == []


async def test_the_file_is_looked_at_again_and_again() -> None:
    calendar = Calendar()
    calendar.now = ENDS - timedelta(days=3)
    dates = iter([None, ENDS])
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(calendar.expiry.watch(lambda: next(dates, None), every_s=0.001))
        while not calendar.told.lines:  # noqa: ASYNC110  # a list, which no event announces
            await asyncio.sleep(0.001)
        watching.cancel()
    assert calendar.told.codes() == ["W4020"]
