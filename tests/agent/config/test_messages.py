import re
from pathlib import Path
from string import Formatter

from agent.messages import configuration
from drivers.quantities import MESSAGES as QUANTITIES

SOURCE = "\n".join(
    file.read_text(encoding="utf-8")
    for folder in ("config", "cli")
    for file in sorted((Path(__file__).parents[3] / "agent" / folder).rglob("*.py"))
)
OURS = {code: message for code, message in configuration.MESSAGES.items() if code not in QUANTITIES}


def test_every_code_that_is_used_has_a_message_and_every_message_is_used() -> None:
    assert set(re.findall(r'"([EWI]1\d{3})"', SOURCE)) == set(OURS)


def test_both_languages_say_the_same_facts() -> None:
    for code, message in OURS.items():
        assert _facts(message.zh) == _facts(message.en), code
        assert _facts(message.hint_zh) >= _facts(message.hint_en) or code in ("E1025",), code
        assert bool(message.hint_zh) == bool(message.hint_en), code


def test_the_letter_is_the_level() -> None:
    levels = {"E": "error", "W": "warning", "I": "info"}
    assert all(message.level == levels[code[0]] for code, message in OURS.items())


def _facts(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}
