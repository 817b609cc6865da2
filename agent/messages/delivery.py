"""Operator messages 3xxx the outbox, 4xxx destinations."""

from drivers.contract import Message

_STATE = {
    "E3001": Message(
        "error",
        "状态目录无法使用（{reason}）：采集和发送继续，但数据只在内存中，断电会丢失",
        "the state directory cannot be used ({reason}): acquisition and delivery go on, from memory only",
        "检查磁盘空间和目录权限，然后重启服务",
        "check free space and permissions of the directory, then restart",
    ),
    "E3002": Message(
        "error",
        "状态目录属于另一版本（格式 {found}，本程序认识 {known}）：不改动它，数据只在内存中",
        "the state directory belongs to another version (format {found}, known here {known}): left alone, "
        "records are in memory only",
        "安装写入该目录的版本，或者换一个 state_dir",
        "install the version that wrote it, or set another state_dir",
    ),
    "W3003": Message(
        "warning",
        "无法写入（{reason}）",
        "cannot be written ({reason})",
        "检查磁盘空间和目录权限",
        "check free space and permissions of the directory",
    ),
    "W3004": Message(
        "warning",
        "文件已损坏，改名为 {aside} 保留，从空白开始",
        "the file is damaged; it is kept as {aside} and begun anew",
        "检查磁盘或存储卡是否正常",
        "check the disk or memory card",
    ),
    "W3005": Message(
        "warning",
        "读取缓存时出错（{reason}）：稍后重试",
        "the outbox cannot be read ({reason}): it is tried again",
        "检查磁盘或存储卡是否正常",
        "check the disk or memory card",
    ),
    "E3005": Message(
        "error",
        "缓存无法写入磁盘（{reason}）：采集和发送继续，数据只在内存中，断电会丢失",
        "the outbox cannot be written to disk ({reason}): acquisition and delivery go on, from memory only",
        "检查磁盘空间（df -h）和磁盘是否变为只读；空间恢复后几秒内自动继续写盘，不用重启",
        "check free space (df -h) and whether the disk became read-only; it goes on by itself within seconds",
        "缓存已恢复写盘",
        "the outbox is written to disk again",
    ),
    "E3006": Message(
        "error",
        "缓存中有 {records} 条记录损坏：已跳过，会以 gap 事件报告，损坏部分保存在 quarantine 目录",
        "{records} records in the outbox are damaged: passed over, announced as gap events, kept in quarantine/",
        "检查磁盘或存储卡是否正常，必要时更换",
        "check the disk or memory card, replace it if this comes again",
    ),
    "W3007": Message(
        "warning",
        "发送进度文件丢失或损坏：缓存中的全部数据会再发一次，平台按 (gw, dev, boot, seq) 去重",
        "its cursor is lost or damaged: everything in the outbox is sent again; platforms ignore what they have",
        "检查磁盘或存储卡是否正常",
        "check the disk or memory card",
    ),
    "E3008": Message(
        "error",
        "磁盘没有响应：采集和发送继续，数据暂时只在内存中",
        "the disk does not answer: acquisition and delivery go on, from memory for now",
        "检查磁盘或存储卡，看系统日志（dmesg）",
        "check the disk or memory card and the system's log (dmesg)",
        "磁盘恢复响应",
        "the disk answers again",
    ),
    "W3009": Message(
        "warning",
        "缓存文件里没有可读的内容：移到 quarantine 目录",
        "this file of the outbox holds nothing readable: it is moved to quarantine/",
        "检查磁盘或存储卡是否正常；目录里不要放别的文件",
        "check the disk or memory card; keep other files out of this directory",
    ),
    "W3010": Message(
        "warning",
        "缓存已满：最旧的数据被丢弃，会以 gap 事件报告缺口",
        "outbox full: the oldest records are dropped and announced as gap events",
        "恢复到该目的地的连接，或增大 outbox.max_bytes",
        "restore the connection to it, or raise outbox.max_bytes",
        "缓存恢复正常：共丢弃 {records} 条",
        "outbox has room again: {records} records were dropped",
    ),
}

_LINK = {
    "E4001": Message(
        "error",
        "没有连上消息服务器：{reason}",
        "no connection to the broker: {reason}",
        "检查网络、消息服务器的地址和端口、用户名和密码、证书；数据保留在本机，恢复后补发",
        "check network, the broker's address and port, user name and password, certificates; records are kept here and "
        "sent later",
        "连接已恢复（MQTT {protocol}）",
        "connected again (MQTT {protocol})",
    ),
    "W4002": Message(
        "warning",
        "仍未连接，原因变为：{reason}",
        "still not connected, now because: {reason}",
    ),
    "W4003": Message(
        "warning",
        "消息服务器只支持 MQTT 3.1.1：它拒收的消息无法被发现",
        "the broker speaks only MQTT 3.1.1: a message that it refuses cannot be told from one that it takes",
        "请升级消息服务器，或确认主题权限；也可设置 canary: true，让网关读回自己的一条消息",
        "use a broker with MQTT 5, or check the topic permissions by hand; `canary: true` reads a message back",
    ),
    "E4004": Message(
        "error",
        "另一个客户端也在使用客户端标识 {client_id}，连接因此被断开",
        "another client uses id {client_id}, and this connection is cut off for it",
        "给每个网关设置不同的 client_id，或停掉另一个程序",
        "give every gateway a client_id of its own, or stop the other program",
        "连接保持稳定",
        "the connection holds",
    ),
}

_CERTIFICATE = {
    "W4020": Message(
        "warning",
        "本网关的客户端证书将在 {days} 天内到期（{ends}）",
        "the certificate of this gateway expires within {days} days ({ends})",
        "申请新证书，覆盖 tls.cert_file 和 tls.key_file 指向的文件；下次连接时自动启用，不必重启",
        "have it renewed and replace the files of tls.cert_file and tls.key_file; the next connect uses them without "
        "a restart",
    ),
    "E4021": Message(
        "error",
        "本网关的客户端证书已于 {ends} 过期：消息服务器会拒绝连接",
        "the certificate of this gateway expired on {ends}: the broker will refuse it",
        "换上新证书（tls.cert_file 和 tls.key_file）；下次连接时自动启用，不必重启",
        "replace the files of tls.cert_file and tls.key_file; the next connect uses them, without a restart",
        "客户端证书已更换，有效期到 {ends}",
        "the certificate of this gateway is renewed, valid until {ends}",
    ),
}

_RECORDS = {
    "E4010": Message(
        "error",
        "消息服务器拒收主题 {topic}：{reason}。该主题的数据保留，慢速重试",
        "the broker refuses topic {topic}: {reason}. Its records are kept and retried slowly",
        "请平台方检查该客户端的主题权限和配额",
        "ask the platform to check this client's permissions and quota for the topic",
        "消息服务器又接受主题 {topic}",
        "the broker takes topic {topic} again",
    ),
    "E4011": Message(
        "error",
        "设备 {stream} 的一条数据无法发送（{reason}），已放弃并以 gap 事件报告",
        "a record of {stream} can never be sent ({reason}); it is given up and announced as a gap event",
        "检查消息服务器的最大报文长度",
        "check the broker's maximum packet size",
    ),
    "E4012": Message(
        "error",
        "设备 {stream} 的一条数据（boot {boot}，seq {seq}）单独发送时 {times} 次导致连接断开：已放弃，"
        "内容保存在 quarantine 目录，会以 gap 事件报告",
        "a record of {stream} (boot {boot}, seq {seq}) ended the connection {times} times when it was sent alone: "
        "it is set aside in quarantine/ and announced as a gap event",
        "请平台方查看消息服务器日志中断开的原因，例如报文长度限制或解析插件；文件里是当时发送的内容",
        "ask the platform for the reason in the broker's log, such as a limit of size or a plug-in that parses; the "
        "file holds what was sent",
    ),
    "E4013": Message(
        "error",
        "探测消息没有从消息服务器读回（主题 {topic}：{reason}）：它可能正在丢弃本网关发布的数据",
        "the canary did not come back (topic {topic}: {reason}): the broker may drop what this gateway publishes",
        "请平台方检查该客户端的发布权限，并允许它发布和订阅这个主题；权限按主题设置，各数据主题也要逐一核对",
        "ask the platform whether this client may publish, and to let it publish and subscribe to this topic; "
        "permissions are by topic, so check those of the data as well",
        "探测消息已读回（主题 {topic}）",
        "the canary came back (topic {topic})",
    ),
    "E4014": Message(
        "error",
        "主题 {topic} 的消息单独发送时 {times} 次导致连接断开：暂不再发送，数据照常发送",
        "what is sent on {topic} at each connect ended the connection {times} times when it was sent alone: it is left "
        "out, and records go on",
        "请平台方查看消息服务器日志中断开的原因，例如报文长度限制",
        "ask the platform for the reason in the broker's log, such as a limit of the packet size",
    ),
    "E4900": Message(
        "error",
        "发送程序出错：{error}；稍后自动重试",
        "a defect in delivery: {error}; trying again later",
        "请把这一行发给开发者",
        "please report this line",
        "发送恢复正常",
        "delivery works again",
    ),
}

MESSAGES: dict[str, Message] = {**_STATE, **_LINK, **_CERTIFICATE, **_RECORDS}
