"""YAML text -> plain values and the line of each: what a message about a profile file points at."""

from typing import Any

Path = tuple[str | int, ...]

DEFECTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What ruamel 0.19 raises beside its own errors when the text is hostile; RecursionError is a RuntimeError."""


class NotYaml(ValueError):
    """The text is no YAML, or more than a profile needs of it."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


class Marked:
    """A document: its value and, path by path, the line (from 1) where each part begins."""

    def __init__(self, text: str) -> None:
        """Raises `NotYaml`."""
        self.lines: dict[Path, int] = {}
        self.twice: list[Path] = []
        """Keys that stand twice in their mapping."""
        # Only who names a profile pays for the reader.
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError, YAMLError

        try:
            root = YAML(typ="safe", pure=True).compose(text)
            self.value = self._value(root, ()) if root is not None else None
        except NotYaml:
            raise
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise NotYaml(mark.line + 1 if mark else 1, error.problem or "?") from None
        except (YAMLError, *DEFECTS) as error:
            raise NotYaml(1, str(error) or type(error).__name__) from None

    def line(self, path: Path) -> int:
        """Of what is there; of what is missing, of what it is missing in."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def _value(self, node: Any, path: Path) -> Any:
        if node.anchor is not None:
            raise NotYaml(node.start_mark.line + 1, f"&{node.anchor}")
        self.lines.setdefault(path, node.start_mark.line + 1)
        if node.id == "sequence":
            return [self._value(item, (*path, place)) for place, item in enumerate(node.value)]
        return self._mapping(node, path) if node.id == "mapping" else _scalar(node)

    def _mapping(self, node: Any, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            name = str(key.value)
            inner = (*path, name)
            if name in found:
                self.twice.append(inner)
            self.lines.setdefault(inner, key.start_mark.line + 1)
            found[name] = self._value(value, inner)
        return found


def _scalar(node: Any) -> Any:
    """Numbers, true, false and null by YAML 1.2 (0x hexadecimal, 0o octal); all else is text."""
    match str(node.ctag).rpartition(":")[2]:
        case "int":
            text = node.value.replace("_", "")
            return int(text, 0) if text.lstrip("+-").startswith(("0x", "0o")) else int(text)
        case "bool":
            return node.value.lower() == "true"
        case "null":
            return None
        case _:
            return node.value
