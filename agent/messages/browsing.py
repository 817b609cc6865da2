"""What `lineside browse` says (E2050 to I2069). Heads of tables: words with `|` between them."""

from drivers.contract import Message

MESSAGES: dict[str, Message] = {
    "E2050": Message(
        "error",
        "{url} 不是能浏览的地址",
        "{url} is no address that can be browsed",
        "写成 opc.tcp://192.168.1.20:4840（可用的开头：{known}）",
        "write opc.tcp://192.168.1.20:4840 (these can be browsed: {known})",
    ),
    "E2051": Message(
        "error",
        "无法连接 {url}：{reason}",
        "no connection to {url}: {reason}",
        "检查地址和端口、服务器是否在运行、中间的防火墙",
        "check address and port, whether the server runs, and firewalls on the way",
    ),
    "E2052": Message(
        "error",
        "没有写成 {file}：{reason}",
        "{file} was not written: {reason}",
        "换一个能写的目录",
        "take a folder where you may write",
    ),
    "E2053": Message(
        "error",
        "{url} 中没有可以采集的值，没有写文件",
        "{url} shows nothing that a tag could have; no file was written",
        "用 --depth 增加层数，或给有权限的用户 --user",
        "look deeper with --depth, or as a user who may see more with --user",
    ),
    "E2054": Message(
        "error",
        "{option} 不能是 {value}",
        "{option} cannot be {value}",
        "--depth 为 1 到 100，--most 为 1 到 1000000",
        "--depth is from 1 to 100, --most from 1 to 1000000",
    ),
    "E2055": Message(
        "error",
        "{key} 不能用于 {url}：{reason}",
        "{key} cannot be used for {url}: {reason}",
        "改正或去掉这个选项",
        "mend the option, or leave it out",
    ),
    "E2056": Message(
        "error",
        "--trust 不能用于 {url}",
        "--trust is of no use for {url}",
        "这种连接没有证书",
        "there are no certificates on such a connection",
    ),
    "I2060": Message("info", "名称|类型|当前值|地址", "name|type|value|address"),
    "I2061": Message(
        "info",
        "共 {things} 项，其中 {values} 个值可以采集",
        "{things} things, {values} of them values that a tag can have",
        "加 --write 文件名 生成配置文件",
        "add --write FILE for a configuration",
    ),
    "I2062": Message("info", "已找到 {things} 项：{name}", "{things} found: {name}"),
    "I2063": Message(
        "info",
        "已写入 {file}：{tags} 个标签",
        "{file} is written, with {tags} tags",
        "填写其中 destinations 的 url（平台地址），删去不要的标签，然后 {lineside} check {file}",
        "fill in the url under destinations (your platform), take out the tags that you do not want, then {lineside} "
        "check {file}",
    ),
    "W2064": Message(
        "warning",
        "另有 {left} 个值没有写入：配置文件最大 1 MiB",
        "{left} more values were left out: a configuration has 1 MiB at most",
        "用 --depth 减少层数，或分成几个文件",
        "look less deep with --depth, or make several files",
    ),
    "I2065": Message("info", "… 还有 {count} 项", "... {count} more"),
    "W2066": Message(
        "warning",
        "{count} 个值没有写入：不允许读取，或类型无法表示，例如 {name}",
        "{count} values were left out, because reading them is denied or their type is not known, such as {name}",
    ),
}
