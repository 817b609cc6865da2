"""Operator messages of this driver. M1xxx: what is wrong in a configuration; M2xxx, of the wire: `messages_wire`."""

from collections.abc import Mapping

from drivers.contract import Message
from drivers.modbus import messages_endpoint, messages_wire
from drivers.quantities import MESSAGES as QUANTITIES

_CONFIGURATION: dict[str, Message] = {
    "M1002": Message(
        "error",
        '没有名为 "{given}" 的 PLC 配置',
        'there is no PLC profile "{given}"',
        "可用的有：{known}；不写 plc 则按通用 Modbus 处理",
        "there are: {known}; without plc the device is plain Modbus",
    ),
    "M1003": Message(
        "error",
        "{type} 不是数据类型",
        "{type} is not a type",
        "是否想写 {nearest}？",
        "did you mean {nearest}?",
    ),
    "M1004": Message(
        "error",
        "{type} 的长度不对",
        "{type} has a wrong length",
        "字符串长 1 到 {most} 字节，例如 str(16)",
        "a text has 1 to {most} bytes, such as str(16)",
    ),
    "M1005": Message(
        "error",
        '地址 "{given}" 中的字节序 {order} 无效',
        'address "{given}": {order} is not a byte order',
        "可用的有 @ABCD @CDAB @BADC @DCBA",
        "there are @ABCD @CDAB @BADC @DCBA",
    ),
    "M1006": Message(
        "error",
        '地址 "{given}" 本身就是一个位，不能再取第 {bit} 位',
        'address "{given}" is a bit already; it has no bit {bit}',
        "去掉小数点和后面的数字，或改用寄存器地址",
        "leave out the point and what follows it, or use a register",
    ),
    "M1007": Message(
        "error",
        '{profile} 没有选项 "{given}"',
        '{profile} has no option "{given}"',
        "可用的选项：{known}",
        "its options: {known}",
    ),
    "M1010": Message(
        "error",
        '看不懂地址 "{given}"（{profile}）',
        'address "{given}" is not understood ({profile})',
        "可以写：{allowed}；后面可加类型和字节序，例如 :f32@CDAB",
        "possible are: {allowed}; then a type and an order if wanted, such as :f32@CDAB",
    ),
    "M1011": Message(
        "error",
        '地址 "{given}"：{profile} 没有 {area} 区',
        'address "{given}": {profile} has no area {area}',
        "可以写：{allowed}；其他 PLC 请用 plc 指定型号",
        "possible are: {allowed}; for another PLC set plc",
    ),
    "M1012": Message(
        "error",
        '地址 "{given}"：{profile} 的 {area} 是八进制，没有数字 8 和 9',
        'address "{given}": {area} of {profile} is octal, without digits 8 and 9',
        "{before} 之后是 {after}",
        "{before} is followed by {after}",
    ),
    "M1013": Message(
        "error",
        '地址 "{given}" 超出范围（{profile}）',
        'address "{given}" is out of range ({profile})',
        "范围是 {range}",
        "the range is {range}",
    ),
    "M1014": Message(
        "error",
        '地址 "{given}" 从 1 开始编号，没有 0',
        'address "{given}" is of a notation that counts from 1',
        "第一个是 {first}；从 0 开始编号请写 hr:0、ir:0、co:0、di:0",
        "the first is {first}; counted from 0 write hr:0, ir:0, co:0, di:0",
    ),
    "M1015": Message(
        "error",
        '地址 "{given}"：{type} 需要 {needs} 个寄存器，超出了 {last}',
        'address "{given}": {type} needs {needs} registers and runs over {last}',
        "这段地址到 {last} 为止，后面的地址不相邻",
        "this part of the area ends at {last}; what follows is not its neighbour",
    ),
    "M1016": Message(
        "error",
        '地址 "{given}"：寄存器没有第 {bit} 位',
        'address "{given}": a register has no bit {bit}',
        "位号是 0 到 15，0 是最低位",
        "bits are 0 to 15, 0 the least significant",
    ),
    "M1017": Message(
        "error",
        '地址 "{given}" 不能是 {type} 类型（{profile}）',
        'address "{given}" cannot be {type} ({profile})',
        "可用的类型：{allowed}",
        "possible types: {allowed}",
    ),
    "M1018": Message(
        "error",
        '地址 "{given}" 里写的是 {inside}，旁边写的是 {beside}',
        'address "{given}" says {inside}, the key beside it says {beside}',
        "只留一个",
        "keep one of them",
    ),
    "M1019": Message(
        "error",
        '地址 "{given}"：{type} 需要 {needs} 个寄存器，一次最多读 {most} 个',
        'address "{given}": {type} needs {needs} registers, but one request may read {most}',
        "缩短字符串，或在设备允许时调大 limits.registers",
        "shorten the text, or raise limits.registers if the device allows it",
    ),
    "M1020": Message(
        "info",
        "使用 PLC 地址表 {profile}：{title_zh}，依据等级 {evidence}",
        "using PLC profile {profile}: {title_en}, evidence grade {evidence}",
        "等级：V 厂家手册，N、H 第三方根据手册整理的资料；请与 HMI 上的数值核对",
        "grades: V vendor's manual, N and H made by others from manuals; compare with the HMI",
    ),
    "M1021": Message(
        "error",
        '地址 "{given}" 写法不对（{profile}）',
        'address "{given}" is not written as {profile} writes it',
        "{area} 的写法如 {example}，范围是 {range}",
        "{area} is written like {example}; the range is {range}",
    ),
    "M1022": Message(
        "error",
        '地址 "{given}" 跨在两个寄存器之间（{profile}）',
        'address "{given}" lies across two registers ({profile})',
        "字和双字从 {first} 起每两个字节一个，最近的是 {nearest}；也可以按单个字节读取",
        "words begin at {first} and every second byte from there, nearest {nearest}; or read single bytes",
    ),
    "M1023": Message(
        "error",
        '地址 "{given}"：字节没有第 {bit} 位',
        'address "{given}": a byte has no bit {bit}',
        "位号是 0 到 7，0 是最低位",
        "bits are 0 to 7, 0 the least significant",
    ),
    "M1024": Message(
        "warning",
        "PLC 地址表 {profile}（{title_zh}）未经核实，依据等级 M",
        "PLC profile {profile} ({title_en}) is not verified: evidence grade M",
        "上线前请挑一个已知的数值（例如 HMI 上的计数），与读到的值核对一次，地址和字节序都要看",
        "before relying on it compare one value that you know, such as the count on the HMI: address and byte order",
    ),
    "M1030": Message(
        "error",
        "{file} 第 {line} 行 {where}：{what_zh}",
        "{file}:{line}: {where}: {what_en}",
        "自己的地址表怎么写，见 docs/profiles.zh-CN.md",
        "how to write a profile of your own: docs/profiles.md",
    ),
    "M1031": Message(
        "error",
        'profiles/{given}.yaml 与自带的地址表 "{given}" 重名',
        "profiles/{given}.yaml has the name of a profile that comes with Lineside",
        "请给自己的地址表换个名字，文件名和其中的 id 都要改，再改 plc",
        "name it otherwise, in the file's name, its id and plc: a shipped profile is never replaced in silence",
    ),
    "M1032": Message(
        "error",
        '地址 "{given}"：{profile} 需要先写明 {option}',
        'address "{given}": {profile} has to be told {option} first',
        "在设备上加一行 {option}，例如 {option}: {example}",
        "add {option} to the device, such as {option}: {example}",
    ),
    "M1033": Message(
        "error",
        '{given} 的值 "{written}" 不对（{profile}）',
        '{given} cannot be "{written}" ({profile})',
        "写成例如 {example}",
        "write it like {example}",
    ),
    "M1034": Message(
        "error",
        "{given} 在设备上和 profile_options 里写得不一样",
        "{given} differs between the device and its profile_options",
        "只留一个",
        "keep one of them",
    ),
}

MESSAGES: Mapping[str, Message] = {
    **QUANTITIES,
    **_CONFIGURATION,
    **messages_endpoint.MESSAGES,
    **messages_wire.MESSAGES,
}
