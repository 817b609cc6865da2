"""Which profile a device names, and whether the options beside it are the profile's: validators of its keys."""

from pathlib import Path

from pydantic import ValidationInfo
from pydantic_core import PydanticCustomError

from drivers.modbus.profile import Profile
from drivers.modbus.profile_file import WrongProfile
from drivers.modbus.shelf import known, own_names, own_profile, profile


def _folder(info: ValidationInfo) -> Path | None:
    """Of the configuration, where there is one: see `drivers.contract.DriverPlugin`."""
    return info.context["folder"] if info.context else None


def checked_profile(name: str, info: ValidationInfo) -> str:
    own = own_names(_folder(info))
    if name in own and name in known():
        raise PydanticCustomError("M1031", "{given} is a profile of the driver's own", {"given": name})
    if name not in own and name not in known():
        names = " ".join((*known(), *own))
        raise PydanticCustomError("M1002", "no profile {given}; there are {known}", {"given": name, "known": names})
    return name


def found_profile(plc: str | None, info: ValidationInfo) -> Profile | None:
    """The profile of that name. Raises `WrongProfile`."""
    if plc is None or plc in known():
        return profile(plc) if plc else None
    folder = _folder(info)
    return own_profile(folder, plc) if folder else None


def checked_options(options: dict[str, str], info: ValidationInfo) -> dict[str, str]:
    for name, written in options.items():
        if info.data.get(name, written) not in (None, written):
            raise PydanticCustomError("M1034", "{given} is a key of the device too", {"given": name})
        _check_option(name, written, info)
    return options


def checked_option(written: str | None, info: ValidationInfo) -> str | None:
    if written is not None:
        _check_option(info.field_name or "", written, info)
    return written


def _check_option(name: str, written: str, info: ValidationInfo) -> None:
    """Whether the profile, if it can be read, asks for this option and understands it."""
    plc = info.data.get("plc")
    try:
        found = found_profile(plc, info)
    except WrongProfile:
        return
    accepted = {option.name: option.example for option in found.options} if found else {}
    facts = {"given": name, "profile": plc or "Modbus", "known": " ".join(accepted) or "-"}
    if name not in accepted:
        raise PydanticCustomError("M1007", "{profile} has no option {given}", facts)
    if found and found.origin(name, written) is None:
        facts |= {"written": written, "example": accepted[name]}
        raise PydanticCustomError("M1033", "{given} is no such: {written}", facts)
