"""How often a token may call: a fixed window a minute, counted in each web process.

With several processes a token may call that many times in each; the limit guards against runaway programs, not billing.
"""

from __future__ import annotations

import time
from threading import Lock

from django.conf import settings
from django.utils.translation import gettext as _

from shuzheng.kernel.errors import TooMany

WINDOW = 60
_counts: dict[str, tuple[int, int]] = {}
_lock = Lock()


def count(caller: str, now: float | None = None, *, most: int | None = None) -> None:
    """Count one call.

    Raises:
        TooMany: more than ``most`` (``SZ_API_RATE`` unless given) calls in this minute; says when to come again.
    """
    limit = settings.SZ_API_RATE if most is None else most
    moment = time.time() if now is None else now
    window = int(moment // WINDOW)
    with _lock:
        held, used = _counts.get(caller, (window, 0))
        used = used + 1 if held == window else 1
        if len(_counts) > 10_000:
            _counts.clear()
        _counts[caller] = (window, used)
    if used > limit:
        wait = int(WINDOW - moment % WINDOW) + 1
        raise TooMany(_("每分钟最多 %(n)s 次，%(wait)s 秒后再来。") % {"n": limit, "wait": wait}, retry_after=wait)
