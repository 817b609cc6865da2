"""Operator messages: code -> Chinese, English and a hint. One catalogue for log, command line, status page and MQTT.

Codes: E an error, W a warning, N a notice, I information. 1xxx configuration, 2xxx acquisition, 3xxx outbox,
4xxx delivery, 5xxx clock, 8xxx a stream that is watched, 9xxx the agent itself.
Drivers bring their own codes with another first letter.
"""

from collections.abc import Mapping
from typing import Literal

from agent.messages import acquisition, browsing, configuration, delivery, exporting, process, trusting, verification
from agent.messages.hints import HINTS
from drivers.contract import Message
from drivers.phrase import in_chinese

Language = Literal["zh", "en"]


MESSAGES: Mapping[str, Message] = {
    **configuration.MESSAGES,
    **acquisition.MESSAGES,
    **browsing.MESSAGES,
    **delivery.MESSAGES,
    **exporting.MESSAGES,
    **process.MESSAGES,
    **trusting.MESSAGES,
    **verification.MESSAGES,
}


class Catalogue:
    """Messages by code, the agent's and those of drivers, rendered in one language.

    `{lineside}` in a message is `program`: how a person who reads it calls the command.
    """

    def __init__(self, language: Language, program: str = "lineside") -> None:
        self.language: Language = language
        self._program = program
        self._messages: dict[str, Message] = dict(MESSAGES)

    def add(self, messages: Mapping[str, Message]) -> None:
        """Take up a driver's messages. A code that is taken by another text is a defect of that driver."""
        for code, message in messages.items():
            if self._messages.setdefault(code, message) != message:
                raise ValueError(f"message code {code} is taken")

    def knows(self, code: str) -> bool:
        return code in self._messages

    def level(self, code: str) -> str:
        message = self._messages.get(code)
        return message.level if message else "error"

    def text(self, code: str, facts: Mapping[str, object], *, back: bool = False) -> str:
        """The message with its hint, on one line. Facts are quoted where they could forge a line."""
        message = self._messages.get(code)
        if message is None:
            return f"{code} {_plain(dict(facts))}"
        zh = self.language == "zh"
        facts = {"lineside": self._program, **facts}
        if back:
            return _fill(message.back_zh if zh else message.back_en, facts, zh=zh)
        said = _fill(message.zh if zh else message.en, facts, zh=zh)
        hints = HINTS.get((code, str(facts.get("cause", ""))), (message.hint_zh, message.hint_en))
        hint = _fill(hints[0 if zh else 1], facts, zh=zh)
        return f"{said} -> {hint}" if hint else said


FACT_MAX = 200


def _plain(fact: object) -> str:
    """A fact as one harmless line: no control characters, at most 200 characters."""
    text = fact if isinstance(fact, str) else str(fact)
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text[: FACT_MAX + 1])
    return text if len(text) <= FACT_MAX else text[: FACT_MAX - 1] + "…"


class _Facts(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


def _fill(template: str, facts: Mapping[str, object], *, zh: bool) -> str:
    said = {key: in_chinese(fact) if zh and isinstance(fact, str) else fact for key, fact in facts.items()}
    return template.format_map(_Facts({key: _plain(fact) for key, fact in said.items()}))
