"""In which language the agent speaks to this person."""

import os
import shlex
import shutil
import sys
from pathlib import Path

from agent.messages import Catalogue, Language


def language(configured: str | None = None) -> Language:
    """`LINESIDE_LANG`, else what the configuration says, else the locale; English where nothing says Chinese."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    for wish in (os.environ.get("LINESIDE_LANG"), configured, locale):
        if wish:
            return "zh" if wish.lower().startswith(("zh", "cn")) else "en"
    return "en"


def catalogue(configured: str | None = None) -> Catalogue:
    return Catalogue(language(configured), _program())


def _program() -> str:
    """What is to be typed. The files of a service are its own, and its program is not on the path of a shell."""
    called = Path(sys.argv[0])
    if called.name != "lineside":
        return "lineside"
    whole = shlex.quote(str(called.absolute()))
    if "JOURNAL_STREAM" in os.environ:
        return f"sudo {whole}"
    found = shutil.which("lineside")
    return "lineside" if found and Path(found).resolve() == called.resolve() else whole
