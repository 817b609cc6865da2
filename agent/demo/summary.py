"""What is said at the end, and in lines when nobody watches a terminal. Pure."""

from collections.abc import Sequence

from agent.demo.arrivals import Arrivals
from agent.demo.texts import STATES, Words


def percentile(values: Sequence[int], part: float) -> int:
    """The value below which this part of the values lies; 0 of none."""
    return sorted(values)[min(len(values) - 1, int(len(values) * part))] if values else 0


def counters(arrivals: Arrivals, words: Words, now_ms: int) -> str:
    """One line of what came."""
    return words(
        "counters",
        messages=arrivals.messages,
        values=arrivals.values,
        rate=arrivals.rate(now_ms),
        latency=percentile(arrivals.latencies_ms, 0.5),
        missing=arrivals.missing,
        announced=arrivals.announced,
        duplicates=arrivals.duplicates,
        wrong=arrivals.wrong_count + arrivals.unreadable,
    )


def headline(arrivals: Arrivals, words: Words) -> str:
    """What each machine does: state, speed, good or total count, job."""
    return "  |  ".join(_machine(arrivals, name, words) for name in sorted(arrivals.devices))


def _machine(arrivals: Arrivals, device: str, words: Words) -> str:
    rows = arrivals.devices[device]
    said = [device]
    for name in ("state", "speed", "count_good" if "count_good" in rows else "count_total", "job"):
        row = rows.get(name)
        if row is not None and row.value is not None:
            shown = words.number(STATES, row.value) if name == "state" and isinstance(row.value, int) else row.value
            text = f"{shown:.1f}" if isinstance(shown, float) else f"{shown}"
            said.append(f"{text} {unit(row.unit, words)}" if name == "speed" else text)
    return " ".join(said)


def unit(code: str, words: Words) -> str:
    """A UCUM code as people say it."""
    return (
        code.replace("{piece}", words("piece"))
        .replace("{cycle}", words("cycle"))
        .replace("Cel", "°C")
        .replace("um", "µm")
    )


def faults(arrivals: Arrivals, devices: Sequence[str], words: Words) -> list[str]:
    """Everything that should not be; nothing when the demo shows what it promises."""
    if not arrivals.values:
        return [words("nothing")]
    found = [
        words("device_silent", device=device)
        for device in devices
        if not any(row.values for row in arrivals.devices.get(device, {}).values())
    ]
    if arrivals.wrong_count:
        found.append(words("wrong", count=arrivals.wrong_count, examples=", ".join(arrivals.wrong)))
    if arrivals.unreadable:
        found.append(words("unreadable", count=arrivals.unreadable))
    if arrivals.missing:
        found.append(words("missing", count=arrivals.missing))
    return found


def summary(arrivals: Arrivals, words: Words, seconds: float) -> list[str]:
    """The account of a demo."""
    rows = {f"{device}.{tag}": row for device, tags in arrivals.devices.items() for tag, row in tags.items()}
    holes = [f"{name} ({row.quality})" for name, row in rows.items() if row.values and row.value is None]
    lines = [
        words(
            "summary",
            seconds=seconds,
            messages=arrivals.messages,
            values=arrivals.values,
            events=arrivals.events,
            tags=sum(bool(row.values) for row in rows.values()),
            devices=len(arrivals.devices),
        ),
        words("latency", median=percentile(arrivals.latencies_ms, 0.5), p99=percentile(arrivals.latencies_ms, 0.99)),
    ]
    if holes:
        lines.append(words("holes", names=", ".join(holes)))
    return lines
