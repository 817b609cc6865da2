"""What of a line of the operator's log is English where the log is Chinese."""

import re

from agent.messages import Catalogue

_NAMED = re.compile(r"'[^']*'|[!-~]*[./_][!-~]*|--[a-z-]+")
"""Quoted texts, hosts, files, topics, keys of the configuration, options."""
_WORD = re.compile(r"[A-Za-z]+")
_WIRE = ("MQTT", "TLS", "HTTP", "CA", "PEM", "DNS", "UTC", "IP", "ACL", "DH", "QoS", "CONNECT")
_WRITTEN = ("url", "URL", "ws", "mqtt", "mqtts", "tls", "websocket", "Sec", "WebSocket", "Accept")
"""Protocols, and words that a configuration or a packet is written with."""


def english(line: str, *names: str) -> list[str]:
    """Words of it that are neither names nor written the same in Chinese."""
    for name in names:
        line = line.replace(name, "")
    return [word for word in _WORD.findall(_NAMED.sub("", line)) if word not in (*_WIRE, *_WRITTEN)]


def in_log(reason: object, code: str = "E4001", **facts: object) -> str:
    """The line that a Chinese operator reads."""
    return Catalogue("zh").text(code, {"reason": reason, **facts})
