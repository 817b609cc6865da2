"""What a platform can say of a stream, whatever happened to it."""

import random
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.verify import account as module
from tests.agent.verify.saying import Gateway


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


def test_a_complete_stream(gateway: Gateway) -> None:
    gateway.online(5)
    for seq in range(4):
        gateway.data(5, seq, at_ms=11)
    gateway.event(5, 4)
    device = gateway.device
    assert (device.records, device.events, device.values, device.duplicates, device.disorder) == (5, 1, 4, 0, 0)
    assert (device.latencies.count, device.latencies.percentile(0.5), device.latencies.most) == (5, 10, 10)
    assert gateway.counts() == (0, 0, 0)


def test_a_boot_that_began_while_we_listened_begins_at_0(gateway: Gateway) -> None:
    gateway.online(5)
    gateway.data(5, 2)
    assert gateway.missing.unannounced == 2
    assert gateway.device.unexplained(False) == [(5, (0, 1))]


def test_a_boot_that_was_running_before_begins_where_we_came_in(gateway: Gateway) -> None:
    gateway.online(5, retained=True)
    gateway.online(5)
    gateway.data(5, 100)
    gateway.data(5, 102)
    gateway.data(5, 90, hist=True)
    assert gateway.counts() == (0, 1, 0)
    gateway.data(5, 101)
    assert gateway.counts() == (0, 0, 0)


def test_without_a_state_what_is_older_than_our_listening_was_running(gateway: Gateway) -> None:
    gateway.account.began_ms = 50
    gateway.data(5, 100)
    assert gateway.counts() == (0, 0, 0)
    gateway.data(6, 1)
    assert gateway.counts() == (0, 1, 0), "another boot after one that was live began while we listened"


def test_a_backlog_of_an_older_boot_begins_where_we_came_in(gateway: Gateway) -> None:
    gateway.online(6, retained=True, previous={"boot": 5, "clean": True, "last_seq": {"die01": 103}})
    gateway.data(5, 100, hist=True)
    gateway.data(5, 101, hist=True)
    assert gateway.counts() == (0, 0, 0)
    gateway.online(6, previous={"boot": 5, "clean": True, "last_seq": {"die01": 103}})
    assert gateway.counts() == (0, 2, 0), "its end is known, and it was being told to us"


def test_the_end_of_a_boot_is_known_from_the_next(gateway: Gateway) -> None:
    gateway.online(5)
    gateway.data(5, 0)
    gateway.previous(5, {"die01": 2, "never-heard": 0}, clean=False)
    streams = {name: missing.unannounced for _, name, _, missing in gateway.account.streams()}
    assert streams == {"die01": 2, "never-heard": 1}
    assert gateway.account.gateways["gw"].boots[5].ended is False


def test_a_boot_that_we_never_heard_of_owes_nothing(gateway: Gateway) -> None:
    gateway.previous(5, {"die01": 2}, retained=True)
    assert list(gateway.account.streams()) == []
    assert gateway.account.gateways["gw"].boots[5].ended is True


def test_a_clean_stop_is_noted(gateway: Gateway) -> None:
    gateway.online(5, online=False, clean=True)
    assert gateway.account.gateways["gw"].boots[5].ended is True


def test_a_gap_event_announces(gateway: Gateway) -> None:
    gateway.online(5)
    gateway.data(5, 0)
    gateway.data(5, 4)
    assert gateway.counts() == (0, 3, 0)
    gateway.gap(5, 5, 5, 1, 3, 3)
    gateway.gap(5, 5, 5, 1, 3, 3)
    assert gateway.counts() == (3, 0, 0)
    gateway.data(5, 2, hist=True)
    assert gateway.counts() == (2, 0, 0), "it arrived nevertheless"


def test_more_missing_than_a_gap_speaks_of_is_not_announced(gateway: Gateway) -> None:
    gateway.online(5)
    gateway.data(5, 0)
    gateway.gap(5, 5, 5, 1, 4, 3)
    assert gateway.counts() == (3, 1, 0)


def test_a_gap_of_what_was_before_us_is_an_announced_loss(gateway: Gateway) -> None:
    gateway.online(5, retained=True)
    gateway.data(5, 100)
    gateway.gap(5, 101, 5, 10, 99, 40)
    gateway.gap(5, 102, 4, 7, 9, 3)
    assert gateway.counts() == (43, 0, 0)


def test_duplicates_and_conflicts(gateway: Gateway) -> None:
    gateway.data(5, 0)
    gateway.data(5, 0, hist=True)
    assert (gateway.device.duplicates, gateway.device.conflicts) == (1, 0)
    gateway.data(5, 0, 2)
    assert (gateway.device.duplicates, gateway.device.conflicts) == (2, 1)
    assert gateway.device.conflicting == [(5, 0)]
    assert gateway.device.records == 1


def test_a_record_in_parts_is_there_when_all_are(gateway: Gateway) -> None:
    gateway.online(5)
    scans = [[{"t": 1, "v": {"a": 1}}], [{"t": 2, "v": {"b": 2}}], [{"t": 3, "v": {"c": 3}}]]
    gateway.data(5, 0, scans=scans[0], part=[1, 3])
    gateway.data(5, 0, scans=scans[1], part=[2, 3])
    gateway.data(5, 1)
    assert gateway.counts() == (0, 1, 0)
    gateway.data(5, 0, scans=scans[0] + scans[1], part=[1, 2], hist=True)
    gateway.data(5, 0, scans=scans[0] + scans[1], part=[1, 2], hist=True)
    gateway.data(5, 0, scans=scans[2], part=[2, 2], hist=True)
    assert gateway.counts() == (0, 0, 0)
    assert (gateway.device.records, gateway.device.values, gateway.device.duplicates) == (2, 4, 1)
    gateway.data(5, 0, scans=[scan for part in scans for scan in part])
    assert (gateway.device.duplicates, gateway.device.conflicts) == (2, 0), "whole now, and the same"
    gateway.data(5, 2, scans=scans[0], part=[1, 2])
    gateway.data(5, 2, scans=scans[1], part=[1, 2])
    assert gateway.device.conflicts == 1


def test_order_is_of_one_topic_and_of_live_records(gateway: Gateway) -> None:
    for seq in (0, 3, 4):
        gateway.data(5, seq)
    gateway.event(5, 1)
    gateway.data(5, 2, hist=True)
    assert gateway.device.disorder == 0
    gateway.event(5, 6)
    gateway.data(5, 5)
    assert gateway.device.disorder == 0
    gateway.data(5, 8)
    gateway.data(5, 7)
    assert gateway.device.disorder == 1
    gateway.data(6, 0)
    assert gateway.device.disorder == 1


def test_latency_is_of_live_records_with_a_sure_clock(gateway: Gateway) -> None:
    gateway.data(5, 0, at_ms=9)
    gateway.data(5, 1, at_ms=9000, hist=True)
    gateway.data(5, 2, at_ms=9000, clock="unsynced")
    kept = b'{"gw":"gw","dev":"die01","boot":5,"seq":3,"type":"x","t":1,"data":{}}'
    gateway.account.take("x/event", kept, 9000, retained=True)
    assert gateway.device.records == 4
    assert (gateway.device.latencies.count, gateway.device.latencies.most) == (1, 8)


def test_what_passed_while_we_were_away(gateway: Gateway) -> None:
    gateway.online(5)
    gateway.data(5, 0)
    gateway.data(5, 2)
    gateway.account.away()
    gateway.account.away()
    gateway.data(5, 7)
    gateway.data(5, 9)
    assert gateway.counts() == (0, 2, 4)
    gateway.account.away()
    gateway.previous(5, {"die01": 12})
    assert gateway.counts() == (0, 2, 7)


def test_old_boots_are_judged_for_good(monkeypatch: pytest.MonkeyPatch, gateway: Gateway) -> None:
    monkeypatch.setattr(module, "BOOTS_MOST", 3)
    for boot in range(10):
        gateway.online(boot)
        gateway.data(boot, 1)
    assert gateway.counts() == (0, 10, 0)
    assert len(gateway.device.numbers) <= 3
    assert gateway.device.unexplained(False)[0] == (0, (0, 0))


def test_digests_devices_and_names_are_bounded(monkeypatch: pytest.MonkeyPatch, gateway: Gateway) -> None:
    monkeypatch.setattr(module, "DIGESTS_MOST", 2)
    monkeypatch.setattr(module, "DEVICES_MOST", 2)
    monkeypatch.setattr(module, "BROKEN_MOST", 2)
    for seq in range(4):
        gateway.data(5, seq)
    gateway.data(5, 0, 2)
    gateway.data(5, 3, 2)
    assert gateway.device.conflicts == 1, "only the newest are compared"
    for number in range(5):
        gateway.account.take("t", b'{"gw":"g%d","dev":"d","boot":1,"seq":0,"type":"x","t":1,"data":{}}' % number, 1)
        gateway.data(5, 10 + number, dev=f"d{number}")
        gateway.account.take(f"broken{number}", b"{", 1)
    assert len(list(gateway.account.streams())) == 2
    assert gateway.account.broken == 4 + 5 + 5
    assert len(gateway.account.named) == 2


def test_a_file_may_have_lost_its_delivered_beginning() -> None:
    gateway = Gateway(is_file=True)
    said = {"gw": "gw", "dev": "die01", "boot": 5}
    for seq in (0, 7):
        gateway.account.take_logged("x/event", {**said, "seq": seq, "type": "comm", "t": 1, "data": {}})
    assert gateway.counts() == (0, 0, 0)
    for seq in (20, 22):
        gateway.account.take_logged("x/data", {**said, "seq": seq, "scans": [{"t": 1, "v": {}}]})
    assert gateway.counts() == (0, 1, 0)
    assert gateway.device.latencies.count == 0


def test_an_empty_message_takes_a_meta_back(gateway: Gateway) -> None:
    gateway.account.take("lineside/v1/f/l2/die01/meta", b"", 1)
    assert (gateway.account.beside, gateway.account.broken) == (1, 0)


FATES = st.sampled_from(["arrives", "arrives", "arrives", "twice", "in parts", "lost", "announced"])


@given(st.lists(st.lists(FATES, max_size=30), min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_any_history_is_told_as_it_was(boots: list[list[str]], chance: random.Random) -> None:
    """Each boot ends with its gap event; whatever order all that comes in, the sums are those of the history."""
    gateway = Gateway()
    sayings: list[Callable[[], None]] = []
    for boot, fates in enumerate(boots, 10):
        gateway.online(boot)
        for seq, fate in enumerate(fates):
            say = partial(gateway.data, boot, seq, seq) if seq % 3 else partial(gateway.event, boot, seq)
            sayings += [say] * {"arrives": 1, "twice": 2}.get(fate, 0)
            if fate == "in parts":
                scans = [[{"t": 1, "v": {f"v{part}": seq}}] for part in (1, 2)]
                sayings += [partial(gateway.data, boot, seq, scans=scans[n], part=[n + 1, 2]) for n in (0, 1)]
        announced = [seq for seq, fate in enumerate(fates) if fate == "announced"]
        if announced:
            span = min(announced), max(announced)
            sayings.append(partial(gateway.gap, boot, len(fates), boot, *span, len(announced)))
        else:
            sayings.append(partial(gateway.event, boot, len(fates)))
    chance.shuffle(sayings)
    for saying in sayings:
        saying()
    fates = [fate for boot in boots for fate in boot]
    assert gateway.counts() == (fates.count("announced"), fates.count("lost"), 0)
    device = gateway.device
    here = len(fates) - fates.count("announced") - fates.count("lost") + len(boots)
    assert (device.records, device.duplicates, device.conflicts) == (here, fates.count("twice"), 0)
    assert gateway.account.broken == 0


@given(st.integers(1, 40), st.integers(0, 40), st.sets(st.integers(0, 79)))
def test_who_comes_late_judges_from_the_first_that_he_hears(first: int, count: int, lost: set[int]) -> None:
    gateway = Gateway()
    gateway.online(5, retained=True)
    heard = [seq for seq in range(first, first + count) if seq not in lost]
    for seq in heard:
        gateway.data(5, seq)
    if heard:
        missing = set(range(heard[0], heard[-1] + 1)) - set(heard)
        assert gateway.counts() == (0, len(missing), 0)
    else:
        assert list(gateway.account.streams()) == []
