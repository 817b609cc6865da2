"""Messages of a gateway, as its platform receives them."""

from collections.abc import Mapping
from typing import Any

import orjson

from agent.verify.account import Account
from agent.verify.device import Device
from agent.verify.numbering import Verdict

STATE = "lineside/v1/f/gateways/gw/state"


class Gateway:
    """Speaks to an account that began to listen at time 0."""

    def __init__(self, *, is_file: bool = False) -> None:
        self.account = Account(is_file=is_file)
        self.account.began_ms = 0

    def online(self, boot: int, *, retained: bool = False, online: bool = True, **more: object) -> None:
        said = {"online": online, "boot": boot, "t": 1, **more}
        self.account.take(STATE, orjson.dumps(said), 1, retained)

    def previous(self, boot: int, last: Mapping[str, int], *, clean: bool = True, retained: bool = False) -> None:
        self.online(boot + 1, retained=retained, previous={"boot": boot, "clean": clean, "last_seq": last})

    def data(self, boot: int, seq: int, speed: object = 1, *, at_ms: int = 1, **more: Any) -> None:
        said = {"scans": [{"t": 1, "v": {"speed": speed}}], **more}
        self._record("data", boot, seq, said, at_ms)

    def event(self, boot: int, seq: int, kind: str = "comm", data: object = None, **more: Any) -> None:
        self._record("event", boot, seq, {"type": kind, "t": 1, "data": data or {}, **more}, 1)

    def gap(self, boot: int, seq: int, of: int, first: int, last: int, records: int) -> None:
        self.event(boot, seq, "gap", {"boot": of, "from_seq": first, "to_seq": last, "records": records})

    def _record(self, kind: str, boot: int, seq: int, said: Mapping[str, object], at_ms: int) -> None:
        whole = {"gw": "gw", "dev": "die01", "boot": boot, "seq": seq, **said}
        self.account.take(f"lineside/v1/f/l2/die01/{kind}", orjson.dumps(whole), at_ms)

    @property
    def device(self) -> Device:
        ((_, _, device, _),) = self.account.streams()
        return device

    @property
    def missing(self) -> Verdict:
        ((_, _, _, missing),) = self.account.streams()
        return missing

    def counts(self) -> tuple[int, int, int]:
        """Announced, unannounced, not heard."""
        return self.missing[:3]
