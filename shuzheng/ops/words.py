"""What the command line says. Django's catalogues aren't loaded here: commands must answer before there are settings."""

from __future__ import annotations

import os
import sys


def english() -> bool:
    """Whether the operator reads English: ``SZ_LANG``, else the locale variables; anything but ``en…`` means Chinese."""
    names = ("SZ_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    value = next((os.environ[name] for name in names if os.environ.get(name)), "")
    return value.lower().startswith("en")


def t(zh: str, en: str) -> str:
    """The sentence in the operator's language."""
    return en if english() else zh


class Trouble(Exception):
    """Something the operator can mend: what is wrong, and what to do. Shown without a traceback, exit code 1."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}\n{t('处理办法：', 'What to do: ')}{self.remedy}"


def say(text: str) -> None:
    """A line for the operator, shown at once (also through a pipe)."""
    print(text, flush=True)


def complain(trouble: Trouble) -> None:
    """The fault on stderr."""
    print(f"{t('出错：', 'Error: ')}{trouble}", file=sys.stderr, flush=True)
