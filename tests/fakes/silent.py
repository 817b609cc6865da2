"""A journal that says nothing, and one that a test can read."""

from dataclasses import dataclass, field


@dataclass
class Heard:
    """Every call, as (what, code, about, facts)."""

    said: list[tuple[str, str, str, dict[str, object]]] = field(default_factory=list)

    def lost(self, code: str, about: str, /, **facts: object) -> None:
        self.said.append(("lost", code, about, facts))

    def back(self, code: str, about: str, /, **facts: object) -> None:
        self.said.append(("back", code, about, facts))

    def note(self, code: str, about: str, /, **facts: object) -> None:
        self.said.append(("note", code, about, facts))

    def codes(self, what: str = "lost") -> list[str]:
        return [code for kind, code, _, _ in self.said if kind == what]


SILENT = Heard()
