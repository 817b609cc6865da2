"""What the whole suite saw on the wire: every function code that any fake was asked, in this process or a child."""

import os

RECORDED: set[int] = set()
"""Function codes. A session fixture checks at the end that nothing but 1 to 4 is in here."""

WIRE_RECORD = "LINESIDE_WIRE_RECORD"


def record(function: int) -> None:
    """Note a function code, in the file that the suite shares with its child processes too."""
    if function in RECORDED:
        return
    RECORDED.add(function)
    if path := os.environ.get(WIRE_RECORD):
        with open(path, "a", encoding="ascii") as file:
            file.write(f"{function}\n")
