"""What a person writes in a profile file, and what it becomes. Shipped profiles and those of a site are alike."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from drivers.modbus.address import ADDRESSES, Order, StringOrder, Table
from drivers.modbus.counting import Counting
from drivers.modbus.profile import Area, Evidence, Option, Profile, Span, Title, Vector

_DATA = ConfigDict(extra="forbid", frozen=True)
_Prefix = Annotated[str, Field(pattern=r"^(%?[A-Z]{1,8}|\$[A-Z]{0,4}|[A-Z]{1,4}\*\.[A-Z]{1,4})$")]
_Text = Annotated[str, Field(min_length=1)]


class SpanKeys(BaseModel):
    """One of `map`: a run of numbers without a gap."""

    model_config = _DATA

    first: Annotated[int | str, Field(alias="from", description="Its first number, as it is written behind the prefix")]
    last: Annotated[int | str, Field(alias="to", description="Its last number")]
    base: Annotated[int, Field(ge=0, lt=ADDRESSES, description="Zero-based Modbus address of the first number")]
    stride: Annotated[Literal[1, 2], Field(description="Addresses from one number to the next")] = 1

    def span(self, numbers: Counting) -> Span | None:
        """None where a number is not written as the area counts."""
        first, last = number(self.first, numbers), number(self.last, numbers)
        return None if first is None or last is None else Span(first, last, self.base, self.stride)


def number(written: int | str, numbers: Counting) -> int | None:
    """As it is written behind the prefix. A bare 17 of an area that does not count in tens could mean either."""
    is_plain = numbers in (Counting.DECIMAL, Counting.BYTE)
    if isinstance(written, int) and written > 7 and not is_plain:
        return None
    return numbers.read(str(written))


class AreaKeys(BaseModel):
    """One of `areas`."""

    model_config = _DATA

    prefix: Annotated[_Prefix, Field(description="Letters before the number: D, %MW, $M; * is a number: DB*.DBW")]
    also: Annotated[tuple[_Prefix, ...], Field(description="Other prefixes for the same")] = ()
    kind: Annotated[Table, Field(description="Table of Modbus: coil, discrete, holding, input")]
    numbers: Annotated[Counting, Field(description="How its numbers are written")] = Counting.DECIMAL
    width: Annotated[
        Literal[8, 16, 32] | None, Field(description="Bits of an element in registers; 16 if not given")
    ] = None
    origin: Annotated[str, Field(description="The option that says with which number the area begins")] = ""
    evidence: Annotated[Evidence | None, Field(description="Where it is better than that of the profile")] = None
    map: Annotated[tuple[SpanKeys, ...], Field(min_length=1, description="Where its numbers are")]

    def area(self, evidence: Evidence) -> Area:
        width = self.width or (1 if self.kind.is_bits or self.numbers.has_bit else 16)
        spans = tuple(span for keys in self.map if (span := keys.span(self.numbers)) is not None)
        graded = self.evidence or evidence
        return Area(self.prefix, self.kind, self.numbers, width, spans, graded, self.origin, self.also)


class TitleKeys(BaseModel):
    """A text in both languages."""

    model_config = _DATA

    zh: _Text
    en: _Text


class OptionKeys(BaseModel):
    """One of `options`."""

    model_config = _DATA

    name: Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$", description="A key of the device, or of profile_options")]
    meaning: TitleKeys
    example: _Text


class ProfileKeys(BaseModel):
    """A profile file."""

    model_config = _DATA

    id: Annotated[_Text, Field(description="The name of the file without .yaml")]
    title: Annotated[TitleKeys, Field(description="{zh: ..., en: ...}")]
    evidence: Annotated[Evidence, Field(description="How sure its addresses are, all in all: V, N, H or M")]
    order_evidence: Annotated[Evidence | None, Field(description="How sure the two orders are, if not the same")] = None
    source: Annotated[_Text, Field(description="Where it comes from: manual, chapter, page")]
    word_order: Annotated[Order, Field(description="ABCD CDAB BADC DCBA")]
    string_order: Annotated[StringOrder, Field(description="Which byte of a register comes first: high or low")]
    max_words: Annotated[int, Field(ge=1, le=125, description="Most registers in one request")] = 125
    max_bits: Annotated[int, Field(ge=1, le=2000, description="Most bits in one request")] = 2000
    options: Annotated[tuple[OptionKeys, ...], Field(description="What the profile has to be told")] = ()
    areas: Annotated[tuple[AreaKeys, ...], Field(min_length=1)]
    test_options: Annotated[dict[str, str], Field(description="Options with which the test vectors hold")] = {}
    test_vectors: Annotated[
        tuple[tuple[str, Table, int], ...], Field(description="[D100, holding, 100]: names and where they must be")
    ] = ()

    def profile(self) -> Profile:
        return Profile(
            id=self.id,
            title=Title(self.title.zh, self.title.en),
            evidence=self.evidence,
            order_evidence=self.order_evidence or self.evidence,
            source=self.source,
            word_order=self.word_order,
            string_order=self.string_order,
            max_words=self.max_words,
            max_bits=self.max_bits,
            options=tuple(
                Option(keys.name, Title(keys.meaning.zh, keys.meaning.en), keys.example) for keys in self.options
            ),
            areas=tuple(area.area(self.evidence) for area in self.areas),
            test_vectors=tuple(Vector(*vector) for vector in self.test_vectors),
            test_options=self.test_options,
        )
