"""MQTT: the only room that knows paho, which it drives from the event loop."""

from agent.mqtt.connector import Connector
from agent.mqtt.dial import Will
from agent.mqtt.endpoint import Endpoint, Proxy, Tls
from agent.mqtt.link import Link, OnDone, packet_bytes
from agent.mqtt.trust import own_expiry
from agent.mqtt.viewer import Seen, subscribe
from agent.mqtt.words import PACKET_TOO_LARGE, PAYLOAD_FORMAT_INVALID, Cause, LinkFailed, Refusal

__all__ = [
    "PACKET_TOO_LARGE",
    "PAYLOAD_FORMAT_INVALID",
    "Cause",
    "Connector",
    "Endpoint",
    "Link",
    "LinkFailed",
    "OnDone",
    "Proxy",
    "Refusal",
    "Seen",
    "Tls",
    "Will",
    "own_expiry",
    "packet_bytes",
    "subscribe",
]
