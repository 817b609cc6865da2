"""From columns off the wire to Scans."""

from collections.abc import Sequence

from drivers.contract import Group, Quality, Scan, Tag
from drivers.opcua.config import Address, Device
from drivers.opcua.plan import Plan, plan
from drivers.opcua.scans import RECURRING, Columns, Recurring, Sorter, faults

NOW = 1_800_000_000_000
OVERFLOW = 0x480
BAD_SENSOR = 0x808D_0000


def planned(*groups: Sequence[str], is_subscribed: bool = True) -> Plan:
    return plan(
        [
            Group(
                f"m{number}~1s",
                f"m{number}",
                Device(),
                [Tag(f"t{index}", Address(address=address)) for index, address in enumerate(addresses)],
                1.0,
                is_subscribed,
            )
            for number, addresses in enumerate(groups)
        ]
    )


def columns(*rows: tuple[int, object, int] | tuple[int, object, int, int | None, int | None]) -> Columns:
    """Item, value, status, and the source's and the server's time."""
    whole = [row if len(row) == 5 else (*row, NOW - 5, NOW - 4) for row in rows]
    items, values, statuses, sources, servers = (list(column) for column in zip(*whole, strict=True))
    return Columns(items, values, statuses, sources, servers)  # type: ignore[arg-type]  # a column is of one type


def sorted_(made: Plan, found: Columns, *, is_news: bool = True) -> list[tuple[int, Scan]]:
    return list(Sorter(made.subscribed).scans(found, NOW, is_news=is_news))


def test_one_item_serves_all_tags_that_look_at_its_node() -> None:
    made = planned(["s=a", "s=b|[1]", "s=b|[0]"], ["s=a"])
    assert [(str(item.place), len(item.spots)) for item in made.subscribed] == [("s=a", 1), ("s=b", 2), ("s=a", 1)]
    assert sorted_(made, columns((1, [5, 6], 0), (2, 1.5, 0))) == [
        (0, Scan(NOW, [1, 2], [6, 5], times=[NOW - 5, NOW - 5])),
        (1, Scan(NOW, [0], [1.5], times=[NOW - 5])),
    ]


def test_plain_values_of_one_group_pass_through() -> None:
    made = planned(["s=a", "s=b", "s=c"])
    found = columns((2, "x", 0), (0, True, 0))
    ((group, scan),) = sorted_(made, found)
    assert (group, scan.indexes, scan.faults) == (0, [2, 0], {})
    assert scan.values is found.values


def test_what_came_more_than_once_is_in_one_scan_after_the_other() -> None:
    made = planned(["s=a", "s=b"])
    found = columns((0, 1, 0), (1, 7, 0), (0, 2, 0), (0, 3, 0))
    assert [(list(scan.indexes), list(scan.values)) for _, scan in sorted_(made, found)] == [
        ([0, 1], [1, 7]),
        ([0], [2]),
        ([0], [3]),
    ]


def test_a_bad_status_has_no_value_and_an_overflow_marks_one() -> None:
    made = planned(["s=a", "s=b", "s=c"])
    sorter = Sorter(made.subscribed)
    found = columns((0, 1, BAD_SENSOR), (1, 2, OVERFLOW), (2, float("nan"), 0))
    ((_, scan),) = sorter.scans(found, NOW, is_news=True)
    assert (scan.indexes, scan.values) == ([1], [2])
    assert scan.faults == {0: Quality.BAD_DEVICE, 1: Quality.UNCERTAIN_OVERFLOW, 2: Quality.BAD_DECODE}
    assert sorter.overflows == 1


def test_times_are_the_source_s_else_the_server_s_else_ours() -> None:
    made = planned(["s=a", "s=b", "s=c", "s=d"])
    found = columns(
        (0, 1, 0, NOW - 100, NOW),
        (1, 1, 0, None, NOW - 50),
        (2, 1, 0, NOW + 3_600_000, NOW - 60),
        (3, 1, 0, 0, None),
    )
    ((_, scan),) = sorted_(made, found)
    assert scan.times == [NOW - 100, NOW - 50, NOW - 60, NOW]
    ((_, scan),) = sorted_(made, found, is_news=False)
    assert scan.times is None, "what is read has the time of the reading"


def test_nothing_comes_from_the_future() -> None:
    made = planned(["s=a", "s=b"])
    ((_, scan),) = sorted_(made, columns((0, 1, 0, NOW + 900, NOW - 5), (1, 1, 0, None, NOW + 900)))
    assert scan.times == [NOW, NOW]


def test_faults_name_every_tag_of_a_node() -> None:
    made = planned(["s=a", "s=b|x", "s=b|y"], ["s=c"])
    assert faults(made.subscribed, {1: Quality.BAD_CONFIG, 2: Quality.BAD_DENIED}, NOW) == [
        (0, Scan(NOW, (), (), {1: Quality.BAD_CONFIG, 2: Quality.BAD_CONFIG})),
        (1, Scan(NOW, (), (), {0: Quality.BAD_DENIED})),
    ]


def test_what_is_polled_is_planned_apart() -> None:
    made = planned(["s=a"], is_subscribed=False)
    assert made.subscribed == []
    assert [str(item.place) for item in made.polled["m0~1s"]] == ["s=a"]
    assert made.listening == []


def test_tags_that_come_together_again_are_the_same_tuple_for_which_the_agent_prepares() -> None:
    for made in (planned(["s=a", "s=b", "s=c"]), planned(["s=a", "s=b|[0]", "s=b|[1]"], ["s=a"])):
        sorter = Sorter(made.subscribed)
        rows = [columns((1, [n, n] if len(made.groups) == 2 else n, 0), (0, 0.5, 0)) for n in range(4)]
        first, *others = [scan.indexes for row in rows for _, scan in list(sorter.scans(row, NOW, is_news=True))[:1]]
        assert isinstance(first, list)
        assert all(one is others[0] and list(one) == first for one in others)


def test_the_sets_that_came_last_are_remembered_and_no_more() -> None:
    recurring = Recurring()
    recurring.of([0, 1])
    known = recurring.of([0, 1])
    for number in range(10 * RECURRING):
        assert recurring.of([number]) == [number]
        assert recurring.of([0, 1]) is known
    assert recurring.of([0]) == [0], "forgotten, so it is a list again"
