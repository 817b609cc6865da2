"""Which tags are read together: those of one device with one period."""

from collections.abc import Mapping, Sequence

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
    periods: dict[float, list[Tag]] = {}
    for tag in device.tags:
        periods.setdefault(tag.every_s, []).append(Tag(tag.name, tag.address))
    return [
        Group(f"{device.name}@{every_s:.12g}s", device.name, device.settings, tuple(tags), every_s)
        for every_s, tags in periods.items()
    ]
