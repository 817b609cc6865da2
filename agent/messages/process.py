"""Operator messages 5xxx the clock, 9xxx the agent as a process."""

from drivers.contract import Message

MESSAGES: dict[str, Message] = {}
