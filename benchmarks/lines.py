"""The eighteen lines. Where two sides are compared they take turns, and the median of the turns is what counts."""

import time
from collections.abc import Callable, Mapping
from statistics import median

from benchmarks import backfill, latency, log, many, subscribed
from benchmarks.figures import Figure
from benchmarks.opcua_server import opcua_server
from benchmarks.processes import Process, module, plc
from benchmarks.steady import Steady, bench

TURNS = 5
SETTLE_S, LOOK_S = 1.5, 4.0


RAW = "a record has {:.0f} bytes"
PAIRS, GLANCE_S = 9, 2.5
"""Of line 1: many short turns, because the clock of the processor may drift within a long one."""
PERIOD_MS = 30
"""Of line 1: a load at which CPU matters. Below it the caches of an idle machine are measured, on both sides."""


def per_value() -> Figure:
    agent: list[Steady] = []
    reference: list[Steady] = []
    with bench(50, "all") as stand:
        for _ in range(PAIRS):
            with stand.agent(every_ms=PERIOD_MS) as subject:
                agent.append(stand.watch(subject, SETTLE_S, GLANCE_S))
            with stand.reference(PERIOD_MS) as subject:
                reference.append(stand.watch(subject, SETTLE_S, GLANCE_S))
    ratio = median(a.us_per_value / b.us_per_value for a, b in zip(agent, reference, strict=True))
    details = f"agent: {agent[-1]}; reference: {reference[-1]}"
    return Figure(1, "CPU per delivered value, everything on / reference", ratio, "<=", 2, details)


def log_cpu() -> Figure:
    turns = log.compared(TURNS)
    ours, theirs, *_ = turns[-1]
    ratio = median(turn.outbox.cpu_us / turn.sqlite.cpu_us for turn in turns)
    on_the_loop = median(turn.outbox.cpu_us / turn.on_the_loop.cpu_us for turn in turns)
    lockstep = median(turn.lockstep.cpu_us / turn.sqlite.cpu_us for turn in turns)
    details = (
        f"{ours.cpu_us:.1f} us against {theirs.cpu_us:.1f} us a record, {ours.records_per_s:,.0f} against"
        f" {theirs.records_per_s:,.0f} records/s; SQLite on the loop itself {on_the_loop:.2f}; both batch by batch"
        f" {lockstep:.2f}; {RAW.format(log.raw_bytes(log.records(9)))}"
    )
    return Figure(12, "CPU of the outbox per record / SQLite", ratio, "<=", 0.6, details)


def log_bytes() -> Figure:
    turns = log.compared(TURNS)
    ours, theirs, *_ = turns[-1]
    ratio = median(turn.outbox.device_bytes / turn.sqlite.device_bytes for turn in turns)
    details = f"{ours.device_bytes:.0f} against {theirs.device_bytes:.0f} bytes a record"
    return Figure(13, "bytes to the device per record / SQLite", ratio, "<=", 0.5, details)


def log_wear() -> Figure:
    """At a full load, and at a small one, where the blocks of a file system count and not the records."""
    full, small = log.wear(1000, 10), log.wear(10, 40)
    a_day = small.device_bytes / small.seconds * 86_400 / 1e6
    details = f"{full.device_bytes / full.seconds / 1000:,.0f} kB a second; at 10 records/s {a_day:,.0f} MB a day"
    ratio = full.device_bytes / full.raw_bytes
    return Figure(14, "bytes to the device / raw, 1,000 records/s of 400 bytes", ratio, "<=", 2, details)


def throughput() -> Figure:
    with bench(9, "all") as stand, stand.agent(tags=1000, every_ms=20) as subject:
        turns = [stand.watch(subject, SETTLE_S, LOOK_S) for _ in range(TURNS)]
    figure = median(seen.values_per_s for seen in turns)
    details = f"450,000 offered; {turns[-1]}"
    return Figure(2, "changed values delivered by one process", figure, ">=", 300_000, details, "values/s")


def unchanged() -> Figure:
    """Ten devices of ten blocks, ten times a second: the agent when all and when nothing changes, and a bare link."""
    costs: dict[str, list[float]] = {"bare": [], "all": [], "none": []}
    for _ in range(TURNS):
        with plc(10, "none") as (_, ports), module("bare", 0.1, 10, *ports) as subject:
            costs["bare"].append(_us_per_block(subject, 1000))
        for mode in ("all", "none"):
            with bench(10, mode) as stand, stand.agent(tags=1000, every_ms=100, limits="registers: 100") as subject:
                stand.until_values(subject)
                costs[mode].append(_us_per_block(subject, 1000))
    bare, changed, idle = (median(costs[subject]) for subject in ("bare", "all", "none"))
    details = f"transaction {bare:.0f} us; beyond it changed {changed - bare:.0f} us, unchanged {idle - bare:.1f} us"
    ratio = (idle - bare) / (changed - bare)
    return Figure(3, "unchanged block / changed block, beyond the transaction", ratio, "<=", 0.1, details)


def _us_per_block(subject: Process, blocks_per_s: int) -> float:
    """CPU microseconds for each block, at a rate that is known."""
    time.sleep(SETTLE_S)
    began, cpu_s = time.monotonic(), subject.cpu_s
    time.sleep(LOOK_S)
    return (subject.cpu_s - cpu_s) / ((time.monotonic() - began) * blocks_per_s) * 1e6


def transactions() -> Figure:
    with plc(1, "all", spin=True) as (_, ports), module("driver", "transactions", ports[0]) as process:
        seen = _object(process.hear())
    details = f"{seen['ours_us']:.0f} us against {seen['pymodbus_us']:.0f} us"
    return Figure(4, "CPU per transaction of 125 registers / pymodbus", seen["ratio"], "<=", 0.55, details)


def rtu() -> Figure:
    with (
        plc(1, "all", spin=True) as (_, tcp),
        plc(1, "all", spin=True, framing="rtu") as (_, serial),
        module("driver", "rtu", *tcp, *serial) as process,
    ):
        seen = _object(process.hear())
    details = f"{seen['rtu_us']:.0f} us against {seen['tcp_us']:.0f} us"
    return Figure(11, "CPU per RTU transaction of 125 registers / TCP", seen["ratio"], "<=", 1.5, details)


def decode() -> Figure:
    with module("driver", "decode") as process:
        seen = _object(process.hear())
    details = f"{seen['ours_us']:.3f} us against {seen['pymodbus_us']:.2f} us a tag"
    return Figure(5, "decode per tag / convert_from_registers", seen["ratio"], "<=", 0.12, details)


def notified() -> Figure:
    with opcua_server() as (_, ports), module("opcua", "notified", ports[0]) as process:
        seen = _object(process.hear())
    return _beside_asyncua(16, "CPU per OPC UA notification / asyncua", seen, 0.4)


def polled() -> Figure:
    with opcua_server() as (_, ports), module("opcua", "polled", ports[0]) as process:
        seen = _object(process.hear())
    return _beside_asyncua(17, "CPU per polled OPC UA value / asyncua", seen, 0.3)


def _beside_asyncua(line: int, what: str, seen: Mapping[str, float], bound: float) -> Figure:
    details = (
        f"{seen['ours_us']:.1f} us at {seen['ours_per_s']:,.0f}/s against {seen['asyncua_us']:.1f} us at"
        f" {seen['asyncua_per_s']:,.0f}/s"
    )
    return Figure(line, what, seen["ratio"], "<=", bound, details)


def pipeline() -> Figure:
    with plc(1, "all", 5) as (_, ports), module("driver", "pipeline", ports[0]) as process:
        seen = _object(process.hear())
    details = f"{seen['eight_per_s']:,.0f} against {seen['one_per_s']:,.0f} values/s"
    return Figure(6, "values, pipeline 8 / pipeline 1, 16 blocks of 5 ms", seen["ratio"], ">=", 6, details)


def memory() -> Figure:
    with bench(10, "all") as stand, stand.agent(every_ms=1000) as subject:
        seen = stand.watch(subject, 15, LOOK_S)
    return Figure(7, "memory with 1,000 tags", seen.rss_mb, "<=", 60, unit="MB")


def start() -> Figure:
    """From the start of the process to the first message of any kind, and to the first values."""
    first, values = [], []
    for _ in range(TURNS):
        with bench(10, "all", mark='"scans":', topics="lineside/#") as stand:
            begun = time.monotonic()
            with stand.agent(every_ms=1000) as subject:
                stand.until_values(subject)
                first.append(stand.seen()["first"] - begun)
                values.append(time.monotonic() - begun)
    details = f"first values after {median(values):.2f} s"
    return Figure(8, "start of the process -> first MQTT message", median(first), "<=", 1.5, details, "s")


def _object(said: object) -> Mapping[str, float]:
    assert isinstance(said, dict)
    return said


LINES: Mapping[int, Callable[[], Figure]] = {
    1: per_value,
    2: throughput,
    3: unchanged,
    4: transactions,
    5: decode,
    6: pipeline,
    7: memory,
    8: start,
    9: latency.line,
    10: many.line,
    11: rtu,
    12: log_cpu,
    13: log_bytes,
    14: log_wear,
    15: backfill.line,
    16: notified,
    17: polled,
    18: subscribed.line,
}
