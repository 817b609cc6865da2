"""What can go wrong in a driver.

    DriverError
    |-- InvalidConfig      the configuration cannot work; from `open`, before any wire is touched; never retried
    |-- NotConnected       the conversation is lost or cannot be opened now; the agent closes, waits and connects again
    |-- NothingChanged     what somebody asked for with a command was not done, and why
    +-- UnknownDriver      no plug-in, or more than one, has the name; never retried

A tag that cannot be read is none of these: it is a fault in a `Scan`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a configuration: what (code of a message and its facts) and where (device, tag, key)."""

    code: str
    device: str | None = None
    tag: str | None = None
    key: str | None = None
    facts: Mapping[str, object] = field(default_factory=dict)


class DriverError(Exception):
    """Root of what a driver raises on purpose."""


class InvalidConfig(DriverError):
    """The configuration cannot work. `problems` lists every mistake that was found, not only the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(", ".join(f"{p.code} {p.device}/{p.tag}: {dict(p.facts)}" for p in problems))
        self.problems = tuple(problems)


class NotConnected(DriverError):
    """The conversation is lost or cannot be opened now. `reason` stands in a line of the operator's log: plain English,
    or a `drivers.phrase.Phrase`, which is also Chinese.

    `code` is one of the plug-in's messages where the driver can say more precisely what to do; its facts are `url`,
    `reason` and what is in `facts`.
    """

    def __init__(self, reason: str, code: str | None = None, facts: Mapping[str, object] | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.facts = dict(facts or {})


class NothingChanged(DriverError):
    """What somebody asked for with a command was not done: `code` of a message of the plug-in, and its facts."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(f"{code}: {facts}")
        self.code = code
        self.facts = facts


class UnknownDriver(DriverError):
    """No plug-in has this name, or several have it. `known` lists the names that can be used."""

    def __init__(self, name: str, known: Sequence[str], owners: Sequence[str] = ()) -> None:
        super().__init__(f"driver {name!r}: " + (f"claimed by {', '.join(owners)}" if owners else "not installed"))
        self.name = name
        self.known = tuple(known)
        self.owners = tuple(owners)
