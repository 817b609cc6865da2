"""MQTT: the only room that knows paho, which it drives from the event loop."""

from agent.mqtt.connector import Connector, Will
from agent.mqtt.endpoint import Endpoint, Tls
from agent.mqtt.link import Link, OnDone
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
    "Refusal",
    "Seen",
    "Tls",
    "Will",
    "subscribe",
]
