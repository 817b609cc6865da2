"""A trust list, and what it says of servers."""

from pathlib import Path

from drivers.opcua.messages_trust import MESSAGES
from drivers.opcua.trust import TrustList
from drivers.opcua.verdict import Refusal
from tests.drivers.opcua.issued import HOST, NOW, URI, Issued


class Desk:
    """A trust list and what it says of servers."""

    def __init__(self, folder: Path) -> None:
        self.list = TrustList(folder, Path("/etc/lineside/line2.yaml"), Path("/var/lib/lineside"))
        self.folder = folder

    def trust(self, *issued: Issued) -> None:
        for one in issued:
            self.list.add(one.der)

    def said(self, *chain: Issued, host: str = HOST, uri: str | None = URI, now: object = NOW) -> Refusal | None:
        return self.list.judge(b"".join(one.der for one in chain), now, host, uri)

    def code(self, *chain: Issued, **asked: object) -> str | None:
        refusal = self.said(*chain, **asked)
        if refusal:
            message = MESSAGES[refusal.code]
            texts = (message.zh, message.en, message.hint_zh, message.hint_en)
            facts = {"lineside": "lineside", **refusal.facts}  # how the command is called here is known to who says it
            assert not any("{" in text.format_map(facts) for text in texts), "all facts are there"
            assert refusal.reason == message.en.format_map(refusal.facts)
            assert all(key in refusal.facts for key in ("file", "state_dir"))
        return refusal and refusal.code

    def crl(self, content: bytes) -> None:
        (self.folder / "crl").mkdir(exist_ok=True, parents=True)
        (self.folder / "crl" / "plant.crl").write_bytes(content)

    def rejected(self) -> list[str]:
        return [one.fingerprint for one in self.list.entries() if one.standing == "rejected"]
