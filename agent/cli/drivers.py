"""`lineside drivers`: what is installed, who brings it, and which keys it adds."""

import argparse
import sys
from collections.abc import Mapping

from agent.cli.check import table
from agent.cli.language import catalogue
from agent.config.reference import Key, in_chinese, keys
from drivers import registry
from drivers.errors import DriverError


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("drivers", help="已安装的驱动及其配置键 / installed drivers and their keys")
    parser.add_argument("name", nargs="?", help="只看这一个 / only this one")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 0; 1 when a driver cannot be used; 2 when there is none of that name."""
    installed = registry.installed()
    if args.name is not None and args.name not in installed:
        known = ", ".join(installed)
        print("E1054", catalogue().text("E1054", {"value": args.name, "known": known}), file=sys.stderr)
        return 2
    names = [args.name] if args.name else list(installed)
    return max([_show(name, installed[name]) for name in names], default=0)


def _show(name: str, distribution: str) -> int:
    print(f"{name} ({distribution})")
    try:
        plugin = registry.plugin(name)
    except (DriverError, ImportError, AttributeError, SyntaxError) as error:
        print("  E1055", catalogue().text("E1055", {"value": name, "reason": str(error)}))
        return 1
    said = catalogue()
    for of, model in (("connections", plugin.connection), ("devices", plugin.device), ("tags", plugin.address)):
        found = keys(model)
        if found:
            head = said.text("I1006", {"section": of})
            print(f"  {head}")
            rows = table([_row(key, plugin.chinese if said.language == "zh" else None) for key in found])
            print(*(f"    {row}" for row in rows), sep="\n")
    return 0


def _row(key: Key, chinese: Mapping[str, str] | None) -> tuple[str, str, str, str]:
    key = key if chinese is None else in_chinese(key, chinese)
    return key.name, key.type, f"[{key.default}]" if key.default else "", key.description
