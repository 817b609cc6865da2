"""A driver for thickness gauges that answer datagrams; written from docs/drivers.md.

Question: number, channel (two big-endian 16-bit words). Answer: number, channel, status byte, 32-bit float.
"""

from collections.abc import Mapping

from drivers import quantities
from drivers.contract import DriverPlugin, Message
from lineside_gauge.conversation import describe, open_gauge
from lineside_gauge.models import Address, Connection, Device

MESSAGES: Mapping[str, Message] = {
    **quantities.MESSAGES,
    "G1001": Message(
        "error",
        zh="通道 {channel} 不存在：该测厚仪只有 {size} 个通道",
        en="there is no channel {channel}: this gauge has {size}",
        hint_zh="通道号为 1 到 {size}",
        hint_en="channels are 1 to {size}",
    ),
    "G2001": Message(
        "warning",
        zh="测厚仪 {device} 正在预热，读数不可靠",
        en="gauge {device} is warming up, its readings are uncertain",
        back_zh="测厚仪 {device} 预热完成",
        back_en="gauge {device} is warm",
    ),
}

PLUGIN = DriverPlugin(
    connection=Connection,
    device=Device,
    address=Address,
    open=open_gauge,
    describe=describe,
    messages=MESSAGES,
)
