"""Nothing that a server sends takes more memory than was allowed."""

import struct
from typing import Any

import pytest
from asyncua import ua
from asyncua.ua.uaprotocol_hand import Acknowledge

from drivers.contract import Group, Quality
from drivers.errors import NotConnected
from drivers.opcua import PLUGIN
from drivers.opcua.bounded import CHUNK, bounded
from tests.bench import Notes
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


async def test_one_value_that_is_too_long_does_not_cost_the_others() -> None:
    async with opcua_server({"Press.Speed": 1.5, "Press.Count": 7, "Press.Text": LONG}) as server:
        many = {**TAGS, **{f"count_{n}": f"nsu={NAMESPACE};s=Press.Count" for n in range(40)}}
        async with listening(keys(server.url, message="64KiB"), many) as it:
            await it.until(lambda: it.known["speed"] == 1.5)
            assert it.known.pop("text") is Quality.BAD_DECODE
            assert {*it.known.values()} == {1.5, 7}
            assert it.codes[-1] == "U2118"
            assert set(it.codes[:-1]) == {"U2116"}
            losses = len(it.codes)
            await server.set("Press.Speed", 2.5)
            await it.until(lambda: it.known["speed"] == 2.5)
            await server.set("Press.Text", LONG + "!")
            await server.set("Press.Speed", 3.5)
            await it.until(lambda: it.known["speed"] == 3.5)
            server.cut()
            await server.set("Press.Speed", 4.5)
            await it.until(lambda: it.known["speed"] == 4.5)
            assert len(it.codes) == losses + 1, "nothing but the cut"
            assert it.known["text"] is Quality.BAD_DECODE
            reads = it.driver.counts["reads"]
            server.cut()
            await server.set("Press.Speed", 5.5)
            await it.until(lambda: it.known["speed"] == 5.5)
            assert it.driver.counts["reads"] - reads < 6, "the calls are long again"


async def test_one_polled_value_that_is_too_long_does_not_cost_the_others() -> None:
    async with opcua_server({"Press.Speed": 1.5, "Press.Text": LONG}) as server:
        names = Listener(keys(server.url, message="64KiB"), TAGS).group.tags
        group = Group("press@1s", "press", PLUGIN.device(), names, 1.0)
        settings = PLUGIN.connection.model_validate(keys(server.url, message="64KiB"))
        driver = PLUGIN.open(settings, [group], Notes())
        codes = []
        while True:
            try:
                await driver.connect()
                scans = await driver.read("press@1s")
                break
            except NotConnected as lost:
                codes.append(lost.code)
                await driver.close()
        found = {index: value for scan in scans for index, value in zip(scan.indexes, scan.values, strict=True)}
        assert (found, *(dict(scan.faults) for scan in scans if scan.faults)) == ({0: 1.5}, {1: Quality.BAD_DECODE})
        assert codes[-2:] == ["U2116", "U2118"]
        assert all(not scan.faults for scan in await driver.read("press@1s")), "told once"
        await driver.close()


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
