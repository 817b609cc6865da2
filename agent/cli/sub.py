"""`lineside sub URL`: what a platform would receive, and whether all of it came."""

import argparse
import asyncio
import math
import secrets
import sys
from pathlib import Path

from agent.cli.check import table
from agent.cli.language import catalogue
from agent.cli.terminal import ERASED, fitting
from agent.config.destinations import endpoint
from agent.config.host import Refused, password, readable, secret_file
from agent.messages import Catalogue
from agent.mqtt import Endpoint, LinkFailed, Tls
from agent.verify import report
from agent.verify.account import Account
from agent.verify.watch import Show, Wish, read_file, watch
from drivers.phrase import of_system

EX_USAGE = 2
EVERYTHING = "lineside/v1/#"
ABSENCE_S = 86_400
"""How long a broker keeps the session of a `--verify` that was killed; one that ends properly takes it away."""
TERMINAL_S, PIPE_S = 1.0, 10.0
BROKER_ONLY = ("group", "username", "password_file", "ca", "cert", "key", "topic", "seconds", "every")


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("sub", help="像平台一样接收并清点 / receive as a platform would, and count")
    parser.add_argument("url", nargs="?", metavar="URL", help="mqtt:// mqtts:// ws:// wss://")
    parser.add_argument(
        "--verify",
        action="store_true",
        help="断线期间由消息服务器保存；文件总是核对 / nothing is missed by itself; a file is always verified",
    )
    parser.add_argument("--group", metavar="NAME", help="共享订阅的组名 / one consumer of a shared subscription")
    parser.add_argument("--file", type=Path, help="清点 lineside export 写的文件 / what `lineside export` wrote")
    parser.add_argument(
        "--topic", action="append", metavar="FILTER", help=f"主题，默认 / topics, by default {EVERYTHING}"
    )
    parser.add_argument("--seconds", type=float, metavar="N", help="N 秒后结束 / end by itself after N seconds")
    parser.add_argument("--every", type=float, metavar="N", help="每 N 秒一行进展 / seconds between lines of progress")
    parser.add_argument("--username", metavar="NAME", help="用户名 / user name")
    parser.add_argument("--password-file", metavar="FILE", help="密码文件，仅本人可读 / readable by its owner alone")
    parser.add_argument("--ca", metavar="FILE", help="签发服务器证书的 CA / who signed the broker's certificate")
    parser.add_argument("--cert", metavar="FILE", help="客户端证书 / client certificate")
    parser.add_argument("--key", metavar="FILE", help="客户端私钥 / its key")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 complete, 1 something is missing and explained, 3 in silence; 1 also for failures, 2 for wrong usage."""
    said = catalogue()
    try:
        wish = wished(args)
    except Refused as refused:
        print(f"{refused.code} {said.text(refused.code, refused.facts)}", file=sys.stderr)
        return EX_USAGE
    try:
        if wish is None:
            account, connection = read_file(args.file), report.Connection()
        else:
            account, connection = asyncio.run(watch(wish, said, shown()))
    except OSError as error:
        print(f"E1079 {said.text('E1079', {'file': args.file, 'reason': of_system(error)})}", file=sys.stderr)
        return 1
    except LinkFailed as failed:
        facts = {"place": wish.endpoint.place if wish else "", "reason": failed.reason, "cause": failed.cause}
        print(f"E8002 {said.text('E8002', facts)}", file=sys.stderr)
        return 1
    return _report(account, connection, said)


def _report(account: Account, connection: report.Connection, said: Catalogue) -> int:
    code, verdict = report.verdict(account, connection, said)
    lines = [*table(report.table(account, connection, said)), *report.findings(account, connection, said), verdict]
    print((ERASED if sys.stdout.isatty() else "") + "\n".join(lines), flush=True)
    return code


def wished(args: argparse.Namespace) -> Wish | None:
    """None for a file. Raises `Refused` for what does not fit together."""
    if (args.url is None) is (args.file is None):
        raise Refused("E8003")
    if args.file is not None:
        for option in BROKER_ONLY:
            if getattr(args, option) is not None:
                raise Refused("E8004", option="--" + option.replace("_", "-"))
        return None
    if args.verify and args.group is not None:
        raise Refused("E8001")
    for option, seconds in (("--seconds", args.seconds), ("--every", args.every)):
        if seconds is not None and not seconds > 0:
            raise Refused("E8006", value=seconds, option=option)
    lasts_s = math.inf if args.seconds is None else args.seconds
    every_s = args.every or (TERMINAL_S if sys.stdout.isatty() else PIPE_S)
    return Wish(_endpoint(args), _filters(args), lasts_s, every_s, args.group is not None)


def _filters(args: argparse.Namespace) -> list[str]:
    filters = args.topic or [EVERYTHING]
    for wanted in filters:
        if not _is_filter(wanted):
            raise Refused("E8005", value=wanted, option="--topic")
    if args.group is None:
        return list(filters)
    if not args.group or set(args.group) & set("/+#\0"):
        raise Refused("E8005", value=args.group, option="--group")
    return [f"$share/{args.group}/{wanted}" for wanted in filters]


def _is_filter(wanted: str) -> bool:
    """MQTT 5.0, section 4.7: wildcards fill whole levels, `#` the last one."""
    levels = wanted.split("/")
    whole = all(level in ("+", "#") or not set(level) & set("+#\0") for level in levels)
    return bool(wanted) and whole and "#" not in levels[:-1] and len(wanted.encode("utf-8", "replace")) <= 65_535


def _endpoint(args: argparse.Namespace) -> Endpoint:
    here = Path.cwd()
    found = endpoint(args.url)
    if args.password_file is not None and args.username is None:
        raise Refused("E1084")
    if (args.cert is None) != (args.key is None):
        given, lacking = ("--cert", "--key") if args.cert else ("--key", "--cert")
        raise Refused("E1082", given=given, lacking=lacking)
    if not found.encrypted and (args.ca or args.cert):
        raise Refused("E1069", scheme=args.url.split(":")[0], host=found.host)
    tls = Tls(
        readable(args.ca, here) if args.ca else None,
        readable(args.cert, here) if args.cert else None,
        secret_file(args.key, here) if args.key else None,
    )
    return Endpoint(
        found.host,
        found.port,
        f"lineside-sub-{secrets.token_hex(4)}",
        tls if found.encrypted else None,
        args.username,
        password(args.password_file, here) if args.password_file is not None else None,
        path=found.path,
        session_expiry_s=ABSENCE_S if args.verify else 0,
    )


def shown() -> Show:
    """On a terminal the line of progress is written over; in a pipe lines are lines."""
    is_terminal = sys.stdout.isatty()
    erased = ERASED if is_terminal else ""

    def progress(text: str) -> None:
        end = "" if is_terminal else "\n"
        print(f"{erased}{fitting(text) if is_terminal else text}", end=end, flush=True)

    return Show(
        lambda text: print(f"{erased}{text}", flush=True),
        progress,
        lambda text: print(f"{erased}{text}", file=sys.stderr, flush=True),
    )
