"""The live table: one row for each tag that arrived, aligned in Chinese too."""

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from agent.demo.arrivals import Arrivals
from agent.demo.summary import counters, unit
from agent.demo.texts import MODES, STATES, Words
from drivers.contract import Value

BARS = "▁▂▃▄▅▆▇█"
TREND = 12
TREND_BESIDE = 8
SIDE_BY_SIDE, BESIDE_WITH_TREND = 136, 160
"""Columns from which machines stand beside each other, and from which they still have a trend."""
WITH_TREND = 76
"""Columns from which there is room for the trend."""
FRAME = 2
"""Lines of a table that are not rows: its head and the rule under it."""


def screen(arrivals: Arrivals, log: Sequence[str], words: Words, now_ms: int, size: tuple[int, int]) -> RenderableType:
    """The whole picture for a terminal of (columns, lines)."""
    columns, lines = size
    beside = columns >= SIDE_BY_SIDE
    devices = sorted(arrivals.devices, reverse=True)
    told = 4 if lines >= 30 else 2 if lines >= 20 else 0
    room = lines - 3 - (told + 2 if told else 0)
    needs = {name: sum(bool(row.values) for row in arrivals.devices[name].values()) for name in devices}
    bars = _bars(columns, beside=beside)

    def stacked(names: Sequence[str]) -> Group:
        rooms = shares([needs[name] for name in names], room - FRAME * len(names))
        return Group(
            *(_device(name, arrivals, words, now_ms, share, bars) for name, share in zip(names, rooms, strict=True))
        )

    left = halved([needs[name] + FRAME for name in devices]) if beside else len(devices)
    parts: list[RenderableType] = [
        Text(f"Lineside · {words('title')} · {words('stop_hint')}", style="bold", no_wrap=True, overflow="ellipsis"),
        Text(counters(arrivals, words, now_ms), style="cyan", no_wrap=True, overflow="ellipsis"),
        _beside([stacked(devices[:left]), stacked(devices[left:])]) if beside else stacked(devices),
    ]
    return Group(*parts, _log(log[-told:], words)) if told else Group(*parts)


def _bars(columns: int, *, beside: bool) -> int:
    if beside:
        return TREND_BESIDE if columns >= BESIDE_WITH_TREND else 0
    return TREND if columns >= WITH_TREND else 0


def shares(needs: Sequence[int], room: int) -> list[int]:
    """Rows for each table: what it needs, or its part of what is left when that is less."""
    given = [0] * len(needs)
    for place, index in enumerate(sorted(range(len(needs)), key=needs.__getitem__)):
        given[index] = max(0, min(needs[index], room // (len(needs) - place)))
        room -= given[index]
    return given


def halved(heights: Sequence[int]) -> int:
    """How many of these stand in the left of two columns, so that the higher column is as low as it can be."""
    return min(range(1, len(heights) + 1), key=lambda left: max(sum(heights[:left]), sum(heights[left:])), default=0)


def _log(lines: Sequence[str], words: Words) -> Panel:
    text = Text("\n".join(lines), no_wrap=True, overflow="ellipsis")
    return Panel(text, title=words("log"), title_align="left", height=len(lines) + 2, border_style="dim")


def _beside(tables: Sequence[RenderableType]) -> Table:
    grid = Table.grid(expand=True, padding=(0, 1))
    for _ in tables:
        grid.add_column(ratio=1)
    grid.add_row(*tables)
    return grid


def _device(device: str, arrivals: Arrivals, words: Words, now_ms: int, room: int, bars: int) -> Table:
    rows = {name: row for name, row in arrivals.devices[device].items() if row.values}
    shown = list(rows.items())[: room if len(rows) <= room else max(0, room - 1)]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, expand=True, pad_edge=False, header_style="bold")
    table.add_column(device, no_wrap=True, overflow="ellipsis", max_width=20)
    table.add_column(words("value"), justify="right", no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_column(words("unit"), no_wrap=True, min_width=6)
    table.add_column(words("quality"), no_wrap=True, min_width=10)
    table.add_column(words("age"), justify="right", no_wrap=True, min_width=5)
    if bars:
        table.add_column(words("trend"), no_wrap=True, min_width=bars, max_width=bars)
    for name, row in shown:
        cells = [
            Text(row.title.get(words.language) or words.title(name)),
            _value(name, row.value, words),
            Text(unit(row.unit, words)),
            _quality(row.quality, words),
            Text(_age(now_ms - row.time_ms)),
        ]
        table.add_row(*cells, *([Text(trend(row.history, bars), style="green")] if bars else []))
    if len(shown) < len(rows):
        table.add_row(Text(words("more", count=len(rows) - len(shown)), style="dim"))
    return table


def _value(name: str, value: Value | None, words: Words) -> Text:
    match value:
        case None:
            return Text("—", style="red")
        case bool():
            alarm = value and name.startswith("alarm")
            return Text(
                f"{'●' if value else '○'} {words('true' if value else 'false')}", style="bold red" if alarm else ""
            )
        case int() if name in {"state", "mode"}:
            return Text(words.number(STATES if name == "state" else MODES, value), style="bold")
        case int():
            return Text(f"{value:,}")
        case float():
            return Text(f"{value:,.1f}")
        case _:
            return Text(value)


def _quality(quality: str, words: Words) -> Text:
    if quality == "good":
        return Text(words("good"), style="green")
    return Text(quality, style="red" if quality.startswith("bad.") else "yellow")


def _age(age_ms: int) -> str:
    return f"{max(age_ms, 0) / 1000:.1f} s" if age_ms < 100_000 else f"{age_ms // 60_000} min"


def trend(history: Sequence[float], bars: int = TREND) -> str:
    """The newest values as bars, lowest to highest; nothing of a value that never changed."""
    newest = list(history)[-bars:]
    low, high = min(newest, default=0.0), max(newest, default=0.0)
    if high == low:
        return ""
    return "".join(BARS[round((value - low) / (high - low) * (len(BARS) - 1))] for value in newest)
