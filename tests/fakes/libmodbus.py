"""A Modbus server by libmodbus, through ctypes: `python -m tests.fakes.libmodbus [SERIAL-PORT]`, as its own process.

Standard input: one JSON object {"holding": [...], "input": [...], "coil": [...], "discrete": [...]}, each from address
0. Standard output: the port, once it listens. It serves until it is ended. Modbus TCP, or RTU on a serial port.
"""

import ctypes
import json
import os
import sys
from ctypes.util import find_library

_U8, _U16 = ctypes.POINTER(ctypes.c_uint8), ctypes.POINTER(ctypes.c_uint16)


class Mapping(ctypes.Structure):
    """`modbus_mapping_t` of libmodbus 3.1 (modbus.h)."""

    _fields_ = (
        *((name, ctypes.c_int) for name in ("nb_bits", "start_bits", "nb_input_bits", "start_input_bits")),
        *((name, ctypes.c_int) for name in ("nb_input_registers", "start_input_registers", "nb_registers")),
        ("start_registers", ctypes.c_int),
        ("tab_bits", _U8),
        ("tab_input_bits", _U8),
        ("tab_input_registers", _U16),
        ("tab_registers", _U16),
    )


def library() -> ctypes.CDLL:
    found = ctypes.CDLL(find_library("modbus"))
    found.modbus_new_tcp.restype = found.modbus_new_rtu.restype = ctypes.c_void_p
    found.modbus_mapping_new.restype = ctypes.POINTER(Mapping)
    return found


def serve(tables: dict[str, list[int]]) -> None:
    modbus = library()
    context = ctypes.c_void_p(modbus.modbus_new_tcp(b"127.0.0.1", 0))
    mapping = _mapping(modbus, tables)
    listening = modbus.modbus_tcp_listen(context, 1)
    print(_port(listening), flush=True)
    while True:
        client = ctypes.c_int(listening)
        if modbus.modbus_tcp_accept(context, ctypes.byref(client)) < 0:
            return
        _talk(modbus, context, mapping, header=7)
        modbus.modbus_close(context)


def serve_rtu(tables: dict[str, list[int]], port: str) -> None:
    """As unit 1."""
    modbus = library()
    context = ctypes.c_void_p(modbus.modbus_new_rtu(port.encode(), 115200, ctypes.c_char(b"N"), 8, 1))
    modbus.modbus_set_slave(context, 1)
    if modbus.modbus_connect(context) < 0:
        sys.exit(f"libmodbus cannot open {port}")
    print(port, flush=True)
    _talk(modbus, context, _mapping(modbus, tables), header=1)


def _talk(modbus: ctypes.CDLL, context: ctypes.c_void_p, mapping: object, header: int) -> None:
    query = (ctypes.c_uint8 * 260)()
    while (size := modbus.modbus_receive(context, query)) >= 0:
        if size:
            _record(query[header])
            modbus.modbus_reply(context, query, size, mapping)


def _mapping(modbus: ctypes.CDLL, tables: dict[str, list[int]]) -> "ctypes._Pointer[Mapping]":
    sizes = [len(tables[name]) for name in ("coil", "discrete", "holding", "input")]
    mapping: ctypes._Pointer[Mapping] = modbus.modbus_mapping_new(*sizes)
    for name, field in (("coil", "bits"), ("discrete", "input_bits"), ("holding", "registers")):
        _fill(getattr(mapping.contents, f"tab_{field}"), tables[name])
    _fill(mapping.contents.tab_input_registers, tables["input"])
    return mapping


def _fill(table: "ctypes._Pointer[ctypes.c_uint16] | ctypes._Pointer[ctypes.c_uint8]", values: list[int]) -> None:
    for place, value in enumerate(values):
        table[place] = value  # type: ignore[call-overload]  # a ctypes array of either size


def _port(listening: int) -> int:
    import socket

    with socket.socket(fileno=os.dup(listening)) as server:
        return int(server.getsockname()[1])


def _record(function: int) -> None:
    path = os.environ.get("LINESIDE_WIRE_RECORD")
    if path:
        with open(path, "a", encoding="ascii") as record:
            record.write(f"{function}\n")


if __name__ == "__main__":
    image = json.loads(sys.stdin.readline())
    if sys.argv[1:]:
        serve_rtu(image, sys.argv[1])
    else:
        serve(image)
