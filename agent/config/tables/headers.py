"""Names of columns, English and Chinese, as forgiving as a person who reads a table."""

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from unicodedata import normalize

CHINESE: Mapping[str, tuple[str, ...]] = {
    "name": ("名称", "变量名"),
    "metric": ("指标",),
    "address": ("地址",),
    "type": ("类型", "数据类型"),
    "unit": ("单位",),
    "scale": ("倍率",),
    "offset": ("偏移",),
    "enum": ("枚举",),
    "bits": ("位",),
    "null_values": ("无效值",),
    "range": ("范围",),
    "every": ("周期",),
    "sampling": ("采样", "采样周期"),
    "read_on": ("触发变量",),
    "deadband": ("死区",),
    "min_interval": ("最小间隔",),
    "max_interval": ("上报间隔",),
    "order": ("字节序",),
    "string_order": ("字符顺序",),
    "encoding": ("编码",),
    "labels": ("标签",),
    "description": ("说明", "描述"),
}
"""Key -> its Chinese columns, the one of the documentation first. Keys that are not here have their own name only."""

REMARKS = frozenset(("备注", "序号", "编号", "remark", "remarks", "note", "notes", "comment", "comments", "no", "no."))
"""Columns that are for people only."""

_BETWEEN = re.compile(r"[\s/()\[\]]+")


def folded(text: str) -> str:
    """`Max Interval*` -> `maxinterval`: no case, no spaces, no full-width forms."""
    return re.sub(r"[\s_*\-]+", "", normalize("NFKC", text).casefold())


_KEYS: Mapping[str, str] = {folded(word): key for key, words in CHINESE.items() for word in (key, *words)}
_REMARKS = frozenset(map(folded, REMARKS))


def is_remark(text: str) -> bool:
    """A column that is ignored by design; `#` over a column means number."""
    return text == "#" or folded(text) in _REMARKS


def key_of(text: str, others: Collection[str] = ()) -> str | None:
    """The key that a column stands for: `倍率`, `Max Interval`, `名称 (name)`; `others` are keys beside `CHINESE`."""
    whole = _key_of(text, others)
    if whole:
        return whole
    parts = {_key_of(part, others) for part in _BETWEEN.split(normalize("NFKC", text)) if folded(part)}
    return parts.pop() if len(parts) == 1 else None


def _key_of(word: str, others: Collection[str]) -> str | None:
    wanted = folded(word)
    return _KEYS.get(wanted) or next((other for other in others if folded(other) == wanted), None)


def meant(text: str, keys: Collection[str]) -> str | None:
    """The key that was probably meant by a column that stands for none."""
    words = {folded(word): key for key in keys for word in (key, *CHINESE.get(key, ()))}
    wanted = folded(text)[:64]
    found = get_close_matches(wanted, words, n=1, cutoff=0.74 if wanted.isascii() else 0.5)
    return words[found[0]] if found else None


def titled(key: str) -> str:
    """A key as a table names it: `scale 倍率`."""
    chinese = CHINESE.get(key)
    return f"{key} {chinese[0]}" if chinese else key
