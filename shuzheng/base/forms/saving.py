"""Saving part of a form from outside (page, API): what can be read is stored, what cannot is kept as typed and said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from shuzheng.base.core.actor import Actor
from shuzheng.base.core.scope import Range, handover
from shuzheng.base.forms.engine import read_values
from shuzheng.base.forms.filling import fill, may_type, open_cells, open_round
from shuzheng.base.forms.locking import lock
from shuzheng.base.forms.models import Cell, Submission
from shuzheng.base.forms.prefill import to_carry
from shuzheng.base.forms.spec import FormSpec, Value
from shuzheng.base.forms.standing import fill_for, require_standing
from shuzheng.base.forms.values import typed_rows
from shuzheng.kernel.errors import Conflict

MAX_TEXT = 60
"""Of a text that is no number so much is kept."""


def carry_over(actor: Actor, submission: Submission, *, key: str = "") -> int:
    """Bring in the period before, where nothing stands yet; returns how many cells.

    Raises:
        Invalid: the form can't be filled in now.
    """
    with _filling(actor, submission) as (spec, verb):
        values = to_carry(spec, submission, open_cells(spec, submission))
        if values:
            verb([submission], actor=actor, key=key, values=values, source=Cell.Source.PREVIOUS)
    return len(values)


@contextmanager
def _filling(actor: Actor, submission: Submission) -> Iterator[tuple[FormSpec, Callable[..., Any]]]:
    """The scope in which the actor fills a submission in, for their own institution or in its place; it is locked.

    Raises:
        Denied: they may do neither.
        Invalid: the form can't be filled in now.
    """
    own = submission.path in actor.scope.write
    verb, needed = (fill, "forms.submission.fill") if own else (fill_for, "forms.submission.stand_in")
    with actor.scope.activate(), handover([] if own else [Range.exactly(submission.path)]):
        actor.require(needed, submission.path)
        lock([submission], unchanged=False)
        if not own:
            require_standing(actor, [submission])
        yield open_round(submission), verb


@dataclass
class Saved:
    """What became of a batch: the cells now stored, sentences for those that were not, and what its writer does not know yet.

    ``values`` are all that changed since the writer's version, those of others and computed ones too; without a version all.
    """

    version: int
    saved: list[str]
    faults: dict[str, str] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)


def save(
    actor: Actor,
    submission: Submission,
    typed: Mapping[str, str | None],
    *,
    reasons: Mapping[str, str] | None = None,
    base: int | None = None,
    key: str = "",
    source: str = Cell.Source.HAND,
) -> Saved:
    """Store what was typed. ``base`` is the version that the writer had before them.

    Raises:
        Conflict: somebody else changed the same cells since ``base``; ``current`` has their values by cell. Nothing is stored.
        Invalid: the form can't be filled in now.
    """
    with _filling(actor, submission) as (spec, verb):
        values, faults = read_values(spec, typed)
        said = {f.field: f.message for f in faults}
        may = set(filter(may_type(spec, submission), typed))
        said |= {code: _("这一格没有退回，保持锁定。") for code in values if code not in may}
        values = {code: value for code, value in values.items() if code in may}
        if base is not None:
            _refuse_overwriting(spec, submission, values, base)
        unread = {f.field: (f.value or "")[:MAX_TEXT] for f in faults if f.field in may and (f.value or "").strip()}
        reasons = dict(reasons or {})
        said |= {f"reason:{code}": _("报表里没有这项检查。") for code in reasons if not spec.has_check(code)}
        reasons = {code: text for code, text in reasons.items() if spec.has_check(code)}
        verb([submission], actor=actor, key=key, values=values, explanations=reasons, unread=unread, source=source)
        submission.refresh_from_db()
        rows = submission.cells.all() if base is None else submission.cells.filter(version__gt=base)
        now = typed_rows(spec, rows.values_list("code", "value", "text"))
    return Saved(submission.version, [*values, *(f"reason:{c}" for c in reasons)], said, now)


def save_values(
    actor: Actor, submission: Submission, values: Mapping[str, Value], *, base: int, key: str, source: str
) -> None:
    """Store values that were read and found to be ones that can be typed in now (a workbook's), all of them.

    Raises:
        Conflict: as ``save``.
        Invalid: the form, or one of the cells, can't be filled in now.
    """
    with _filling(actor, submission) as (spec, verb):
        _refuse_overwriting(spec, submission, values, base)
        verb([submission], actor=actor, key=key, values=values, source=source)


def _refuse_overwriting(spec: FormSpec, submission: Submission, values: Mapping[str, Value], base: int) -> None:
    if base == submission.version:
        return
    rows = submission.cells.filter(version__gt=base).values_list("code", "value", "text")
    theirs = typed_rows(spec, rows)
    clash = {code: value for code, value in theirs.items() if code in values and value != values[code]}
    if clash:
        raise Conflict(
            _("%(n)d 格刚被别人改过，对照两个值再存。") % {"n": len(clash)},
            seen={"version": base},
            current={"version": submission.version, "cells": clash},
        )
