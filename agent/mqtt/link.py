"""One connection to a broker. paho keeps the session; the event loop keeps the socket.

paho's own thread would cost twice the CPU for a message, because every publish and every answer crosses two threads and
a lock. So no thread runs while a link lives; nothing in here waits on paho. PUBLISH and PUBACK go beside it, in
`agent.mqtt.client`.
"""

import asyncio
import struct
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, cast

import paho.mqtt.client as paho
from paho.mqtt import MQTTException
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from agent.mqtt import packets
from agent.mqtt.client import READ_BYTES, Client
from agent.mqtt.endpoint import Endpoint, Protocol
from agent.mqtt.foreign import named
from agent.mqtt.words import (
    PACKET_TOO_LARGE,
    TOPIC_NAME_INVALID,
    Cause,
    LinkFailed,
    Refusal,
    because,
    cause_of,
    cause_of_connack,
    cause_of_disconnect,
    in_words,
    puback_reason,
)
from drivers.phrase import Phrase

OnDone = Callable[[Refusal | None], None]
"""Called once for each message: None when the broker has it. Never called after the link is lost."""

OnMessage = Callable[[str, bytes, bool], None]

TICK_S = 1.0
READS_MOST = 2
"""In one turn of the loop, so that a flood does not keep all others waiting."""
HEADER_BYTES = 12
"""At most, around topic and payload of a PUBLISH without properties: 5 fixed, 2 + 2 lengths and id, 1 properties."""

CLOSED = Phrase("连接断开", "connection closed")
BROKEN = (OSError, ValueError, LookupError, TypeError, AttributeError, struct.error, MQTTException)
"""What paho raises on bytes that are no MQTT."""


class Link:
    """A connection, from CONNECT to its end; made by `Connector.open`."""

    def __init__(
        self, client: Client, endpoint: Endpoint, protocol: Protocol, on_message: OnMessage | None = None
    ) -> None:
        loop = asyncio.get_running_loop()
        self.protocol: Protocol = protocol
        self.lost: asyncio.Future[str] = loop.create_future()
        """Resolves with the reason when the connection ends, whoever ended it."""
        self.cause = Cause.CLOSED
        """The kind of that reason."""
        self.max_packet = self.split_above = 268_435_455
        """The largest packet that the broker takes, as it says; and what it turned out to take, in bytes."""
        self.session_present = False
        """The broker kept the session of an earlier connection, and with it its subscriptions."""
        self._window = endpoint.window
        self._may_retain = True
        self._may_confirm = True
        self._endpoint = endpoint
        self._client = client
        self._loop = loop
        self._connack: asyncio.Future[ReasonCode] = loop.create_future()
        self._subacks: dict[int, asyncio.Future[list[ReasonCode]]] = {}
        self._incoming = packets.Packets()
        self._flying: dict[int, tuple[OnDone, float, int]] = {}
        self._waiting: deque[tuple[str, bytes, int, bool, OnDone]] = deque()
        self._room = asyncio.Event()
        self._on_message = on_message
        self._writer_added = False
        self._is_flushing = False
        self._answered_s = 0.0
        """Monotonic time of the newest PUBACK."""
        self._listen()

    def _listen(self) -> None:
        client = self._client
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_subscribe = self._subscribed
        client.on_message = self._arrived
        client.on_socket_close = self._forget_socket
        sock: Any = client.socket()
        self._loop.add_reader(sock, self._readable)
        self._tick_timer = self._loop.call_later(TICK_S, self._tick)

    # ---- what paho says; called only from within its loop_* calls ----

    def _connected(self, _c: Any, _u: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
        self.session_present = flags.session_present
        receive_maximum: int = getattr(properties, "ReceiveMaximum", 65_535)
        self._window = min(self._window, receive_maximum)
        self.max_packet = self.split_above = getattr(properties, "MaximumPacketSize", self.max_packet)
        self._may_retain = bool(getattr(properties, "RetainAvailable", 1))
        self._may_confirm = getattr(properties, "MaximumQoS", 2) > 0
        # Formatting its log would cost paho as much as a publish does.
        self._client.on_log = None
        if not self._connack.done():
            self._connack.set_result(reason)
        self._room.set()

    def _disconnected(self, _c: Any, _u: Any, flags: Any, reason: ReasonCode, _p: Any) -> None:
        by_broker = flags.is_disconnect_packet_from_server
        is_said = by_broker or reason.value not in (0, 0x80)
        said = named(reason) if is_said else last_words(self._client, self._endpoint.place) or CLOSED
        if by_broker:
            said = because("消息服务器说", "the broker says", said)
        broken = self._client.broken
        cause = cause_of(broken) if broken is not None else cause_of_disconnect(reason.value, by_broker)
        self._loop.call_soon(self._end, said, cause)

    def _subscribed(self, _c: Any, _u: Any, mid: int, reasons: list[ReasonCode], _p: Any) -> None:
        suback = self._subacks.pop(mid, None)
        if suback is not None and not suback.done():
            suback.set_result(reasons)

    def _arrived(self, _c: Any, _u: Any, message: paho.MQTTMessage) -> None:
        if self._on_message is not None:
            self._on_message(message.topic, bytes(message.payload), message.retain)

    def _forget_socket(self, _c: Any, _u: Any, sock: Any) -> None:
        self._loop.remove_reader(sock)
        if self._writer_added:
            self._writer_added = False
            self._loop.remove_writer(sock)

    # ---- what the event loop says ----

    def _readable(self) -> None:
        if self.lost.done():
            return
        try:
            for _ in range(READS_MOST):
                data = self._client.receive()
                if data is None:
                    break
                if not data:
                    self._end(last_words(self._client, self._endpoint.place) or CLOSED)
                    return
                self._take(data)
                if len(data) < READ_BYTES and not _pending(self._client.socket()):
                    break
            else:
                self._loop.call_soon(self._readable)
        except OSError as error:
            self._end(in_words(error, self._endpoint.place), cause_of(error))
        except BROKEN as error:
            place, kind = self._endpoint.place, type(error).__name__
            why = Phrase(f"{place} 发来的不是 MQTT（{kind}）", f"{place} sent something that is not MQTT ({kind})")
            self._end(why, Cause.NOT_MQTT)
        self._refill()

    def _take(self, data: bytes) -> None:
        for packet in self._incoming.feed(data):
            if packet[0] & 0xF0 == packets.PUBACK:
                self._answer(*packets.puback(packet))
            else:
                self._client.serve(packet)

    def _answer(self, mid: int, code: int) -> None:
        self._answered_s = time.monotonic()
        flying = self._flying.pop(mid, None)
        if flying is not None:
            if code == PACKET_TOO_LARGE:
                # Some brokers say their limit nowhere but here.
                self.split_above = min(self.split_above, flying[2] + HEADER_BYTES - 1)
            flying[0](Refusal(code, puback_reason(code)) if code >= 0x80 else None)

    def _refill(self) -> None:
        while self._waiting and len(self._flying) < self._window and not self.lost.done():
            self._send(*self._waiting.popleft())
        if self.free > 0:
            self._room.set()

    def _flush(self) -> None:
        """Send what was written in this turn of the loop, in one call; the rest when the socket takes it."""
        self._is_flushing = False
        try:
            is_done = self._client.flush()
        except BROKEN as error:
            self._end(_unsent(error))
            return
        sock = self._client.socket()
        if sock is not None and is_done is self._writer_added:
            self._writer_added = not is_done
            if is_done:
                self._loop.remove_writer(sock)
            else:
                self._loop.add_writer(sock, self._flush)

    def _tick(self) -> None:
        self._tick_timer = self._loop.call_later(TICK_S, self._tick)
        try:
            self._client.loop_misc()
        except BROKEN as error:
            self._end(_unsent(error))
        self._flush()
        oldest = next(iter(self._flying.values()), None)
        # On a slow line the end of a window waits long behind its beginning: what is acknowledged meanwhile is life.
        if oldest is not None and time.monotonic() - max(oldest[1], self._answered_s) > self._endpoint.ack_timeout_s:
            seconds = f"{self._endpoint.ack_timeout_s:g}"
            why = Phrase(f"{seconds} 秒没有收到确认", f"no acknowledgement for {seconds} s")
            self._end(why, Cause.UNACKNOWLEDGED)

    # ---- what the rest of the agent says ----

    async def connected(self) -> None:
        """Wait for CONNACK. Raises `LinkFailed`."""
        place, version = self._endpoint.place, self.protocol
        try:
            async with asyncio.timeout(self._endpoint.connect_timeout_s):
                await asyncio.wait((self._connack, self.lost), return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            why = Phrase(f"{place} 对 CONNECT 没有应答", f"{place} does not answer CONNECT")
            raise Silent(why, Cause.SILENT) from None
        if not self._connack.done():
            raise Dropped(self.lost.result(), self.cause)
        reason = self._connack.result()
        if reason == "Unsupported protocol version":
            why = Phrase(f"{place} 不支持 MQTT {version}", f"{place} does not speak MQTT {version}")
            raise OldBroker(why, Cause.DECLINED)
        if not self._may_confirm:
            why = Phrase(f"{place} 不接受 QoS 1，无法确认送达", f"{place} takes no QoS 1, so nothing can be confirmed")
            raise LinkFailed(why, Cause.DECLINED)
        if reason.is_failure:
            why = because(f"{place} 拒绝连接", f"{place} refuses the connection", named(reason))
            raise LinkFailed(why, cause_of_connack(reason.value))

    @property
    def free(self) -> int:
        """How many messages may be published now without waiting for room."""
        return self._window - len(self._flying) - len(self._waiting)

    async def room(self) -> None:
        """Wait until `free` is positive; for ever once the link is lost."""
        while self.free <= 0:
            self._room.clear()
            await self._room.wait()

    async def idle(self) -> None:
        """Wait until every message is answered; for ever once the link is lost."""
        while self._flying or self._waiting or self.lost.done():
            self._room.clear()
            await self._room.wait()

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool, on_done: OnDone) -> None:
        """Send when the window has room. What is too large or no topic is refused without asking the broker."""
        if packet_bytes(topic, payload) > self.max_packet:
            most = self.max_packet
            why = Phrase(
                f"超过消息服务器的最大报文长度（{most} 字节）",
                f"larger than the broker's maximum packet size of {most}",
            )
            on_done(Refusal(PACKET_TOO_LARGE, why, is_asked=False))
        elif self.free > 0 and not self._waiting:
            self._send(topic, payload, qos, retain, on_done)
        else:
            self._waiting.append((topic, payload, qos, retain, on_done))

    def _send(self, topic: str, payload: bytes, qos: int, retain: bool, on_done: OnDone) -> None:
        name = topic.encode("utf-8", "surrogatepass")
        if not name or len(name) > packets.TOPIC_MAX or b"+" in name or b"#" in name or b"\0" in name:
            why = Phrase(f"不能作为主题：{topic[:80]!r}", f"not a topic: {topic[:80]!r}")
            on_done(Refusal(TOPIC_NAME_INVALID, why, is_asked=False))
            return
        mid = self._free_mid() if qos else 0
        is_5 = self.protocol == "5"
        self._client.write(packets.publish(name, payload, qos, retain and self._may_retain, mid, is_5))
        if qos:
            self._flying[mid] = (on_done, time.monotonic(), len(name) + len(payload))
        else:
            on_done(None)
        if not self._is_flushing:
            self._is_flushing = True
            self._loop.call_soon(self._flush)

    def _free_mid(self) -> int:
        """The ids go round in 65,535 messages; one that is still in flight is left out."""
        while (mid := self._client.new_mid()) in self._flying:
            continue
        return mid

    async def subscribe(self, filters: Sequence[str], on_message: OnMessage | None = None) -> None:
        """Hear these topic filters. Raises `LinkFailed` when the broker refuses one or does not answer."""
        self._on_message = on_message or self._on_message
        code, mid = self._client.subscribe([(topic, 1) for topic in filters])
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS or mid is None:
            raise LinkFailed(Phrase(f"订阅请求没有发出（代码 {int(code)}）", paho.error_string(code)))
        suback = self._subacks[mid] = self._loop.create_future()
        self._flush()
        await asyncio.wait((suback, self.lost), timeout=self._endpoint.ack_timeout_s, return_when="FIRST_COMPLETED")
        if not suback.done():
            unanswered = Phrase("订阅请求没有应答", "no answer to SUBSCRIBE")
            raise LinkFailed(self.lost.result() if self.lost.done() else unanswered)
        for topic, reason in zip(filters, suback.result(), strict=False):
            if reason.is_failure:
                raise LinkFailed(because(f"订阅 {topic} 被拒绝", f"subscribing to {topic} refused", named(reason)))

    async def disconnect(self, within_s: float) -> None:
        """Say goodbye, so that the broker does not publish the Will; then close, whether it was heard or not."""
        if not self.lost.done():
            self._flush()
            try:
                keeps = self.protocol == "5" and self._endpoint.session_expiry_s
                self._client.disconnect(properties=expiring(PacketTypes.DISCONNECT, 0) if keeps else None)
            except BROKEN:
                self.close()
            await asyncio.wait((self.lost,), timeout=within_s)
        self.close()

    def close(self) -> None:
        """Close without a goodbye. May be called twice."""
        self._end(Phrase("已关闭", "closed"))

    def _end(self, reason: Phrase, cause: Cause = Cause.CLOSED) -> None:
        if self.lost.done():
            return
        self.cause = cause
        self._tick_timer.cancel()
        sock = self._client.socket()
        self._client.on_socket_close = None
        if sock is not None:
            self._forget_socket(None, None, sock)
            sock.close()
        self._flying.clear()
        self._waiting.clear()
        self.lost.set_result(reason)


def packet_bytes(topic: str, payload: bytes) -> int:
    """At most, of a PUBLISH without properties."""
    return len(topic.encode("utf-8", "surrogatepass")) + len(payload) + HEADER_BYTES


def expiring(packet: int, seconds: int) -> Properties:
    """The properties of a CONNECT or DISCONNECT that say how long the session lives on (MQTT 5.0, 3.1.2.11.2)."""
    made: Any = Properties(packet)  # type: ignore[no-untyped-call]  # paho has no types here
    made.SessionExpiryInterval = seconds
    return cast("Properties", made)


def keep_last_words(client: Client) -> None:
    """Until CONNACK: paho's log alone has the reason of a rejected client certificate (a TLS alert)."""
    words: list[str] = []
    client.user_data_set(words)
    client.on_log = lambda _c, _u, level, text: words.append(text) if level == paho.MQTT_LOG_ERR else None


def last_words(client: Client, place: str) -> Phrase | None:
    """Why the connection to `place` ended, where this side knows."""
    if client.broken is not None:
        return in_words(client.broken, place)
    words: list[str] = client.user_data_get()
    return Phrase(f"MQTT 库报告：{words[-1]}", words[-1]) if words else None


class OldBroker(LinkFailed):
    """The broker says that it does not know this version of MQTT."""


class Silent(LinkFailed):
    """The broker does not answer CONNECT: some that only know 3.1.1 wait for ever for the rest of a 5."""


class Dropped(LinkFailed):
    """The broker closed the connection instead of answering CONNECT."""


def _unsent(error: Exception) -> Phrase:
    kind = type(error).__name__
    return Phrase(f"无法发送（{kind}）", f"cannot send ({kind})")


def _pending(sock: Any) -> bool:
    """Whether TLS has bytes that it read already and that no selector will announce."""
    pending = getattr(sock, "pending", None)
    return pending is not None and pending() > 0
