"""A configuration that is right, and what is said of one that was changed."""

from pathlib import Path
from textwrap import dedent

from agent.config import Configuration, Loaded, load

GOOD = dedent("""\
    version: 1
    gateway: gw-1
    labels: {site: factory, line: line1}
    destinations:
      - name: county
        url: mqtt://127.0.0.1:1883
    connections:
      - name: plc1
        driver: simulated
    devices:
      - name: press01
        connection: plc1
        type: press-flexo
        tags:
          - {name: speed, address: "sine(60s, 0, 100)", unit: m/min}
    """)

TAG = '{name: speed, address: "sine(60s, 0, 100)", unit: m/min}'
DESTINATION = "url: mqtt://127.0.0.1:1883"


def read(directory: Path, text: str | bytes) -> Loaded:
    file = directory / "site.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(file)


def changed(directory: Path, *changes: tuple[str, str]) -> Loaded:
    """Load the good configuration after replacing parts of its text."""
    text = GOOD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return read(directory, text)


def with_tag(directory: Path, *keys: str) -> Loaded:
    """Load the good configuration with more keys in its tag, or other tags below it."""
    return changed(directory, (TAG, "{name: speed, address: 'sine(60s, 0, 100)', " + ", ".join(keys) + "}"))


def said(loaded: Loaded) -> list[tuple[int, int, str, str]]:
    """Line, column, path and code of every problem."""
    return [(p.line, p.column, p.path, p.code) for p in loaded.problems]


def codes(loaded: Loaded) -> list[str]:
    return [p.code for p in loaded.problems]


def doubts(loaded: Loaded) -> list[str]:
    return [w.code for w in loaded.warnings]


def right(loaded: Loaded) -> Configuration:
    assert loaded.problems == ()
    assert loaded.configuration is not None
    return loaded.configuration
