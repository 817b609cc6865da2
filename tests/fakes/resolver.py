"""A name server that answers, fails or hangs as told, in place of the system's (`socket.getaddrinfo`)."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

HANGS_S = 30.0


class Resolver:
    """Knows every name; `hanging` holds all questions until the end of the block."""

    def __init__(self) -> None:
        self.addresses = ["127.0.0.1"]
        self.fails = False
        self.error: Exception = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        self.asked = 0
        self._goes_on = threading.Event()
        self._goes_on.set()

    @contextlib.contextmanager
    def hanging(self) -> Iterator[None]:
        self._goes_on.clear()
        try:
            yield
        finally:
            self._goes_on.set()

    def answer(self, host: str, port: int, *_: object, **__: object) -> list[tuple[Any, ...]]:
        self.asked += 1
        self._goes_on.wait(HANGS_S)
        if self.fails or not isinstance(self.error, socket.gaierror):
            raise self.error
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in self.addresses]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    """In place of the system's."""
    instead = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", instead.answer)
    return instead
