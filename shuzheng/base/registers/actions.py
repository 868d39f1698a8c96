"""Verbs of the kit itself: keeping a view, remarking on a record, bringing sheets in and taking them out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shuzheng.base.core.action import Write, action
from shuzheng.base.registers.models import Comment, SavedView, Transfer


@action("registers.view.save", permission="")
def save_view(w: Write, views: Sequence[SavedView], **values: Any) -> Sequence[SavedView]:
    """Keep how the acting person looks at a register."""
    for view in views:
        if view._state.adding:
            for name, value in values.items():
                setattr(view, name, value)
            w.create(view)
        else:
            w.change(view, **values)
    return views


@action("registers.view.delete", permission="")
def delete_view(w: Write, views: Sequence[SavedView]) -> Sequence[SavedView]:
    """Forget named views of the acting person."""
    w.delete(*views)
    return views


@action("registers.comment.create", permission="", handover=True)
def comment(w: Write, records: Sequence[Any], *, text: str) -> Sequence[Comment]:
    """Remark on records. The caller has read them through the register, so the actor may see them."""
    made = []
    for record in records:
        item = Comment(
            model=record._meta.label_lower,
            object_id=str(record.pk),
            text=text,
            person_id=w.actor.person_id,
            author=w.actor.name,
            organ=f"{w.actor.organ_name} {w.actor.post_name}"[:160],
        )
        item.follow(record)
        made.append(item)
    w.create(*made)
    return made


@action("registers.transfer.start", permission="")
def start_transfer(w: Write, transfers: Sequence[Transfer]) -> Sequence[Transfer]:
    """Put an import that was checked, or an export, on record: who takes data out is in the trail."""
    w.create(*transfers)
    return transfers


@action("registers.transfer.finish", permission="")
def finish_transfer(w: Write, transfers: Sequence[Transfer], **values: Any) -> Sequence[Transfer]:
    """Say how far a transfer is."""
    for transfer in transfers:
        w.change(transfer, **values)
    return transfers
