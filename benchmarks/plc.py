"""Many Modbus TCP servers in one tight loop: pre-rendered registers, one epoll, no objects per request.

    python -m benchmarks.plc ENDPOINTS {all,none,stamps} [DELAY_MS [{spin,wait} [rtu]]]

Prints the ports as one JSON line, then serves holding registers of every unit until its standard input is closed.

    all     every register differs in every read of a connection
    none    nothing ever changes
    stamps  each pair of registers holds the monotonic clock (ms, u32) of its last change, at random times

A reply leaves DELAY_MS after the arrival of its own request, so that several in flight wait at the same time.

With `spin` it never sleeps: waking a process on an idle virtual CPU costs the one who sends tens of microseconds, which
no device on a real network costs, and whether it happens is the scheduler's mood.

With `rtu` it speaks RTU frames on its sockets; their checksums are made once for each piece of registers.
"""

import array
import heapq
import json
import random
import select
import socket
import struct
import sys
import time
from collections.abc import Callable
from functools import lru_cache

from drivers.modbus.checksum import crc

SPAN = 70_000
"""Registers that are rendered: all 65,536 addresses and room for the window that moves by one with each read."""
REQUEST = struct.Struct(">HHHBBHH")
RTU_REQUEST = struct.Struct(">BBHH2s")
HEADER = struct.Struct(">HHHBBB")
STAMPS = 64
CHANGE_MS = (230, 430)
"""Bounds of the time between two changes of a stamp: longer than the period it is read with, so that none is missed."""

Render = Callable[[int, int, int], bytes]
"""(address, count, number of the read) -> register bytes."""


def rendered() -> bytes:
    """Registers between 10,000 and 59,999, neighbours different: as text each has five digits."""
    words = array.array("H", (10_000 + i * 7919 % 50_000 for i in range(SPAN)))
    if sys.byteorder == "little":
        words.byteswap()
    return words.tobytes()


def changing(registers: bytes) -> Render:
    moves = SPAN - 65_536
    return lambda address, count, reads: registers[
        2 * (address + reads % moves) : 2 * (address + reads % moves + count)
    ]


def constant(registers: bytes) -> Render:
    return lambda address, count, reads: registers[2 * address : 2 * (address + count)]


def stamped(seed: int) -> Render:
    """What each pair of registers shows is decided when it is read, from a schedule that runs by itself."""
    chance = random.Random(seed)
    shown = [0] * STAMPS
    due = [time.monotonic_ns() // 1_000_000 + chance.randrange(*CHANGE_MS) for _ in range(STAMPS)]

    def render(address: int, count: int, reads: int) -> bytes:
        now = time.monotonic_ns() // 1_000_000
        for i in range(STAMPS):
            while due[i] <= now:
                shown[i] = due[i]
                due[i] += chance.randrange(*CHANGE_MS)
        return struct.pack(f">{STAMPS}I", *shown)[2 * address : 2 * (address + count)]

    return render


def mbap_replies(data: bytes, reads: list[int], render: Render) -> list[bytes]:
    replies = []
    for at in range(0, len(data) - 11, 12):
        transaction, _, _, unit, function, address, count = REQUEST.unpack_from(data, at)
        reads[0] += 1
        registers = render(address, count, reads[0])
        replies.append(HEADER.pack(transaction, 0, 3 + 2 * count, unit, function, 2 * count) + registers)
    return replies


def rtu_replies(data: bytes, reads: list[int], render: Render) -> list[bytes]:
    replies = []
    for at in range(0, len(data) - 7, 8):
        unit, function, address, count, _ = RTU_REQUEST.unpack_from(data, at)
        reads[0] += 1
        replies.append(_sealed(bytes((unit, function, 2 * count)) + render(address, count, reads[0])))
    return replies


@lru_cache(maxsize=8192)
def _sealed(message: bytes) -> bytes:
    return message + crc(message)


class Server:
    """All endpoints of this process. `reads` counts per connection, so that each one sees every read changed."""

    def __init__(self, endpoints: int, render: Render, delay_s: float, patience_s: float, *, is_rtu: bool) -> None:
        self.render = render
        self.replies = rtu_replies if is_rtu else mbap_replies
        self.delay_s = delay_s
        self.patience_s = patience_s
        self.epoll = select.epoll()
        self.listeners = {}
        self.connections: dict[int, tuple[socket.socket, list[int]]] = {}
        self.late: list[tuple[float, int, bytes]] = []
        for _ in range(endpoints):
            listener = socket.create_server(("127.0.0.1", 0))
            listener.setblocking(False)
            self.listeners[listener.fileno()] = listener
            self.epoll.register(listener, select.EPOLLIN)

    def ports(self) -> list[int]:
        return [listener.getsockname()[1] for listener in self.listeners.values()]

    def serve(self) -> None:
        self.epoll.register(sys.stdin.fileno(), select.EPOLLIN)
        while True:
            for fd, _ in self.epoll.poll(self.patience()):
                if fd in self.connections:
                    self.answer(fd)
                elif fd in self.listeners:
                    self.accept(self.listeners[fd])
                else:
                    return
            while self.late and self.late[0][0] <= time.monotonic():
                _, fd, reply = heapq.heappop(self.late)
                self.send(fd, reply)

    def patience(self) -> float:
        """Until the next late reply; the last millisecond is spent turning, because epoll counts in whole ones."""
        return max(0.0, self.late[0][0] - time.monotonic() - 0.001) if self.late else self.patience_s

    def accept(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connections[connection.fileno()] = connection, [0]
        self.epoll.register(connection, select.EPOLLIN)

    def answer(self, fd: int) -> None:
        """A client of ours sends requests whole, so several in one read stand one after another."""
        connection, reads = self.connections[fd]
        try:
            data = connection.recv(4096)
        except ConnectionError:
            data = b""
        if not data:
            del self.connections[fd]
            connection.close()
            return
        replies = self.replies(data, reads, self.render)
        if self.delay_s:
            due = time.monotonic() + self.delay_s
            for reply in replies:
                heapq.heappush(self.late, (due, fd, reply))
        else:
            self.send(fd, b"".join(replies))

    def send(self, fd: int, reply: bytes) -> None:
        """The replies of one reader fit into a socket's buffer."""
        if fd in self.connections:
            try:
                self.connections[fd][0].send(reply)
            except ConnectionError:
                connection, _ = self.connections.pop(fd)
                connection.close()


def main(endpoints: str, mode: str, delay_ms: str = "0", waiting: str = "wait", framing: str = "mbap") -> None:
    renders = {"all": lambda: changing(rendered()), "none": lambda: constant(rendered()), "stamps": lambda: stamped(7)}
    patience_s = 0.0 if waiting == "spin" else -1.0
    server = Server(int(endpoints), renders[mode](), float(delay_ms) / 1000, patience_s, is_rtu=framing == "rtu")
    print(json.dumps(server.ports()), flush=True)
    server.serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
