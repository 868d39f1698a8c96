"""What makes a password acceptable here, and which ones an account had before.

The rules are data (``PasswordPolicy``); this module reads them and says in words what is missing.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta
from functools import cache
from pathlib import Path

from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.accounts.models import Account, PasswordPast, PasswordPolicy
from shuzheng.base.core.scope import current, system_scope
from shuzheng.kernel.text import fold, pinyin_key

KEPT = 24
"""Past passwords kept of an account: the most that a policy may ask to compare with."""

MAX_LENGTH = 128
"""Longest password that is hashed: beyond it, a try would cost us more than the one who tries."""


def policy() -> PasswordPolicy:
    """The rules of today; the defaults where the deployment has set none."""
    today = timezone.localdate()
    found = PasswordPolicy.objects.filter(valid_from__lte=today).order_by("-valid_from").first()
    return found or PasswordPolicy(valid_from=today)


class PolicyValidator:
    """Django's door to the rules: called for each new password, whoever sets it."""

    def validate(self, password: str, user: Account | None = None) -> None:
        """Raise ``ValidationError`` with one sentence for each rule that is not met."""
        rules = policy()
        faults = weaknesses(password, rules, words_of(user))
        if user is not None and not user._state.adding and not faults and was_used(user, password, rules.history):
            faults.append(_("与最近 %(n)d 次用过的密码相同，换一个新的。") % {"n": max(rules.history, 1)})
        if faults:
            raise ValidationError(faults)

    def get_help_text(self) -> str:
        rules = policy()
        return _(
            "至少 %(length)d 位，大写字母、小写字母、数字、其他符号至少 %(classes)d 类；不含姓名、账号和常见组合。"
        ) % {
            "length": rules.min_length,
            "classes": rules.classes,
        }

    def password_changed(self, password: str, user: Account | None = None) -> None:
        """Django calls this when an account that was given a new password is saved."""
        if user is not None:
            remember(user)


def weaknesses(password: str, rules: PasswordPolicy, words: frozenset[str] = frozenset()) -> list[str]:
    """What the rules miss in ``password``, a sentence each; ``words`` must not occur in it (name, account, number)."""
    faults = []
    if len(password) < rules.min_length:
        faults.append(_("只有 %(has)d 位，至少 %(needs)d 位。") % {"has": len(password), "needs": rules.min_length})
    if len(password) > MAX_LENGTH:
        faults.append(_("超过 %(most)d 位，缩短后再提交。") % {"most": MAX_LENGTH})
    if _classes(password) < rules.classes:
        faults.append(
            _("只有 %(has)d 类字符，大写字母、小写字母、数字、其他符号至少 %(needs)d 类。")
            % {"has": _classes(password), "needs": rules.classes}
        )
    plain = fold(password).lower()
    if any(word in plain for word in words):
        faults.append(_("含有姓名、账号或工号，换成与本人无关的内容。"))
    if is_common(password):
        faults.append(_("是常见密码或其变化，容易被猜中。"))
    if run := _run(plain):
        faults.append(_("含有连续或重复的字符“%(run)s”，打乱后再提交。") % {"run": run})
    return faults


def _classes(password: str) -> int:
    kinds = {"Lu": "upper", "Ll": "lower", "Nd": "digit"}
    return len({kinds.get(unicodedata.category(c), "other") for c in password})


_LEET = str.maketrans("@4310$5!7", "aaeiossit")
_EDGE = re.compile(r"^[\W\d_]+|[\W\d_]+$")


@cache
def _common() -> frozenset[str]:
    file = Path(__file__).parent / "data" / "common_passwords.txt"
    lines = file.read_text(encoding="utf-8").split("\n")
    return frozenset(line for line in lines if line and not line.startswith("#"))


def is_common(password: str) -> bool:
    """Whether ``password`` is on the list, or a word of the list with digits and marks round it (``Admin@2026``)."""
    plain = fold(password).lower()
    stems = {plain, _EDGE.sub("", plain), re.sub(r"[\W_]", "", plain)}
    stems |= {_EDGE.sub("", stem.translate(_LEET)) for stem in tuple(stems)}
    stems |= {_EDGE.sub("", plain).translate(_LEET)}
    return not _common().isdisjoint(stems)


def _run(plain: str, length: int = 5) -> str:
    """The first run of ``length`` characters that repeat, or go up or down by one (``88888``, ``abcde``, ``54321``)."""
    for start in range(len(plain) - length + 1):
        piece = plain[start : start + length]
        steps = {ord(b) - ord(a) for a, b in zip(piece, piece[1:], strict=False)}
        if len(steps) == 1 and steps <= {0, 1, -1} and piece.isascii() and piece.isalnum():
            return piece
    return ""


def words_of(user: Account | None) -> frozenset[str]:
    """Words that tell of the holder: account, number, name in characters and in letters. Shorter than three don't count,
    a name in characters from two."""
    if user is None:
        return frozenset()
    words = {user.username}
    if user.person_id is not None:
        if current() is not None:
            person = user.person
        else:
            with system_scope("accounts.signin").activate():
                person = user.person
        letters = [re.sub(r"\d", "", part) for part in pinyin_key(person.name, person=True).split(" ")[:-1]]
        words |= {person.number.lower(), "".join(letters), *([person.name] if len(person.name) > 1 else [])}
    return frozenset(w for w in map(str.lower, words) if len(w) > 2 or (len(w) == 2 and not w.isascii()))


def was_used(account: Account, password: str, last: int) -> bool:
    """Whether ``password`` is the present one of ``account``, or one of its ``last`` ones."""
    known = [account.password] if account.has_usable_password() else []
    known += list(account.past_passwords.order_by("-at").values_list("password", flat=True)[:last])
    return any(check_password(password, past) for past in dict.fromkeys(known))


def remember(account: Account) -> None:
    """Add the present password to the past ones; those beyond ``KEPT`` go."""
    PasswordPast.objects.create(account=account, password=account.password)
    old = account.past_passwords.order_by("-at").values_list("pk", flat=True)[KEPT:]
    PasswordPast.objects.filter(pk__in=list(old)).delete()


def must_renew(account: Account, rules: PasswordPolicy) -> bool:
    """Whether the holder has to choose a new password before anything else."""
    if account.must_change_password:
        return True
    if not rules.max_age_days or account.password_changed_at is None:
        return False
    return account.password_changed_at + timedelta(days=rules.max_age_days) <= timezone.now()
