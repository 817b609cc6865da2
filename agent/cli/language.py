"""In which language the agent speaks to this person."""

import os

from agent.messages import Catalogue, Language


def language(configured: str | None = None) -> Language:
    """`LINESIDE_LANG`, else what the configuration says, else the locale; English where nothing says Chinese."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    for wish in (os.environ.get("LINESIDE_LANG"), configured, locale):
        if wish:
            return "zh" if wish.lower().startswith(("zh", "cn")) else "en"
    return "en"


def catalogue(configured: str | None = None) -> Catalogue:
    return Catalogue(language(configured))
