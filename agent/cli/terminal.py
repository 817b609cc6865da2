"""A line of progress that is written over by the next."""

import shutil

from agent.cli.check import width

ERASED = "\r\x1b[2K"


def fitting(text: str) -> str:
    """As much of a line as fits: one that goes on in the next row cannot be written over."""
    room = shutil.get_terminal_size().columns - 1
    while width(text) > room:
        text = text[:-1]
    return text
