"""URLs: what they mean, and that any other text is one clear error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus import PLUGIN
from drivers.modbus.endpoint import BAUDS, SCHEMES, Endpoint, EndpointError, Line, endpoint


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("tcp://192.168.1.10:502", Endpoint("tcp", "mbap", "192.168.1.10", 502)),
        ("tcp://192.168.1.10", Endpoint("tcp", "mbap", "192.168.1.10", 502)),
        ("tcp://plc-1.local:1502/", Endpoint("tcp", "mbap", "plc-1.local", 1502)),
        ("TCP://[::1]", Endpoint("tcp", "mbap", "::1", 502)),
        ("udp://[fe80::1]:503", Endpoint("udp", "mbap", "fe80::1", 503)),
        ("tls://plc", Endpoint("tls", "mbap", "plc", 802)),
        ("rtu+tcp://gw:4001", Endpoint("rtu+tcp", "rtu", "gw", 4001)),
        ("rtu+tcp://gw:4001?baud=4800", Endpoint("rtu+tcp", "rtu", "gw", 4001, line=Line(4800))),
        ("ascii+tcp://gw:4001", Endpoint("ascii+tcp", "ascii", "gw", 4001)),
        ("listen://0.0.0.0:5020", Endpoint("listen", "rtu", "0.0.0.0", 5020)),
        ("listen://0.0.0.0:5020?framing=tcp&hello=ID7", Endpoint("listen", "mbap", "0.0.0.0", 5020, hello=b"ID7")),
        ("listen://[::]:5020?hello=0x00ff", Endpoint("listen", "rtu", "::", 5020, hello=b"\x00\xff")),
        ("rtu:///dev/ttyS1", Endpoint("rtu", "rtu", path="/dev/ttyS1", line=Line())),
        (
            "rtu:///dev/serial/by-id/usb-FTDI-if00?baud=19200&parity=e&stop=2",
            Endpoint("rtu", "rtu", path="/dev/serial/by-id/usb-FTDI-if00", line=Line(19200, 8, "E", 2)),
        ),
        ("ascii:///dev/ttyS1", Endpoint("ascii", "ascii", path="/dev/ttyS1", line=Line(9600, 7, "E"))),
        ("ascii:///dev/ttyS1?bits=8&parity=N", Endpoint("ascii", "ascii", path="/dev/ttyS1", line=Line(9600, 8, "N"))),
    ],
)
def test_what_a_url_means(url: str, meant: Endpoint) -> None:
    assert endpoint(url) == meant


@pytest.mark.parametrize(
    "url",
    ["", "192.168.1.10", "192.168.1.10:502", "http://a:502", "tcp://", "tcp://:502", "tcp://a:0", "tcp://a:65536",
     "tcp://a:x", "tcp://a/b", "tcp://me@a", "tcp://[::1", "tcp://a b", "tcp://a#b", "tcp//a", "rtu+tcp://a",
     "listen://:5020", "listen://0.0.0.0", "rtu://dev/ttyS1", "rtu://", "rtu:///", "rtu:ttyS1", "rtu:///dev/"],
)  # fmt: skip
def test_what_is_no_endpoint(url: str) -> None:
    with pytest.raises(EndpointError) as caught:
        endpoint(url)
    assert caught.value.code == "M1001"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("tcp://a?baud=9600", "M1041"),
        ("rtu:///dev/ttyS1?speed=9600", "M1041"),
        ("rtu:///dev/ttyS1?baud=9600&baud=4800", "M1041"),
        ("rtu:///dev/ttyS1?baud=", "M1042"),
        ("rtu:///dev/ttyS1?bits=7", "M1042"),
        ("rtu:///dev/ttyS1?parity=even", "M1042"),
        ("rtu:///dev/ttyS1?stop=1.5", "M1042"),
        ("listen://0.0.0.0:5020?framing=mbap", "M1042"),
        ("listen://0.0.0.0:5020?hello=0x1", "M1042"),
    ],
)
def test_options_that_are_wrong(url: str, code: str) -> None:
    with pytest.raises(EndpointError) as caught:
        endpoint(url)
    assert caught.value.code == code


def test_every_scheme_has_an_example_that_is_right() -> None:
    for name, scheme in SCHEMES.items():
        assert endpoint(scheme.example).scheme == name


@given(st.one_of(st.text(), st.builds("{}://{}".format, st.sampled_from(list(SCHEMES)), st.text())))
def test_any_text_is_an_endpoint_or_one_clear_error(url: str) -> None:
    try:
        found = endpoint(url)
    except EndpointError as problem:
        message = PLUGIN.messages[problem.code]
        for template in (message.zh, message.en, message.hint_zh, message.hint_en):
            template.format(**problem.facts)
    else:
        assert found.path or (found.host and 0 < found.port < 65536)


def test_a_line_knows_how_long_things_take() -> None:
    line = Line(9600, 8, "N", 1)
    assert line.char_s == pytest.approx(10 / 9600)
    assert line.silence_s == pytest.approx(35 / 9600)
    assert line.transmission_s(96) == pytest.approx(0.1)
    assert Line(19200, 8, "E", 1).char_s == pytest.approx(11 / 19200)
    assert Line(115200).silence_s == 0.00175
    assert min(BAUDS) == 300
