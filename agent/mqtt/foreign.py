"""What brokers and the resolver say in English, and the Chinese of it."""

import socket
from collections.abc import Mapping

from paho.mqtt.reasoncodes import ReasonCode

from drivers.phrase import Phrase, in_chinese, known, of_system

REASONS: Mapping[str, str] = {
    "Success": "成功",
    "Normal disconnection": "正常断开",
    "Granted QoS 0": "已授予 QoS 0",
    "Granted QoS 1": "已授予 QoS 1",
    "Granted QoS 2": "已授予 QoS 2",
    "Disconnect with will message": "断开并发布遗嘱消息",
    "No matching subscribers": "没有匹配的订阅者",
    "No subscription found": "没有这个订阅",
    "Continue authentication": "继续认证",
    "Re-authenticate": "重新认证",
    "Unspecified error": "未说明的错误",
    "Malformed packet": "报文格式错误",
    "Protocol error": "协议错误",
    "Implementation specific error": "消息服务器自定义的错误",
    "Unsupported protocol version": "不支持的协议版本",
    "Client identifier not valid": "客户端标识（client_id）无效",
    "Bad user name or password": "用户名或密码错误",
    "Not authorized": "没有权限",
    "Server unavailable": "消息服务器不可用",
    "Server busy": "消息服务器忙",
    "Banned": "该客户端已被禁止",
    "Server shutting down": "消息服务器正在停机",
    "Bad authentication method": "认证方式不对",
    "Keep alive timeout": "心跳超时",
    "Session taken over": "会话被另一个客户端接管",
    "Topic filter invalid": "主题过滤器无效",
    "Topic name invalid": "主题名无效",
    "Packet identifier in use": "报文标识已被占用",
    "Packet identifier not found": "报文标识不存在",
    "Receive maximum exceeded": "未确认的报文超过上限",
    "Topic alias invalid": "主题别名无效",
    "Packet too large": "报文过大",
    "Message rate too high": "消息发送过快",
    "Quota exceeded": "超出配额",
    "Administrative action": "管理员操作",
    "Payload format invalid": "消息内容格式无效",
    "Retain not supported": "不支持保留消息",
    "QoS not supported": "不支持该 QoS",
    "Use another server": "请改用另一台服务器",
    "Server moved": "消息服务器已迁移",
    "Shared subscription not supported": "不支持共享订阅",
    "Connection rate exceeded": "连接过于频繁",
    "Maximum connect time": "达到最长连接时间",
    "Subscription identifiers not supported": "不支持订阅标识",
    "Wildcard subscription not supported": "不支持通配符订阅",
}
"""Names of OASIS MQTT 5.0, table 2-6, as paho writes them."""

_RESOLVING: Mapping[int, str] = {
    socket.EAI_AGAIN: "名称服务器（DNS）暂时没有应答",
    socket.EAI_NONAME: "没有这个主机名",
    socket.EAI_NODATA: "这个主机名没有地址",
    socket.EAI_FAIL: "名称服务器（DNS）出错",
    socket.EAI_ADDRFAMILY: "这个主机名没有可用的地址",
    socket.EAI_MEMORY: "内存不足",
    socket.EAI_SYSTEM: "系统错误",
}


def named(reason: ReasonCode) -> Phrase:
    """A reason code of MQTT by its name."""
    name = str(reason)
    return known(REASONS.get(name), name)


def unnamed(error: socket.gaierror) -> Phrase:
    """Why a name has no address."""
    return known(_RESOLVING.get(error.errno or 0), error.strerror or str(error))


def of_error(error: Exception) -> Phrase:
    """In its own words: those of the system, or what it was raised with, which is Chinese too where it is ours."""
    if isinstance(error, OSError) and error.strerror:
        said = of_system(error)
    else:
        said = error.args[0] if error.args and isinstance(error.args[0], Phrase) else str(error)
    return Phrase(in_chinese(said), said)
