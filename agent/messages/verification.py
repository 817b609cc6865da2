"""Operator messages 8xxx: what `lineside sub` says of a stream that it watches."""

from drivers.contract import Message

_ASKED = {
    "E8001": Message(
        "error",
        "--group 与 --verify 不能同时使用：共享订阅把消息分给同组的各个消费程序，本程序只收到一部分，缺号说明不了问题",
        "--group and --verify exclude each other: a shared subscription spreads the messages over all consumers of "
        "the group, so numbers that are missing here say nothing",
        "要校验就去掉 --group",
        "leave --group out to verify",
    ),
    "E8002": Message(
        "error",
        "无法订阅 {place}：{reason}",
        "cannot subscribe at {place}: {reason}",
        "检查网络、消息服务器的地址和端口、用户名和密码、证书",
        "check network, the broker's address and port, user name and password, certificates",
    ),
    "E8003": Message(
        "error",
        "需要消息服务器的 URL 或 --file 文件，二者选一",
        "either the URL of a broker or --file FILE is needed, and not both",
        "例如 lineside sub mqtt://192.168.1.5:1883",
        "such as lineside sub mqtt://192.168.1.5:1883",
    ),
    "E8004": Message(
        "error",
        "{option} 只用于消息服务器，不能与 --file 同时使用",
        "{option} is about a broker and cannot be used with --file",
        "去掉 {option}，或去掉 --file 并写上 URL",
        "leave {option} out, or give a URL in place of --file",
    ),
    "E8005": Message(
        "error",
        "{value} 不能作为 {option}",
        "{value} cannot be used as {option}",
        "组名不能含 / + #；主题过滤器如 lineside/v1/factory-a/#，# 只能在最后",
        "a group has no / + #; a topic filter looks like lineside/v1/factory-a/#, with # only at its end",
    ),
    "E8006": Message(
        "error",
        "{option} 需要大于 0 的秒数，而不是 {value}",
        "{option} is a number of seconds above 0, and not {value}",
        "例如 {option} 60",
        "such as {option} 60",
    ),
}

_LIVE = {
    "I8048": Message(
        "info",
        "正在接收 {place} 的 {topics}（MQTT {protocol}）；按 Ctrl-C 结束并给出报告",
        "listening to {topics} at {place} (MQTT {protocol}); Ctrl-C ends it with a report",
    ),
    "I8007": Message(
        "info",
        "{seconds} 秒  记录 {records}（{rate} 条/秒）  设备 {devices}  缺号待定 {waiting}  已声明丢失 {announced}  "
        "重复 {duplicates}",
        "{seconds} s  records {records} ({rate}/s)  devices {devices}  waiting {waiting}  "
        "announced {announced}  duplicates {duplicates}",
    ),
    "W8008": Message(
        "warning",
        "本程序与消息服务器的连接断开：{reason}；正在重连",
        "our own connection broke: {reason}; connecting again",
    ),
    "N8009": Message(
        "notice",
        "已重新连接，会话保留着",
        "connected again, and the session was kept",
    ),
    "N8049": Message(
        "notice",
        "已重新连接，会话没有保留",
        "connected again, but the session was not kept",
    ),
}

_REPORT = {
    "I8010": Message(
        "info",
        "网关|设备|记录|数值|已声明缺号|未声明缺号|未听到|去重前重复|去重后重复|乱序|延迟 p50|p95|p99|最大（毫秒）",
        "gateway|device|records|values|announced|unannounced|not heard|dup before|dup after|disorder|"
        "latency p50|p95|p99|max (ms)",
    ),
    "I8011": Message(
        "info",
        "{gateway} {device}：启动序号 {boot} 的第 {numbers} 号没有到达，也没有 gap 事件声明",
        "{gateway} {device}: boot {boot}, seq {numbers} did not arrive, and no gap event announces it",
    ),
    "I8012": Message("info", "{gateway} 的各次运行：{boots}", "runs of {gateway}: {boots}"),
    "I8013": Message("info", "正常停止|未正常停止|未见结束", "ended cleanly|did not end cleanly|no end seen"),
    "I8014": Message("info", "格式错误 {times} 次，{place}：{why}", "broken payload, {times} times, {place}: {why}"),
    "I8015": Message(
        "info",
        "{gateway} {device}：启动序号 {boot} 的第 {seq} 号再次到达，数值却不同",
        "{gateway} {device}: boot {boot}, seq {seq} came again with other values",
    ),
    "I8016": Message(
        "info",
        "本程序的连接没有断过",
        "our own connection never broke",
    ),
    "I8017": Message(
        "info",
        "本程序的连接断过 {breaks} 次；消息服务器每次都保留了会话，断开期间的消息已补到",
        "our own connection broke {breaks} times; the broker kept the session each time, so what came "
        "meanwhile is here",
    ),
    "I8018": Message(
        "info",
        "本程序的连接断过 {breaks} 次，其中 {forgotten} 次消息服务器没有保留会话：断开期间的消息可能丢在消息服务器上"
        "（请检查它的 persistence 设置），平台同样会丢",
        "our own connection broke {breaks} times, and {forgotten} times the broker had not kept the session: what came "
        "meanwhile may be lost at the broker (see its persistence), and a platform would lose it too",
    ),
    "I8019": Message(
        "info",
        "本程序的连接断过 {breaks} 次，断开期间的缺号记为“未听到”；加 --verify 可让消息服务器代为保存",
        "our own connection broke {breaks} times; numbers that passed meanwhile are counted as not heard. With "
        "--verify the broker keeps them",
    ),
}

_VERDICT = {
    "I8020": Message(
        "info",
        "完整：{records} 条记录，没有缺号，去重后没有重复",
        "complete: {records} records, no number is missing, none is there twice after de-duplication",
    ),
    "I8021": Message(
        "info",
        "不完整，但都有说明：已声明丢失 {announced} 条，未听到 {unseen} 条（共收到 {records} 条记录）",
        "not complete, and all of it is explained: {announced} announced as lost, {unseen} not heard "
        "({records} records came)",
    ),
    "I8022": Message(
        "info",
        "有问题：未声明的缺号 {unannounced} 个，同号不同值 {conflicts} 个，格式错误 {broken} 条"
        "（共收到 {records} 条记录）",
        "wrong: {unannounced} numbers missing and not announced, {conflicts} records with two contents, {broken} "
        "broken payloads ({records} records came)",
    ),
    "I8023": Message(
        "info",
        "没有收到任何记录（其他消息 {beside} 条）：检查主题过滤器，以及该用户是否有订阅权限",
        "no record arrived ({beside} other messages): check the topic filter, and that this user may subscribe to it",
    ),
    "I8024": Message(
        "info",
        "共享订阅：收到 {records} 条记录，只是其中一份，不判断缺号",
        "shared subscription: {records} records came, which are a share of all; missing numbers are not judged",
    ),
}

_REASONS = {
    "I8041": Message("info", "不是 JSON", "no JSON"),
    "I8042": Message("info", "不是 JSON 对象，或嵌套太深", "no JSON object, or nested too deep"),
    "I8043": Message("info", "字段 {field} 缺失或类型不对", "field {field} is missing or of a wrong type"),
    "I8044": Message(
        "info",
        "{field} 的值与质量矛盾（bad 必须是 null，null 必须是 bad）",
        "value and quality of {field} contradict each other (bad is null, and null is bad)",
    ),
    "I8045": Message("info", "网关或设备太多，不再计入", "too many gateways or devices; not counted"),
    "I8046": Message("info", "这一行不是 {field}", "this line is not {field}"),
    "I8047": Message(
        "info", "文件到此为止，没有结束行：文件不完整", "the file stops here without its last line: it was cut off"
    ),
    "I8050": Message(
        "info",
        "记录行数与结束行不符（实有/应有 {field}）",
        "the number of records is not what the last line says (found/said {field})",
    ),
}
"""Why a payload is broken, and other pieces of lines."""

MESSAGES: dict[str, Message] = {**_ASKED, **_LIVE, **_REPORT, **_VERDICT, **_REASONS}
