"""One attempt to reach a broker, in a thread: everything that blocks, each step within one deadline."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes

from agent.mqtt import trust, tunnel
from agent.mqtt.certificate import Certificate
from agent.mqtt.client import Client
from agent.mqtt.endpoint import Endpoint, Protocol
from agent.mqtt.link import Dropped, expiring, keep_last_words, last_words
from agent.mqtt.reach import Address, Deadline, Names
from agent.mqtt.websocket import Frames
from agent.mqtt.words import Cause, LinkFailed, because, cause_of, in_words
from drivers.phrase import Phrase

Will = tuple[str, bytes, int, bool]
"""Topic, payload, QoS, retain."""

VERSIONS = {"5": MQTTProtocolVersion.MQTTv5, "3.1.1": MQTTProtocolVersion.MQTTv311}


@dataclass(slots=True)
class Dial:
    """`run` is the thread's; `answer` is set in the event loop."""

    endpoint: Endpoint
    protocol: Protocol
    will: Will | None
    names: Names
    """Of the broker or, where there is one, of the proxy."""
    clock_is_plausible: Callable[[], bool]
    answer: "asyncio.Future[Client]"
    own: Certificate | None = None
    """What we show to the broker, as read for this attempt."""
    is_over: bool = False

    def run(self) -> None:
        """Whatever happens, the next attempt may follow."""
        try:
            self._run()
        finally:
            self.is_over = True

    def _run(self) -> None:
        client: Client | None = None
        failed: LinkFailed | None = None
        try:
            client = self._connected()
            if client.socket() is None:
                place = self.endpoint.place
                closed = Phrase(f"{place} 关闭了连接", f"{place} closed the connection")
                failed = Dropped(last_words(client, place) or closed, Cause.CLOSED)
        except LinkFailed as error:
            failed = error
        except ssl.SSLError as error:
            failed = LinkFailed(trust.blamed(in_words(error, self.endpoint.place), self.own), cause_of(error))
        except (OSError, ValueError) as error:
            failed = LinkFailed(in_words(error, self.endpoint.place), cause_of(error))
        try:
            self.answer.get_loop().call_soon_threadsafe(self._hand_over, client, failed)
        except RuntimeError:  # the loop is closed by now, nobody waits
            _hang_up(client)

    def _connected(self) -> Client:
        """A client that has sent CONNECT."""
        endpoint = self.endpoint
        client = _client(endpoint, self.protocol, self.will)
        way, frames = self._way(Deadline(endpoint.connect_timeout_s))
        client.travel(way, frames)
        # Each client connects once, so paho's default (a clean start the first time) is right where none is to be kept.
        if self.protocol == "5" and endpoint.session_expiry_s:
            keep = expiring(PacketTypes.CONNECT, endpoint.session_expiry_s)
            client.connect(endpoint.host, endpoint.port, endpoint.keepalive_s, clean_start=False, properties=keep)
        else:
            client.connect(endpoint.host, endpoint.port, endpoint.keepalive_s)
        return client

    def _way(self, deadline: Deadline) -> tuple[socket.socket, Frames | None]:
        endpoint = self.endpoint
        trusting = None
        if endpoint.tls is not None:
            self.own = trust.own_certificate(endpoint.tls)
            trusting = trust.context(endpoint.tls)
        sock, address = self._reached(deadline)
        frames = None
        try:
            if trusting is not None:
                sock = self._secured(sock, trusting, deadline)
            if endpoint.path is not None:
                frames = tunnel.upgrade(sock, endpoint, endpoint.path, deadline)
        except BaseException:
            sock.close()
            raise
        self.names.remember(address)
        return sock, frames

    def _reached(self, deadline: Deadline) -> tuple[socket.socket, Address]:
        """A connection to the broker, through the proxy where there is one."""
        proxy = self.endpoint.proxy
        if proxy is None:
            return self.names.connect(deadline, self.endpoint.place)
        sock: socket.socket | None = None
        try:
            sock, address = self.names.connect(deadline, proxy.place)
            tunnel.through(sock, proxy, self.endpoint, deadline)
        except (OSError, LinkFailed) as error:
            if sock is not None:
                sock.close()
            if not isinstance(error, LinkFailed):
                error = LinkFailed(in_words(error, proxy.place), cause_of(error))
            raise LinkFailed(because("代理服务器", "proxy", error.reason), error.cause) from None
        return sock, address

    def _secured(self, sock: socket.socket, trusting: ssl.SSLContext, deadline: Deadline) -> ssl.SSLSocket:
        try:
            return trust.secured(sock, self.endpoint.host, trusting, deadline)
        except ssl.SSLCertVerificationError as error:
            shown = self._shown(deadline)
            reason = trust.distrust(error, self.endpoint, shown, self.clock_is_plausible)
            raise LinkFailed(reason, Cause.CERTIFICATE) from None

    def _shown(self, deadline: Deadline) -> Certificate | None:
        """A second handshake tells whose certificate it is that was refused: OpenSSL's error does not."""
        try:
            sock, _ = self._reached(deadline)
        except (OSError, LinkFailed):
            return None
        try:
            return trust.shown_to_anyone(sock, self.endpoint.host, deadline)
        finally:
            sock.close()

    def _hand_over(self, client: Client | None, failed: LinkFailed | None) -> None:
        self.is_over = True  # the thread may come to say so later than the next attempt begins
        if self.answer.done():
            _hang_up(client)
        elif failed is not None:
            self.answer.set_exception(failed)
        elif client is not None:
            self.answer.set_result(client)


def _hang_up(client: Client | None) -> None:
    sock = client.socket() if client else None
    if sock is not None:
        sock.close()


def _client(endpoint: Endpoint, protocol: Protocol, will: Will | None) -> Client:
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=endpoint.client_id,
        clean_session=None if protocol == "5" else not endpoint.session_expiry_s,
        protocol=VERSIONS[protocol],
        reconnect_on_failure=False,
    )
    keep_last_words(client)
    client.max_inflight_messages_set(0)  # the link has a window of its own
    if endpoint.username is not None:
        client.username_pw_set(endpoint.username, endpoint.password)
    if will is not None:
        topic, payload, qos, retain = will
        client.will_set(topic, payload, qos, retain)
    return client
