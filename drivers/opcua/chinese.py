"""What the keys of `drivers.opcua.config` are for, in Chinese."""

from collections.abc import Mapping
from types import MappingProxyType

KEYS: Mapping[str, str] = MappingProxyType(
    {
        "url": "服务器地址：opc.tcp://主机:4840，服务器有路径就加上路径",
        "timeout": "建立连接或等待应答的最长时间",
        "insecure": "允许不加密、不验证的通信（任何人都能读取和篡改）",
        "security.policy": "auto 取服务器提供的最强的一种",
        "security.mode": "auto：服务器支持就既签名又加密",
        "security.cert_file": "本机应用证书，PEM 或 DER；不写则第一次用到时自动生成",
        "security.key_file": "本机证书的密钥，不能带口令",
        "user": "用户名，服务器要求时才需要",
        "password_file": "密码文件；其他用户不能有读权限",
        "user_cert_file": "用户证书，代替用户名和密码；PEM 或 DER",
        "user_key_file": "用户证书的密钥，不能带口令；其他用户不能有读权限",
        "server": "已知限制的服务器：s7-1200；不写则向服务器询问",
        "keep_alive": "没有变化时服务器多久表示一次在线",
        "limits.nodes": "一次调用最多多少个节点；0 表示不限",
        "limits.items": "最多订阅多少个值；0 表示不限",
        "limits.queue": "服务器为每个值最多保留多少次变化",
        "limits.message": "接受的最大报文",
        "packml": "auto：按 OPC 30050、PackTags 或 OPC 40001-1 自动映射机器，不必逐个写标签",
        "packml_root": "服务器上有多台机器时，这台机器在哪里：节点或浏览路径",
        "address": "nsu=http://example.org/line;s=Speed、i=2258、/nsu=...;Line/Speed；|Orders[0].Name 取其中一部分；"
        "packml:state 取自动映射的机器状态",
    }
)
