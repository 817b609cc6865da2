"""`lineside run FILE`: acquire and deliver until told to stop."""

import argparse
import asyncio
import faulthandler
import logging
import signal
from functools import partial
from pathlib import Path

from agent import app
from agent.cli.check import explain
from agent.cli.guard import EX_SOFTWARE
from agent.cli.language import catalogue
from agent.clock import Clock
from agent.config import Configuration, load
from agent.log import Log
from agent.outbox import StateTaken
from agent.poll import origin

EX_TEMPFAIL, EX_CONFIG = 75, 78
"""From sysexits.h: try again later, the configuration cannot work."""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("run", help="采集并上送，直到停止 / acquire and deliver until stopped")
    parser.add_argument("file", type=Path, help="配置文件 / configuration (YAML)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    loaded = load(args.file)
    configuration = loaded.configuration
    said = catalogue(loaded.language)
    if loaded.problems or loaded.warnings:
        explain(loaded, said)
    if configuration is None:
        return EX_CONFIG
    for plugin in loaded.plugins.values():
        said.add(plugin.messages)
    # When the watchdog of systemd ends a loop that hangs (SIGABRT), the journal shows where it hung.
    faulthandler.enable()
    clock = Clock()
    log = Log(said, clock.monotonic)
    _listen_to_libraries(log)
    return asyncio.run(_until_stopped(configuration, log, clock))


async def _until_stopped(configuration: Configuration, log: Log, clock: Clock) -> int:
    """The third place that survives a defect: it becomes one line and exit code 70, and systemd starts us again."""
    stop, hurry = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for wish in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wish, _wished, stop, hurry)
    loop.set_exception_handler(partial(_stray, log))
    try:
        await app.run(configuration, log, stop, clock, hurry)
    except StateTaken as taken:
        log.note("E9009", configuration.gateway, pid=taken.pid or "?", path=taken.path)
        return EX_TEMPFAIL
    except Exception as defect:  # noqa: BLE001  # becomes a line and exit code 70
        worst = _worst(defect)
        log.note("E9004", configuration.gateway, error=repr(worst), where=origin(worst))
        return EX_SOFTWARE
    return 0


def _wished(stop: asyncio.Event, hurry: asyncio.Event) -> None:
    """The first signal asks for the end, another one not to wait for what is still to be delivered."""
    (hurry if stop.is_set() else stop).set()


def _worst(defect: BaseException) -> BaseException:
    """The first cause inside the groups that task groups raise."""
    while isinstance(defect, BaseExceptionGroup):
        defect = defect.exceptions[0]
    return defect


def _stray(log: Log, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """What asyncio would print with a traceback: an exception that nobody awaited."""
    stray = context.get("exception")
    where = origin(stray) if isinstance(stray, BaseException) else "?"
    log.lost("E9003", "asyncio", error=repr(stray or context.get("message")), where=where)


class _OneLine(logging.Handler):
    """What a library wants to say, as one line without a traceback."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage().splitlines()
        self._log.note("W9008", record.name, library=record.name, text=text[0] if text else "")


def _listen_to_libraries(log: Log) -> None:
    logging.basicConfig(level=logging.WARNING, handlers=[_OneLine(log)], force=True)
    logging.captureWarnings(capture=True)
