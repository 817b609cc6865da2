"""What the keys of `drivers.modbus.config` are for, in Chinese."""

from collections.abc import Mapping
from types import MappingProxyType

KEYS: Mapping[str, str] = MappingProxyType(
    {
        "url": "连接地址：tcp://主机:502、rtu+tcp://、udp://、tls://、listen://，或串口 rtu:///dev/serial/by-id/...?baud=9600",
        "timeout": "建立连接或等待应答的最长时间",
        "tls.ca_file": "信任哪些证书；不写则用系统自带的",
        "tls.cert_file": "本机证书，设备要求时才需要",
        "tls.key_file": "本机证书的密钥，不能带口令",
        "limits.registers": "一次请求最多读多少个寄存器",
        "limits.bits": "一次请求最多读多少个线圈或离散输入",
        "limits.gap": "为少发请求而顺带读取的无用寄存器数（位按 16 倍计）",
        "limits.pause": "收到应答后隔多久再发下一个请求",
        "limits.pipeline": "同时在途的请求数；1 适用于所有 PLC",
        "limits.max_late": "串口：迟到的应答最多还会等多久；TCP 用不到",
        "limits.quarantine": "被设备拒绝的地址最长隔多久再试一次",
        "limits.retries_busy": "设备忙（异常码 5 或 6）时重试几次",
        "unit": "连接后面的站号（Unit ID）",
        "plc": "PLC 地址表，例如 inovance-h5u（见 lineside profiles）；不写就是普通 Modbus 地址",
        "hold_start": "S7-200 SMART：HoldStart 指向的地址，例如 VB1000",
        "hold_base": "S7-1200/1500：MB_HOLD_REG 指向的地址，例如 DB10.DBX0.0、MB100",
        "profile_options": "地址表要求补充的选项，按名称填写",
        "address": "D100、M8、hr:100、40101；可带位、类型、字节序：D500.3、D100:f32@CDAB、D600:str(16)",
        "type": "bool u8 i8 u16 i16 u32 i32 u64 i64 f16 f32 f64 bcd16 bcd32 str(字节数)",
        "order": "数值的字节序；不写则按地址表，再不然是 ABCD",
        "string_order": "文本中一个寄存器的哪个字节在前",
        "encoding": "文本的编码；不写就是 ascii，GBK 的设备写 gb18030",
    }
)
