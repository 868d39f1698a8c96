"""Reading a form's specification: rows and columns become named cells, templates of checks become checks.

A cell's name (``e01_m1``) is its code in the database, in expressions, in Excel and in the API. Names beginning with
``prev_`` and ``ly_`` stand for the same cell in the period before and in the same period last year.
"""

from shuzheng.base.forms.spec.parts import (
    CARRIED,
    EXPR_TYPES,
    LAST_YEAR,
    LINE,
    PREVIOUS,
    CellSpec,
    CellType,
    CheckSpec,
    ColumnSpec,
    FormSpec,
    GivenSpec,
    Option,
    RowSpec,
    SectionKind,
    SectionSpec,
    Value,
)
from shuzheng.base.forms.spec.read import load
from shuzheng.base.forms.spec.verify import input_names, known_names

__all__ = [
    "CARRIED",
    "EXPR_TYPES",
    "LAST_YEAR",
    "LINE",
    "PREVIOUS",
    "CellSpec",
    "CellType",
    "CheckSpec",
    "ColumnSpec",
    "FormSpec",
    "GivenSpec",
    "Option",
    "RowSpec",
    "SectionKind",
    "SectionSpec",
    "Value",
    "input_names",
    "known_names",
    "load",
]
