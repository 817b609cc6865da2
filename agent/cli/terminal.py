"""What a terminal takes: a line of progress that is written over by the next, and texts that fit."""

import shutil

from agent.cli.check import width

ERASED = "\r\x1b[2K"


def fitting(text: str) -> str:
    """As much of a line as fits: one that goes on in the next row cannot be written over."""
    room = shutil.get_terminal_size().columns - 1
    while width(text) > room:
        text = text[:-1]
    return text


def cut(text: str, columns: int, *, keep_end: bool = False) -> str:
    """On one line and not wider, whatever a device calls things; with `keep_end` the middle is left out."""
    text = "".join(character if character.isprintable() else "?" for character in text)
    if width(text) <= columns:
        return text
    end = ""
    while keep_end and width(end) < columns * 2 // 3:
        text, end = text[:-1], text[-1] + end
    while text and width(text) + width(end) > columns - 1:
        text = text[:-1]
    while width(end) > columns - 1:
        end = end[1:]
    return f"{text}…{end}"
