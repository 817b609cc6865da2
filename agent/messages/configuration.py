"""Operator messages 1xxx: what is wrong in the files that people write."""

from drivers.contract import Message

MESSAGES: dict[str, Message] = {}
