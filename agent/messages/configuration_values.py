"""Operator messages 1xxx about single keys and values."""

from drivers.contract import Message


def _error(zh: str, en: str, hint_zh: str = "", hint_en: str = "") -> Message:
    return Message("error", zh, en, hint_zh, hint_en)


MESSAGES: dict[str, Message] = {
    "E1020": _error("缺少 {key}", "{key} is missing", "加上它", "add it"),
    "E1021": _error("没有键 {key}", "there is no key {key}", "可用：{known}", "there are: {known}"),
    "E1022": _error("没有键 {key}", "there is no key {key}", "是不是 {meant}？", "did you mean {meant}?"),
    "E1023": _error(
        "{value} 不是整数", "{value} is not a whole number", "写一个整数，例如 16", "write one, such as 16"
    ),
    "E1024": _error("{value} 不是数字", "{value} is not a number", "写一个数字，例如 0.1", "write one, such as 0.1"),
    "E1025": _error("{value} 不是文字", "{value} is not a text", '加上引号，例如 "{value}"', 'use quotes: "{value}"'),
    "E1026": _error("{value} 不是 true 或 false", "{value} is neither true nor false"),
    "E1027": _error("{value} 不可用", "{value} cannot stand here", "应为 {expected}", "it must be {expected}"),
    "E1028": _error(
        "{value} 不是列表", "{value} is not a list", "每项一行，以“- ”开头", 'one item a line, each beginning with "- "'
    ),
    "E1029": _error(
        "{value} 不是一组键和值", "{value} is not a set of keys and values", "写成“键: 值”", 'write "key: value"'
    ),
    "E1030": _error("{value} 超出范围", "{value} is out of range", "应 {sign} {bound}", "it must be {sign} {bound}"),
    "E1031": _error(
        "{value} 的个数或长度不对", "{value} has the wrong length", "应 {sign} {bound}", "it must be {sign} {bound}"
    ),
    "E1032": _error("{value} 不是有限的数", "{value} is not a finite number"),
    "E1033": _error("不能为空", "it cannot be empty"),
    "E1034": _error(
        "{value} 不是数字", "{value} is not a number", "写小数或分数，例如 0.1 或 1/60", "such as 0.1, or 1/60"
    ),
    "E1035": _error("scale 不能为 0", "scale cannot be 0", "不换算就删除 scale", "without scaling delete it"),
    "E1036": _error(
        "{value} 不是死区", "{value} is not a deadband", "写 0 以上的数，或百分比，例如 0.5 或 1%", "such as 0.5, or 1%"
    ),
    "E1037": _error(
        "{value} 不是位", "{value} names no bits", '写 0 到 63 的位号，或范围，例如 3 或 "4-7"', 'such as 3, or "4-7"'
    ),
    "E1038": _error(
        "{value} 不是对照表",
        "{value} is not a table of values",
        "例如 {{0: stopped, 1: running}}",
        "such as {{0: stopped, 1: running}}",
    ),
    "E1039": _error(
        "对照表的键 {value} 不是整数",
        "{value} is not a whole number of the machine",
        "例如 {{0: stopped}}",
        "{{0: stopped}}",
    ),
    "E1042": _error(
        "对照表的值有的是文字有的是数：{value}",
        "some values are texts and some are numbers: {value}",
        "全部写成文字，或全部写成整数",
        "make all of them texts, or all whole numbers",
    ),
    "E1043": _error(
        "{value} 不是范围",
        "{value} is not a range",
        "写 [下限, 上限]，例如 [-20, 400]",
        "write [low, high]: [-20, 400]",
    ),
    "E1044": _error(
        "下限 {low} 不小于上限 {high}", "{low} is not below {high}", "写 [下限, 上限]", "write [low, high]"
    ),
    "E1045": _error("{value} 不是数的列表", "{value} is not a list of numbers", "例如 [65535]", "such as [65535]"),
    "E1046": _error("说明要写成文字，或 {{zh: ..., en: ...}}", "write one text, or {{zh: ..., en: ...}}"),
    "E1049": _error(
        "没有写值", "there is no value", "在冒号后写上值，或删除这一行", "write one after the colon or delete it"
    ),
    "E1074": _error(
        "{value} 写法不对", "{value} is not written correctly", "应符合 {pattern}", "it must match {pattern}"
    ),
    "E1099": _error("{value} 不可用：{said}", "{value} cannot stand here: {said}"),
}
