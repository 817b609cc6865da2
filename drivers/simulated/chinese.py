"""What the keys of `drivers.simulated.config` are for, in Chinese."""

from collections.abc import Mapping
from types import MappingProxyType

KEYS: Mapping[str, str] = MappingProxyType(
    {
        "seed": "noise(...) 的随机数种子：种子相同，数值就相同",
        "latency": "每次读取耗时，例如 5ms",
        "timeout": "读取时等待应答的最长时间",
        "fail": "设备何时出故障，从启动算起：[down 30s..40s, mute 50s..60s]",
        "address": "信号：sine(60s, 0, 100)、ramp(60s, 0, 100)、noise(1s, 0, 100)、counter(0.5s, 65536)、square(10s)、"
        "constant(5)、text(GD001|GD002, 30s)、hole",
    }
)
