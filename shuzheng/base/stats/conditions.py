"""A rule's condition in the reader's words: ``change > 30`` is read as “同比高于 30%”. Any other is quoted as it is written."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

NAMES = {
    "value": "",
    "previous": gettext_lazy("上期"),
    "last_year": gettext_lazy("上年同期"),
    "change": gettext_lazy("同比"),
    "target": gettext_lazy("目标"),
}
RELATIONS = {
    "<": gettext_lazy("%(left)s低于%(right)s"),
    "<=": gettext_lazy("%(left)s不高于%(right)s"),
    ">": gettext_lazy("%(left)s高于%(right)s"),
    ">=": gettext_lazy("%(left)s不低于%(right)s"),
    "=": gettext_lazy("%(left)s等于%(right)s"),
}
_SIMPLE = re.compile(r"\s*(\w+)\s*(<=|>=|<|>|=)\s*(?:(-?\d+(?:\.\d+)?)|(\w+))\s*")


def worded(condition: str, unit: str) -> str:
    """``condition`` as words; ``unit`` is that of the indicator, while a change is in percent."""
    said = []
    for part in condition.split(" and "):
        found = _SIMPLE.fullmatch(part)
        if found is None or found[1] not in NAMES or (found[4] and found[4] not in NAMES):
            return _("符合条件“%s”") % condition
        of = "%" if found[1] == "change" else unit
        figure = f" {found[3]}{'' if of == '%' else ' '}{of}".rstrip()  # Chinese stands apart from digits
        right = NAMES[found[4]] if found[4] else figure
        said.append((str(RELATIONS[found[2]]) % {"left": NAMES[found[1]], "right": right}).replace("  ", " ").strip())
    return _("，").join(said)
