"""What a person writes about OPC UA."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from drivers.opcua.config import Address, Connection

URL = "opc.tcp://192.168.1.20:4840"


def refused(**keys: object) -> set[str]:
    with pytest.raises(ValidationError) as caught:
        Connection.model_validate({"url": URL, **keys})
    return {str(line["type"]) for line in caught.value.errors()}


@pytest.mark.parametrize(
    "url",
    [
        "",
        "192.168.1.20",
        "tcp://192.168.1.20:4840",
        "opc.tcp://",
        "opc.tcp://host:0",
        "opc.tcp://host:x",
        "opc.tcp://[::1",
    ],
)
def test_what_is_no_endpoint_is_refused(url: str) -> None:
    assert refused(url=url) == {"U1010"}


def test_nobody_s_password_stands_in_an_address() -> None:
    assert refused(url="opc.tcp://user:secret@host:4840") == {"U1011"}


def test_what_belongs_together(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.touch()
    assert refused(security={"cert_file": str(file)}) == {"U1013"}
    assert refused(security={"cert_file": str(tmp_path / "gone"), "key_file": str(file)}) == {"U1012"}
    assert refused(password_file=str(file)) == {"U1014"}
    assert refused(security={"policy": "None"}) == {"U1015"}
    assert refused(security={"policy": "Basic128Rsa15"}) == {"literal_error"}


def test_host_and_port() -> None:
    one = Connection.model_validate({"url": "opc.tcp://packer.line2/path"})
    assert (one.host, one.port) == ("packer.line2", 4840)
    other = Connection.model_validate({"url": "opc.tcp://[fe80::1]:4841"})
    assert (other.host, other.port) == ("fe80::1", 4841)


@pytest.mark.parametrize(
    ("written", "code"),
    [("D100", "U1001"), ("i=x", "U1002"), ("i=1|", "U1003"), ("/a//b", "U1004"), ("i=1|a[", "U1005")],
)
def test_an_address_is_refused_with_its_mistake(written: str, code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Address(address=written)
    assert caught.value.errors()[0]["type"] == code


def test_an_address_is_read() -> None:
    one = Address(address="nsu=urn:a;s=Job|Orders[0].Name")
    assert str(one.node) == "nsu=urn:a;s=Job|Orders[0].Name"
