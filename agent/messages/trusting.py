"""What `lineside trust` says (E2020 to I2038). Heads of tables: words with `|` between them."""

from drivers.contract import Message

MESSAGES: dict[str, Message] = {
    "E2020": Message(
        "error",
        "{file} 中没有需要信任证书的连接（OPC UA）",
        "no connection of {file} is one where certificates are trusted (OPC UA)",
        "检查是不是这个配置文件；只有 driver: opcua 的连接需要信任证书",
        "see whether it is the right file; only connections with driver: opcua have certificates to trust",
    ),
    "E2021": Message(
        "error",
        "没有可以管理证书的连接 {name}",
        "there is no connection {name} with certificates",
        "有：{known}",
        "there are: {known}",
    ),
    "E2022": Message(
        "error",
        "有多个连接：{known}",
        "there are several connections: {known}",
        "用 --connection 选一个",
        "choose one with --connection",
    ),
    "E2023": Message(
        "error",
        "没有状态目录 {path}",
        "there is no state directory {path}",
        "先启动一次采集程序，或用 --state-dir 指定；作为服务运行时是 /var/lib/lineside",
        "start the agent once, or give the directory with --state-dir; that of the service is /var/lib/lineside",
    ),
    "E2024": Message(
        "error",
        "无法读写 {path}：{reason}",
        "{path} cannot be read or written: {reason}",
        "以 root（sudo）或采集程序的用户运行",
        "run this as root (sudo), or as the user of the agent",
    ),
    "E2025": Message(
        "error",
        "文件 {path} 无法读取：{reason}",
        "the file {path} cannot be read: {reason}",
        "检查路径和读权限",
        "see whether the path is right and the file may be read",
    ),
    "E2026": Message(
        "error",
        "用法不对：{given}",
        "wrong usage: {given}",
        "lineside trust 配置文件 [list | add 指纹或文件 | remove 指纹或文件] [--connection 名称] [--state-dir 目录]",
        "lineside trust FILE [list | add WHAT | remove WHAT] [--connection NAME] [--state-dir DIR]",
    ),
    "E2036": Message(
        "error",
        "没有配置文件 {file}",
        "there is no configuration {file}",
        "检查路径；作为服务运行时是 /etc/lineside/lineside.yaml",
        "see whether the path is right; that of the service is /etc/lineside/lineside.yaml",
    ),
    "I2027": Message("info", "状态|证书|有效期至|最近出现", "standing|certificate|valid until|seen"),
    "I2028": Message("info", "本机", "own"),
    "I2029": Message("info", "已信任", "trusted"),
    "I2030": Message("info", "已拒绝", "rejected"),
    "I2031": Message("info", "（签发机构）", " (authority)"),
    "I2032": Message(
        "info", "（没有证书：服务器在首次连接后出现在这里）", "(none: a server appears here after the first attempt)"
    ),
    "I2037": Message("info", "  签发者：{issuer}", "  signed by {issuer}"),
    "I2038": Message("info", "  文件：{path}", "  file: {path}"),
    "I2033": Message(
        "info",
        "{connection} 已信任 {subject}，下次连接时生效",
        "{connection} trusts {subject} from its next attempt on",
    ),
    "I2034": Message(
        "info",
        "{connection} 不再信任 {subject}，下次连接时生效",
        "{connection} trusts {subject} no more, from its next attempt on",
    ),
    "I2035": Message(
        "info",
        "{connection} 已删除被拒绝的证书 {subject}",
        "{connection} forgot the rejected certificate {subject}",
    ),
}
