"""Topic templates: "lineside/v1/{site}/{line}/{device}/data" and the labels that fill them. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

PLACES = ("enterprise", "site", "area", "line", "device", "device_type", "gateway", "stream")
TOPIC_MAX = 512
"""Bytes; some platforms allow no more."""

_PLACE = re.compile(r"\{([^{}]*)\}")
_FORBIDDEN = re.compile("[+#\u0000-\u001f\u007f-\u009f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff{}]")


@dataclass(frozen=True, slots=True)
class Templates:
    """One topic template for each kind of message."""

    data: str = "lineside/v1/{site}/{line}/{device}/data"
    event: str = "lineside/v1/{site}/{line}/{device}/event"
    meta: str = "lineside/v1/{site}/{line}/{device}/meta"
    state: str = "lineside/v1/{site}/gateways/{gateway}/state"
    health: str = "lineside/v1/{site}/gateways/{gateway}/health"


class InvalidTopic(ValueError):
    """A template that makes no topic. `problem` is a word: unknown, missing, level, character, start, empty or long."""

    def __init__(self, template: str, problem: str, detail: str) -> None:
        super().__init__(f"topic {template!r}: {problem} {detail!r}")
        self.template = template
        self.problem = problem
        self.detail = detail


def expand(template: str, labels: Mapping[str, str]) -> str:
    """Fill a template; raises `InvalidTopic`. A label is one level or part of one, so it has no slash.

    What may stand in a topic: OASIS MQTT 5.0, sections 1.5.4 and 4.7.
    """

    def filled(place: re.Match[str]) -> str:
        name = place[1]
        if name not in PLACES:
            raise InvalidTopic(template, "unknown", name)
        if not labels.get(name):
            raise InvalidTopic(template, "missing", name)
        if "/" in labels[name]:
            raise InvalidTopic(template, "level", labels[name])
        return labels[name]

    topic = _PLACE.sub(filled, template)
    if (character := _FORBIDDEN.search(topic)) is not None:
        raise InvalidTopic(template, "character", character[0])
    if topic.startswith("$"):
        raise InvalidTopic(template, "start", "$")
    if "" in topic.split("/"):
        raise InvalidTopic(template, "empty", topic)
    if len(topic.encode()) > TOPIC_MAX:
        raise InvalidTopic(template, "long", topic)
    return topic
