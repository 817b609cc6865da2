"""The `lineside` command: one file for each group of commands, and no logic here.

Exit codes: 0 ok, 1 failed, 2 wrong usage or configuration; `run` and `sub` have their own.
"""

import argparse
import gc
import sys
from collections.abc import Sequence
from importlib.metadata import version

from agent.cli import guard


def main(arguments: Sequence[str] | None = None) -> int:
    # Importing and reading make objects that stay: looking through them again and again is a tenth of the start. The
    # agent lets the collector loose when it stands (`agent.app`).
    gc.disable()
    try:
        return _main(arguments)
    finally:
        gc.enable()


def _main(arguments: Sequence[str] | None) -> int:
    owners = guard.other_owners()
    if owners:
        from agent.cli.language import catalogue

        packages = ", ".join(sorted({name for names in owners.values() for name in names}))
        print(f"E9010 {catalogue().text('E9010', {'packages': packages})}", file=sys.stderr)
        return guard.EX_SOFTWARE
    args = parser().parse_args(arguments)
    try:
        code: int = args.run(args)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    return code


def parser() -> argparse.ArgumentParser:
    from agent.cli import browse, check, demo, drivers, export, profiles, run, schema, sub, trust

    whole = argparse.ArgumentParser(
        prog="lineside",
        description="印刷包装机械的只读采集程序 / read-only data acquisition for printing and packaging machinery",
    )
    whole.add_argument("--version", action="version", version=f"lineside {version('lineside')}")
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    for command in (run, check, demo, schema, drivers, profiles, sub, export, browse, trust):
        command.add(commands)
    return whole
