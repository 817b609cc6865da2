"""Which tags are read together: those of one device with one period, or with one trigger."""

from collections.abc import Iterable, Mapping, Sequence

from pydantic import BaseModel

from agent.config.configuration import Configuration, Device
from drivers.contract import Group, Tag


def groups(configuration: Configuration) -> Mapping[str, tuple[Group, ...]]:
    """Connection name -> its read groups, in the order of the devices and of the periods' first appearance."""
    found: dict[str, tuple[Group, ...]] = {connection.name: () for connection in configuration.connections}
    for device in configuration.devices:
        found[device.connection] += tuple(device_groups(device))
    return found


def device_groups(device: Device) -> Sequence[Group]:
    """One group for each period and each trigger of the device's tags, named `press01@1s` or `press01@job`."""
    tags = ((Tag(tag.name, tag.address), tag.every_s, tag.read_on) for tag in device.tags)
    return grouped(device.name, device.settings, tags)


def grouped(device: str, settings: BaseModel, tags: Iterable[tuple[Tag, float, str | None]]) -> Sequence[Group]:
    """The groups of tags with their periods in seconds and their triggers. What shares one has the shortest period."""
    together: dict[str, list[tuple[Tag, float]]] = {}
    for tag, every_s, read_on in tags:
        together.setdefault(read_on or f"{every_s:.12g}s", []).append((tag, every_s))
    return [
        Group(
            f"{device}@{name}", device, settings, tuple(tag for tag, _ in found), min(every_s for _, every_s in found)
        )
        for name, found in together.items()
    ]
