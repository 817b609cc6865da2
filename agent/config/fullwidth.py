"""Full-width punctuation of a Chinese input method where YAML needs ASCII: found, and mended to read on. Pure.

To YAML these characters are letters, so what it says about them helps nobody. Inside texts they are right: only what
stands where a key, a value, a separator or a bracket must begin or end is a mistake.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from agent.config.located import Place

COLON, SPACE = "：", "\u3000"
COMMAS = "，、"
OPENING = {"｛": "{", "［": "[", "【": "["}
CLOSING = {"｝": "}", "］": "]", "】": "]"}
QUOTES = {"“": '"', "”": '"', "＂": '"', "‘": "'", "’": "'", "＇": "'"}
_SUSPECT = re.compile(f"[{COLON}{COMMAS}{SPACE}{''.join((*OPENING, *CLOSING, *QUOTES))}]")

TEXTS = frozenset(("description", "zh", "en"))
"""Keys whose values are prose, in which brackets and quotes may stand at the beginning."""
CODES = frozenset(("address", "url"))
"""Keys whose values contain colons that are no separators."""

_PAIRS = {"{": "}", "[": "]"}
_WORD = re.compile(r"[A-Za-z_]\w*|\d+", re.ASCII)
_KEY_FOLLOWS = re.compile(rf"\s*[“\"']?(?:[A-Za-z_][A-Za-z0-9_]*|\d+)[”\"']?\s*(?:(:)(?:\s|$)|{COLON})")
_DASHES = re.compile(rf"(?:-(?:[ {SPACE}]+|$))*")
_AFTER_QUOTE = re.compile(r"\s*(?:$|[,\]}:，｝］：]|\s#)")


class Mistake(NamedTuple):
    """A full-width character that must be `ascii`; `separates` where it is the colon after a key."""

    at: Place
    character: str
    ascii: str
    separates: bool


class Mended(NamedTuple):
    """The text as it was meant, and the way back to places in what was written."""

    text: str
    mistakes: Sequence[Mistake]
    added: Mapping[int, Sequence[int]]
    """Line -> columns of spaces that were not written, both counted from 0 in the mended text."""

    def place(self, line: int, column: int) -> Place:
        """Where in the text as written that is, counted from 1; `line` and `column` are counted from 0."""
        before = sum(added < column for added in self.added.get(line, ()))
        return Place(line + 1, column + 1 - before)


def mend(text: str) -> Mended:
    """The text with ASCII characters where they must stand."""
    if not _SUSPECT.search(text):
        return Mended(text, (), {})
    scan = _Scan()
    lines = [scan.line(number, line) for number, line in enumerate(text.splitlines(keepends=True))]
    return Mended("".join(lines), scan.mistakes, scan.added)


class _Scan:
    """Reads line by line, as far as needed to tell punctuation from prose: no errors, and no values."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []
        self.added: dict[int, list[int]] = {}
        self._number = 0
        self._line = ""
        self._edits: dict[int, str] = {}
        self._open: list[str] = []
        self._key = ""
        self._is_wide = False
        """Whether the colon after this key was full-width: then a comma behind its value may be too."""
        self._may_be_key = False
        self._start = -1
        """Where the plain text begins that is being read."""
        self._nested: list[str] = []
        self._quote = ""
        self._prose = -1
        """What is indented deeper continues a text; -1 for none."""
        self._indent = 0
        self._dash = -1
        """Where the innermost dash of this line is; -1 for none."""

    def line(self, number: int, line: str) -> str:
        """The line as it was meant."""
        self._number, self._edits = number, {}
        self._line = line.rstrip("\r\n\x85\u2028\u2029")
        at = self._beginning()
        while at < len(self._line):
            at = self._begin(at) if self._start < 0 else self._inside(at)
        if self._start >= 0:
            self._end_text()
            if not self._open:
                self._prose = self._indent if self._key or self._dash < 0 else self._dash
        return self._mended() + line[len(self._line) :]

    def _beginning(self) -> int:
        """Where the line is more than the continuation of a text; its length where it is no more than that."""
        line = self._line
        if self._quote:
            return self._behind_quote(0)
        indent = len(line) - len(line.lstrip(" " + SPACE))
        if self._open or indent == len(line):
            return 0 if self._open else len(line)
        if self._prose >= 0 and indent > self._prose:
            return len(line)
        dashes = _DASHES.match(line, indent)
        at = dashes.end() if dashes else indent
        for place in range(at):
            if line[place] == SPACE:
                self._mistake(place, " ", "  ")
        self._prose, self._indent, self._dash = -1, at, line.rfind("-", indent, at)
        self._key, self._is_wide, self._may_be_key = "", False, True
        return at

    # ---- between texts

    def _begin(self, at: int) -> int:
        character = self._line[at]
        if character in " \t":
            return at + 1
        if character == SPACE:
            self._mistake(at, " ")
        elif character == "#" and (at == 0 or self._line[at - 1] in " \t"):
            return len(self._line)
        elif character in "{[" or (character in OPENING and self._opens(at)):
            self._enter(at)
        elif self._open and (character in "]}," or character in CLOSING or character in COMMAS):
            self._leave(at)
        elif character in ":" + COLON:
            self._separate(at, self._key)
        elif character in "\"'":
            self._quote = character
            return self._behind_quote(at + 1)
        elif character in QUOTES and (end := self._wide_quote(at)):
            return end
        elif character in "|>" and not self._open and self._key:
            self._prose = self._indent
            return len(self._line)
        else:
            self._start = at
            return at
        return at + 1

    def _opens(self, at: int) -> bool:
        if self._key in TEXTS and not self._is_wide:
            return False
        return self._line[at] != "【" or self._line[at + 1 : at + 2].isascii()

    def _enter(self, at: int) -> None:
        bracket = OPENING.get(self._line[at])
        if bracket:
            self._mistake(at, bracket)
        self._open.append(bracket or self._line[at])
        self._next()

    def _leave(self, at: int) -> None:
        """A comma or a closing bracket, at which a text ends."""
        character = self._line[at]
        ascii_ = CLOSING.get(character) or ("," if character in COMMAS else character)
        if ascii_ != character:
            self._mistake(at, ascii_, ", " if ascii_ == "," and self._line[at + 1 : at + 2] not in (" ", "") else None)
        self._end_text()
        if ascii_ != ",":
            self._open.pop()
        self._next()
        self._may_be_key = ascii_ == "," and self._may_be_key

    def _next(self) -> None:
        self._key, self._is_wide = "", False
        self._may_be_key = bool(self._open) and self._open[-1] == "{"

    def _separate(self, at: int, key: str) -> None:
        self._is_wide = self._line[at] == COLON
        if self._is_wide:
            behind = self._line[at + 1 : at + 2]
            self._mistake(at, ":", ":" if behind in (" ", SPACE, "") else ": ", separates=True)
        self._key, self._may_be_key = key, False

    def _behind_quote(self, at: int) -> int:
        """Behind the closing quote, or the end of the line; a full-width one closes where nothing else does."""
        line, quote = self._line, self._quote
        end = line.find(quote, at)
        while end >= 0 and self._is_escaped(end):
            end = line.find(quote, end + (2 if quote == "'" else 1))
        if end < 0:
            end = self._wide_end(at)
            if end < 0:
                return len(line)
            self._mistake(end, quote)
        self._mend_code(at, end)
        self._key = self._key or line[at:end]
        self._quote = ""
        return end + 1

    def _is_escaped(self, at: int) -> bool:
        if self._quote == "'":
            return self._line[at + 1 : at + 2] == "'"
        return (at - len(self._line[:at].rstrip("\\"))) % 2 == 1

    def _wide_end(self, at: int) -> int:
        """Where a full-width quote closes what an ASCII one opened: at the end of a value, without a partner."""
        ends = [place for place in range(at, len(self._line)) if self._line[place] in "”＂’＇"]
        for end in ends:
            partners = self._line.count("“", at, end) + self._line.count("‘", at, end)
            if partners == ends.index(end) and _AFTER_QUOTE.match(self._line, end + 1):
                return end
        return -1

    def _wide_quote(self, at: int) -> int:
        """Behind a value or key in full-width quotes; 0 where they are a part of the text."""
        line = self._line
        if self._key in TEXTS and not self._is_wide:
            return 0
        for end in range(at + 1, len(line)):
            if (line[end] in QUOTES or line[end] in "\"'") and _AFTER_QUOTE.match(line, end + 1):
                self._mistake(at, QUOTES[line[at]])
                self._edits[end] = QUOTES[line[at]]
                self._mend_code(at, end)
                self._key = self._key or line[at + 1 : end]
                return end + 1
        return 0

    def _mend_code(self, begin: int, end: int) -> None:
        """Colons in a quoted address."""
        for at in range(begin + 1, end):
            if self._is_code(at):
                self._mistake(at, ":")

    # ---- inside a text

    def _inside(self, at: int) -> int:
        line, character = self._line, self._line[at]
        if character == "#" and line[at - 1] in " \t":
            return len(line)
        if self._is_separator(at):
            self._end_key(at)
        elif self._is_code(at):
            self._mistake(at, ":")
        elif self._open and (character in ",]}" or self._ends(at)):
            self._leave(at)
        elif character in OPENING:
            self._nested.append(OPENING[character])
        elif character in CLOSING and self._nested:
            self._nested.pop()
        return at + 1

    def _is_code(self, at: int) -> bool:
        """Whether a full-width colon stands in an address, between characters of a machine's kind."""
        around = self._line[at - 1] + self._line[at + 1 : at + 2]
        return self._line[at] == COLON and self._key in CODES and around.isascii()

    def _end_key(self, at: int) -> None:
        key = self._line[self._start : at].strip()
        self._end_text()
        self._separate(at, key)

    def _is_separator(self, at: int) -> bool:
        """Whether a key ends here: at a colon as YAML has it, or a full-width one behind a word."""
        behind = self._line[at + 1 : at + 2]
        if self._line[at] == ":":
            return behind in ("", " ", "\t", SPACE) or (bool(self._open) and behind in ",[]{}")
        written = self._line[self._start : at].strip()
        return self._line[at] == COLON and self._may_be_key and _WORD.fullmatch(written) is not None

    def _ends(self, at: int) -> bool:
        """Whether a full-width comma or bracket ends the text in which it stands."""
        character = self._line[at]
        if character in CLOSING:
            return not self._nested and CLOSING[character] == _PAIRS[self._open[-1]]
        if character not in COMMAS:
            return False
        rest = self._line[at + 1 :].lstrip()
        if self._open[-1] == "[":
            return self._line[:at].rstrip()[-1:].isascii() and rest[:1].isascii()
        is_prose = self._key in TEXTS and not self._is_wide
        follows = _KEY_FOLLOWS.match(self._line, at + 1)
        return (follows is not None and (not is_prose or follows[1] is not None)) or (not rest and not is_prose)

    def _end_text(self) -> None:
        self._start = -1
        self._nested.clear()

    # ---- what was found

    def _mistake(self, at: int, ascii_: str, instead: str | None = None, *, separates: bool = False) -> None:
        self.mistakes.append(Mistake(Place(self._number + 1, at + 1), self._line[at], ascii_, separates))
        self._edits[at] = instead or ascii_

    def _mended(self) -> str:
        mended, behind = "", 0
        for at, instead in sorted(self._edits.items()):
            mended += self._line[behind:at] + instead
            behind = at + 1
            if len(instead) > 1:
                self.added.setdefault(self._number, []).append(len(mended) - 1)
        return mended + self._line[behind:]
