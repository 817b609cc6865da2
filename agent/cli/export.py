"""`lineside export FILE`: what waits in the outbox, written to a file that can be carried to the platform."""

import argparse
import gc
import os
import sys
import time
from datetime import datetime
from pathlib import Path

from agent.app.exporting import Export
from agent.app.newfile import new_file
from agent.cli.check import explain
from agent.cli.language import catalogue
from agent.cli.terminal import ERASED, fitting
from agent.clock import Clock
from agent.config import Configuration, Destination, load
from agent.config.host import Refused
from agent.messages import Catalogue
from agent.outbox.glance import DAMAGED, REMOVED, NoOutbox, look
from drivers.phrase import of_system

EX_USAGE = 2
CONFIGURATION = Path("/etc/lineside/lineside.yaml")
"""Of the service."""
NICE = 10
"""The agent comes first."""
PROGRESS_S = 0.5


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("export", help="把缓存中待送的数据写入文件（U 盘） / write what waits to a file")
    parser.add_argument(
        "file", type=Path, help="要写的文件，.gz 结尾则压缩 / to be written; packed where it ends in .gz"
    )
    parser.add_argument(
        "--config",
        type=Path,
        default=CONFIGURATION,
        metavar="FILE",
        help=f"配置文件，默认 / by default {CONFIGURATION}",
    )
    parser.add_argument(
        "--state-dir", type=Path, metavar="DIR", help="状态目录，默认与 run 相同 / by default as for `run`"
    )
    parser.add_argument("--destination", metavar="NAME", help="有多个目的地时选一个 / which, where there are several")
    parser.add_argument("--force", action="store_true", help="文件已存在则覆盖 / write over a file that is there")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 when the file is whole or there is nothing for it, 1 when it could not be written, 2 for wrong usage."""
    loaded = load(args.config, secrets=False)
    said = catalogue(loaded.language)
    if loaded.configuration is None:
        if any(problem.code == "E1089" for problem in loaded.problems):
            _say(said, "E3034", file=args.config)
        else:
            explain(loaded, said)
        return EX_USAGE
    gc.enable()  # the command line starts without it
    os.nice(NICE)
    try:
        return _export(args, loaded.configuration, said)
    except Refused as refused:
        _say(said, refused.code, **refused.facts)
        return EX_USAGE
    except NoOutbox as none:
        _say(said, none.code, **none.facts)
    except OSError as error:
        _say(said, "E3026", file=args.file, reason=of_system(error))
    return 1


def _export(args: argparse.Namespace, configuration: Configuration, said: Catalogue) -> int:
    destination = _chosen(configuration, args.destination)
    if args.file.exists() and not args.file.is_file():
        raise Refused("E3027", file=args.file)
    if args.file.exists() and not args.force:
        raise Refused("E3025", file=args.file)
    glance = look(args.state_dir or configuration.state_dir, destination.name)
    if not glance.waiting:
        print(said.text("I3028", {"destination": destination.name}))
        return 0
    export = Export(configuration, destination, glance, Clock())
    with new_file(args.file) as file:
        shown = time.monotonic()
        for lines in export.lines():
            file.write(lines)
            if sys.stdout.isatty() and time.monotonic() - shown >= PROGRESS_S:
                shown = time.monotonic()
                print(ERASED + fitting(_progress(export, file.written, said)), end="", flush=True)
    if sys.stdout.isatty():
        print(ERASED, end="")
    _report(args.file, file.written, export, said)
    return 0


def _chosen(configuration: Configuration, name: str | None) -> Destination:
    known = {destination.name: destination for destination in configuration.destinations}
    if name is None and len(known) == 1:
        return configuration.destinations[0]
    if name is None or name not in known:
        raise Refused("E3023" if name is None else "E3024", name=name, known=", ".join(known))
    return known[name]


def _progress(export: Export, written: int, said: Catalogue) -> str:
    done = {
        "percent": round(100 * export.glance.walked / export.glance.total),
        "records": export.done.records,
        "size": _size(written),
    }
    return said.text("I3029", done)


def _report(file: Path, written: int, export: Export, said: Catalogue) -> None:
    done, missing = export.done, export.glance.missing
    if missing[REMOVED]:
        _say(said, "W3031", records=missing[REMOVED])
    if done.unsaid:
        _say(said, "W3032", records=done.unsaid)
    if export.unexplained:
        _say(said, "W3033", devices=", ".join(export.unexplained))
    facts = {
        "file": file,
        "records": done.records,
        "devices": len(done.devices),
        "since": _time(done.from_ms),
        "until": _time(done.to_ms),
        "size": _size(written),
        "damaged": missing[DAMAGED],
    }
    print(said.text("I3030", facts))


def _time(time_ms: int) -> str:
    """In the time of this computer."""
    try:
        return datetime.fromtimestamp(time_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, OSError, ValueError):  # nothing was written, or nobody's time
        return "?"


def _size(written: int) -> str:
    return f"{written / 1_000_000:.1f} MB"


def _say(said: Catalogue, code: str, **facts: object) -> None:
    print(f"{ERASED if sys.stdout.isatty() else ''}{code} {said.text(code, facts)}", file=sys.stderr)
