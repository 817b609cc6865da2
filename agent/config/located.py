"""What is wrong and where: every mistake has a file, a line, a column, a path, a code and its facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path as FilePath
from typing import Literal, NamedTuple

from agent.config.configuration import Configuration
from agent.messages import Catalogue
from drivers.contract import DriverPlugin, Surroundings

Step = str | int
Path = tuple[Step, ...]
"""Keys and positions from the top of the document: ("devices", 0, "tags", 3, "address")."""


class Place(NamedTuple):
    """Line and column, both counted from 1; the column counts characters, in a tag table cells."""

    line: int
    column: int
    file: str = ""
    """The tag table; empty in the configuration itself."""
    sheet: str = ""
    """Of a workbook."""


START = Place(1, 1)


@dataclass(frozen=True, slots=True)
class Located:
    """One mistake, or one thing that is allowed and probably not meant."""

    file: str
    line: int
    column: int
    path: str
    code: str
    facts: Mapping[str, object]
    sheet: str = ""
    """Of a workbook; then line and column are those of a cell."""

    @property
    def where(self) -> str:
        """`press.yaml:12:15`, of a cell `press01.xlsx:Sheet1!C14`."""
        cell = f"{_printable(self.sheet)}!{letters(self.column)}{self.line}"
        return f"{_printable(self.file)}:{cell if self.sheet else f'{self.line}:{self.column}'}"


def letters(column: int) -> str:
    """The name of a column in a spreadsheet: 3 -> C, 28 -> AB."""
    name = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a file. `configuration` is None exactly when there are problems."""

    configuration: Configuration | None
    problems: tuple[Located, ...]
    warnings: tuple[Located, ...]
    plugins: Mapping[str, DriverPlugin] = field(default_factory=dict)
    """The drivers that the file names and that are installed; their messages belong into the catalogue."""
    language: Literal["zh", "en"] | None = None
    """What the file says under `language`, also when something else in it is wrong."""
    files: tuple[FilePath, ...] = ()
    """All that was read or looked for, absolute, the file itself first: tag tables, passwords, certificates."""
    notes: tuple[Located, ...] = ()
    """What the drivers said about what they will do; `run` hears it again when it starts."""


def render(located: Located, catalogue: Catalogue) -> str:
    """One line: `press.yaml:12:15: devices[0].tags[3].scale: E1023 ... -> hint`."""
    return f"{located.where}: {located.path + ': ' if located.path else ''}{located.code} " + catalogue.text(
        located.code, located.facts
    )


class Findings:
    """Collects problems and warnings of one configuration, and the files that belong to it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Located] = []
        self.warnings: list[Located] = []
        self.notes: list[Located] = []
        self.files: dict[FilePath, None] = {}
        self.meant: set[Path] = set()
        """Paths of keys that are there, but misspelt: they are not missing as well."""
        self.plugins: dict[str, DriverPlugin] = {}
        """The drivers that were found so far, by name."""
        self.state_dir = FilePath("state")
        self._around: dict[str, Surroundings] = {}

    @property
    def folder(self) -> FilePath:
        """Of the file: other files that it names are beside it."""
        return FilePath(self.file).absolute().parent

    def around(self, plugin: DriverPlugin) -> Surroundings:
        """What the models of this driver may know."""
        name = next((name for name, known in self.plugins.items() if known is plugin), "?")
        if name not in self._around:
            state = self.state_dir / "drivers" / name
            self._around[name] = Surroundings(folder=self.folder, file=FilePath(self.file).absolute(), state=state)
        return self._around[name]

    def wrong(self, place: Place, path: Sequence[Step], code: str, **facts: object) -> None:
        self.problems.append(self._located(place, path, code, facts))

    def doubtful(self, place: Place, path: Sequence[Step], code: str, **facts: object) -> None:
        self.warnings.append(self._located(place, path, code, facts))

    def where(self, place: Place) -> str:
        """A place as an operator reads it."""
        return self._located(place, (), "", {}).where

    def _located(self, place: Place, path: Sequence[Step], code: str, facts: Mapping[str, object]) -> Located:
        file = place.file or self.file
        return Located(file, place.line, place.column, spell(path), code, facts, place.sheet)

    def noted(self, place: Place, path: Sequence[Step], code: str, facts: Mapping[str, object]) -> None:
        """What a driver says while it plans, once for the whole file."""
        if not any((known.code, known.facts) == (code, facts) for known in self.notes):
            self.notes.append(self._located(place, path, code, facts))


def spell(path: Sequence[Step]) -> str:
    """`devices[0].tags[3].address`; a key that could forge a line is escaped."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{_harmless(step)}" for step in path)
    return shorten(text.removeprefix("."), 200)


def _harmless(text: str) -> str:
    return _printable(shorten(text, 40))


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def shorten(value: object, limit: int = 60) -> str:
    """What somebody wrote, short enough for a message."""
    if isinstance(value, dict | list):
        value = "{...}" if isinstance(value, dict) else "[...]"
    text = value if isinstance(value, str) else _YAML_WORDS.get(str(value), str(value))
    return text if len(text) <= limit else text[: limit - 1] + "…"


_YAML_WORDS = {"True": "true", "False": "false", "None": "null", "inf": ".inf", "-inf": "-.inf", "nan": ".nan"}


def listed(words: Sequence[str], limit: int = 40) -> str:
    """Words for a message, comma between them."""
    return ", ".join(words[:limit]) + (", …" if len(words) > limit else "")


def nearest(word: str, words: Sequence[str]) -> str | None:
    """The one word that was probably meant, if any is close."""
    found = get_close_matches(word[:64], words, n=1, cutoff=0.74)
    return found[0] if found else None
