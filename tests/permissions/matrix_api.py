"""What each persona is expected to get from each operation of the API; letters as in ``matrix.py``, ``L`` being 401."""

from __future__ import annotations

from shuzheng.base.flows import simple
from tests.permissions import matrix_vehicles
from tests.permissions.matrix import (
    BATCH,
    BELOW,
    BUSINESS,
    DIVISION,
    KEEPING,
    NORM,
    NOTHING,
    OWN_FLOW,
    OWN_ONLY,
    REGISTER_PAGES,
    REVIEWING,
    SIGNED_IN,
    STAFF,
    THEIRS,
    WITHIN,
)
from tests.permissions.trying import Call

ENDING = "Lnxxoonxxx"  # an entry of the county's office: for those above, and not for the institutions that read it
FLOW = simple.to_bpmn({"code": "unit-ask", "name": "请示", "steps": [{"name": "审批", "who": ["head"]}]})
SIGNATURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="  # one black dot
)
FROM = {"effective_from": "2031-01-01", "name": "新的一项"}
# For the division of one's organ: who has the right in an institution alone can't publish for the county.
PUBLISHING = "Loxxoooxxx"

TIP_TAKEN = "Lnnnoxnnnn"  # handled by the office that it lies with; the tier above looks on
ROLLUP = "Lnnnoonnnn"  # an institution does not look after its county; nobody else sees it there
KEEPING_LINE = "Lnxoooonnn"  # another office that is competent for reporting supervises these
WITHIN_LINE = "Loxooooxxx"

OPERATIONS: dict[str, Call] = {
    "me": Call(SIGNED_IN),
    "vehicles_positions": Call(
        "LLLLLLLLLL", sent={"positions": []}
    ),  # a terminal's own key opens it, and nobody's token
    **{f"list_{name}": Call(listed) for name, (_thing, listed, _read) in REGISTER_PAGES.items()},
    **{f"read_{name}": Call(read, thing) for name, (thing, _listed, read) in REGISTER_PAGES.items()},
    **matrix_vehicles.OPERATIONS,
    "read_alerts": Call(KEEPING, "@v_alert"),
    "take_tips": Call(TIP_TAKEN, sent={"ids": ["@v_tip"], "note": "请单位说明"}),
    "dismiss_tips": Call(TIP_TAKEN, sent={"ids": ["@v_tip"], "note": "查无此事"}),
    "issue_vehicles": Call(KEEPING, sent={"ids": ["@v_car"]}),
    "change_profiles": Call(KEEPING, "@profile", {"contact": "甲"}),
    # of the line of reporting, as in REGISTER_PAGES
    "create_institutions": Call(WITHIN_LINE, sent={"node": "@unit", "since": "2031-01-01"}),
    "change_institutions": Call(KEEPING_LINE, "@member", {"basis": "县编办批复"}),
    "leave_institutions": Call(KEEPING_LINE, sent={"ids": ["@member"], "on": "2031-02-01", "why": "划出"}),
    "create_ledgers": Call(BUSINESS, sent={"month": "2031-01-01", "electricity": "5"}),
    "change_ledgers": Call(KEEPING_LINE, "@month", {"note": "补记"}),
    "delete_ledgers": Call(KEEPING_LINE, "@month"),
    "create_people": Call(BUSINESS, sent={"name": "新人", "number": "N-1"}),
    "change_people": Call(WITHIN, "@person", {"name": "改名"}),
    "create_posts": Call(BUSINESS, sent={"person": "@person", "name": "会计", "valid": {"from": "2031-01-01"}}),
    "change_posts": Call(WITHIN, "@other_post", {"name": "出纳"}),
    "end_posts": Call(WITHIN, sent={"ids": ["@other_post"], "on": "2032-01-01"}),
    "create_places": Call(BUSINESS, sent={"number": "N1", "name": "新楼", "kind": "building"}),
    "change_places": Call(KEEPING, "@place", {"name": "改名"}),
    "delete_places": Call(KEEPING, "@place"),
    "create_parties": Call(BUSINESS, sent={"name": "新供应商", "uscc": "91330000MA27XXXX0X"}),
    "change_parties": Call(KEEPING, "@party", {"name": "改名"}),
    "delete_parties": Call(KEEPING, "@party"),
    "block_parties": Call(KEEPING, sent={"ids": ["@party"], "why": "违约"}),
    "unblock_parties": Call(KEEPING, sent={"ids": ["@party"]}),
    "create_elements": Call(PUBLISHING, sent={**FROM, "identifier": "X-2", "group": "asset", "data_type": "text"}),
    "create_units": Call(PUBLISHING, sent={**FROM, "code": "chi", "dimension": "length", "factor": "0.333"}),
    "create_factors": Call(
        PUBLISHING, sent={**FROM, "energy": "electricity", "value": "0.1", "from_unit": "kWh", "to_unit": "kgce"}
    ),
    "create_rules": Call(PUBLISHING, sent={**FROM, "pack": "@pack", "code": "COUNTY-2", "value": "1"}),
    # a draft is its owner's, and those who supervise it
    **{
        f"{verb}_{name}": Call(expected, sent={"ids": [f"@draft_{name}"], **more})
        for name in ("elements", "codesets", "units", "factors", "rules")
        for verb, expected, more in (
            ("submit", "Lnnnoxnxxx", {}),
            ("discard", "Lnnnoxnxxx", {}),  # whose draft it is
            ("publish", "Lnnnoonxxx", {}),
            ("return", "Lnnnoonxxx", {"note": "与文件不符"}),
        )  # fmt: skip
    },
    "resolve_standards_element": Call(SIGNED_IN, code="organ.uscc"),
    "schema_standards": Call(SIGNED_IN, query="?dataset=organ"),
    "workbook_standards": Call(SIGNED_IN, query="?dataset=organ"),
    "check_standards_rows": Call(SIGNED_IN, sent={"dataset": "organ", "rows": [{"organ.name": "甲"}]}),
    "check_standards_file": Call(
        SIGNED_IN, sent={"dataset": "organ"}, files={"file": ("a.csv", "单位详细名称\n甲".encode())}
    ),
    "map_standards_codes": Call(SIGNED_IN, code="asset_class", query="?since=2020-01-01"),
    "end_codesets": Call(ENDING, sent={"ids": ["@codeset"], "on": "2031-01-01"}),
    "end_units": Call(ENDING, sent={"ids": ["@uom"], "on": "2031-01-01"}),
    "end_elements": Call(ENDING, sent={"ids": ["@element"], "on": "2031-01-01"}),
    "end_factors": Call(ENDING, sent={"ids": ["@factor"], "on": "2031-01-01"}),
    "end_rules": Call(ENDING, sent={"ids": ["@rule"], "on": "2031-01-01"}),
    # reporting: reading by those who supervise; filling in by the institution; passing and returning by the tiers above
    "list_forms_rounds": Call(STAFF),
    "list_forms_submissions": Call(BUSINESS),
    "read_forms_submission": Call(KEEPING, "@sent"),
    "fill_forms_submission": Call(OWN_ONLY, "@draft", {"cells": {"e01_m1": "12"}}),
    "carry_forms_submission": Call(OWN_ONLY, "@draft"),
    "submit_forms_submission": Call(THEIRS, "@draft", {"statistics": "甲", "head": "乙"}),
    "approve_forms_submission": Call(REVIEWING, "@sent"),
    "approve_forms_submissions": Call(REVIEWING, sent={"submissions": [{"id": "@sent", "version": 1}]}),
    "return_forms_submission": Call(REVIEWING, "@sent", {"why": "与凭证不符"}),
    "list_forms_amendments": Call(BUSINESS),
    "answer_forms_amendment": Call(THEIRS, "@asked_cells", {"note": "无误"}),
    "confirm_forms_amendment": Call("Lnnnoonnnn", "@answered_cells"),
    "refuse_forms_amendment": Call("Lnnnoonnnn", "@answered_cells", {"why": "不符"}),
    "correct_forms_submission": Call(THEIRS, "@sent", {"cells": {"e01_m1": "12"}, "note": "抄错"}),
    "nil_forms_submission": Call(THEIRS, "@draft", {"statistics": "甲", "head": "乙"}),
    "list_forms_allowances": Call(BUSINESS),
    "ask_forms_allowance": Call(KEEPING, "@draft", {"what": "exemption", "why": "停用"}),
    "decide_forms_allowance": Call("Lnxxoonnnn", "@allowance", {"agree": True}),
    "list_forms_doubts": Call(BUSINESS, "@sent_round"),
    "flag_forms_cell": Call(KEEPING, "@sent", {"cell": "e01_m1", "text": "核对"}),
    "settle_forms_doubt": Call(REVIEWING, "@doubt", {"note": "属实"}),
    "read_forms_rollup": Call(ROLLUP, "@sent_round", query=DIVISION),
    "drill_forms_rollup": Call(ROLLUP, "@sent_round", query=DIVISION, code="e01_m1"),
    "read_stats_catalogue": Call(BUSINESS),
    "ask_stats": Call(BUSINESS, sent={"indicators": ["energy.total"], "by": ["county"]}),
    "drill_stats": Call(BUSINESS, sent={"indicators": ["energy.total"]}),
    "trend_stats": Call(BUSINESS, query="?indicator=energy.total"),
    "list_flow_definitions": Call(BUSINESS),
    "create_flow_definition": Call(BUSINESS, sent={"bpmn": FLOW}),
    "read_flow_definition": Call(BATCH, "@flow"),
    "save_flow_definition": Call(OWN_FLOW, "@flow", {"bpmn": FLOW}),
    "read_flow_simple": Call(BATCH, "@flow"),
    "save_flow_simple": Call(OWN_FLOW, "@flow", {"simple": {"code": "unit-ask", "name": "请示", "steps": []}}),
    "publish_flow_definition": Call(OWN_FLOW, "@draft_flow"),
    "list_flow_standards": Call(STAFF),
    "read_flow_standard": Call(NORM, "@norm"),
    "compare_flow_standards": Call(NORM, "@norm"),  # with itself
    "adopt_flow_standard": Call(BATCH, "@norm"),
    "list_flow_statistics": Call(BUSINESS),
    "read_flow_statistics": Call("Lnxooonxxx", code="unit-ask"),
    "list_flow_tests": Call(BATCH, "@flow"),
    "save_flow_tests": Call(OWN_FLOW, "@flow", {"tests": []}),
    "make_flow_test": Call("Lnxnxxnxxx", "@flow", {"case": "00000000-0000-0000-0000-000000000000"}),
    "run_flow_tests": Call(BATCH, "@flow"),
    "replay_flow_cases": Call(BATCH, "@flow"),
    "list_flow_phrases": Call(SIGNED_IN),
    "create_flow_phrase": Call(SIGNED_IN, sent={"text": "同意。"}),
    "order_flow_phrases": Call(SIGNED_IN, sent={"ids": []}),
    "save_flow_phrase": Call(NOTHING, "@case", {"text": "同意。"}),  # a phrase is one person's own, and nobody has any
    "delete_flow_phrase": Call(NOTHING, "@case"),
    "read_flow_signature": Call(SIGNED_IN),
    "save_flow_signature": Call(SIGNED_IN, sent={"picture": SIGNATURE}),
    "delete_flow_signature": Call(SIGNED_IN),
    "read_flow_signed": Call("Lnxnnnnnnn", "@case"),  # no signature there
    "list_flow_tasks": Call(SIGNED_IN),
    "start_flow_case": Call(BELOW, sent={"code": "unit-ask", "values": {"subject": "买纸"}}),
    "read_flow_case": Call(THEIRS, "@case"),
    "act_flow_case": Call(THEIRS, "@case", {"verb": "pass", "text": "同意"}),
    "list_collect": Call(BUSINESS),
    "read_collect": Call(THEIRS, "@survey"),
    "figures_collect": Call(THEIRS, "@survey"),
    "answers_collect": Call(THEIRS, "@survey"),
    "create_collect": Call(
        BUSINESS,
        sent={
            "title": "收",
            "audience": "own",
            "per": "person",
            "closes_at": "2099-01-01T18:00:00+08:00",
            "questions": [{"kind": "number", "label": "人次"}],
        },
    ),
    "open_collect": Call(THEIRS, "@draft_survey"),
    "close_collect": Call(THEIRS, "@survey"),
    "answer_collect": Call("Lxooxxxxxx", sent={"token": "@survey.token", "values": {"q1": ["1"]}}),
    "change_workdays": Call(ENDING, sent={"ids": ["@workday"], "kind": "working", "name": "班", "source": "通知"}),
}
