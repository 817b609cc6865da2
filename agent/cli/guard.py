"""Nobody else may own the packages `agent` and `drivers`: pip and uv overwrite each other's files in silence."""

from collections.abc import Iterable
from importlib.metadata import Distribution, distributions

OURS = "lineside"
PACKAGES = ("agent", "drivers")
EX_SOFTWARE = 70
"""The exit code for a defect, here one of the installation (sysexits.h)."""


def other_owners(installed: Iterable[Distribution] | None = None) -> dict[str, list[str]]:
    """Package -> other distributions that bring a package of this name; empty when all is well.

    Reads each RECORD as one text: `importlib.metadata.packages_distributions` builds an object for every file.
    """
    owners: dict[str, list[str]] = {}
    for distribution in distributions() if installed is None else installed:
        for package in _brings(distribution):
            if distribution.name.lower() != OURS:
                owners.setdefault(package, []).append(distribution.name)
    return owners


def _brings(distribution: Distribution) -> list[str]:
    record = "\n" + (distribution.read_text("RECORD") or "")
    top_level = (distribution.read_text("top_level.txt") or "").split()
    return [p for p in PACKAGES if p in top_level or f"\n{p}/" in record or f"\n{p}.py," in record]
