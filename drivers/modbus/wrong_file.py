"""Mistakes in a site's own profile file, as problems of the configuration that names it."""

from collections.abc import Sequence

from drivers.errors import Problem
from drivers.modbus.profile_file import Mistake
from drivers.modbus.shelf import FOLDER


def problems_of(name: str, mistakes: Sequence[Mistake], device: str | None = None) -> list[Problem]:
    """One for each mistake, with the file's line and key."""
    return [
        Problem(
            "M1030",
            device,
            None,
            "plc",
            {
                "file": f"{FOLDER}/{name}.yaml",
                "line": mistake.line,
                "where": mistake.key or "-",
                "what_zh": mistake.what.zh,
                "what_en": mistake.what.en,
            },
        )
        for mistake in mistakes
    ]
