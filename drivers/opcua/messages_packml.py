"""Operator messages of machines that map themselves: U22xx."""

from collections.abc import Mapping

from drivers.contract import Message

PACKML: Mapping[str, Message] = {
    "U2201": Message(
        "error",
        '"{given}" 不是自动映射能提供的量',
        '"{given}" is nothing that a machine maps itself to',
        "可用的有：{known}",
        "there are: {known}",
    ),
    "U2202": Message(
        "error",
        'packml_root "{given}" 必须是一个节点，不能带 |',
        'packml_root "{given}" has to be a node, without a |',
        "写成 nsu=http://example.org/line;i=5001，或浏览路径 /nsu=http://example.org/line;Line/Cartoner",
        "write nsu=http://example.org/line;i=5001, or a browse path /nsu=http://example.org/line;Line/Cartoner",
    ),
    "U2203": Message(
        "error",
        "服务器上没有找到 PackML 机器（OPC 30050、PackTags、OPC 40001-1）{reason}",
        "the server shows no machine by OPC 30050, with PackTags or by OPC 40001-1{reason}",
        "检查用户是否有浏览权限；机器所在位置可用 packml_root 指定；否则去掉 packml，手工填写标签",
        "see whether the user may browse; say with packml_root where the machine is; else write tags without packml",
        "找到了 PackML 机器",
        "the machine was found",
    ),
    "U2204": Message(
        "error",
        "服务器上有 {count} 台机器，不知道是哪一台：{machines}",
        "the server shows {count} machines, and it is not said which one is meant: {machines}",
        "每台机器写一个设备，并用 packml_root 指定其位置",
        "write a device for each, and say with packml_root where it is",
        "已确定是哪一台机器",
        "it is known now which machine is meant",
    ),
    "U2205": Message(
        "info",
        "按 {dialect} 映射了 {where}：{offered}",
        "{where} maps itself by {dialect}: {offered}",
    ),
    "U2206": Message(
        "notice",
        "按 {dialect} 映射了 {where}：{offered}；服务器不提供：{missing}",
        "{where} maps itself by {dialect}: {offered}; the server does not offer: {missing}",
        "不提供的量没有值（bad.config）；别处有就手工写同名标签",
        "what is not offered has no value (bad.config); write a tag of that name where it is elsewhere",
    ),
    "U2207": Message(
        "warning",
        "服务器说 {word} 的单位是 {unit}，自动映射的标签写的是 {usual}",
        "the server says that {word} is in {unit}; the mapped tag says {usual}",
        "手工写一个标签：name: {word}, address: packml:{word}, unit: {unit}",
        "write a tag of your own: name: {word}, address: packml:{word}, unit: {unit}",
    ),
    "U2208": Message(
        "error",
        "服务器上没有 packml_root 指定的位置 {root}",
        "packml_root {root} is not on the server",
        "用 {lineside} browse 查看服务器，把机器所在位置抄到 packml_root",
        "look with {lineside} browse where the machine is, and copy that into packml_root",
        "packml_root 指定的位置又有了",
        "packml_root is there",
    ),
}
