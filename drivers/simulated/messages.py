"""What the simulated driver says to the operator. Codes S1xxx are mistakes in a configuration."""

from collections.abc import Mapping

from drivers import quantities
from drivers.contract import Message

MESSAGES: Mapping[str, Message] = {
    **quantities.MESSAGES,
    "S1001": Message(
        "error",
        zh="没有名为 {kind} 的信号",
        en="there is no signal called {kind}",
        hint_zh="可用的信号：{known}",
        hint_en="signals are: {known}",
    ),
    "S1002": Message(
        "error",
        zh="{text} 的参数不正确",
        en="the arguments of {text} are wrong",
        hint_zh="正确写法如 {usage}",
        hint_en="write it like {usage}",
    ),
    "S1003": Message(
        "error",
        zh="{text} 不是一个信号",
        en="{text} is not a signal",
        hint_zh="正确写法如 sine(60s, 0, 100)",
        hint_en="write it like sine(60s, 0, 100)",
    ),
    "S1004": Message(
        "error",
        zh="{text} 不是一个故障时段",
        en="{text} is not a period of failure",
        hint_zh="正确写法如 down 30s..40s 或 mute 50s..60s",
        hint_en="write it like down 30s..40s or mute 50s..60s",
    ),
}
