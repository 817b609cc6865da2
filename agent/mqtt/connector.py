"""Open connections to one broker: dial in a thread, because resolving a name can hang; speak from the event loop."""

import asyncio
import ssl
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from agent.mqtt.client import Client
from agent.mqtt.endpoint import Endpoint, Protocol, Tls
from agent.mqtt.link import Dropped, Link, OldBroker, Silent, keep_last_words, last_words
from agent.mqtt.words import Cause, LinkFailed, cause_of, in_words

Will = tuple[str, bytes, int, bool]
"""Topic, payload, QoS, retain."""

VERSIONS = {"5": MQTTProtocolVersion.MQTTv5, "3.1.1": MQTTProtocolVersion.MQTTv311}


DOUBTS = 3


class Connector:
    """Opens one link after another to the same broker, and remembers which MQTT it understands."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._dial: _Dial | None = None
        self._known: Protocol | None = None
        self._doubts = 0
        """Times in a row that MQTT 5 was dropped or not answered."""

    async def open(self, will: Will | None = None) -> Link:
        """Connect and wait for CONNACK. Raises `LinkFailed` with the reason in words."""
        candidates = self._candidates()
        self._known = None
        first: LinkFailed | None = None
        for protocol in candidates:
            try:
                link = await self._attempt(protocol, will)
            except (OldBroker, Dropped, Silent) as failed:
                first = first or failed
                self._known = "3.1.1" if isinstance(failed, OldBroker) and protocol == "5" else None
                if protocol == "5" and not self._may_be_old(failed):
                    break
            else:
                if protocol == "5":
                    self._doubts = 0
                return link
        raise self._explained(first)

    def _may_be_old(self, failed: LinkFailed) -> bool:
        """Whether to ask in 3.1.1. A broker that drops CONNECT, or is silent, may only be restarting, and with 3.1.1 a
        refused message cannot be seen: so that is done when 5 failed this way several times in a row."""
        self._doubts += not isinstance(failed, OldBroker)
        return isinstance(failed, OldBroker) or self._doubts >= DOUBTS

    def _explained(self, failed: LinkFailed | None) -> LinkFailed:
        """The alert that asks for a certificate is lost when our side was still writing."""
        tls = self.endpoint.tls
        if isinstance(failed, Dropped) and tls is not None and tls.cert_file is None:
            return LinkFailed(f"{failed.reason}; the broker may want a client certificate", Cause.TLS)
        return failed or LinkFailed("no protocol to try")

    def _candidates(self) -> Sequence[Protocol]:
        if self.endpoint.protocol != "auto":
            return (self.endpoint.protocol,)
        return (self._known,) if self._known else ("5", "3.1.1")

    async def _attempt(self, protocol: Protocol, will: Will | None) -> Link:
        link = Link(await self._dialled(protocol, will), self.endpoint, protocol)
        try:
            await link.connected()
        except BaseException:
            link.close()
            raise
        return link

    async def _dialled(self, protocol: Protocol, will: Will | None) -> Client:
        if self._dial is not None and not self._dial.is_over:
            raise LinkFailed(f"still resolving the name of {self.endpoint.place}", Cause.NAME)
        answer: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self._dial = _Dial(self.endpoint, protocol, will, answer)
        # A daemon, because a resolver that hangs must not hold up the end of the process.
        threading.Thread(target=self._dial.run, name=f"dial {self.endpoint.host}", daemon=True).start()
        try:
            async with asyncio.timeout(self.endpoint.connect_timeout_s):
                return await answer
        except TimeoutError:
            raise LinkFailed(f"no answer from {self.endpoint.place}", Cause.SILENT) from None


@dataclass(slots=True)
class _Dial:
    """One attempt, in a thread: everything that blocks."""

    endpoint: Endpoint
    protocol: Protocol
    will: Will | None
    answer: "asyncio.Future[Client]"
    is_over: bool = False

    def run(self) -> None:
        client: Client | None = None
        failed: LinkFailed | None = None
        try:
            client = _client(self.endpoint, self.protocol, self.will)
            # Each client connects once, so paho's default (a clean start the first time) is right for both versions.
            client.connect(self.endpoint.host, self.endpoint.port, self.endpoint.keepalive_s)
            if client.socket() is None:
                failed = Dropped(last_words(client) or f"{self.endpoint.place} closed the connection", Cause.CLOSED)
        except (OSError, ValueError) as error:
            failed = LinkFailed(in_words(error, self.endpoint.place), cause_of(error))
        try:
            self.answer.get_loop().call_soon_threadsafe(self._hand_over, client, failed)
        except RuntimeError:  # the loop is closed by now, nobody waits
            _hang_up(client)

    def _hand_over(self, client: Client | None, failed: LinkFailed | None) -> None:
        self.is_over = True
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
        clean_session=None if protocol == "5" else True,
        protocol=VERSIONS[protocol],
        reconnect_on_failure=False,
    )
    keep_last_words(client)
    client.max_inflight_messages_set(0)  # the link has a window of its own
    client.connect_timeout = endpoint.connect_timeout_s
    if endpoint.username is not None:
        client.username_pw_set(endpoint.username, endpoint.password)
    if endpoint.tls is not None:
        client.tls_set_context(_trust(endpoint.tls))
    if will is not None:
        topic, payload, qos, retain = will
        client.will_set(topic, payload, qos, retain)
    return client


def _trust(tls: Tls) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(tls.ca_file) if tls.ca_file else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = _Socket
    if tls.cert_file is not None:
        # Without a password of our own OpenSSL would ask on the terminal for that of a protected key.
        context.load_cert_chain(tls.cert_file, tls.key_file, password=lambda: "")
    return context


class _Socket(ssl.SSLSocket):
    """Closes itself when the handshake fails; paho 2.2 would leave that to the garbage collector."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise
