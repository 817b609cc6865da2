"""Our own PUBLISH and PUBACK, held against paho's."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from agent.mqtt import packets
from agent.mqtt.client import Client as Ours


class Recorder(Client):
    """paho, writing into a list."""

    def __init__(self, protocol: MQTTProtocolVersion) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, protocol=protocol)
        self.sent = b""

    def _packet_queue(self, command: int, packet: bytes, *_: object) -> int:  # type: ignore[override]  # paho has no types here
        self.sent = bytes(packet)
        return 0


@given(
    st.text(st.characters(exclude_characters="+#\0", exclude_categories=["Cs"]), min_size=1, max_size=50),
    st.sampled_from([0, 1, 100, 127, 128, 16_383, 16_384, 2_097_200]),
    st.sampled_from([0, 1]),
    st.booleans(),
    st.integers(1, 65_535),
    st.sampled_from([MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311]),
)
def test_publish_is_byte_for_byte_what_paho_writes(
    topic: str, size: int, qos: int, retain: bool, mid: int, protocol: MQTTProtocolVersion
) -> None:
    paho = Recorder(protocol)
    paho._sock = object()  # type: ignore[assignment]  # connected, as far as it knows
    payload = b"x" * size
    paho._send_publish(mid, topic.encode(), payload, qos, retain)
    ours = packets.publish(topic.encode(), payload, qos, retain, mid, protocol == MQTTProtocolVersion.MQTTv5)
    paho._sock = None
    assert ours == paho.sent


@given(st.lists(st.binary(max_size=300), max_size=8), st.lists(st.integers(0, 2600), max_size=6))
def test_packets_come_out_whole_however_the_bytes_are_cut(bodies: list[bytes], cuts: list[int]) -> None:
    whole = [bytes((0x30,)) + packets._length(len(body)) + body for body in bodies]
    stream = b"".join(whole)
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    splitter = packets.Packets()
    assert [one for low, high in pairwise(edges) for one in splitter.feed(stream[low:high])] == whole


@given(st.binary(max_size=64))
def test_any_bytes_are_packets_or_malformed(data: bytes) -> None:
    try:
        assert b"".join(packets.Packets().feed(data)) == data[: sum(map(len, packets.Packets().feed(data)))]
    except packets.Malformed:
        return


@pytest.mark.parametrize(
    ("packet", "said"),
    [
        (b"\x40\x02\x12\x34", (0x1234, 0)),
        (b"\x40\x03\x00\x01\x10", (1, 0x10)),
        (b"\x40\x04\x00\x01\x87\x00", (1, 0x87)),
    ],
)
def test_puback(packet: bytes, said: tuple[int, int]) -> None:
    assert packets.puback(packet) == said


@pytest.mark.parametrize("packet", [b"\x40\x00", b"\x40\x01\x00", b"\x40\x03\x00\x01\x55"])
def test_what_is_no_puback(packet: bytes) -> None:
    with pytest.raises(packets.Malformed):
        packets.puback(packet)


def test_the_methods_of_paho_that_are_replaced_exist() -> None:
    """They are not public: a release of paho that renames them must fail here, not on a gateway."""
    for name in ("_create_socket", "_sock_send", "_sock_recv", "_mid_generate"):
        assert callable(getattr(Client, name))
        assert name == "_mid_generate" or getattr(Ours, name) is not getattr(Client, name)
