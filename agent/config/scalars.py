"""Plain scalars of YAML: the core schema of YAML 1.2.2, section 10.3.2, with one exception.

The exception: digits with a leading zero (`0007`, `00101`) stay text. The core schema reads a number there and loses
what an electrician or a plate on a gateway says: coil 00101 is not register 101.
"""

import re
from math import inf, nan

Scalar = str | int | float | bool | None

_WORDS: dict[str, Scalar] = dict.fromkeys(("", "~", "null", "Null", "NULL"))
_WORDS |= dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(("false", "False", "FALSE"), False)
_WORDS |= {f"{sign}.{word}": inf for sign in ("", "+") for word in ("inf", "Inf", "INF")}
_WORDS |= {f"-.{word}": -inf for word in ("inf", "Inf", "INF")} | {f".{word}": nan for word in ("nan", "NaN", "NAN")}

# At most 40 digits: what is longer is no number that anybody measures, and int() of a megabyte takes a minute.
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,39})", re.ASCII)
_BASED = re.compile(r"0o[0-7]{1,40}|0x[0-9a-fA-F]{1,32}", re.ASCII)
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]{1,40}|(?:0|[1-9][0-9]{0,39})(?:\.[0-9]{0,40})?)(?:[eE][-+]?[0-9]{1,4})?",
    re.ASCII,
)


def resolve(text: str) -> Scalar:
    """The value of a scalar that stands without quotes."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _INT.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    return float(text) if _FLOAT.fullmatch(text) else text
