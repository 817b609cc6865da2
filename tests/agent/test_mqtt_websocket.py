"""Frames of RFC 6455: its own examples, every way of cutting the stream, and what a server may not send."""

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.mqtt import websocket
from agent.mqtt.websocket import Frames, Violation, frame


def from_server(payload: bytes, opcode: int = 2, *, last: bool = True) -> bytes:
    size = len(payload)
    head = bytes([(0x80 if last else 0) | opcode])
    if size < 126:
        return head + bytes([size]) + payload
    if size < 65536:
        return head + bytes([126]) + struct.pack("!H", size) + payload
    return head + bytes([127]) + struct.pack("!Q", size) + payload


def unmasked(sent: bytes) -> tuple[int, bytes, bytes]:
    """First byte, payload and rest of a client's frame, decoded the slow way."""
    assert sent[1] & 0x80, "a client masks"
    size, start = sent[1] & 0x7F, 2
    if size == 126:
        size, start = struct.unpack("!H", sent[2:4])[0], 4
    elif size == 127:
        size, start = struct.unpack("!Q", sent[2:10])[0], 10
    mask, body = sent[start : start + 4], sent[start + 4 : start + 4 + size]
    return sent[0], bytes(b ^ mask[i % 4] for i, b in enumerate(body)), sent[start + 4 + size :]


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 125, 126, 127, 65535, 65536, 200_000])
def test_a_frame_is_masked_and_whole(size: int) -> None:
    payload = bytes(n % 251 for n in range(size))
    assert unmasked(frame(payload)) == (0x82, payload, b"")


def test_two_frames_have_two_masks() -> None:
    assert frame(b"same") != frame(b"same")


@given(st.lists(st.binary(max_size=400), max_size=6), st.lists(st.integers(0, 2600), max_size=8))
def test_the_stream_is_the_same_however_it_is_framed_and_cut(payloads: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(from_server(payload) for payload in payloads)
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    frames = Frames()
    assert b"".join(frames.feed(stream[low:high]) for low, high in pairwise(edges)) == b"".join(payloads)
    assert frames.closed is None


def test_long_frames() -> None:
    for size in (126, 65535, 65536, 100_000):
        assert Frames().feed(from_server(b"x" * size)) == b"x" * size


def test_fragments_are_one_stream_and_control_frames_may_stand_between() -> None:
    frames = Frames()
    stream = from_server(b"ab", last=False) + from_server(b"hi", 9) + from_server(b"cd", 0)
    assert frames.feed(stream) == b"abcd"
    first, payload, rest = unmasked(bytes(frames.replies))
    assert (first, payload, rest) == (0x8A, b"hi", b"")


def test_a_pong_that_nobody_asked_for_is_no_matter() -> None:
    frames = Frames()
    assert frames.feed(from_server(b"", 10) + from_server(b"x")) == b"x"
    assert not frames.replies


def test_a_ping_that_is_not_whole_waits() -> None:
    frames = Frames()
    ping = from_server(b"12345", 9)
    assert frames.feed(ping[:4]) == b""
    assert not frames.replies
    frames.feed(ping[4:])
    assert unmasked(bytes(frames.replies))[1] == b"12345"


@pytest.mark.parametrize(
    ("payload", "said"),
    [(struct.pack("!H", 1001) + b"going away", "1001 going away"), (struct.pack("!H", 1000), "1000"), (b"", "1005")],
)
def test_a_close_ends_the_stream_after_what_came_before(payload: bytes, said: str) -> None:
    frames = Frames()
    assert frames.feed(from_server(b"x") + from_server(payload, 8) + from_server(b"never")) == b"x"
    assert said in str(frames.closed)
    assert unmasked(bytes(frames.replies))[:2] == (0x88, payload[:2])


@pytest.mark.parametrize(
    "wrong",
    [
        b"\x82\x81abcdx",  # masked
        b"\xc2\x01x",  # a reserved bit
        b"\x81\x01x",  # text
        b"\x83\x01x",  # unknown
        b"\x80\x01x",  # the rest of nothing
        b"\x02\x01a\x82\x01b",  # a beginning inside a message
        b"\x09\x01x",  # a ping in fragments
        b"\x89\x7e\x00\x7e",  # a ping of 126 bytes
        b"\x8b\x00",  # unknown control
    ],
)
def test_what_a_server_may_not_send(wrong: bytes) -> None:
    with pytest.raises(Violation):
        Frames().feed(wrong)


@given(st.binary(max_size=200))
def test_any_bytes_are_frames_or_a_violation(data: bytes) -> None:
    try:
        assert len(Frames().feed(data)) <= len(data)
    except Violation:
        return


def test_the_request() -> None:
    lines = websocket.request("broker.example:8080", "/mqtt/车间 1", "a2V5").decode("ascii").split("\r\n")
    assert lines[0] == "GET /mqtt/%E8%BD%A6%E9%97%B4%201 HTTP/1.1"
    assert {"Host: broker.example:8080", "Sec-WebSocket-Key: a2V5", "Sec-WebSocket-Protocol: mqtt"} <= set(lines)
    assert lines[-2:] == ["", ""]
    assert websocket.new_key() != websocket.new_key()


EXAMPLE_KEY = "dGhlIHNhbXBsZSBub25jZQ=="
EXAMPLE = {"upgrade": "websocket", "connection": "Upgrade", "sec-websocket-accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}
"""RFC 6455 section 1.3."""


def test_the_example_of_the_standard_is_accepted() -> None:
    assert websocket.objection(EXAMPLE, EXAMPLE_KEY) == ""
    assert websocket.objection(EXAMPLE | {"sec-websocket-protocol": "mqtt"}, EXAMPLE_KEY) == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"upgrade": "h2c"}, "does not upgrade"),
        ({"sec-websocket-accept": "x"}, "not the answer to our key"),
        ({"sec-websocket-protocol": "soap"}, "another protocol"),
    ],
)
def test_answers_that_are_none(change: dict[str, str], said: str) -> None:
    assert said in websocket.objection(EXAMPLE | change, EXAMPLE_KEY)
