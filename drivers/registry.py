"""Name -> plug-in, through the entry points of group `lineside.drivers`; a driver is imported when it is asked for."""

from importlib.metadata import EntryPoint, entry_points

from drivers.contract import DriverPlugin
from drivers.errors import DriverError, UnknownDriver

GROUP = "lineside.drivers"


def installed() -> dict[str, str]:
    """Driver name -> distribution that brings it, sorted by name; nothing is imported."""
    return {point.name: _owner(point) for point in sorted(entry_points(group=GROUP), key=lambda p: p.name)}


def plugin(name: str) -> DriverPlugin:
    """Import the plug-in of that name. Raises `UnknownDriver` when none or more than one distribution brings it."""
    points = {point.value: point for point in entry_points(group=GROUP) if point.name == name}
    if len(points) != 1:
        raise UnknownDriver(name, list(installed()), [_owner(point) for point in points.values()])
    found = next(iter(points.values())).load()
    if not isinstance(found, DriverPlugin):
        raise DriverError(f"driver {name!r}: entry point is {type(found).__name__}, not a DriverPlugin")
    return found


def _owner(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "?"
