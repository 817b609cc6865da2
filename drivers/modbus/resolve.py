"""Groups of tags -> points, and how their device wants to be asked. All mistakes at once."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pydantic import BaseModel

from drivers.contract import Described, Group
from drivers.errors import InvalidConfig, Problem
from drivers.modbus.address import Point, Table
from drivers.modbus.config import Address, Device, Limits
from drivers.modbus.notation import parse
from drivers.modbus.profile import Profile
from drivers.modbus.typed import AddressError
from drivers.modbus.wrong_file import problems_of


class Terms(NamedTuple):
    """How a device wants to be asked: the arguments of `plan` besides points and holes (`**terms._asdict()`)."""

    registers: int
    bits: int
    gap: int
    boundaries: Mapping[Table, Sequence[int]]


def settings_of(group: Group) -> Device:
    """The group's device keys, as the model that they are."""
    if not isinstance(group.settings, Device):
        raise TypeError(f"{group.name}: settings are {type(group.settings).__name__}, not Device")
    return group.settings


def profiles_of(groups: Iterable[Group]) -> dict[str, tuple[str, Profile]]:
    """Profile name -> the first device that names it, and the profile."""
    found: dict[str, tuple[str, Profile]] = {}
    for group in groups:
        known = settings_of(group).profile
        if known:
            found.setdefault(known.id, (group.device, known))
    return found


def terms(limits: Limits, device: Device) -> Terms:
    """The stricter of what is configured and what the profile knows."""
    known = device.profile
    if known is None:
        return Terms(limits.registers, limits.bits, limits.gap, {})
    registers, bits = min(limits.registers, known.max_words), min(limits.bits, known.max_bits)
    return Terms(registers, bits, limits.gap, known.boundaries)


def resolve(group: Group, limits: Limits | None = None) -> list[Point]:
    """One point for each tag, in order. Raises `InvalidConfig` with every tag that has none."""
    return resolve_all([group], limits)[group.name]


def resolve_all(groups: Iterable[Group], limits: Limits | None = None) -> dict[str, list[Point]]:
    """Group name -> one point for each tag, in order. Raises `InvalidConfig` with all problems of all groups."""
    groups = list(groups)
    problems = _mistakes(groups)
    points = {group.name: _points(group, limits or Limits(), problems) for group in groups}
    if problems:
        raise InvalidConfig(problems)
    return points


def describe(connection: BaseModel, group: Group) -> list[Described]:
    """What is known of each tag without a wire; for groups that can be resolved."""
    return [Described(point.value_type, point.source) for point in resolve(group)]


def _mistakes(groups: Iterable[Group]) -> list[Problem]:
    """What is wrong in the site's own profile files, once for each file."""
    wrong = {settings_of(group).plc: group for group in reversed(list(groups)) if settings_of(group).mistakes}
    return [
        problem
        for name, group in wrong.items()
        for problem in problems_of(name or "", settings_of(group).mistakes, group.device)
    ]


def _points(group: Group, limits: Limits, problems: list[Problem]) -> list[Point]:
    device = settings_of(group)
    if device.mistakes:
        return []
    most = terms(limits, device).registers
    points: list[Point] = []
    for tag in group.tags:
        try:
            points.append(_point(tag.address, device.profile, most))
        except AddressError as problem:
            problems.append(Problem(problem.code, group.device, tag.name, problem.key, problem.facts))
    return points


def _point(address: BaseModel, known: Profile | None, most: int) -> Point:
    if not isinstance(address, Address):
        raise TypeError(f"an address is {type(address).__name__}, not Address")
    point = address.known_as(known) or address.keep(
        known,
        parse(
            address.address,
            known,
            type=address.type,
            order=address.order,
            string_order=address.string_order,
            encoding=address.encoding or "ascii",
        ),
    )
    if not point.table.is_bits and point.count > most:
        raise AddressError("M1019", given=address.address, type=point.type, needs=point.count, most=most)
    return point
