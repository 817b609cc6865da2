"""The secure channel to a server and the session on it: opened, opened again, asked, closed.

There is one owner of reconnect, the agent, which calls `open` again and again with its back-off. What is tried grows:
first the old session on a new channel, which keeps the server's subscriptions and their queues; where the server does
not know it any more, a new session. asyncua's own supervisor is not used.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from asyncua.client.client import Client
from asyncua.common.utils import Buffer
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors._base import UaStatusCodeError

from drivers.errors import NotConnected
from drivers.opcua.bounded import bounded
from drivers.opcua.counts import Counts
from drivers.opcua.protection import Protection
from drivers.opcua.reason import CLOSED, LOST, reason
from drivers.phrase import Phrase

logging.getLogger("asyncua").setLevel(logging.CRITICAL + 1)  # it prints a traceback a second while a server is away

T = TypeVar("T")

_CLOSED_HERE = Phrase("连接已关闭", "the connection is closed")

CHANNEL_MS = 3_600_000
RENEW_AT = 0.75
"""Part of the channel's life after which it is renewed: OPC 10000-4, 5.5.2.1."""
CLOSE_S = 1.0
"""How long a server is waited for when we say goodbye."""
UNKNOWN_SESSION = frozenset(
    {StatusCodes.BadSessionIdInvalid, StatusCodes.BadSessionClosed, StatusCodes.BadSessionNotActivated}
)
"""Answers after which the session is of no use any more."""
UNKNOWN_CHANNEL = frozenset({StatusCodes.BadSecureChannelIdInvalid, StatusCodes.BadSecureChannelClosed})
"""Answers after which it goes on over another channel."""
DENIED = frozenset(
    {StatusCodes.BadUserAccessDenied, StatusCodes.BadIdentityTokenRejected, StatusCodes.BadIdentityTokenInvalid}
)
"""Answers that a new session would have as well, so the old one is kept as long as the server keeps it."""
RESUMED_AGAIN = 3
"""So often a server may refuse an old session for another reason, before it gets a new one."""


class Wire:
    """One session at most. Calls of `open` and `close` do not overlap; `ask` may be called any number of times."""

    def __init__(
        self,
        url: str,
        timeout_s: float,
        session_s: float,
        message_bytes: int,
        protection: Protection,
        counts: Counts,
    ) -> None:
        """`session_s`: how long the server is to keep the session without a request."""
        self._url = url
        self._timeout_s = timeout_s
        self._session_ms = round(session_s * 1000)
        self._message_bytes = message_bytes
        self._protection = protection
        self._counts = counts
        self._client: Client | None = None
        self._has_session = False
        self._is_unknown = False
        """Whether the server said that it does not know the session."""
        self._refusals = 0
        self._refused_s = 0.0
        """When the old session was refused first."""
        self._renew_s = 0.0
        self.heard_s = 0.0
        """Monotonic time of the newest answer."""
        self.lost: asyncio.Future[str] | None = None
        """Done, with the reason, when the conversation is over; None before the first `open`."""

    async def open(self) -> bool:
        """Whether the server still knew the session; its subscriptions live on then. Raises `NotConnected`."""
        self.lost = asyncio.get_running_loop().create_future()
        if self._client is not None and self._has_session and await self._tried(self._resume(self._client)):
            self._counts.resumed += 1
            return True
        await self._forget()
        await self._tried(self._begin())
        return False

    async def _tried(self, attempt: Coroutine[Any, Any, T]) -> T:
        try:
            async with asyncio.timeout(3 * self._timeout_s):
                result = await attempt
        except (NotConnected, *LOST) as error:
            lost = error if isinstance(error, NotConnected) else reason(error, self._url)
            self.lose(lost.reason)
            self._drop()
            raise lost from error
        self.heard_s = time.monotonic()
        return result

    async def _connect(self, client: Client) -> None:
        await client.connect_socket()
        await client.send_hello()

    async def _channel(self, client: Client) -> None:
        await client.open_secure_channel()
        self._renew_s = time.monotonic() + client.secure_channel_timeout * RENEW_AT / 1000

    async def _resume(self, client: Client) -> bool:
        await self._connect(client)  # a server that is frozen fails here, and has the session still
        client.uaclient.session.rebind_authentication_token()
        try:
            await self._channel(client)
            await self._protection.activate(client)
        except LOST as error:
            is_denied = isinstance(error, UaStatusCodeError) and error.code in DENIED
            if self._is_worth_another_try(error) and (is_denied or not await self._is_renewed()):
                raise
            return False
        self._watch(client)
        return True

    async def _is_renewed(self) -> bool:
        """A server with a new key cannot read what is meant for its old one, and does not say so."""
        with contextlib.suppress(*LOST):
            return await self._protection.is_renewed(bounded(self._url, self._timeout_s, self._message_bytes))
        return False

    def _is_worth_another_try(self, error: Exception) -> bool:
        """Whether the old session may come back.

        Where the server refuses it we cannot close it either (OPC 10000-4, 5.6.4): a new one would be a second one
        until the old one has timed out.
        """
        code = error.code if isinstance(error, UaStatusCodeError) else None
        if code in UNKNOWN_SESSION:
            return False
        now_s = time.monotonic()
        self._refused_s = self._refused_s if self._refusals else now_s
        self._refusals += 1
        if code in DENIED:
            return now_s - self._refused_s < self._session_ms / 1000
        return self._refusals < RESUMED_AGAIN

    async def _begin(self) -> None:
        client = bounded(self._url, self._timeout_s, self._message_bytes)
        client.uaclient.pre_request_hook = None  # its supervisor's; there is none
        client.name = client.description = "lineside"
        client.product_uri = "urn:lineside"
        client.session_timeout, client.secure_channel_timeout = self._session_ms, CHANNEL_MS
        await self._protection.prepare(client)
        client.secure_channel_timeout = CHANNEL_MS
        self._client = client
        await self._connect(client)
        await self._channel(client)
        self._counts.sessions += 1
        await client.create_session()
        self._has_session, self._is_unknown, self._refusals = True, False, 0
        try:
            await self._protection.activate(client)
        except (NotConnected, *LOST):
            await self._forget()  # only this channel may end or begin it: OPC 10000-4, 5.6.3 and 5.6.4
            raise
        self._watch(client)

    def _watch(self, client: Client) -> None:
        assert client.uaclient.protocol is not None
        lost = self.lost  # that of this conversation: word of its end may come when there is another
        client.uaclient.protocol.on_connection_lost = lambda error: _end(lost, CLOSED)

    def lose(self, why: str) -> None:
        """The conversation is over."""
        _end(self.lost, why)

    async def ask(self, request: Any, timeout_s: float | None = None) -> Buffer:
        """The body of the answer; 0 waits without end. Raises `NotConnected` when the conversation is over.

        Raises `UaStatusCodeError` when the server refuses the whole request.
        """
        protocol = self._client.uaclient.protocol if self._client is not None else None
        if protocol is None or self.lost is None or self.lost.done():
            raise NotConnected(self._why())
        try:
            body = await protocol.send_request(request, self._timeout_s if timeout_s is None else timeout_s)
        except UaStatusCodeError as error:
            if error.code in UNKNOWN_SESSION | UNKNOWN_CHANNEL:
                self._is_unknown = error.code in UNKNOWN_SESSION
                what = type(error).__name__
                self.lose(Phrase(f"服务器不再认得本连接（{what}）", f"the server does not know us any more ({what})"))
                raise NotConnected(self._why()) from error
            self.heard_s = time.monotonic()
            raise
        except LOST as error:
            lost = reason(error, self._url)
            self.lose(lost.reason)
            raise lost from error
        self.heard_s = time.monotonic()
        return body

    def _why(self) -> str:
        return self.lost.result() if self.lost is not None and self.lost.done() else _CLOSED_HERE

    async def learn_types(self) -> None:
        """Ask for the structures that the server defines, so that asyncua can read them; what fails stays unknown."""
        if self._client is not None:
            try:
                await self._client.load_data_type_definitions()
            except UaStatusCodeError:
                return
            except LOST as error:
                raise reason(error, self._url) from error

    async def renew(self) -> None:
        """Renew the channel when it is time."""
        if self._client is not None and time.monotonic() >= self._renew_s:
            self._renew_s = time.monotonic() + self._client.secure_channel_timeout * RENEW_AT / 1000
            try:
                await self._client.open_secure_channel(renew=True)
            except LOST as error:
                self.lose(reason(error, self._url).reason)
            else:
                self._client.uaclient.revolve_security_token()

    async def close(self) -> None:
        """Say goodbye where somebody listens; keep what a new channel may resume where nobody does. Never raises."""
        is_alive = self.lost is not None and not self.lost.done()
        self.lose(_CLOSED_HERE)
        if (is_alive or self._is_unknown) and self._has_session:
            await self._forget()
        else:
            self._drop()

    async def _forget(self) -> None:
        """End the session if the server can be told."""
        client, self._client, has_session = self._client, None, self._has_session
        self._has_session = False
        if client is None:
            return
        with contextlib.suppress(*LOST):
            async with asyncio.timeout(CLOSE_S):
                if has_session and client.uaclient.has_transport:
                    await client.uaclient.close_session(True)
                    await client.close_secure_channel()
        client.disconnect_socket()

    def _drop(self) -> None:
        """The socket alone: the session may be resumed."""
        if self._client is not None:
            self._client.disconnect_socket()


def _end(lost: asyncio.Future[str] | None, why: str) -> None:
    if lost is not None and not lost.done():
        lost.set_result(why)
