"""`lineside schema`: the JSON Schema of a configuration with the installed drivers' keys, for the editor."""

import argparse
import json

from agent.config.schema import schema
from drivers import registry


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("schema", help="输出配置的 JSON Schema / print the configuration's JSON Schema")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 0. Keys are those of the drivers that are installed here."""
    print(json.dumps(schema({name: registry.plugin(name) for name in registry.installed()}), indent=2))
    return 0
