"""Profiles for people to look up: what `lineside profiles` shows."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from drivers.contract import AddressArea, AddressProfile, Profiles, Text
from drivers.modbus.address import Table
from drivers.modbus.notation import parse
from drivers.modbus.profile import Area, Evidence, Profile, Span
from drivers.modbus.profile_file import WrongProfile
from drivers.modbus.shelf import known, own_names, own_profile, profile
from drivers.modbus.wrong_file import problems_of

GRADES: dict[Evidence, Text] = {
    "V": Text("依据厂家手册原文", "read in the vendor's manual"),
    "N": Text(
        "第三方网关厂家根据手册整理、公开发布的资料", "made from the manual by another gateway's vendor, and documented"
    ),
    "H": Text("第三方通信库采用的地址换算", "as other communication libraries convert addresses"),
    "M": Text("未经核实，务必与 HMI 上的已知数值核对", "not verified: compare a value that you know with the HMI"),
}
_WIDTHS = {
    1: Text("位", "bits"),
    8: Text("字节", "bytes"),
    16: Text("16 位字", "16-bit words"),
    32: Text("32 位双字", "32-bit words"),
}
_TABLES = {Table.INPUT: Text("输入寄存器", "input registers"), Table.HOLDING: Text("保持寄存器", "holding registers")}
_EXAMPLES = 12


def profiles(folder: Path) -> Profiles:
    """Those that come with the driver, then those of the site."""
    sheets = [_sheet(profile(name)) for name in known()]
    wrong: list[tuple[str, Mapping[str, object]]] = []
    for name in own_names(folder):
        if name in known():
            wrong.append(("M1031", {"given": name}))
            continue
        try:
            sheets.append(_sheet(own_profile(folder, name)))
        except WrongProfile as error:
            wrong += [(problem.code, problem.facts) for problem in problems_of(name, error.mistakes)]
    return Profiles(sheets, list(GRADES.items()), wrong)


def _sheet(known: Profile) -> AddressProfile:
    options = [(option.name, Text(*option.meaning), option.example) for option in known.options]
    areas = [row for area in known.areas for row in _rows(area, known)]
    return AddressProfile(
        known.id, Text(*known.title), known.evidence, known.source, _facts(known), options, areas, _examples(known)
    )


def _facts(known: Profile) -> Sequence[tuple[Text, str]]:
    return [
        (Text("32 位字节序", "order of 32 bits"), f"{known.word_order} ({known.order_evidence})"),
        (Text("字符串先", "byte of a text first"), f"{known.string_order} ({known.order_evidence})"),
        (Text("一次最多读寄存器", "registers in one request"), str(known.max_words)),
        (Text("一次最多读位", "bits in one request"), str(known.max_bits)),
    ]


def _rows(area: Area, known: Profile) -> Iterator[AddressArea]:
    holds = _holds(area)
    for span in area.map:
        base = Text(*(f"{text}{_at(area, span)}" for text in holds))
        numbers = area.range if area.origin else f"{area.written(span.first)}-{area.written(span.last)}"
        yield AddressArea(area.prefix, numbers, base, area.evidence)


def _at(area: Area, span: Span) -> str:
    return f" {area.kind.prefix}:{span.base} ({area.kind.digit}{span.base + 1:05})"


def _holds(area: Area) -> Text:
    if area.kind is Table.COIL:
        return Text("位（线圈），起始", "bits (coils) from")
    if area.kind is Table.DISCRETE:
        return Text("位（离散输入），起始", "bits (discrete inputs) from")
    what = _WIDTHS[area.width]
    where = _TABLES[area.kind]
    return Text(f"{what.zh}（{where.zh}），起始", f"{what.en} ({where.en}) from")


def _examples(known: Profile) -> list[tuple[str, str]]:
    """The last test vector of each area, after the options under which they hold."""
    bound = known.bound(known.test_options)
    chosen: dict[tuple[str, Table], str] = {}
    for vector in known.test_vectors:
        areas = bound.named(vector.written)
        chosen[areas[0].prefix, vector.kind] = vector.written
    options = [(f"{name}: {written}", "") for name, written in known.test_options.items()]
    return options + [(written, parse(written, bound).source) for written in list(chosen.values())[:_EXAMPLES]]
