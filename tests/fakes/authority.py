"""An authority of our own: certificates for brokers and gateways, and brokers that show them."""

import datetime
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import trustme

from tests.fakes.mosquitto import Mosquitto, mosquitto

NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


class Authority:
    """Certificates for a broker and a gateway."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.ca = trustme.CA()
        self.ca_file = directory / "ca.pem"
        self.ca.cert_pem.write_to_path(self.ca_file)

    def pair(self, name: str, issued: trustme.LeafCert) -> tuple[Path, Path]:
        certificate, key = self.directory / f"{name}.pem", self.directory / f"{name}.key"
        certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(key)
        key.chmod(0o644)
        return certificate, key

    def broker(self, issued: trustme.LeafCert, more: Sequence[str] = ()) -> AbstractAsyncContextManager[Mosquitto]:
        certificate, key = self.pair("broker", issued)
        lines = [f"cafile {self.ca_file}", f"certfile {certificate}", f"keyfile {key}", "allow_anonymous true", *more]
        return mosquitto(self.directory, lines)
