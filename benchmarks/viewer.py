"""What arrives over MQTT, counted at the speed of memory: a raw QoS 0 subscription, nothing is parsed but marks.

    python -m benchmarks.viewer PORT TOPIC-FILTER MARK

For each line on standard input it answers {"count": marks so far, "bytes": ..., "first": monotonic time or null}.
A value of the benchmarks has a name that begins with `x_`; the mark `"x_` counts values.
"""

import json
import select
import socket
import sys
import time

CHUNK = 1 << 20


def subscribed(port: int, topic_filter: str, client_id: str) -> socket.socket:
    """CONNECT and SUBSCRIBE of MQTT 3.1.1, both answers read."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    name, topic = client_id.encode(), topic_filter.encode()
    body = b"\x00\x04MQTT\x04\x02\x00\x00" + len(name).to_bytes(2, "big") + name
    connection.sendall(bytes((0x10, len(body))) + body)
    body = b"\x00\x01" + len(topic).to_bytes(2, "big") + topic + b"\x00"
    connection.sendall(bytes((0x82, len(body))) + body)
    answers = b""
    while len(answers) < 9:
        answers += connection.recv(9 - len(answers))
    return connection


def main(port: str, topic_filter: str, mark: str) -> None:
    connection = subscribed(int(port), topic_filter, "benchmark-viewer")
    print(json.dumps("ready"), flush=True)
    wanted, tail = mark.encode(), b""
    count, size, first = 0, 0, None
    while True:
        ready, _, _ = select.select([connection, sys.stdin], [], [])
        if connection in ready:
            data = connection.recv(CHUNK)
            if not data:
                return
            first = first or time.monotonic()
            count += (tail + data).count(wanted)
            tail = data[-len(wanted) + 1 :] if len(wanted) > 1 else b""
            size += len(data)
        if sys.stdin in ready:
            if not sys.stdin.readline():
                return
            print(json.dumps({"count": count, "bytes": size, "first": first}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
