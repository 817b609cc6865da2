"""Where OPC UA keeps what must survive: our own certificate, and for each server whom we trust there."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, PrivateAttr, ValidationInfo, model_validator

DEFAULT_PORT = 4840
NAME_MAX = 200


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of the driver's own, and the words with which a command reaches it."""

    state: Path
    """`Surroundings.state`: <state_dir>/drivers/opcua. Nothing is made before it is needed."""
    file: Path = Path("FILE")
    """The configuration."""

    @property
    def state_dir(self) -> Path:
        return self.state.parent.parent

    def server(self, url: str) -> Path:
        """The trust list of the server at this URL: a connection keeps it when it gets another name."""
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port or DEFAULT_PORT
        name = quote(host, safe="")
        if len(name) > NAME_MAX:
            name = hashlib.sha256(host.encode()).hexdigest()
        return self.state / "servers" / f"{name}_{port}"


def unplaced() -> Place:
    """In a REPL, where there is no configuration: the agent's own default."""
    home = os.environ.get("XDG_STATE_HOME", "")
    base = Path(home) if home.startswith("/") else Path.home() / ".local" / "state"
    return Place(base / "lineside" / "drivers" / "opcua")


class Placed(BaseModel):
    """A part of the `connection` model that knows where the driver's files are."""

    _place: Place | None = PrivateAttr(None)

    @property
    def place(self) -> Place:
        return self._place or unplaced()

    @model_validator(mode="after")
    def _keep_place(self, info: ValidationInfo) -> Self:
        if info.context and "state" in info.context:
            self._place = Place(info.context["state"], info.context.get("file", Path("FILE")))
        return self
