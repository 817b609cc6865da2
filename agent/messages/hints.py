"""Hints where one code has several causes. Elsewhere the message has its hint."""

from collections.abc import Mapping

BROKER: Mapping[str, tuple[str, str]] = {
    "refused": (
        "检查消息服务器是否在运行、端口是否正确（mqtt:// 一般 1883，mqtts:// 一般 8883）、防火墙是否拦截",
        "check that the broker runs, its port (mostly 1883 for mqtt://, 8883 for mqtts://) and firewalls",
    ),
    "name": (
        "检查 url 中的主机名和网关的 DNS 设置，或直接写 IP 地址",
        "check the host name in the url and this gateway's DNS settings, or write the IP address",
    ),
    "unreachable": (
        "检查网关的网线、网段和路由",
        "check this gateway's cable, subnet and routes",
    ),
    "silent": (
        "检查网线、路由、防火墙和消息服务器的地址，以及该端口上是不是 MQTT",
        "check cable, routes, firewalls, the broker's address, and that this port speaks MQTT",
    ),
    "certificate": (
        "检查 tls.ca_file 是否是签发服务器证书的 CA、证书是否过期、url 中的主机名是否与证书一致，以及网关时钟",
        "check that tls.ca_file is the authority of the broker's certificate, that it has not expired, that the "
        "host in the url is the one in it, and this gateway's clock",
    ),
    "tls": (
        "检查该端口是否为 TLS 端口，消息服务器是否要求客户端证书（tls.cert_file、tls.key_file）",
        "check that this port speaks TLS, and whether the broker wants a client certificate (tls.cert_file, "
        "tls.key_file)",
    ),
    "file": (
        "检查配置中 tls 下的文件是否存在、能否读取",
        "check that the files under `tls` exist and can be read",
    ),
    "login": (
        "请平台方核对用户名、密码和 client_id 的权限",
        "check user name and password, and ask the platform whether this client_id may connect",
    ),
    "declined": (
        "请平台方按这个原因检查消息服务器",
        "ask the platform to check the broker for this reason",
    ),
    "unacknowledged": (
        "线路太慢或消息服务器卡住：检查线路质量和服务器负载，线路很慢时加大 ack_timeout",
        "the line is too slow or the broker is stuck: check line and load; on a very slow line raise ack_timeout",
    ),
    "closed": (
        "消息服务器或线路断开了连接：看消息服务器的日志，是否重启，或有别的程序用了同一个 client_id",
        "the broker or the line ended the connection: see the broker's log for a restart, or for another program with "
        "this client_id",
    ),
    "not_mqtt": (
        "检查 url 中的端口：那里应答的不是 MQTT（ws:// 或网页端口？）",
        "check the port in the url: what answers there is not MQTT",
    ),
    "taken_over": (
        "有别的程序用同一个 client_id 连上了：给每个网关设置不同的 client_id",
        "something else connected with this client_id: give every gateway one of its own",
    ),
}
"""Why there is no connection to a broker (`agent.mqtt.Cause`) -> what to look at."""

WATCHING: Mapping[str, tuple[str, str]] = {
    **BROKER,
    "certificate": (
        "检查 --ca 是否是签发服务器证书的 CA、证书是否过期、URL 中的主机名是否与证书一致，以及本机时钟",
        "check that --ca is the authority of the broker's certificate, that it has not expired, that the host in the "
        "URL is the one in it, and the clock here",
    ),
    "tls": (
        "检查该端口是否为 TLS 端口，消息服务器是否要求客户端证书（--cert、--key）",
        "check that this port speaks TLS, and whether the broker wants a client certificate (--cert, --key)",
    ),
    "file": ("检查 --ca、--cert、--key 的文件", "check the files of --ca, --cert and --key"),
    "login": (
        "核对 --username、--password-file，以及该用户能否订阅这些主题",
        "check --username and --password-file, and that this user may subscribe to these topics",
    ),
}
"""The same for `lineside sub`, which has options in place of keys."""

REFUSED: Mapping[str, tuple[str, str]] = {
    "0x87": (
        "请平台方在消息服务器的权限（ACL）中允许该客户端发布这个主题",
        "ask the platform to allow this client to publish on this topic (access list of the broker)",
    ),
    "0x90": (
        "请平台方检查消息服务器允许的主题（层数、长度、字符），或修改配置中的 topics",
        "ask the platform which topics the broker takes (levels, length, characters), or change `topics`",
    ),
    "0x95": (
        "请平台方增大消息服务器的最大报文长度",
        "ask the platform to raise the broker's limit of the packet size",
    ),
    "0x97": (
        "请平台方检查该客户端在消息服务器上的配额和流量限制",
        "ask the platform for this client's quota and rate limits at the broker",
    ),
    "0x99": (
        "请平台方检查消息服务器的内容校验（schema）是否认识 Lineside 的格式",
        "ask the platform whether the broker's validation of payloads (schema) knows Lineside's format",
    ),
}
"""Reason code of a message that the broker refuses -> what to ask for. Elsewhere the message has its hint."""

KEPT = ("；数据保留在本机，恢复后补发", "; records are kept here and sent later")

HINTS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("W1061", "spelling"): ("写 {meant}", "write {meant}"),
    **{("E4001", cause): (zh + KEPT[0], en + KEPT[1]) for cause, (zh, en) in BROKER.items()},
    **{("E4010", code): hint for code, hint in REFUSED.items()},
    **{("W4002", cause): hint for cause, hint in BROKER.items()},
    **{("E8002", cause): hint for cause, hint in WATCHING.items()},
}
"""(code, the fact `cause`) -> Chinese, English."""
