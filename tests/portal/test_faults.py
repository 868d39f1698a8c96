"""What an action refuses stands in the form that asked for it, at its field where the form has it, and nothing of it is lost."""

from __future__ import annotations

from django import forms

from shuzheng.base.portal.faults import put_faults
from shuzheng.kernel.errors import FieldFault, Invalid


class Asked(forms.Form):
    name = forms.CharField()
    due = forms.DateField()


def said(fault: Invalid, **names: str) -> dict[str, list[str]]:
    form = Asked({"name": "甲", "due": "2026-12-01"})
    assert form.is_valid()
    put_faults(form, fault, names=names)
    assert not form.is_valid()
    return {field: list(messages) for field, messages in form.errors.items()}


def test_each_fault_stands_at_its_field_and_one_that_the_form_does_not_know_over_it():
    fault = Invalid(
        "没有存。", [FieldFault("name", "太短。"), FieldFault("path", "不在本级。"), FieldFault("", "先选一个。")]
    )
    assert said(fault) == {"name": ["太短。"], "__all__": ["不在本级。", "先选一个。"]}


def test_a_refusal_without_fields_is_said_in_its_own_words():
    assert said(Invalid("已经结束。")) == {"__all__": ["已经结束。"]}


def test_a_field_may_have_another_name_in_the_form():
    assert said(Invalid.one("due_at", "过早。"), due_at="due") == {"due": ["过早。"]}
