"""Operator messages 1xxx about keys, values, and names that must fit each other."""

from drivers.contract import Message


def _error(zh: str, en: str, hint_zh: str = "", hint_en: str = "") -> Message:
    return Message("error", zh, en, hint_zh, hint_en)


def _warning(zh: str, en: str, hint_zh: str = "", hint_en: str = "") -> Message:
    return Message("warning", zh, en, hint_zh, hint_en)


VALUES: dict[str, Message] = {
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
        "下限 {low} 不小于上限 {high}", "{low} is not below {high}", "先写下限，再写上限", "write the lower one first"
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

NAMES: dict[str, Message] = {
    "E1051": _error(
        "名称 {value} 已在第 {first} 行使用",
        "the name {value} is taken in line {first}",
        "换一个名称",
        "choose another",
    ),
    "E1052": _error("没有名为 {value} 的连接", "there is no connection {value}", "已有：{known}", "there are: {known}"),
    "E1053": _error(
        "没有名为 {value} 的连接", "there is no connection {value}", "是不是 {meant}？", "did you mean {meant}?"
    ),
    "E1054": _error(
        "没有安装驱动 {value}", "the driver {value} is not installed", "已安装：{known}", "installed are: {known}"
    ),
    "E1055": _error(
        "驱动 {value} 不能使用：{reason}",
        "the driver {value} cannot be used: {reason}",
        "重新安装它",
        "install it again",
    ),
    "E1056": _error(
        "{value} 不是合格的名称",
        "{value} is not a proper name",
        "小写英文字母开头，只用小写字母、数字和下划线，最多 64 个字符，例如 count_good",
        "lower-case letters, digits and underscores, a letter first, at most 64 characters, such as count_good",
    ),
    "E1057": _error("没有指标 {value}", "there is no metric {value}", "可用：{known}，或 x_ 开头", "{known}, or x_..."),
    "E1058": _error("没有指标 {value}", "there is no metric {value}", "是不是 {meant}？", "did you mean {meant}?"),
    "E1059": _error(
        "名称 {value} 不是指标字典里的词",
        "the name {value} is not a metric of the dictionary",
        "加上 metric（例如 metric: {meant}），或把名称改为 x_{value}",
        "add metric (such as metric: {meant}) or call it x_{value}",
    ),
    "E1060": _error(
        "{device} 的两个变量 {first} 和这个是同一指标 {metric}，无法区分",
        "{first} and this tag of {device} are the same metric {metric} and nothing tells them apart",
        "各加一个 labels，例如 labels: {{zone: dryer1}}",
        "give them labels, such as labels: {{zone: dryer1}}",
    ),
    "W1061": _warning(
        "指标 {metric} 的单位是 {units}，这里写的是 {unit}",
        "the unit of {metric} is {units}, here it is {unit}",
        "用 scale 和 offset 换算后写标准单位；或者保持不变",
        "convert it with scale and offset, or leave it",
    ),
    "W1062": _warning(
        "没有登记的机型 {value}", "{value} is no known kind of machine", "可用：{known}", "known: {known}"
    ),
    "W1063": _warning("设备 {device} 没有变量，什么也不读", "the device {device} has no tags; nothing is read from it"),
    "W1064": _warning("没有设备使用连接 {connection}", "no device uses the connection {connection}"),
    "E1065": _error(
        "min_interval {value} 大于 max_interval",
        "min_interval {value} is longer than max_interval",
        "max_interval 默认 5m",
        "max_interval is 5m by default",
    ),
    "E1093": _error(
        "every 和 read_on: {value} 不能同时写",
        "every and read_on: {value} exclude each other",
        "跟随别的变量读取的变量没有周期：删去其中一个",
        "what is read after another tag has no period: leave out one of them",
    ),
    "E1094": _error(
        "设备 {device} 没有变量 {value}，read_on 无从跟随",
        "the device {device} has no tag {value} that read_on could follow",
        "是否想写 {meant}？只在每次连接后读一次写 start",
        "did you mean {meant}? To read once after each connect, write start",
    ),
    "E1095": _error(
        "{value} 自己也是跟随别的变量读取的",
        "{value} is itself read after another tag",
        "read_on 要写一个按周期读取的变量",
        "read_on names a tag that has a period",
    ),
    "E1096": _error(
        "every: {every} 和 sampling: {value} 不能同时写",
        "every: {every} and sampling: {value} exclude each other",
        "every 是程序按周期读取，sampling 是设备自己按周期检查、有变化才上报：删去其中一个",
        "with every the agent reads, with sampling the device looks and tells of changes: leave out one of them",
    ),
    "E1097": _error(
        "这个连接的驱动不能订阅，sampling 不起作用",
        "the driver of this connection does not subscribe; sampling can do nothing",
        "删除 sampling；采集周期写 every",
        "delete it; how often to read is said by every",
    ),
    "E1098": _error(
        "read_on: {value} 和 sampling 不能同时写",
        "read_on: {value} and sampling exclude each other",
        "跟随别的变量读取的变量不能订阅：删去其中一个",
        "what is read after another tag is not subscribed: leave out one of them",
    ),
    "E1047": _error(
        "{value} 不能作为标签名",
        "{value} cannot be the name of a label",
        "小写英文字母开头，只用小写字母、数字和下划线，例如 line",
        "lower-case letters, digits and underscores, a letter first, such as line",
    ),
    "E1048": _error(
        "标签 {value} 由程序自动给出", "the label {value} is given by the agent itself", "删除它", "delete it"
    ),
    "E1086": _error(
        "这个变量的值是 {type}，{key} 对它没有意义",
        "the values of this tag are {type}; {key} can do nothing with them",
        "删除 {key}，或检查地址和类型",
        "delete {key}, or check address and type",
    ),
    "E1087": _error(
        "有 {cause} 时 {key} 不起作用", "{key} has no effect after {cause}", "删除其中一个", "delete one of them"
    ),
}
