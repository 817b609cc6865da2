"""Operator messages 2xxx: connections, devices and tags."""

from drivers.contract import Message

MESSAGES: dict[str, Message] = {
    "E2001": Message(
        "error",
        "连接不上 {url}：{reason}",
        "cannot talk to {url}: {reason}",
        "检查设备电源、网线和地址；程序会自动重连",
        "check the device's power, cable and address; the agent keeps trying",
        "已恢复 {url}",
        "talking to {url} again",
    ),
    "W2002": Message(
        "warning",
        "{device} 的采集跟不上 {every} 的周期，跳过了 {skipped} 次",
        "{device} cannot be read every {every}; {skipped} turns were skipped",
        "加大 every，减少变量，或检查设备响应时间",
        "raise `every`, read fewer tags, or find out why the device answers slowly",
        "{device} 的采集周期已恢复",
        "{device} is read on time again",
    ),
    "W2003": Message(
        "warning",
        "{tags} 个变量中 {bad} 个没有值（{quality}）：{names}",
        "{bad} of {tags} values are missing ({quality}): {names}",
        "检查设备状态、站号和地址",
        "check the device's state, its unit number and the addresses",
        "变量恢复正常",
        "all values are there again",
    ),
    "E2004": Message(
        "error",
        "已连接但没有应答（{quality}），全部 {tags} 个变量没有值",
        "connected, but it does not answer ({quality}): none of its {tags} values can be read",
        "检查 PLC 是否运行、站号是否正确、网关后的线路；程序会继续尝试",
        "check that the PLC runs, its unit number, and the line behind a gateway; the agent keeps asking",
        "恢复应答",
        "it answers again",
    ),
    "I2005": Message("info", "{url} 已连接，有应答", "{url} answers"),
}
