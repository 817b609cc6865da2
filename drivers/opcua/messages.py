"""Operator messages of this driver. U10xx: what is wrong in a configuration; U21xx: of the wire; U22xx: of machines."""

from collections.abc import Mapping

from drivers.contract import Message
from drivers.opcua import messages_browse, messages_trust
from drivers.opcua.messages_packml import PACKML
from drivers.quantities import MESSAGES as QUANTITIES

_CONFIGURATION: dict[str, Message] = {
    "U1001": Message(
        "error",
        '看不懂节点 "{given}"',
        'node "{given}" is not understood',
        "写成 nsu=http://example.org/line;s=Speed、i=2258，或浏览路径 /nsu=http://example.org/line;Cartoner/Speed",
        "write nsu=http://example.org/line;s=Speed, i=2258, or a browse path /nsu=http://example.org/line;Cartoner/Speed",
    ),
    "U1002": Message(
        "error",
        '节点 "{given}" 的标识 {kind}={name} 无效',
        'node "{given}": {kind}={name} is no identifier',
        "i= 后面是 0 到 4294967295 的整数，s= 是文本，g= 是 GUID，b= 是 base64",
        "after i= comes a whole number up to 4294967295, after s= a text, after g= a GUID, after b= base64",
    ),
    "U1003": Message(
        "error",
        '节点 "{given}" 的 | 后面没有内容',
        'node "{given}": nothing follows the |',
        "写上数组下标或字段，例如 |Orders[0].Name；取整个值就去掉 |",
        "write an index or a field, such as |Orders[0].Name; leave the | out for the whole value",
    ),
    "U1004": Message(
        "error",
        '浏览路径 "{given}" 中有一段是空的或没有写完',
        'browse path "{given}": a name is empty or not complete',
        "每段写成 /名称；换命名空间时写 /nsu=http://example.org/line;名称，名称里的 / 写成 &/",
        "write /Name, or /nsu=http://example.org/line;Name in another namespace; a / within a name is written &/",
    ),
    "U1005": Message(
        "error",
        '"{given}" 的第 {at} 个字符处应为 {wanted}',
        'path "{given}" wants {wanted} at character {at}',
        "写成 Orders[0].Name；矩阵下标写 [1,2]，带点的名称加双引号",
        "write Orders[0].Name; [1,2] for a matrix; a name with dots in double quotes",
    ),
    "U1010": Message(
        "error",
        "{given} 不是 OPC UA 地址",
        "{given} is no OPC UA endpoint",
        "写成 opc.tcp://192.168.1.20:4840",
        "write opc.tcp://192.168.1.20:4840",
    ),
    "U1011": Message(
        "error",
        "{given} 的地址里不能写用户名和密码",
        "{given}: no user and no password in an address",
        "用 user 和 password_file",
        "use user and password_file",
    ),
    "U1012": Message(
        "error",
        "没有文件 {given}",
        "there is no file {given}",
        "检查路径；相对路径从配置文件所在目录算起",
        "check the path; relative ones begin in the folder of the configuration",
    ),
    "U1013": Message(
        "error",
        "cert_file 和 key_file 必须一起写",
        "cert_file and key_file belong together",
        "补上另一个，或两个都不写（程序会自己生成证书）",
        "add the other one, or leave out both: a certificate is made then",
    ),
    "U1014": Message(
        "error",
        "有 password_file 却没有 user",
        "password_file without user",
        "补上 user",
        "add user",
    ),
    "U1015": Message(
        "error",
        "policy: None 不加密，任何人都能读取和篡改",
        "policy: None means that anybody can read and change what is said",
        "确实要这样就再写 insecure: true；否则去掉 policy",
        "if that is meant, write insecure: true as well; else leave policy out",
    ),
    "U1016": Message(
        "error",
        "user_cert_file 和 user_key_file 必须一起写",
        "user_cert_file and user_key_file belong together",
        "补上另一个，或两个都不写",
        "add the other one, or leave out both",
    ),
    "U1017": Message(
        "error",
        "user 和 user_cert_file 只能写一个",
        "user and user_cert_file both say who we are",
        "服务器要用户名就留 user，要用户证书就留 user_cert_file",
        "keep user where the server wants a name, user_cert_file where it wants a certificate",
    ),
    "U1020": Message(
        "warning",
        "{count} 个标签用 ns= 指定命名空间，例如 {given}；服务器改动后序号可能会变",
        "{count} tags name a namespace by ns=, such as {given}; the number may move when the server is changed",
        "改用 nsu= 加命名空间 URI",
        "use nsu= and the URI of the namespace",
    ),
    "U1022": Message(
        "warning",
        "最多订阅 {most} 个值，而配置了 {planned} 个：多出的 {count} 个标签（{names}）改为读取，最快每秒一次",
        "{planned} values are to be subscribed and {most} can be: the {count} tags beyond ({names}) are read, once a "
        "second at most",
        "数据不会中断，只会漏掉两次读取之间的变化：把重要的标签放在前面，不急的标签写上 every: 10s",
        "nothing is lost but changes between two readings: put what is urgent first, and give tags that can wait an "
        "every: 10s",
    ),
    "U1021": Message(
        "warning",
        "与 {url} 的通信不加密、不验证（insecure: true）",
        "what is said with {url} is neither encrypted nor proved (insecure: true)",
        "服务器支持安全连接时去掉 insecure",
        "leave insecure out where the server can do better",
    ),
}

_WIRE: dict[str, Message] = {
    "U2101": Message(
        "notice",
        "{device} 的订阅已失效，重新建立（累计 {subscriptions} 次）",
        "the subscription for {device} is dead and is made again ({subscriptions} so far)",
        "偶尔一次可以不管；经常发生请检查服务器的负载和时钟",
        "now and then this does not matter; if it happens often look at the server's load and clock",
    ),
    "U2102": Message(
        "notice",
        "服务器宣布即将关闭",
        "the server announced that it shuts down",
        "等它重新启动后会自动恢复",
        "nothing to do: it goes on when the server is back",
    ),
    "U2103": Message(
        "warning",
        "服务器只能订阅 {most} 个值：其余 {count} 个标签（{names}）改为每 {every} 读取一次",
        "the server has room for {most} subscribed values: the other {count} tags ({names}) are read every {every}",
        "数据不会中断，只会漏掉两次读取之间的变化：把重要的标签放在前面，不急的标签写上 every: 10s，或关掉其他客户端",
        "nothing is lost but changes between two readings: put what is urgent first, give tags that can wait an every: "
        "10s, or close other clients",
        "值又全部按计划订阅",
        "values are subscribed as planned again",
    ),
    "U2104": Message(
        "warning",
        "{tags} 个变量中有 {count} 个在服务器上不存在：{names}",
        "{count} of {tags} variables are not on the server: {names}",
        "用 {lineside} browse {url} 核对地址",
        "compare their addresses with {lineside} browse {url}",
        "所有变量都找到了",
        "all variables are there",
    ),
    "U2117": Message(
        "error",
        "用户证书不能用于不加密的连接",
        "a user's certificate proves nothing over an unprotected connection",
        "在服务器上启用安全策略，并去掉 security.policy: None；或改用 user 和 password_file",
        "enable a policy in the server and leave security.policy: None out, or use user and password_file",
        "连接已受保护",
        "the connection is protected",
    ),
    "U2110": Message(
        "error",
        "服务器没有空闲会话",
        "the server has no session left",
        "关掉其他客户端，或等旧会话超时（约 1 分钟）",
        "close other clients, or wait until old sessions have timed out (about a minute)",
        "服务器又有空闲会话了",
        "the server has a session again",
    ),
    "U2111": Message(
        "error",
        "服务器拒绝该用户：{reason}",
        "the server refuses us: {reason}",
        "检查 user、password_file，以及服务器上该用户的权限",
        "check user, password_file, and what the server allows this user",
        "服务器接受了该用户",
        "the server accepts us again",
    ),
    "U2112": Message(
        "error",
        "服务器不信任本机证书：{reason}",
        "the server does not trust our certificate: {reason}",
        "在服务器上把本机证书从“已拒绝”移到“受信任”；文件和指纹见 {lineside} trust；提到时间的，校正服务器的时钟",
        "in the server, move our certificate from the rejected to the trusted ones (`{lineside} trust` shows its file "
        "and fingerprint); if it speaks of time, set the server's clock",
        "服务器信任了本机证书",
        "the server trusts our certificate again",
    ),
    "U2113": Message(
        "error",
        "服务器不提供所要求的安全设置：{reason}",
        "the server does not offer the security that is asked for: {reason}",
        "去掉 security 里的 policy 和 mode（自动选最强的），或在服务器上启用",
        "leave out policy and mode under security (the strongest is taken), or enable them in the server",
        "服务器提供了所要求的安全设置",
        "the server offers the security again",
    ),
    "U2116": Message(
        "error",
        "一次请求的节点太多：{reason}；改为每次 {count} 个再试",
        "these were too many nodes in one call: {reason}; the next attempt asks for {count}",
        "会自动减到服务器能接受为止；也可写 limits: {{nodes: {count}}}，S7-1200 写 server: s7-1200",
        "it goes down by itself until the server takes it; limits: {{nodes: {count}}} says it at once, and server: "
        "s7-1200 for an S7-1200",
        "服务器接受每次请求的节点数",
        "the server takes the calls",
    ),
    "U2118": Message(
        "error",
        "{node} 的值比一条消息允许的长度还长：{reason}；不再读取它，其余照常读取",
        "the value of {node} alone is longer than a message may be: {reason}; it is read no more, all others are",
        "删去这个变量，或写 limits: {{message: 64MiB}}",
        "leave the tag out, or write limits: {{message: 64MiB}}",
        "其余变量恢复读取",
        "the others are read again",
    ),
    "U2115": Message(
        "error",
        "服务器只提供不加密的连接：{reason}",
        "the server offers no protection: {reason}",
        "在服务器上启用安全策略；确实要不加密就写 insecure: true",
        "enable a security policy in the server; if nothing else can be had write insecure: true",
        "服务器提供了加密连接",
        "the server offers protection again",
    ),
    "U2114": Message(
        "error",
        "密码文件不可用：{reason}",
        "the password file cannot be used: {reason}",
        "执行 chmod 600，属主改为采集程序的用户（装成服务时是 lineside）",
        "chmod 600, and owned by the user of the agent (that of the service is lineside)",
        "密码文件可用了",
        "the password file can be used again",
    ),
}

MESSAGES: Mapping[str, Message] = {
    **_CONFIGURATION,
    **_WIRE,
    **messages_browse.MESSAGES,
    **messages_trust.MESSAGES,
    **PACKML,
    **QUANTITIES,
}
