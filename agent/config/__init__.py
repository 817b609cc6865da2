"""What a person writes: one YAML file per agent, checked as a whole, with a place for every mistake."""

from agent.config.configuration import Configuration, Connection, Destination, Device, OutboxSettings, TagSettings, Tls
from agent.config.grouping import groups

__all__ = [
    "Configuration",
    "Connection",
    "Destination",
    "Device",
    "OutboxSettings",
    "TagSettings",
    "Tls",
    "groups",
]
