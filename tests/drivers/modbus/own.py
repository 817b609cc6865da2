"""A profile of a site's own, for tests to change."""

from pathlib import Path

GOOD = """\
id: mixer
title: {zh: 搅拌机, en: Mixer}
evidence: V
source: mixer manual, page 12
word_order: CDAB
string_order: low
areas:
  - {prefix: D, kind: holding, map: [{from: 0, to: 99, base: 0x100}]}
  - prefix: Y
    kind: coil
    numbers: octal
    map:
      - {from: 0, to: "77", base: 0}
test_vectors:
  - [D10, holding, 266]
  - [Y10, coil, 8]
"""


def keep(folder: Path, text: str, name: str = "mixer") -> Path:
    """Write it where a configuration in that folder looks for it."""
    (folder / "profiles").mkdir(exist_ok=True)
    file = folder / "profiles" / f"{name}.yaml"
    file.write_text(text, encoding="utf-8")
    return file
