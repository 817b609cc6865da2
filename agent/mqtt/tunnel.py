"""What is said in HTTP before MQTT: CONNECT to a proxy, Upgrade to a websocket. Blocks, within a deadline."""

import base64
import socket
from collections.abc import Mapping
from typing import NamedTuple

from agent.mqtt import websocket
from agent.mqtt.endpoint import Endpoint, Proxy, place
from agent.mqtt.reach import Deadline
from agent.mqtt.words import Cause, LinkFailed, because
from drivers.phrase import Phrase

HEAD_MAX = 16_384
PORTS = {True: 443, False: 80}
"""Of a URL that names none: with TLS and without (RFC 6455, section 3)."""


class _Head(NamedTuple):
    """The head of an HTTP response; names of headers in lower case."""

    status: int
    phrase: str
    headers: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.status} {self.phrase}".strip()


def through(sock: socket.socket, proxy: Proxy, endpoint: Endpoint, deadline: Deadline) -> None:
    """Have the proxy connect to the broker (RFC 9110, section 9.3.6). Raises `LinkFailed` and `OSError`."""
    target = place(_ascii(endpoint.host), endpoint.port)
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if proxy.username is not None:
        secret = base64.b64encode(f"{proxy.username}:{proxy.password or ''}".encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {secret}")
    who = proxy.place
    answer = _asked(sock, "\r\n".join((*lines, "", "")).encode("ascii"), who, deadline)
    if answer.status == 407:
        known = (
            Phrase("不接受该用户名和密码", "does not accept user name and password")
            if proxy.username
            else Phrase("要求用户名和密码", "wants a user name and a password")
        )
        raise LinkFailed(Phrase(f"{who} {known.zh}（{answer}）", f"{who} {known} ({answer})"), Cause.LOGIN)
    if not 200 <= answer.status < 300:
        there = endpoint.place
        reason = because(f"{who} 没有接通 {there}", f"{who} does not connect to {there}", str(answer))
        raise LinkFailed(reason, Cause.DECLINED)


def upgrade(sock: socket.socket, endpoint: Endpoint, path: str, deadline: Deadline) -> websocket.Frames:
    """Have an HTTP server speak MQTT in websocket frames. Raises `LinkFailed` and `OSError`."""
    host = _ascii(endpoint.host)
    is_usual = endpoint.port == PORTS[endpoint.tls is not None]
    authority = place(host, endpoint.port).removesuffix(f":{endpoint.port}" if is_usual else "")
    key = websocket.new_key()
    answer = _asked(sock, websocket.request(authority, path, key), endpoint.place, deadline)
    if answer.status != 101:
        raise LinkFailed(_unopened(endpoint, path, str(answer)), Cause.DECLINED)
    objection = websocket.objection(answer.headers, key)
    if objection:
        raise LinkFailed(_unopened(endpoint, path, objection), Cause.NOT_MQTT)
    return websocket.Frames()


def _unopened(endpoint: Endpoint, path: str, why: str) -> Phrase:
    there = endpoint.place
    return because(f"{there} 没有在 {path} 打开 websocket", f"{there} opens no websocket at {path}", why)


def _no_http(who: str) -> Phrase:
    return Phrase(f"{who} 的应答不是 HTTP", f"{who} does not answer in HTTP")


def _asked(sock: socket.socket, request: bytes, who: str, deadline: Deadline) -> _Head:
    sock.settimeout(deadline.left())
    sock.sendall(request)
    data = b""
    while b"\r\n\r\n" not in data:
        sock.settimeout(deadline.left())
        received = sock.recv(4096)
        data += received
        if not received or len(data) > HEAD_MAX:
            raise LinkFailed(_no_http(who), Cause.NOT_MQTT)
    head, _, rest = data.partition(b"\r\n\r\n")
    if rest:  # neither a broker nor TLS speaks first
        reason = Phrase(f"{who} 应答之后又发来多余的内容", f"{who} answers and goes on talking")
        raise LinkFailed(reason, Cause.NOT_MQTT)
    return _parsed(head.decode("latin-1"), who)


def _parsed(head: str, who: str) -> _Head:
    """RFC 9112, sections 4 and 5."""
    first, *lines = head.split("\r\n")
    version, _, said = first.partition(" ")
    status, _, phrase = said.partition(" ")
    if not version.startswith("HTTP/1.") or len(status) != 3 or not status.isdecimal():
        raise LinkFailed(_no_http(who), Cause.NOT_MQTT)
    fields = (line.partition(":") for line in lines)
    return _Head(int(status), phrase.strip()[:80], {name.strip().lower(): value.strip() for name, _, value in fields})


def _ascii(host: str) -> str:
    return host if host.isascii() else host.encode("idna").decode()
