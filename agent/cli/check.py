"""`lineside check FILE`: everything that is wrong with a configuration, or what it would read."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO
from unicodedata import east_asian_width

from agent.cli.language import catalogue
from agent.config import Configuration, Device, Loaded, Located, load, render
from agent.messages import Catalogue
from drivers.quantities import duration_text

EX_USAGE = 2


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("check", help="检查配置文件 / check a configuration file")
    parser.add_argument("file", type=Path, help="配置文件 / configuration (YAML)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 0 when the configuration can be used, else 2."""
    loaded = load(args.file)
    said = catalogue(loaded.language)
    explain(loaded, said, sys.stdout, loaded.notes)
    if loaded.configuration is None:
        return EX_USAGE
    print(*_overview(loaded.configuration, said), sep="\n")
    return 0


def explain(loaded: Loaded, said: Catalogue, out: TextIO | None = None, notes: Sequence[Located] = ()) -> None:
    """Every problem, warning and note on a line of its own, then their number; to standard error if not told otherwise.

    A note of the level of a warning is counted as one.
    """
    for plugin in loaded.plugins.values():
        said.add(plugin.messages)
    lines = [render(located, said) for located in (*loaded.problems, *loaded.warnings, *notes)]
    doubts = sum(said.level(note.code) == "warning" for note in notes)
    counts = {"problems": len(loaded.problems), "warnings": len(loaded.warnings) + doubts}
    code = "I1001" if loaded.problems else "I1002"
    print(*lines, said.text(code, counts), sep="\n", file=out or sys.stderr)


def _rhythms(device: Device) -> list[str]:
    """`200ms 1s ~500ms job`: periods, those of subscriptions, and what is followed."""
    rhythms = {tag.rhythm for tag in device.tags}
    polled = sorted(one.every_s for one in rhythms if one.read_on is None and not one.is_subscribed)
    subscribed = sorted(one.every_s for one in rhythms if one.is_subscribed)
    followed = sorted({one.read_on for one in rhythms if one.read_on is not None})
    return [*map(duration_text, polled), *(f"~{duration_text(every_s)}" for every_s in subscribed), *followed]


def _overview(configuration: Configuration, said: Catalogue) -> list[str]:
    drivers = {connection.name: connection.driver for connection in configuration.connections}
    rows = [
        (
            device.name,
            device.type,
            device.connection,
            drivers[device.connection],
            str(len(device.tags)),
            ", ".join(_rhythms(device)),
        )
        for device in configuration.devices
    ]
    head = tuple(said.text("I1003", {}).split("|"))
    counts = {
        "gateway": configuration.gateway,
        "connections": len(configuration.connections),
        "devices": len(configuration.devices),
        "tags": sum(len(device.tags) for device in configuration.devices),
        "destinations": ", ".join(f"{d.name} ({d.host}:{d.port})" for d in configuration.destinations),
        "state_dir": configuration.state_dir,
    }
    return ["", *table([head, *rows]), "", said.text("I1004", counts), said.text("I1005", counts)]


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns side by side; a Chinese character is two columns wide (Unicode Standard Annex 11)."""
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(_padded(row, widths)).rstrip() for row in rows]


def _padded(row: Sequence[str], widths: Sequence[int]) -> Iterable[str]:
    return (cell + " " * (columns - width(cell)) for cell, columns in zip(row, widths, strict=True))


def width(text: str) -> int:
    """Columns on a terminal."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
