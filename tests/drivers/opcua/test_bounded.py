"""Nothing that a server sends takes more memory than was allowed."""

import struct
from typing import Any

import pytest
from asyncua import ua
from asyncua.ua.uaprotocol_hand import Acknowledge

from drivers.errors import NotConnected
from drivers.opcua import PLUGIN
from drivers.opcua.bounded import CHUNK, bounded
from tests.drivers.opcua.listener import Listener, listening
from tests.fakes.opcua import NAMESPACE, opcua_server

TAGS = {"speed": f"nsu={NAMESPACE};s=Press.Speed", "text": f"nsu={NAMESPACE};s=Press.Text"}
LONG = "x" * 200_000


def keys(url: str, **limits: object) -> dict[str, object]:
    return {"url": url, "timeout": "2s", "insecure": True, "security": {"policy": "None"}, "limits": limits}


async def test_an_answer_that_is_too_long_is_told_and_less_is_asked_for() -> None:
    async with opcua_server({"Press.Speed": 1.5, "Press.Text": LONG}) as server:
        small = Listener(keys(server.url, message="64KiB"), TAGS)
        counts = []
        for _ in range(2):
            with pytest.raises(NotConnected) as caught:
                await small.driver.connect()
                async for _ in small.driver.changes():
                    pass
            await small.driver.close()
            assert caught.value.code == "U2116"
            counts.append(caught.value.facts["count"])
        assert counts[1] < counts[0]
        async with listening(keys(server.url), TAGS) as it:
            assert it.known["text"] == LONG


async def test_the_server_s_limits_are_not_taken_for_ours() -> None:
    client = bounded("opc.tcp://127.0.0.1:4840", 1.0, 1 << 20)
    protocol: Any = client.uaclient._make_protocol()
    limits = protocol._connection._limits
    said = Acknowledge(ReceiveBufferSize=ua.UInt32(16_384), SendBufferSize=ua.UInt32(CHUNK))  # no limits at all
    limits.update_client_limits(said)
    assert (limits.max_send_buffer, limits.max_recv_buffer) == (16_384, CHUNK)
    assert limits.max_message_size == 1 << 20
    assert limits.max_chunk_count == (1 << 20) // 8192 + 1


async def test_a_chunk_without_end_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    client = bounded("opc.tcp://127.0.0.1:4840", 1.0, 1 << 20)
    protocol: Any = client.uaclient._make_protocol()
    ended = []
    monkeypatch.setattr(protocol, "disconnect_socket", lambda: ended.append(True))
    protocol.data_received(b"MSGF" + struct.pack("<II", 1 << 30, 7) + bytes(1000))
    assert len(protocol.receive_buffer) == 1012, "the rest may come"
    assert not ended
    while not ended:
        protocol.data_received(bytes(10_000))
    assert protocol.receive_buffer is None


def test_the_default_is_in_the_plug_in() -> None:
    assert PLUGIN.connection.model_validate({"url": "opc.tcp://h:4840"}).limits.message == 16 << 20  # type: ignore[attr-defined]  # the plug-in's own model
