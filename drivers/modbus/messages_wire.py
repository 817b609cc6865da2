"""Operator messages about what happens on the wire: M2xxx."""

from collections.abc import Mapping
from types import MappingProxyType

from drivers.contract import Message

MESSAGES: Mapping[str, Message] = MappingProxyType(
    {
        "M2001": Message(
            "warning",
            "设备拒绝读取 {count} 个变量：{tags}（{address}）",
            "the device refuses to be read at {count} tags: {tags} ({address})",
            "检查这些地址在 PLC 程序中是否存在、型号是否选对；其他变量照常采集，被拒绝的会定期重试",
            "check that these addresses exist in the PLC program and that `plc` is right; the other tags are read as "
            "usual and the refused ones are tried again from time to time",
            "所有被拒绝的变量已可读取",
            "all refused tags can be read again",
        ),
        "M2002": Message(
            "warning",
            "设备又拒绝读取 {count} 个变量：{tags}（{address}）",
            "the device also refuses to be read at {count} more tags: {tags} ({address})",
        ),
        "M2003": Message(
            "notice",
            "设备不回送 Modbus TCP 事务号，每次只发一个请求",
            "the device does not echo Modbus TCP transaction ids; it is asked one request at a time",
            "不影响数据正确性；pipeline 设置对它不起作用",
            "the values are right all the same; `pipeline` has no effect on it",
        ),
        "M2004": Message(
            "notice",
            "设备一次最多回答 {registers} 个寄存器，已按此分批读取",
            "the device answers at most {registers} registers at once; requests are kept to that from now on",
            "在 limits 中写 registers: {registers} 可免去启动时的试探",
            "write `registers: {registers}` under `limits` to spare the trial at every start",
        ),
        "M2010": Message(
            "error",
            "{url} 拒绝连接",
            "{url} refuses the connection",
            "检查端口号和 PLC 的 Modbus TCP 服务是否启用；也可能是其他软件占满了 PLC 的连接数",
            "check the port and that the PLC's Modbus TCP server is on; others may have taken all its connections",
            "已恢复 {url}",
            "talking to {url} again",
        ),
        "M2011": Message(
            "error",
            "{url} 没有应答",
            "{url} does not answer",
            "检查设备电源、网线和 IP 地址",
            "check the device's power, its cable and the address",
            "已恢复 {url}",
            "talking to {url} again",
        ),
        "M2012": Message(
            "error",
            "到 {url} 的网络不通",
            "there is no way to {url} through the network",
            "检查网关的网口、网段和路由",
            "check this gateway's network port, subnet and routes",
            "已恢复 {url}",
            "talking to {url} again",
        ),
        "M2013": Message(
            "error",
            "无法解析 {url} 中的主机名",
            "the host name in {url} cannot be resolved",
            "检查主机名和 DNS 设置，或直接写 IP 地址",
            "check the name and the DNS settings, or write the IP address",
            "已恢复 {url}",
            "talking to {url} again",
        ),
    }
)
