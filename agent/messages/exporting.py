"""Operator messages 302x and 303x: what `lineside export` says."""

from drivers.contract import Message

MESSAGES: dict[str, Message] = {
    "E3020": Message(
        "error",
        "{path} 中没有缓存",
        "there is no outbox in {path}",
        "用 --state-dir 指定状态目录；作为服务运行时是 /var/lib/lineside",
        "give the state directory with --state-dir; that of the service is /var/lib/lineside",
    ),
    "E3021": Message(
        "error",
        "无法读取 {path} 中的缓存：{reason}",
        "the outbox in {path} cannot be read: {reason}",
        "以 root（sudo）或采集程序的用户运行",
        "run this as root (sudo), or as the user of the agent",
    ),
    "E3022": Message(
        "error",
        "{path} 中的缓存属于另一版本（格式 {found}）",
        "the outbox in {path} belongs to another version (format {found})",
        "用写入它的那个版本导出",
        "export it with the version that wrote it",
    ),
    "E3023": Message(
        "error",
        "有多个目的地：{known}",
        "there are several destinations: {known}",
        "用 --destination 选一个",
        "choose one with --destination",
    ),
    "E3024": Message(
        "error",
        "没有目的地 {name}",
        "there is no destination {name}",
        "配置中有：{known}",
        "the configuration has {known}",
    ),
    "E3025": Message(
        "error",
        "文件 {file} 已存在",
        "{file} is there already",
        "换一个文件名；确要覆盖则加 --force",
        "take another name, or --force to write over it",
    ),
    "E3026": Message(
        "error",
        "没有写成 {file}：{reason}；缓存没有改动",
        "{file} was not written: {reason}; nothing in the outbox has changed",
        "检查 U 盘是否已满（df -h）、是否还插着；文件名以 .gz 结尾可小很多，FAT32 的单个文件不能超过 4 GiB",
        "check whether the stick is full (df -h) or gone; a name that ends in .gz makes the file much smaller, and "
        "FAT32 takes 4 GiB at most",
    ),
    "E3027": Message(
        "error",
        "{file} 不是文件",
        "{file} is no file",
        "写出文件名，例如 /media/usb/backlog.jsonl.gz",
        "name a file, such as /media/usb/backlog.jsonl.gz",
    ),
    "I3028": Message(
        "info",
        "{destination} 没有待送的数据，没有写文件",
        "nothing waits for {destination}; no file was written",
    ),
    "I3029": Message(
        "info",
        "{percent}%  记录 {records}  已写 {size}",
        "{percent} %  records {records}  written {size}",
    ),
    "I3030": Message(
        "info",
        "已写入 {file}：{devices} 台设备的 {records} 条记录，{since} 至 {until}，{size}；损坏 {damaged} 条。"
        "缓存没有改动，网络恢复后照常上送",
        "{file}: {records} records of {devices} devices, from {since} to {until}, {size}; {damaged} damaged. Nothing "
        "in the outbox has changed: it is delivered all the same once there is a network",
        "核对：{lineside} sub --file {file} --verify",
        "check it with: {lineside} sub --file {file} --verify",
    ),
    "W3031": Message(
        "warning",
        "导出期间采集程序移走了 {records} 条记录（已送达，或缓存已满）：不在文件中，文件里有说明",
        "the agent let go of {records} records meanwhile (delivered, or the outbox is full): they are not in the file, "
        "and it says so",
    ),
    "W3032": Message(
        "warning",
        "{records} 条记录的设备已不在配置中，或内容无法表示：不在文件中，文件里有说明",
        "{records} records are of devices that the configuration does not know any more, or cannot be put into words: "
        "they are not in the file, and it says so",
    ),
    "W3033": Message(
        "warning",
        "{devices} 的配置在采集程序启动后改过：文件中没有它的 meta",
        "the configuration of {devices} was changed since the agent began: the file has no meta of it",
        "用采集程序正在使用的配置文件导出",
        "export with the configuration that the agent runs with",
    ),
    "E3034": Message(
        "error",
        "没有配置文件 {file}",
        "there is no configuration {file}",
        "用 --config 指定采集程序使用的配置文件",
        "give the one that the agent runs with: --config press.yaml",
    ),
}
