"""`lineside profiles`: how PLC families write their addresses, how sure that is, and the options that they need."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from agent.cli.check import table
from agent.cli.language import catalogue
from agent.messages import Catalogue
from drivers import registry
from drivers.contract import AddressProfile, Profiles, Text
from drivers.errors import DriverError


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("profiles", help="各种 PLC 的地址写法 / how PLC families write their addresses")
    parser.add_argument("name", nargs="?", help="只看这一个 / only this one")
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="配置文件所在的目录，自己的地址表在其中的 profiles/ 里 / where the configuration is, with its profiles/",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 0; 1 when a driver or a profile of the site's own cannot be used; 2 when there is none of that name."""
    said = catalogue()
    found, is_right = _found(args.folder.absolute(), said)
    if args.name is None:
        print(*_overview(found, said), sep="\n")
        return 0 if is_right else 1
    for driver in found:
        for profile in driver.known:
            if profile.name == args.name:
                print(*_whole(profile, driver, said), sep="\n")
                return 0
    known = ", ".join(profile.name for driver in found for profile in driver.known)
    print("E1140", said.text("E1140", {"value": args.name, "known": known}), file=sys.stderr)
    return 2


def _found(folder: Path, said: Catalogue) -> tuple[list[Profiles], bool]:
    """The profiles of every driver that has some; what is wrong goes to standard error."""
    found: list[Profiles] = []
    wrong: list[str] = []
    for name in registry.installed():
        try:
            plugin = registry.plugin(name)
        except (DriverError, ImportError, AttributeError, SyntaxError) as error:
            wrong.append(f"E1055 {said.text('E1055', {'value': name, 'reason': str(error)})}")
            continue
        said.add(plugin.messages)
        if plugin.profiles is not None:
            found.append(plugin.profiles(folder))
            wrong += [f"{code} {said.text(code, facts)}" for code, facts in found[-1].wrong]
    if wrong:
        print(*wrong, sep="\n", file=sys.stderr)
    return found, not wrong


def _overview(found: Sequence[Profiles], said: Catalogue) -> list[str]:
    rows = [_row(profile, said) for driver in found for profile in driver.known]
    if not rows:
        return [said.text("I1148", {})]
    grades = dict.fromkeys((grade, _words(meaning, said)) for driver in found for grade, meaning in driver.grades)
    legend = table([(f"  {grade}", meaning) for grade, meaning in grades])
    return [*table([_head("I1141", said), *rows]), "", said.text("I1142", {}), *legend]


def _row(profile: AddressProfile, said: Catalogue) -> Sequence[str]:
    areas = " ".join(dict.fromkeys(area.name for area in profile.areas))
    options = " ".join(option for option, _, _ in profile.options)
    return profile.name, _words(profile.title, said), profile.grade, areas, options


def _whole(profile: AddressProfile, driver: Profiles, said: Catalogue) -> list[str]:
    meaning = dict(driver.grades).get(profile.grade, Text("", ""))
    grade = {"grade": profile.grade, "meaning": _words(meaning, said)}
    lines = [
        f"{profile.name}  {_words(profile.title, said)}",
        said.text("I1143", grade),
        said.text("I1144", {}) + " ".join(profile.source.split()),
        "",
        *table([(_words(what, said), value) for what, value in profile.facts]),
    ]
    if profile.options:
        options = [(name, _words(meaning, said), f"{name}: {example}") for name, meaning, example in profile.options]
        lines += ["", *table([_head("I1145", said), *options])]
    areas = [(area.range, _words(area.holds, said), area.grade) for area in profile.areas]
    lines += ["", *table([_head("I1146", said), *areas])]
    if profile.examples:
        lines += ["", said.text("I1147", {}), *(f"  {line}" for line in map(_example, profile.examples))]
    return lines


def _example(example: tuple[str, str]) -> str:
    written, source = example
    return source or written


def _head(code: str, said: Catalogue) -> Sequence[str]:
    return said.text(code, {}).split("|")


def _words(text: Text, said: Catalogue) -> str:
    return text.zh if said.language == "zh" else text.en
