"""Open connections to one broker: dial in a thread, because resolving a name can hang; speak from the event loop."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from agent.mqtt.client import Client
from agent.mqtt.dial import Dial, Will
from agent.mqtt.endpoint import Endpoint, Protocol
from agent.mqtt.link import Dropped, Link, OldBroker, OnMessage, Silent
from agent.mqtt.reach import Names
from agent.mqtt.trust import blamed
from agent.mqtt.words import Cause, LinkFailed, unanswered
from drivers.phrase import Phrase, in_chinese

DOUBTS = 3
GRACE_S = 1.0
"""The dial ends within its own time and knows why; so much later it is not waited for."""


class Connector:
    """Opens one link after another to the same broker, and remembers which MQTT it understands, and where it was."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        clock_is_plausible: Callable[[], bool] = lambda: True,
        on_own_expiry: Callable[[datetime], None] | None = None,
    ) -> None:
        """`on_own_expiry` is told at each attempt until when our certificate is valid."""
        self.endpoint = endpoint
        self._clock_is_plausible = clock_is_plausible
        self._on_own_expiry = on_own_expiry
        road = endpoint.proxy or endpoint
        self._names = Names(road.host, road.port)
        self._dial: Dial | None = None
        self._known: Protocol | None = None
        self._doubts = 0
        """Times in a row that MQTT 5 was dropped or not answered."""
        self._speaks_5 = False
        """It has accepted MQTT 5, and has not said since that it does not know it."""

    async def open(self, will: Will | None = None, on_message: OnMessage | None = None) -> Link:
        """Connect and wait for CONNACK. Raises `LinkFailed` with the reason in words.

        `on_message` hears from the first moment on: what a kept session brings comes right behind CONNACK.
        """
        candidates = self._candidates()
        self._known = None
        first: LinkFailed | None = None
        for protocol in candidates:
            try:
                link = await self._attempt(protocol, will, on_message)
            except (OldBroker, Dropped, Silent) as failed:
                first = first or failed
                self._known = "3.1.1" if isinstance(failed, OldBroker) and protocol == "5" else None
                if protocol == "5" and not self._may_be_old(failed):
                    break
            else:
                if protocol == "5":
                    self._doubts, self._speaks_5 = 0, True
                return link
        raise self._explained(first)

    def _may_be_old(self, failed: LinkFailed) -> bool:
        """Whether to ask in 3.1.1. A broker that drops CONNECT, or is silent, may only be restarting or frozen, and
        with 3.1.1 a refused message cannot be seen: so that is done when 5 failed this way several times in a row and
        was never accepted before."""
        if isinstance(failed, OldBroker):
            self._speaks_5 = False
            return True
        self._doubts += 1
        return self._doubts >= DOUBTS and not self._speaks_5

    def _explained(self, failed: LinkFailed | None) -> LinkFailed:
        """With TLS 1.3 a broker refuses our certificate after the handshake; its alert may be lost under what we were
        still writing."""
        tls = self.endpoint.tls
        if not isinstance(failed, Dropped) or tls is None or failed.cause is Cause.NOT_MQTT:
            return failed or LinkFailed(Phrase("没有可用的 MQTT 版本", "no protocol to try"))
        reason = blamed(failed.reason, self._dial.own if self._dial else None)
        if "certificate" in reason:
            return LinkFailed(reason, Cause.TLS)
        hint = (
            Phrase("要求客户端证书", "want a client certificate")
            if tls.cert_file is None
            else Phrase("不接受本网关的证书", "not accept the certificate of this gateway")
        )
        said = Phrase(f"{in_chinese(reason)}；消息服务器可能{hint.zh}", f"{reason}; the broker may {hint}")
        return LinkFailed(said, Cause.TLS)

    def _candidates(self) -> Sequence[Protocol]:
        if self.endpoint.protocol != "auto":
            return (self.endpoint.protocol,)
        return (self._known,) if self._known else ("5", "3.1.1")

    async def _attempt(self, protocol: Protocol, will: Will | None, on_message: OnMessage | None) -> Link:
        link = Link(await self._dialled(protocol, will), self.endpoint, protocol, on_message)
        try:
            await link.connected()
        except BaseException:
            link.close()
            raise
        return link

    async def _dialled(self, protocol: Protocol, will: Will | None) -> Client:
        if self._dial is not None and not self._dial.is_over:
            place = self.endpoint.place
            raise LinkFailed(Phrase(f"仍在尝试连接 {place}", f"still trying to reach {place}"), Cause.SILENT)
        answer: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        dial = self._dial = Dial(self.endpoint, protocol, will, self._names, self._clock_is_plausible, answer)
        # A daemon: a file on a dead network share must not hold up the end of the process.
        threading.Thread(target=dial.run, name=f"dial {self.endpoint.host}", daemon=True).start()
        try:
            async with asyncio.timeout(self.endpoint.connect_timeout_s + GRACE_S):
                return await answer
        except TimeoutError:
            raise LinkFailed(unanswered(self.endpoint.place), Cause.SILENT) from None
        finally:
            if self._on_own_expiry is not None and dial.own is not None:
                self._on_own_expiry(dial.own.ends)
