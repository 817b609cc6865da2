"""Host name -> addresses, in a thread of its own: a resolver that hangs holds up neither the loop nor the stop.

The loop's own `getaddrinfo` works in the default executor, whose threads are few and waited for at the end.
"""

import asyncio
import socket
import threading
from collections.abc import Sequence
from ipaddress import ip_address

from drivers.errors import NotConnected
from drivers.phrase import Phrase

HASTE, PATIENCE = 0.5, 0.9
"""Parts of the time-out: after the one the addresses of last time are used, if there are any; after the other none."""


class Lookup:
    """The name of one endpoint. What it resolved to last time serves while the resolver fails or is silent."""

    def __init__(self, host: str, timeout_s: float) -> None:
        self._host = host
        self._timeout_s = timeout_s
        self._is_address = _is_address(host)
        self._known: Sequence[str] = ()
        self._running: asyncio.Future[Sequence[str]] | None = None

    async def addresses(self) -> Sequence[str]:
        """At least one. Raises `NotConnected` when there never was one and none comes within the time-out."""
        if self._is_address:
            return (self._host,)
        if self._running is None or self._running.done():
            self._running = _start(self._host)
        patience_s = self._timeout_s * (HASTE if self._known else PATIENCE)
        await asyncio.wait((self._running,), timeout=patience_s)
        if self._running.done():
            self._known = self._running.result() or self._known
        if not self._known:
            raise NotConnected(Phrase("主机名无法解析", "host name cannot be resolved"), "M2013")
        return self._known


def _is_address(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _start(host: str) -> "asyncio.Future[Sequence[str]]":
    """One thread for one question; a question that nobody answers is not asked a second time meanwhile."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Sequence[str]] = loop.create_future()

    def resolve() -> None:
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):  # the latter: a label that is no host name
            found = []
        addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
        try:
            loop.call_soon_threadsafe(_answer, answer, addresses)
        except RuntimeError:  # the loop is closed by now, nobody waits
            return

    threading.Thread(target=resolve, name=f"resolve {host}", daemon=True).start()
    return answer


def _answer(waiting: "asyncio.Future[Sequence[str]]", addresses: Sequence[str]) -> None:
    if not waiting.done():
        waiting.set_result(addresses)
