"""A journal that keeps what would be lines."""


class Told:
    """`drivers.contract.Journal`: the first `lost` and the `back` after it, and every note."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.facts: list[dict[str, object]] = []
        self._lost: set[tuple[str, str]] = set()

    def lost(self, code: str, about: str, /, **facts: object) -> None:
        if (code, about) not in self._lost:
            self._lost.add((code, about))
            self.note(f"lost {code}", about, **facts)

    def back(self, code: str, about: str, /, **facts: object) -> None:
        if (code, about) in self._lost:
            self._lost.discard((code, about))
            self.note(f"back {code}", about, **facts)

    def note(self, code: str, about: str, /, **facts: object) -> None:
        self.lines.append((code, about))
        self.facts.append(facts)

    def codes(self) -> list[str]:
        return [code for code, _ in self.lines]
