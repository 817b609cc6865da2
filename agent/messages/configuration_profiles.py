"""What `lineside profiles` says. Heads of tables: words with `|` between them."""

from drivers.contract import Message

MESSAGES: dict[str, Message] = {
    "E1140": Message(
        "error",
        '没有名为 "{value}" 的 PLC 地址表',
        'there is no address profile "{value}"',
        "{known}",
        "{known}",
    ),
    "I1141": Message("info", "地址表|设备|等级|地址区|选项", "profile|devices|grade|areas|options"),
    "I1142": Message("info", "等级：", "grades:"),
    "I1143": Message("info", "等级 {grade}：{meaning}", "grade {grade}: {meaning}"),
    "I1144": Message("info", "来源：", "source: "),
    "I1145": Message("info", "选项|含义|例如", "option|meaning|such as"),
    "I1146": Message("info", "地址|在 Modbus 中|等级", "addresses|where Modbus finds them|grade"),
    "I1147": Message("info", "例子：", "examples:"),
    "I1148": Message("info", "（没有一个驱动带地址表）", "(no driver has address profiles)"),
}
