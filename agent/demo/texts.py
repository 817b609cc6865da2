"""What the demo says, in both languages."""

from collections.abc import Mapping

from agent.messages import Language
from drivers.phrase import in_chinese

STATES: Mapping[int, tuple[str, str]] = {
    1: ("清除中", "clearing"),
    2: ("已停止", "stopped"),
    3: ("启动中", "starting"),
    4: ("空闲", "idle"),
    5: ("外因暂停", "suspended"),
    6: ("运行", "execute"),
    7: ("停止中", "stopping"),
    8: ("中止中", "aborting"),
    9: ("已中止", "aborted"),
    10: ("内因暂停中", "holding"),
    11: ("内因暂停", "held"),
    12: ("内因恢复中", "unholding"),
    13: ("外因暂停中", "suspending"),
    14: ("外因恢复中", "unsuspending"),
    15: ("复位中", "resetting"),
    16: ("收尾中", "completing"),
    17: ("已完成", "complete"),
}
"""PackML numbers of ISA-TR88.00.02."""

MODES: Mapping[int, tuple[str, str]] = {
    1: ("生产", "production"),
    2: ("维护", "maintenance"),
    3: ("手动", "manual"),
    4: ("调机", "setup"),
}

METRICS: Mapping[str, tuple[str, str]] = {
    "state": ("状态", "state"),
    "mode": ("模式", "mode"),
    "speed": ("速度", "speed"),
    "speed_setpoint": ("设定速度", "speed setpoint"),
    "speed_rated": ("额定速度", "rated speed"),
    "count_infeed": ("进料数", "infeed count"),
    "count_total": ("总数", "total count"),
    "count_reject": ("废品数", "reject count"),
    "alarm_active": ("报警", "alarm"),
    "alarm_count": ("报警个数", "number of alarms"),
    "alarm_code": ("报警代码", "alarm code"),
    "stop_reason": ("停机原因", "stop reason"),
}
"""What a machine that maps itself says, for which nobody wrote a description."""

TEXTS: Mapping[str, tuple[str, str]] = {
    "title": ("MQTT 上实际到达的数据", "what arrives over MQTT"),
    "piece": ("个", "pcs"),
    "cycle": ("次", "cycles"),
    "value": ("数值", "value"),
    "unit": ("单位", "unit"),
    "quality": ("质量", "quality"),
    "age": ("距今", "age"),
    "trend": ("趋势", "trend"),
    "good": ("良好", "good"),
    "true": ("是", "on"),
    "false": ("否", "off"),
    "log": ("采集程序日志", "the agent's log"),
    "more": ("另有 {count} 行", "{count} more rows"),
    "counters": (
        "消息 {messages}  数值 {values}  {rate:.0f} 个/秒  延迟 {latency} 毫秒  缺号 {missing}  "
        "已声明丢失 {announced}  重复 {duplicates}  错误 {wrong}",
        "messages {messages}  values {values}  {rate:.0f}/s  latency {latency} ms  missing {missing}  "
        "announced lost {announced}  duplicates {duplicates}  wrong {wrong}",
    ),
    "starting": (
        "启动：三台模拟设备（Modbus TCP、OPC UA），采集程序，消息服务器 {broker}",
        "starting: three simulated machines (Modbus TCP, OPC UA), the agent, broker {broker}",
    ),
    "embedded": ("（内置）", " (embedded)"),
    "stop_hint": ("按 Ctrl-C 结束", "Ctrl-C ends it"),
    "stop_after": (
        "数据到达 {seconds:g} 秒后自动结束，Ctrl-C 可提前结束",
        "ends by itself after {seconds:g} s of data, or with Ctrl-C",
    ),
    "summary": (
        "{seconds:.0f} 秒内到达 {messages} 条消息、{values} 个数值、{events} 个事件（{tags} 个变量，{devices} 台设备）",
        "in {seconds:.0f} s {messages} messages arrived with {values} values and {events} events "
        "({tags} tags of {devices} devices)",
    ),
    "latency": (
        "从读到数值到 MQTT 到达：中位数 {median} 毫秒，99% 在 {p99} 毫秒内",
        "from reading a value to arriving over MQTT: median {median} ms, 99 % within {p99} ms",
    ),
    "holes": (
        "不可读的变量（质量不为良好）：{names}",
        "tags that cannot be read, and say so: {names}",
    ),
    "all_true": (
        "每个数值都与模拟设备显示过的一致；缺号 0，重复 {duplicates}",
        "every value is one that the machines showed; missing 0, duplicates {duplicates}",
    ),
    "nothing": ("错误：没有数据到达", "wrong: no data arrived"),
    "device_silent": ("错误：{device} 没有数据到达", "wrong: nothing arrived of {device}"),
    "wrong": (
        "错误：{count} 个数值从未在设备上出现过：{examples}",
        "wrong: {count} values that no machine ever showed: {examples}",
    ),
    "unreadable": ("错误：{count} 条消息无法解析", "wrong: {count} messages could not be read"),
    "missing": ("错误：缺少 {count} 条记录且未声明", "wrong: {count} records are missing and were not announced"),
    "agent_ended": ("错误：采集程序已退出，退出码 {code}", "wrong: the agent ended with exit code {code}"),
    "viewer_lost": ("错误：与消息服务器的连接中断：{reason}", "wrong: lost the broker: {reason}"),
    "broker_refused": ("无法连接消息服务器 {place}：{reason}", "cannot use the broker {place}: {reason}"),
    "missing_extra": (
        "演示需要 {modules}，尚未安装。请运行：{command}",
        "the demo needs {modules}, which is not installed. Run: {command}",
    ),
    "seconds": ("需要大于 0 的秒数", "a number of seconds above 0 is needed"),
}


class Words:
    """The texts in one language."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._index = 0 if language == "zh" else 1

    def __call__(self, key: str, **facts: object) -> str:
        text = TEXTS[key][self._index]
        if self.language == "zh":
            facts = {name: in_chinese(fact) if isinstance(fact, str) else fact for name, fact in facts.items()}
        return text.format(**facts) if facts else text

    def title(self, tag: str) -> str:
        """Of a tag without a description."""
        return METRICS[tag][self._index] if tag in METRICS else tag

    def number(self, names: Mapping[int, tuple[str, str]], number: int) -> str:
        """A number with its name: `6 execute`."""
        return f"{number} {names[number][self._index]}" if number in names else str(number)
