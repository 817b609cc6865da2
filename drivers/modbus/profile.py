"""What is known of a PLC family: its areas and where Modbus finds them. Data in `profiles/`, read when it is named.

Rules and evidence: vendors' manuals and the sources that each file names in `source`.
"""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from drivers.modbus.address import ADDRESSES, Order, StringOrder, Table

_DATA = ConfigDict(extra="forbid", frozen=True)
_Number = Annotated[int, Field(ge=0, lt=ADDRESSES)]


class Span(BaseModel):
    """A run of numbers of an area without a gap in the map."""

    model_config = _DATA

    first: Annotated[int, Field(ge=0, alias="from")]
    last: Annotated[int, Field(ge=0, alias="to")]
    base: _Number
    """Zero-based address of `first`."""
    stride: Literal[1, 2] = 1
    """Addresses from one number to the next."""

    @property
    def end(self) -> int:
        return self.base + (self.last - self.first + 1) * self.stride

    @model_validator(mode="after")
    def _fits(self) -> "Span":
        if self.first > self.last or self.end > ADDRESSES:
            raise ValueError(f"{self.first}-{self.last} at {self.base} is no range of a table")
        return self


class Area(BaseModel):
    """One kind of device of the PLC, `D` or `M`."""

    model_config = _DATA

    prefix: Annotated[str, Field(pattern="^[A-Z]+$")]
    kind: Table
    radix: Literal[8, 10] = 10
    width: Literal[16, 32] = 16
    """Bits of one element; 32 with a stride of 1 is one address for two registers."""
    map: Annotated[tuple[Span, ...], Field(min_length=1)]

    def written(self, number: int) -> str:
        """`Y10` for number 8 of an octal area."""
        return f"{self.prefix}{number:o}" if self.radix == 8 else f"{self.prefix}{number}"

    def span(self, number: int) -> Span | None:
        return next((span for span in self.map if span.first <= number <= span.last), None)

    @property
    def range(self) -> str:
        """`D0-D4095, D4096-D11999`."""
        return ", ".join(f"{self.written(span.first)}-{self.written(span.last)}" for span in self.map)


class Title(BaseModel):
    """A name in both languages."""

    model_config = _DATA

    zh: str
    en: str


class Vector(NamedTuple):
    """A name and where it must be found."""

    written: str
    kind: Table
    offset: int


class Profile(BaseModel):
    """One PLC family."""

    model_config = _DATA

    id: str
    title: Title
    evidence: Literal["V", "N", "H", "M"]
    """V vendor's manual; N and H documents and code of others made from it; M from memory, to be confirmed."""
    source: str
    word_order: Order
    string_order: StringOrder
    max_words: Annotated[int, Field(ge=1, le=125)] = 125
    max_bits: Annotated[int, Field(ge=1, le=2000)] = 2000
    options: tuple[str, ...] = ()
    """Names of `profile_options` that it understands."""
    areas: tuple[Area, ...]
    test_vectors: tuple[Vector, ...]

    def named(self, prefix: str) -> list[Area]:
        """Areas of that prefix: one, or the contacts and the values of timers and counters, or none."""
        return [area for area in self.areas if area.prefix == prefix]

    @property
    def ranges(self) -> str:
        """All that can be read: `D0-D7999, R0-R32767, ...`."""
        return ", ".join(dict.fromkeys(area.range for area in self.areas))

    def boundaries(self) -> Mapping[Table, Sequence[int]]:
        """Addresses where an area or a part of one begins or ends; no request may hold both sides of one."""
        edges: dict[Table, set[int]] = {}
        for area in self.areas:
            edges.setdefault(area.kind, set()).update(edge for span in area.map for edge in (span.base, span.end))
        return {table: sorted(found) for table, found in edges.items()}


@lru_cache(maxsize=1)
def known() -> tuple[str, ...]:
    """Ids of all profiles, sorted."""
    names = (entry.name for entry in (files("drivers.modbus") / "profiles").iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))


@cache
def profile(name: str) -> Profile:
    """The profile of that id, one of `known()`. Works from a checkout, a wheel and a zip alike."""
    from ruamel.yaml import YAML

    text = (files("drivers.modbus") / "profiles" / f"{name}.yaml").read_text(encoding="utf-8")
    return Profile.model_validate(YAML(typ="safe", pure=True).load(text))
