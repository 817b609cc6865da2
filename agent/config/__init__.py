"""What a person writes: one YAML file per agent, checked as a whole, with a place for every mistake."""

from agent.config.configuration import Configuration, Connection, Destination, Device, OutboxSettings, TagSettings, Tls
from agent.config.grouping import groups
from agent.config.loading import load
from agent.config.located import Loaded, Located, render

__all__ = [
    "Configuration",
    "Connection",
    "Destination",
    "Device",
    "Loaded",
    "Located",
    "OutboxSettings",
    "TagSettings",
    "Tls",
    "groups",
    "load",
    "render",
]
