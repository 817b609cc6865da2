"""`lineside browse URL`: what a server shows, as a tree or as a configuration."""

import argparse
import asyncio
import contextlib
import gc
import shutil
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ValidationError

from agent.app.newfile import new_file
from agent.cli.foundtree import tree
from agent.cli.language import catalogue
from agent.cli.terminal import ERASED, fitting
from agent.config.host import Refused, absolute, state_dir
from agent.config.located import shorten
from agent.config.proposed import Beginning, propose
from agent.messages import Catalogue
from drivers import registry
from drivers.contract import BrowseWish, Browsing, DriverPlugin, Shown, Surroundings
from drivers.errors import DriverError, NotConnected, NothingChanged
from drivers.phrase import of_system

EX_USAGE = 2
PROGRESS_S = 0.2
DEPTH_MAX, MOST_MAX = 100, 1_000_000


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("browse", help="列出 OPC UA 服务器中的变量 / what an OPC UA server shows")
    parser.add_argument("url", metavar="URL", help="opc.tcp://192.168.1.20:4840")
    usual = BrowseWish()
    parser.add_argument("--depth", type=int, default=usual.depth, metavar="N", help="最多几层 / levels, at most")
    parser.add_argument("--most", type=int, default=usual.most, metavar="N", help="最多几项 / things, at most")
    parser.add_argument(
        "--all", action="store_true", help="连同服务器自身和类型 / with the server's own things and types"
    )
    parser.add_argument("--write", type=Path, metavar="FILE", help="写成配置文件 / write a configuration")
    parser.add_argument("--force", action="store_true", help="文件已存在则覆盖 / write over a file that is there")
    parser.add_argument("--insecure", action="store_true", help="允许不加密 / allow what anybody can read and change")
    parser.add_argument("--user", metavar="NAME", help="用户名 / user name")
    parser.add_argument("--password-file", metavar="FILE", help="密码文件，仅本人可读 / readable by its owner alone")
    parser.add_argument(
        "--trust", metavar="FINGERPRINT", help="信任服务器的证书：指纹的前几位 / trust it: how its fingerprint begins"
    )
    parser.add_argument(
        "--state-dir", type=Path, metavar="DIR", help="状态目录，默认与 run 相同 / by default as for `run`"
    )
    parser.set_defaults(run=run)


class _Way(NamedTuple):
    """To a device."""

    driver: str
    plugin: DriverPlugin
    browsing: Browsing
    keys: dict[str, str | bool]
    settings: BaseModel


class _Notes:
    """A journal that says everything at once, to standard error."""

    def __init__(self, said: Catalogue) -> None:
        self._said = said

    def lost(self, code: str, about: str, /, **facts: object) -> None:
        _say(self._said, code, **facts)

    def back(self, code: str, about: str, /, **facts: object) -> None:
        """There is nobody who waits for it."""

    def note(self, code: str, about: str, /, **facts: object) -> None:
        _say(self._said, code, **facts)


def run(args: argparse.Namespace) -> int:
    """0 when it was shown or written, 1 when it could not be, 2 for wrong usage."""
    said = catalogue()
    gc.enable()  # the command line starts without it
    try:
        wish = _wish(args)
        way = _way(args, said)
        _check_file(args)
    except Refused as refused:
        _say(said, refused.code, **refused.facts)
        return EX_USAGE
    if args.trust is not None:
        _trust(way, args.trust, said)
    try:
        shown = asyncio.run(_walk(way, wish, said))
    except NotConnected as lost:
        facts = {"url": args.url, "reason": lost.reason, **lost.facts}
        _say(said, lost.code or "E2051", **facts)
        return 1
    if args.write is not None:
        return _write(args, way, shown, said)
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    print(*tree(shown, said, columns), "", sep="\n")
    print(said.text("I2061", {"things": len(shown), "values": sum(one.is_value for one in shown)}))
    return 0


def _wish(args: argparse.Namespace) -> BrowseWish:
    for option, value, most in (("--depth", args.depth, DEPTH_MAX), ("--most", args.most, MOST_MAX)):
        if not 1 <= value <= most:
            raise Refused("E2054", option=option, value=value)
    return BrowseWish(args.depth, args.most, args.all)


def _way(args: argparse.Namespace, said: Catalogue) -> _Way:
    """Raises `Refused`."""
    driver, plugin, browsing = _plugin(args.url)
    said.add(plugin.messages)
    here = Path.cwd()
    keys: dict[str, str | bool] = {"url": args.url}
    if args.insecure:
        keys["insecure"] = True
    if args.user is not None:
        keys["user"] = args.user
    if args.password_file is not None:
        keys["password_file"] = str(absolute(args.password_file, here))
    state = state_dir(str(args.state_dir) if args.state_dir else None, here) / "drivers" / driver
    around = Surroundings(folder=here, file=(args.write or Path("FILE")).absolute(), state=state)
    try:
        settings = plugin.connection.model_validate(keys, context=around)
    except ValidationError as error:
        raise _refused(error, args.url, said) from None
    return _Way(driver, plugin, browsing, keys, settings)


def _plugin(url: str) -> tuple[str, DriverPlugin, Browsing]:
    """Whoever can browse addresses that begin like this one."""
    known: list[str] = []
    for name in registry.installed():
        try:
            plugin = registry.plugin(name)
        except (DriverError, ImportError, AttributeError, SyntaxError):
            continue  # `lineside drivers` says what is wrong with it
        if plugin.browse is not None:
            if url.partition("://")[0] in plugin.browse.schemes and "://" in url:
                return name, plugin, plugin.browse
            known += plugin.browse.schemes
    raise Refused("E2050", url=shorten(url), known=", ".join(f"{scheme}://" for scheme in known) or "-")


def _refused(error: ValidationError, url: str, said: Catalogue) -> Refused:
    """The first thing that the driver does not take."""
    first = error.errors(include_url=False)[0]
    if said.knows(first["type"]):
        return Refused(first["type"], **first.get("ctx", {}))
    key = ".".join(map(str, first["loc"]))
    return Refused("E2055", url=shorten(url), key=key, reason=first["msg"])


def _check_file(args: argparse.Namespace) -> None:
    """Before anybody waits for a walk that nobody could keep."""
    if args.write is not None and args.write.exists():
        if not args.write.is_file():
            raise Refused("E3027", file=args.write)
        if not args.force:
            raise Refused("E3025", file=args.write)


def _trust(way: _Way, fingerprint: str, said: Catalogue) -> None:
    """What cannot be trusted is said, and the server is asked all the same: it may be trusted already."""
    if way.plugin.trust is None:
        _say(said, "E2056", url=way.keys["url"])
        return
    try:
        way.plugin.trust.add(way.settings, fingerprint)
    except NothingChanged as nothing:
        _say(said, nothing.code, **nothing.facts)
    except OSError as error:
        path = error.filename or way.plugin.trust.where(way.settings)
        _say(said, "E2024", path=path, reason=of_system(error))


async def _walk(way: _Way, wish: BrowseWish, said: Catalogue) -> list[Shown]:
    found: list[Shown] = []
    show = _progress(said)
    try:
        async with contextlib.aclosing(way.browsing.walk(way.settings, wish, _Notes(said))) as walk:
            async for one in walk:
                found.append(one)
                show(len(found), one.name)
    finally:
        if sys.stderr.isatty():
            print(ERASED, end="", file=sys.stderr, flush=True)
    return found


def _progress(said: Catalogue) -> Callable[[int, str], None]:
    """On standard error: what was found may go into a file."""
    is_terminal = sys.stderr.isatty()
    shown_s = 0.0

    def show(things: int, name: str) -> None:
        nonlocal shown_s
        if is_terminal and time.monotonic() - shown_s >= PROGRESS_S:
            shown_s = time.monotonic()
            line = fitting(said.text("I2062", {"things": things, "name": name}))
            print(ERASED + line, end="", file=sys.stderr, flush=True)

    return show


def _write(args: argparse.Namespace, way: _Way, shown: list[Shown], said: Catalogue) -> int:
    beginning = Beginning(
        _gateway(),
        way.driver,
        way.keys,
        subscribes=way.plugin.subscribes is not None,
        state_dir=str(args.state_dir.absolute()) if args.state_dir else "",
    )
    proposal = propose(shown, beginning)
    if not proposal.tags:
        _say(said, "E2053", url=args.url)
        return 1
    try:
        with new_file(args.write) as file:
            file.write(proposal.text.encode())
    except OSError as error:
        _say(said, "E2052", file=args.write, reason=of_system(error))
        return 1
    if proposal.left:
        _say(said, "W2064", left=proposal.left)
    barred = [one for one in shown if not one.is_value and one.quality.is_bad]
    if barred:
        _say(said, "W2066", count=len(barred), name=barred[0].name)
    print(said.text("I2063", {"file": args.write, "tags": proposal.tags}))
    return 0


def _gateway() -> str:
    """This computer's name, as far as it can stand in a topic."""
    name = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in socket.gethostname())
    return f"gw-{name.strip('-.')[:40] or '1'}"


def _say(said: Catalogue, code: str, **facts: object) -> None:
    print(f"{ERASED if sys.stderr.isatty() else ''}{code} {said.text(code, facts)}", file=sys.stderr)
