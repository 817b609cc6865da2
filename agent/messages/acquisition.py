"""Operator messages 2xxx: connections, devices and tags."""

from drivers.contract import Message

MESSAGES: dict[str, Message] = {}
