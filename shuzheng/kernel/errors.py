"""Faults a user can act on.

Every refusal of the platform is a `Fault`. Pages, the API and jobs turn it into their own form:
`message` is said to the user as it stands, `code` names the fault to programs, `http` is the status to answer with.
A fault that no user can mend is not a `Fault`; let the ordinary exception rise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from shuzheng.kernel.words import gettext, gettext_noop


@dataclass(frozen=True, slots=True)
class FieldFault:
    """What is wrong with one value.

    `field` is the name in the declaration. For a sheet, `row` is the row as the user sees it (1-based, heading
    included), `column` the heading or letter, and `value` the text found there.
    """

    field: str
    message: str
    row: int | None = None
    column: str | None = None
    value: str | None = None


class Fault(Exception):
    """Base of all faults said to a user. `message` is in the user's words."""

    code: str = "fault"
    http: int = 400
    default_message: ClassVar[str] = gettext_noop("操作没有完成。")

    def __init__(self, message: str = "", *, code: str | None = None, http: int | None = None) -> None:
        self.message: str = message or gettext(self.default_message)
        if code is not None:
            self.code = code
        if http is not None:
            self.http = http
        super().__init__(self.message)

    def __str__(self) -> str:
        return self.message


class Denied(Fault):
    """The actor lacks the permission. `permission` names it where it may be told."""

    code = "denied"
    http = 403
    default_message = gettext_noop("您没有办理此事的权限。")

    def __init__(self, message: str = "", *, permission: str | None = None, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.permission = permission


class Missing(Fault):
    """No such thing, or none that the actor may see: the two are never told apart."""

    code = "missing"
    http = 404
    default_message = gettext_noop("没有找到，或不在您的可见范围内。")


class Invalid(Fault):
    """Values that cannot be accepted, one `FieldFault` each. Nothing was written."""

    code = "invalid"
    http = 422
    default_message = gettext_noop("填写的内容有误，请更正后重新提交。")

    def __init__(self, message: str = "", faults: Sequence[FieldFault] = (), *, code: str | None = None) -> None:
        self.faults: list[FieldFault] = list(faults)
        if not message and len(self.faults) == 1:
            message = self.faults[0].message
        super().__init__(message, code=code)

    @classmethod
    def one(cls, field: str, message: str, *, value: str | None = None) -> Invalid:
        """A refusal for a single field."""
        return cls(message, [FieldFault(field, message, value=value)])


class Conflict(Fault):
    """Someone changed the record meanwhile, or the same key was used for something else.

    `seen` is what the actor had before them and `current` what stands now, both by record id or by field.
    """

    code = "conflict"
    http = 409
    default_message = gettext_noop("内容已被他人修改，请查看最新内容后再提交。")

    def __init__(
        self,
        message: str = "",
        *,
        seen: Mapping[Any, Any] | None = None,
        current: Mapping[Any, Any] | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message, code=code)
        self.seen: dict[Any, Any] = dict(seen or {})
        self.current: dict[Any, Any] = dict(current or {})


class _Later(Fault):
    """A refusal that may succeed later. `retry_after` is in seconds, where it can be said."""

    def __init__(self, message: str = "", *, retry_after: int | None = None, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class TooMany(_Later):
    """Too many attempts in too short a time."""

    code = "too-many"
    http = 429
    default_message = gettext_noop("操作过于频繁，请稍后再试。")


class Busy(_Later):
    """The platform cannot serve this now (a lock is held, a part is away)."""

    code = "busy"
    http = 503
    default_message = gettext_noop("系统繁忙，请稍后再试。")


__all__ = ["Busy", "Conflict", "Denied", "Fault", "FieldFault", "Invalid", "Missing", "TooMany"]
