"""Which tags are read together: those of one device with one period."""

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
    """One group for each period of the device's tags, named `press01@1s`."""
    tags = ((Tag(tag.name, tag.address), tag.every_s) for tag in device.tags)
    return grouped(device.name, device.settings, tags)


def grouped(device: str, settings: BaseModel, tags: Iterable[tuple[Tag, float]]) -> Sequence[Group]:
    """The groups of tags with their periods in seconds."""
    periods: dict[float, list[Tag]] = {}
    for tag, every_s in tags:
        periods.setdefault(every_s, []).append(tag)
    return [
        Group(f"{device}@{every_s:.12g}s", device, settings, tuple(found), every_s)
        for every_s, found in periods.items()
    ]
