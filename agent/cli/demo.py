"""`lineside demo`: simulated machines, the real agent, a broker, and what arrives."""

import argparse
import asyncio
import math
import os
import sys
from importlib.util import find_spec
from typing import cast

from agent.cli.language import language
from agent.demo.texts import Words
from agent.messages import Language

INSTALL = "pip install 'lineside[demo]'"
NEEDED = ("amqtt", "rich")


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "demo", help="看一看：模拟设备、真实采集、实时表格 / simulated machines, the real agent"
    )
    parser.add_argument(
        "--seconds", type=_seconds, metavar="N", help="数据到达 N 秒后自动结束 / end by itself after N seconds of data"
    )
    parser.add_argument("--broker", metavar="URL", help="使用已有的消息服务器 / use a real broker: mqtt://host:1883")
    parser.add_argument("--lang", choices=("zh", "en"), help="语言 / language")
    parser.add_argument("--seed", type=int, default=7, metavar="N", help="随机数种子 / the machines' chance")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    chosen = cast(Language, args.lang) if args.lang else language()
    missing = [module for module in NEEDED if find_spec(module) is None]
    if missing:
        print(Words(chosen)("missing_extra", modules=", ".join(missing), command=INSTALL), file=sys.stderr)
        return 1
    from agent.demo.show import Options, show

    os.environ["LINESIDE_LANG"] = chosen
    return asyncio.run(show(Options(args.seconds, args.broker, chosen, args.seed)))


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not (seconds > 0 and math.isfinite(seconds)):
        raise argparse.ArgumentTypeError(Words(language())("seconds"))
    return seconds
