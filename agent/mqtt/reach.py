"""From a name to a TCP connection, in a bounded time, however long the resolver takes."""

import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from agent.mqtt import foreign
from agent.mqtt.words import Cause, LinkFailed, because, in_words, unresolved
from drivers.phrase import Phrase

PATIENCE = 0.8
"""Of what is left of the time: how long to wait for a name."""
PATIENCE_KNOWN = 0.3
"""Where an address is known that worked."""


class Deadline:
    """When patience ends; every step that blocks asks how much is left."""

    def __init__(self, within_s: float) -> None:
        self._ends_s = time.monotonic() + within_s

    def left(self) -> float:
        """Seconds, more than none. Raises `TimeoutError`."""
        left = self._ends_s - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class Address(NamedTuple):
    """Where to connect: family and address as of the `socket` module."""

    family: int
    at: Any


@dataclass(slots=True)
class _Question:
    """One call of the resolver, in a thread of its own, because nothing can end it."""

    host: str
    port: int
    is_answered: threading.Event = field(default_factory=threading.Event)
    found: Sequence[Address] = ()
    failed: Exception | None = None

    def ask(self) -> None:
        try:
            answers = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
            self.found = [Address(family, at) for family, _, _, _, at in answers]
        except (OSError, UnicodeError) as failed:  # UnicodeError: a label that IDNA cannot write
            self.failed = failed
        self.is_answered.set()


class Names:
    """Addresses of one host, and the last one that led to its goal. Used from one thread at a time."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._question: _Question | None = None
        self._good: Address | None = None

    def connect(self, deadline: Deadline, place: str) -> tuple[socket.socket, Address]:
        """A TCP connection to the first address that answers. Raises `OSError`, or `LinkFailed` for the name."""
        found, doubt = self._addresses(deadline, place)
        try:
            return _connected(found, deadline)
        except OSError as failed:
            if doubt is None:
                raise
            last, why = found[0].at[0], in_words(failed, place)
            said = because(f"{doubt.zh}；上次的地址 {last}", f"{doubt}; at its last address {last}", why)
            raise LinkFailed(said, Cause.NAME) from None

    def remember(self, good: Address) -> None:
        """This address led to whom we wanted: it is tried when the name cannot be resolved."""
        self._good = good

    def _addresses(self, deadline: Deadline, place: str) -> tuple[Sequence[Address], Phrase | None]:
        """Where to try, and why that is the last good address instead of what the resolver says."""
        question = self._question
        # A late answer is an answer: a resolver that asks a dead name server first may always be late.
        if question is None or question.failed is not None:
            question = self._question = _Question(self._host, self._port)
            # A daemon, because a resolver that hangs must not hold up the end of the process.
            threading.Thread(target=question.ask, name=f"resolve {self._host}", daemon=True).start()
        question.is_answered.wait(deadline.left() * (PATIENCE_KNOWN if self._good else PATIENCE))
        if question.found:
            self._question = None
            return question.found, None
        doubt = _doubt(question, place)
        if self._good is None:
            raise LinkFailed(doubt, Cause.NAME)
        return (self._good,), doubt


def _doubt(question: _Question, place: str) -> Phrase:
    if question.failed is None:
        return unresolved(place, Phrase("名称服务器（DNS）没有应答", "no answer from the name server"))
    if isinstance(question.failed, socket.gaierror):
        return in_words(question.failed, place)
    if isinstance(question.failed, UnicodeError):
        return unresolved(place, Phrase("主机名的写法无效", str(question.failed)))
    return unresolved(place, foreign.of_error(question.failed))


def _connected(addresses: Sequence[Address], deadline: Deadline) -> tuple[socket.socket, Address]:
    """Each address gets its share of the time, so that a dead first one leaves some for the second."""
    failed: OSError = OSError(Phrase("没有地址", "no address"))
    for tried, address in enumerate(addresses):
        sock = socket.socket(address.family, socket.SOCK_STREAM)
        try:
            sock.settimeout(deadline.left() / (len(addresses) - tried))
            sock.connect(address.at)
        except OSError as error:
            sock.close()
            failed = error
        else:
            return sock, address
    raise failed
