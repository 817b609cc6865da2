"""What travels."""

import re

from agent.record import Event, Moment, Record, ulid


def test_ulids_sort_by_time_and_do_not_repeat() -> None:
    early, late = ulid(1_772_439_330_250), ulid(1_772_439_330_251)
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{26}", early)
    assert early < late
    assert len({ulid(5) for _ in range(100)}) == 100
    assert ulid(-1)[:10] == "0" * 10


def test_the_time_of_a_record_is_its_newest() -> None:
    moments = [Moment(5, {}, {}), Moment(9, {}, {}), Moment(7, {}, {})]
    assert Record("d", moments).time_ms == 9
    assert Record("d", event=Event("comm", 11, {})).time_ms == 11
    assert Record("d").time_ms == 0
