"""Operator messages 3xxx the outbox, 4xxx destinations."""

from drivers.contract import Message

MESSAGES: dict[str, Message] = {}
