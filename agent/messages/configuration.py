"""Operator messages 1xxx: what is wrong in the files that people write."""

from agent.messages import configuration_profiles, configuration_tables, configuration_values
from drivers.contract import Message
from drivers.quantities import MESSAGES as QUANTITIES


def _error(zh: str, en: str, hint_zh: str = "", hint_en: str = "") -> Message:
    return Message("error", zh, en, hint_zh, hint_en)


def _warning(zh: str, en: str, hint_zh: str = "", hint_en: str = "") -> Message:
    return Message("warning", zh, en, hint_zh, hint_en)


_READING = {
    "E1001": _error("无法读取文件：{reason}", "the file cannot be read: {reason}"),
    "E1089": _error("没有这个文件", "there is no such file"),
    "E1002": _error("文件大于 {limit}", "the file is larger than {limit}"),
    "E1003": _error(
        "文件是 UTF-16 编码（Windows 记事本里叫“Unicode”）",
        "the file is UTF-16 (Windows Notepad calls it Unicode)",
        "用 UTF-8 编码另存",
        "save it as UTF-8",
    ),
    "E1004": _error(
        "字节 {byte} 既不是 UTF-8 也不是 GB18030",
        "byte {byte} is neither UTF-8 nor GB18030",
        "用 UTF-8 编码另存",
        "save the file as UTF-8",
    ),
    "W1005": _warning(
        "文件不是 UTF-8，已按 GB18030 读取",
        "the file is not UTF-8 and was read as GB18030",
        "用 UTF-8 编码另存",
        "save it as UTF-8",
    ),
    "E1006": _error(
        "这里有控制字符 {character}", "there is a control character here: {character}", "删除它", "delete it"
    ),
    "E1007": _error("这一行超过 {limit} 个字符", "this line has more than {limit} characters", "分成几行", "break it"),
    "E1008": _error("这里不能用制表符（Tab）", "a tab cannot stand here", "改用空格缩进", "indent with spaces"),
    "E1009": _error("嵌套超过 {limit} 层", "nested deeper than {limit} levels"),
    "E1010": _error(
        "不接受 YAML 的锚点、别名、类型标记和指令：{what}",
        "anchors, aliases, tags and directives of YAML are not accepted: {what}",
        "把内容完整写出；以 & * ! % 开头的文字要加引号",
        "write the value out; put a text that begins with & * ! % in quotes",
    ),
    "E1011": _error(
        "键 {key} 重复，第 {first} 行第 {column} 列已经有了",
        "key {key} stands twice, first in line {first}, column {column}",
        "删除其中一个",
        "delete one of them",
    ),
    "E1012": _error(
        "一个文件只能有一份配置（--- 之后又有一份）",
        "a file holds one document only, and after --- comes another",
        "拆成两个文件",
        "make it two files",
    ),
    "E1013": _error("键必须是一个词", "a key must be a plain word"),
    "E1014": _error(
        "这里的冒号不能表示键",
        "a colon cannot make a key here",
        "检查上一行的缩进；含“冒号加空格”的文字要加引号",
        "check the indentation of this and the line above; put a text with a colon and a space in quotes",
    ),
    "E1015": _error(
        "第 {line} 行开始的引号没有结束",
        "the quote that opens in line {line} is not closed",
        "补上结束的引号",
        "close it",
    ),
    "E1016": _error(
        "第 {line} 行开始的括号里缺少逗号或结束的括号",
        "in the bracket that opens in line {line} a comma or the closing bracket is missing",
        "检查这里之前的逗号、引号和括号",
        "check commas, quotes and brackets before this place",
    ),
    "E1017": _error(
        "缩进不一致，或键后面缺少冒号",
        "the indentation does not fit, or a colon is missing after a key",
        "同一层的键要对齐；冒号后要有空格",
        "align keys of one level; a space follows the colon",
    ),
    "E1018": _error(
        "这个字符不能这样写：{reason}",
        "this character cannot stand like that: {reason}",
        "把这段文字放进单引号",
        "put the text in single quotes",
    ),
    "E1019": _error(
        "不是有效的 YAML：{reason}",
        "not valid YAML: {reason}",
        "检查这里和上一行的缩进、冒号、引号和括号",
        "check indentation, colons, quotes and brackets here and in the line above",
    ),
    "E1090": _error(
        "{character} 是全角字符", "{character} is a full-width character", "改为半角 {ascii}", "write the ASCII {ascii}"
    ),
    "E1091": _error("这里是全角空格", "this is a full-width space", "改为半角空格", "write an ASCII space"),
    "E1092": _error(
        "{character} 是全角冒号",
        "{character} is a full-width colon",
        "改为半角 {ascii} 加一个空格",
        "write the ASCII {ascii} and a space",
    ),
    "E1040": _error(
        "文件是空的", "the file is empty", "从 config/examples 里的例子开始", "begin with one of config/examples"
    ),
}

_DELIVERY = {
    "E1066": _error(
        "配置里不能写 {key}",
        "{key} cannot stand in the configuration",
        "把密码写进单独的文件（chmod 600），这里写 {meant}: 文件名",
        "write the password to a file of its own (chmod 600) and put {meant}: FILE here",
    ),
    "E1067": _error(
        "{value} 不是消息服务器的地址",
        "{value} is not the url of a broker",
        "正确写法如 mqtt://192.168.1.5:1883、mqtts://broker.example:8883、ws://192.168.1.5:8080/mqtt "
        "或 wss://broker.example/mqtt",
        "write it like mqtt://192.168.1.5:1883, mqtts://broker.example:8883, ws://192.168.1.5:8080/mqtt or "
        "wss://broker.example/mqtt",
    ),
    "E1068": _error(
        "url 里不能写用户名和密码",
        "user name and password cannot stand in the url",
        "改用 username 和 password_file",
        "use username and password_file",
    ),
    "E1069": _error(
        "{scheme}:// 不加密，tls 不起作用",
        "{scheme}:// is not encrypted; tls has no effect",
        "url 改为 {scheme}s://{host}，或删除 tls",
        "make the url {scheme}s://{host}, or delete tls",
    ),
    "E1070": _error(
        "{value} 要放进 MQTT 主题，不能含有 {character}",
        "{value} becomes a part of MQTT topics and cannot contain {character}",
        "不能用 + # / 和控制字符，不能以 $ 开头",
        "not + # / or control characters, and no $ at the beginning",
    ),
    "E1071": _error("不能为空，首尾也不能有空格", "it cannot be empty, nor begin or end with a space"),
    "E1072": _error("{value} 超过 {limit} 字节", "{value} is longer than {limit} bytes"),
    "E1073": _error("文字里有控制字符 {character}", "the text contains the control character {character}"),
    "E1075": _error(
        "主题模板 {template} 不对：{detail}",
        "the topic template {template} is wrong: {detail}",
        "不能用 + #、空的层级和开头的 $；占位符只有 {known}",
        "no + or #, no empty levels, no $ at the beginning; variables are {known}",
    ),
    "E1076": _error(
        "主题 {template} 需要标签 {label}，而 {subject} 没有",
        "the topic {template} needs the label {label}, which {subject} lacks",
        "在 labels 里加上 {label}；已有：{known}",
        "add {label} to the labels; there are: {known}",
    ),
    "E1077": _error("{subject} 的主题超过 {limit} 字节", "the topic of {subject} is longer than {limit} bytes"),
    "E1078": _error(
        "主题 {template} 对 {first} 和 {second} 是同一个，会互相覆盖",
        "the topic {template} is the same for {first} and {second}; they would overwrite each other",
        "在模板里加上 {{device}}",
        "put {{device}} in the template",
    ),
    "E1079": _error("无法读取 {file}：{reason}", "{file} cannot be read: {reason}"),
    "E1088": _error(
        "没有文件 {file}", "there is no file {file}", "路径以配置文件所在目录为准", "it is looked for beside this file"
    ),
    "E1080": _error(
        "其他人可以读取 {file}（权限 {mode}）",
        "{file} can be read by others (mode {mode})",
        "执行 chmod 600 {file}",
        "chmod 600 {file}",
    ),
    "E1081": _error(
        "{file} 里不是一行密码", "{file} does not hold one line with a password", "只写一行", "one line only"
    ),
    "E1082": _error("有 {given} 却没有 {lacking}", "{given} is given without {lacking}", "两个都要写", "give both"),
    "E1084": _error("有 password_file 却没有 username", "password_file is given without username"),
    "E1085": _error(
        "{first} 在同一服务器上已用 client_id {value}，两者会互相踢下线",
        "{first} has the client_id {value} at the same broker; they would throw each other out",
        "换一个 client_id",
        "choose another client_id",
    ),
    "E1130": _error(
        "{value} 不是代理服务器的地址",
        "{value} is not the url of a proxy",
        "只支持 HTTP 代理，正确写法如 http://192.168.1.2:3128 或 http://用户名@192.168.1.2:3128",
        "HTTP proxies only; write it like http://192.168.1.2:3128 or http://user@192.168.1.2:3128",
    ),
    "E1131": _error(
        "proxy 里不能写密码",
        "a password cannot stand in proxy",
        "把密码写进单独的文件（chmod 600），用 proxy_password_file 指明；proxy 只写 http://用户名@主机:端口",
        "write it to a file of its own (chmod 600) and name that in proxy_password_file; in proxy only "
        "http://user@host:port",
    ),
    "E1132": _error(
        "有 proxy_password_file，proxy 里却没有用户名",
        "proxy_password_file is given, but proxy names no user",
        "proxy 写成 http://用户名@主机:端口",
        "write proxy as http://user@host:port",
    ),
}

_CHECK = {
    "I1001": Message("info", "{problems} 个错误，{warnings} 个警告", "problems: {problems}, warnings: {warnings}"),
    "I1002": Message("info", "没有错误，{warnings} 个警告", "no problems, warnings: {warnings}"),
    "I1003": Message("info", "设备|机型|连接|驱动|变量数|周期", "device|type|connection|driver|tags|every"),
    "I1004": Message(
        "info",
        "网关 {gateway}：{connections} 个连接，{devices} 台设备，{tags} 个变量 -> {destinations}",
        "gateway {gateway}: connections: {connections}, devices: {devices}, tags: {tags} -> {destinations}",
    ),
    "I1006": Message("info", "{section} 下的键：", "keys under {section}:"),
    "I1005": Message("info", "状态目录：{state_dir}", "state directory: {state_dir}"),
}

MESSAGES: dict[str, Message] = {
    **_READING,
    **configuration_values.VALUES,
    **configuration_values.NAMES,
    **configuration_tables.MESSAGES,
    **_DELIVERY,
    **_CHECK,
    **configuration_profiles.MESSAGES,
    **QUANTITIES,
}
