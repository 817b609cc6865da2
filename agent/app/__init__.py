"""The composition root: where the rooms are wired. The nesting of its `async with` blocks is the order of shutdown."""

from agent.app.running import run
from agent.app.site import build, contents

__all__ = ["build", "contents", "run"]
