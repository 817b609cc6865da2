"""Operator messages 5xxx the clock, 9xxx the agent as a process."""

from drivers.contract import Message

MESSAGES: dict[str, Message] = {
    "W5001": Message(
        "warning",
        "网关时钟不可信（{time}），记录先按未同步标记",
        "the gateway's clock is implausible ({time}); records are marked as unsynchronised",
        "检查 NTP 服务器或纽扣电池；时钟恢复后未发送的记录会自动改正",
        "check the NTP server or the clock's battery; unsent records are corrected once the clock is right",
        "网关时钟已恢复（{time}）",
        "the gateway's clock is plausible again ({time})",
    ),
    "N5002": Message(
        "notice",
        "网关时钟跳变 {seconds} 秒",
        "the gateway's clock stepped by {seconds} s",
    ),
    "I9001": Message(
        "info",
        "已启动：网关 {gateway}，连接 {connections} 个，设备 {devices} 台，变量 {tags} 个，启动序号 {boot}",
        "started: gateway {gateway}, {connections} connections, {devices} devices, {tags} tags, boot {boot}",
    ),
    "I9002": Message(
        "info",
        "已停止：{destination} 共 {accepted} 条记录，未送达 {queued} 条，丢弃 {dropped} 条",
        "stopped: {destination}: {accepted} records, {queued} not delivered, {dropped} dropped",
    ),
    "I9013": Message(
        "info",
        "设备通信 {connections_up}/{connections} 正常，上送目的地 {destinations_up}/{destinations} 连通，"
        "待上送 {queued} 条",
        "connections up {connections_up}/{connections}, destinations up {destinations_up}/{destinations}, "
        "{queued} records queued",
    ),
    "I9014": Message(
        "info",
        "正在停止：已停止采集，正在送出剩余数据",
        "stopping: acquisition has ended, what is left is being delivered",
    ),
    "W9011": Message(
        "warning",
        "上次运行（序号 {boot}）没有正常停止；已写入缓存的数据会继续补发",
        "the run before this one (boot {boot}) did not end cleanly; what had reached the outbox is still delivered",
        "平台可从 state 消息的 previous 看到；请避免直接断电",
        "the platform sees it in `previous` of the state message; avoid cutting the power",
    ),
    "I9015": Message(
        "info",
        "{destination} 还有 {queued} 条记录未送达：已保存在本机，下次启动后补发",
        "{queued} records for {destination} are not delivered yet: they are kept here and sent after the next start",
        "",
        "",
    ),
    "W9012": Message(
        "warning",
        "停止时 {destination} 有 {queued} 条记录未送达，已丢失",
        "{queued} records for {destination} were not delivered before the stop and are lost",
        "停机前先确认消息服务器在线",
        "see that the broker is there before stopping the agent",
    ),
    "E9003": Message(
        "error",
        "程序内部缺陷：{error}（位于 {where}）",
        "a defect of this program: {error} (at {where})",
        "请把这一行报告给开发者；程序会继续尝试",
        "please report this line to the developers; the agent goes on",
        "缺陷不再出现",
        "the defect has not shown again",
    ),
    "E9004": Message(
        "error",
        "程序内部缺陷，已退出：{error}（位于 {where}）",
        "a defect of this program, it ends: {error} (at {where})",
        "systemd 会重新启动它；请把这一行报告给开发者",
        "systemd starts it again; please report this line to the developers",
    ),
    "E9015": Message(
        "error",
        "内部任务停滞，已有 {seconds} 秒没有进展；由 systemd 运行时，看门狗将重新启动本程序",
        "a task of this program hangs, for {seconds} s so far; under systemd the watchdog will start the agent again",
        "请把这一行报告给开发者",
        "please report this line to the developers",
        "任务恢复运行",
        "the task goes on",
    ),
    "N9005": Message(
        "notice", "仍未恢复，{minutes} 分钟内 {times} 次", "still failing, {times} times in {minutes} min"
    ),
    "N9006": Message("notice", "历时 {seconds} 秒，共 {times} 次", "after {seconds} s, {times} times"),
    "N9007": Message("notice", "同类另有 {count} 条：{subjects}", "and {count} more like this: {subjects}"),
    "W9008": Message("warning", "库 {library}：{text}", "library {library}: {text}"),
    "E9009": Message(
        "error",
        "另一个程序（进程 {pid}）正在使用状态目录 {path}",
        "another agent (process {pid}) is using the state directory {path}",
        "停止它，或为本程序设置另一个 state_dir",
        "stop it, or give this one a state_dir of its own",
    ),
    "E9010": Message(
        "error",
        "另一个软件包（{packages}）也安装了 agent 或 drivers 目录，文件可能互相覆盖",
        "another package ({packages}) also installs `agent` or `drivers`; files may have overwritten each other",
        "为 lineside 使用单独的虚拟环境",
        "give lineside a virtual environment of its own",
    ),
}
