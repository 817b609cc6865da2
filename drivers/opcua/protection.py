"""How a conversation is protected, and as whom we come."""

import os
import stat
from pathlib import Path

from asyncua.client.client import Client

from drivers.contract import Journal
from drivers.errors import NotConnected
from drivers.opcua.config import Connection


class Protection:
    """For one connection. `prepare` comes before the channel is opened, `activate` when the session is there."""

    def __init__(self, settings: Connection, journal: Journal) -> None:
        self._user = settings.user
        self._password_file = settings.password_file

    async def prepare(self, client: Client) -> None:
        """Choose the endpoint and look at its certificate. Raises `NotConnected` where it is not trusted."""

    async def activate(self, client: Client) -> None:
        """Say who we are. Raises what asyncua raises."""
        await client.activate_session(self._user, self._password())

    def _password(self) -> str | None:
        """Read at each connect: it may be changed while the agent runs."""
        if self._password_file is None:
            return None
        path = Path(self._password_file)
        try:
            if stat.S_IMODE(os.stat(path).st_mode) & 0o077:
                raise NotConnected(f"others may read {path}", "U2114")
            return path.read_text("utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise NotConnected(f"{path} cannot be read: {error}", "U2114") from None
