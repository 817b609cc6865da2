"""Where profiles are kept: those that come with the driver, and those of a site beside its configuration."""

from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

from drivers.modbus.profile import Profile, Title
from drivers.modbus.profile_file import MOST, Mistake, WrongProfile, read_profile

FOLDER = "profiles"
"""Beside the configuration file."""


@lru_cache(maxsize=1)
def known() -> tuple[str, ...]:
    """Ids of the profiles that come with the driver, sorted."""
    names = (entry.name for entry in (files("drivers.modbus") / "profiles").iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))


@cache
def profile(name: str) -> Profile:
    """The profile of that id, one of `known()`. Works from a checkout, a wheel and a zip alike."""
    return read_profile((files("drivers.modbus") / "profiles" / f"{name}.yaml").read_text(encoding="utf-8"), name)


def own_names(folder: Path | None) -> Sequence[str]:
    """Names of the site's own profiles: files in `profiles/` of the configuration's folder."""
    if folder is None:
        return ()
    try:
        return sorted(path.stem for path in (folder / FOLDER).iterdir() if path.suffix == ".yaml")
    except OSError:
        return ()


def own_profile(folder: Path, name: str) -> Profile:
    """A profile of the site, one of `own_names`. Raises `WrongProfile` with every mistake in the file."""
    try:
        with (folder / FOLDER / f"{name}.yaml").open("rb") as file:
            data = file.read(4 * MOST)
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise WrongProfile([Mistake(1, "", Title(*(2 * [error.strerror or str(error)])))]) from None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise WrongProfile([Mistake(line, "", Title("文件不是 UTF-8 编码", "the file is not UTF-8"))]) from None
    return read_profile(text, name)
