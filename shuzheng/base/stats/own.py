"""Users' own indicators: a formula over the cells of a form, with the same arithmetic as shipped ones."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from shuzheng.base.core.scope import Scope
from shuzheng.base.forms.models import Definition
from shuzheng.base.forms.spec import FormSpec, load
from shuzheng.base.stats.declare import EVERYWHERE, INDICATORS, Indicator, Part, Target
from shuzheng.base.stats.models import OwnIndicator
from shuzheng.kernel import expr
from shuzheng.kernel.errors import FieldFault, Invalid, Missing

PREFIX = "own."


def form_of(code: str) -> FormSpec:
    """The published form of a code, in its latest edition.

    Raises:
        Missing: none is published, or not for the reader.
    """
    found = (
        Definition.objects.filter(code=code)
        .exclude(state=Definition.State.DRAFT)
        .order_by("state", "-edition", "pk")
        .first()
    )
    if found is None:
        raise Missing(_("没有报表“%(code)s”，或不归当前岗位看。") % {"code": code})
    return load(found.spec)


def is_stock(spec: FormSpec, code: str) -> bool:
    """Whether a cell is a standing amount: a field that stands alone and is typed in."""
    cell = spec.cells[code]
    return cell.is_input and not cell.row


def names(spec: FormSpec) -> dict[str, expr.Type]:
    """Cells that a formula may use: those that add up."""
    return {cell.code: expr.NUMBER for cell in spec.cells.values() if cell.additive}


def check(row: OwnIndicator) -> None:
    """Whether it can be computed.

    Raises:
        Invalid: the formula is none, or its result no number; the code is that of another indicator.
    """
    faults = []
    if not row.code.isidentifier() or not row.code.isascii():
        faults.append(FieldFault("code", _("代码以字母开头，只用字母、数字和下划线。")))
    same = OwnIndicator.objects.filter(code=row.code, state=OwnIndicator.State.ACTIVE).exclude(pk=row.pk)
    if same.exists():
        faults.append(FieldFault("code", _("已有代码为“%(code)s”的指标，换一个。") % {"code": row.code}))
    try:
        program = expr.compile(row.formula, names(form_of(row.form)), expr.NUMBER)
        if not program.references:
            faults.append(FieldFault("formula", _("算式里至少用到一个格。")))
    except expr.ExprError as fault:
        faults.append(FieldFault("formula", fault.message))
    except Missing as fault:
        faults.append(FieldFault("form", fault.message))
    if faults:
        raise Invalid(_("指标还不能用。"), faults)


def of(row: OwnIndicator) -> Indicator:
    """The indicator that a row defines. Its formula runs over the sums of the cells it names."""
    spec = form_of(row.form)
    program = expr.compile(row.formula, names(spec), expr.NUMBER)
    parts = {
        code: Part(lambda t, code=code: t.code == code, codes=(code,), stock=is_stock(spec, code))
        for code in sorted(program.references)
    }
    targets = [Target(row.target_year, row.target)] if row.target is not None and row.target_year else []
    return Indicator(
        f"{PREFIX}{row.code}", row.name, row.name_en or row.name, row.unit, row.formula, parts, row.form, row.places,
        EVERYWHERE, row.direction, owner=str(row.node), note=row.note, note_en=row.note, targets=targets, is_own=True,
    )  # fmt: skip


def find(name: str) -> Indicator:
    """An indicator by name, shipped or a user's own that the reader may ask.

    Raises:
        Missing: there is none.
    """
    if name in INDICATORS:
        return INDICATORS[name]
    row = (
        OwnIndicator.objects.select_related("node")
        .filter(code=name.removeprefix(PREFIX), state=OwnIndicator.State.ACTIVE)
        .order_by("pk")
        .first()
        if name.startswith(PREFIX)
        else None
    )
    if row is None:
        raise Missing(_("没有指标“%(name)s”，或不归当前岗位看。") % {"name": name})
    return of(row)


def find_all(wanted: Sequence[str], scope: Scope) -> list[Indicator]:
    """Indicators by name, as ``find``. Only users' own are looked up in the database, under ``scope``."""
    if all(name in INDICATORS for name in wanted):
        return [INDICATORS[name] for name in wanted]
    with scope.activate():
        return [find(name) for name in wanted]
