"""What a browser says of itself, in the words in which people know it."""

from __future__ import annotations

_BROWSERS = {
    # The later ones say that they are the earlier ones as well.
    "Edg/": "Edge",
    "OPR/": "Opera",
    "Firefox/": "Firefox",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def in_words(user_agent: str) -> str:
    """Name browser and system, such as `Firefox on Linux`; what is neither, by its first words.

    It is what the browser claims, so it helps people to tell their log-ins apart and no more.
    """
    browser = next((name for mark, name in _BROWSERS.items() if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS.items() if mark in user_agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or user_agent[:40] or "an unnamed browser"
