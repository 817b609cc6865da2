"""Servers that we did not write give the same values for the same map: over TCP, UDP, TLS and serial lines."""

import ssl
from pathlib import Path

import pytest
import trustme

from tests.fakes.peer_map import assert_same_values
from tests.fakes.peers import libmodbus, modbus_serial, pymodbus, pymodbus_serial, pymodbus_udp
from tests.fakes.ptys import wired

LIBMODBUS, MODBUS_SERIAL = pytest.mark.needs("libmodbus"), pytest.mark.needs("modbus-serial")


@pytest.mark.parametrize(
    ("peer", "pipeline"),
    [
        pytest.param(libmodbus, 1, marks=LIBMODBUS),
        pytest.param(libmodbus, 4, marks=LIBMODBUS),
        pytest.param(modbus_serial, 1, marks=MODBUS_SERIAL),
        pytest.param(modbus_serial, 4, marks=MODBUS_SERIAL),
        (pymodbus, 1),  # its server answers one request of a segment, so nothing can be in flight beside it
    ],
)
async def test_the_same_map_gives_the_same_values(peer: object, pipeline: int) -> None:
    async with peer() as port:  # type: ignore[operator]  # a parameter has no type for mypy
        await assert_same_values(f"tcp://127.0.0.1:{port}", pipeline=pipeline)


@pytest.mark.parametrize("framer", ["rtu", "ascii"])
async def test_frames_of_a_serial_line_over_tcp(framer: str) -> None:
    async with pymodbus(framer) as port:
        await assert_same_values(f"{framer}+tcp://127.0.0.1:{port}")


async def test_udp() -> None:
    async with pymodbus_udp() as port:
        await assert_same_values(f"udp://127.0.0.1:{port}")


async def test_tls_with_mbap_inside(tmp_path: Path) -> None:
    """pymodbus's own TLS framing leaves out the MBAP header, which Modbus/TCP Security (section 8) keeps."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with pymodbus("socket", context) as port:
        await assert_same_values(f"tls://127.0.0.1:{port}", tls={"ca_file": str(tmp_path / "ca.pem")})


@pytest.mark.needs("socat")
@pytest.mark.parametrize(
    ("peer", "scheme"),
    [
        pytest.param(libmodbus, "rtu", marks=LIBMODBUS),
        pytest.param(modbus_serial, "rtu", marks=MODBUS_SERIAL),
        (pymodbus_serial, "rtu"),
        (lambda port: pymodbus_serial(port, "ascii"), "ascii"),
    ],
    ids=["libmodbus", "modbus-serial", "pymodbus", "pymodbus ascii"],
)
async def test_a_slave_on_a_serial_line(peer: object, scheme: str, tmp_path: Path) -> None:
    async with wired(tmp_path) as (here, there), peer(there):  # type: ignore[operator]  # a parameter has no type for mypy
        await assert_same_values(f"{scheme}://{here}?baud=115200")
