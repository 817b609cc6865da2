"""Operator messages U23xx: of `lineside browse`, which has options where a configuration has keys."""

from drivers.contract import Message

MESSAGES: dict[str, Message] = {
    "U2301": Message(
        "warning",
        "已列出 {most} 个节点，到此为止；服务器还有更多",
        "stopped after {most} nodes; the server has more",
        "用 --depth 减少层数，或用 --most 提高上限",
        "look less deep with --depth, or at more with --most",
    ),
    "U2311": Message(
        "error",
        "服务器只提供不加密的连接：{reason}",
        "the server offers no protection: {reason}",
        "在服务器上启用安全策略；确实要不加密就加 --insecure",
        "enable a security policy in the server; if nothing else can be had add --insecure",
    ),
    "U2312": Message(
        "error",
        "服务器的证书尚未被信任：{subject}，指纹 {fingerprint}",
        "the server's certificate is not trusted yet: {subject}, fingerprint {fingerprint}",
        "与服务器上显示的指纹核对，一致则加上 --trust {short} 再执行一次",
        "compare the fingerprint with what the server shows; if it is the same, repeat with --trust {short}",
    ),
    "U2313": Message(
        "error",
        "服务器 {subject} 换了证书：受信任的是 {pinned}，现在出示的是 {fingerprint}",
        "the server {subject} shows another certificate: trusted is {pinned}, shown is {fingerprint}",
        "若确实更换了证书，核对指纹后加上 --trust {short} 再执行；若没有人更换过，可能有人在冒充服务器",
        "if it was renewed, compare the fingerprint and repeat with --trust {short}; if nobody renewed it, somebody "
        "may stand in for the server",
    ),
    "U2314": Message(
        "error",
        "服务器拒绝该用户：{reason}",
        "the server refuses us: {reason}",
        "检查 --user、--password-file，以及服务器上该用户的权限",
        "check --user, --password-file, and what the server allows this user",
    ),
    "U2315": Message(
        "error",
        "服务器不信任本机证书：{reason}",
        "the server does not trust our certificate: {reason}",
        "在服务器的“已拒绝”列表中信任它；证书在 {folder} 中",
        "trust it among those that the server rejected; the certificate is in {folder}",
    ),
}
