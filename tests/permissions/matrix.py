"""What each persona is expected to get from each page, by reasoning about what is right (docs/architecture.md, docs/threat-model.md).

The letters stand for the personas in order: nobody, another county's office, a colleague without the right, somebody of the
institution with it, the office of the county above, that of the prefecture, an organ of the prefecture that is competent
for another line, system, security and audit officer. ``L`` sign in first, ``o`` let in, ``x`` the right is missing (403),
``n`` there is nothing for them (404).
"""

from __future__ import annotations

from tests.permissions import matrix_vehicles
from tests.permissions.trying import Page

LINES = {"forms": "reporting", "energy": "reporting"}
"""Business line of the records behind an app's pages, where it is not the general one."""

ANYBODY = "oooooooooo"
SIGNED_IN = "Looooooooo"
AUDITOR = "Lxxxxxxxxo"
NOBODY = "Lxxxxxxxxx"
NOTHING = "Lnnnnnnnnn"

BUSINESS = "Loxooooxxx"  # whoever holds a role of business, each for their own part; no officer
STAFF = "Looooooxxx"  # every post that is not an officer's
OFFICERS = "Lxxxxxxooo"
RECORD = "Lnoooonnnn"  # a supervised record that every post of the organ may view
KEEPING = "Lnxooonnnn"  # changing it: a role, in the organ or above it
INSIDE = "Lnxonnnxxx"  # an internal record of statistics: of the institution alone, for those who look at numbers
REVIEWING = (
    "Lnxxoonnnn"  # deciding about what an institution handed in: a role at the division, not at the institution itself
)
OWN_ONLY = "Lnxoxxnnnn"  # changing it, where no tier above may do so in the institution's place
BATCH = "Lnxooonxxx"  # the same for many records, from a list that officers have not
THEIRS = "Lnxonnnnnn"  # what only the institution itself can do: to everybody else there is nothing to be done here
MINE = "Lnnonnnnnn"  # one person's own
SURVEY = "Lnxonnnxxx"  # an organ's own: those above it and its neighbours see none of it
NODE = "Lxxxoooxxx"  # reorganising: the right must hold above the node; nodes are a directory, so nobody gets a 404
PUBLISHED = "Lnoooonooo"  # a standard of the county: for its organs (its officers, too), and for those who supervise
BELOW = "Lnooonnxxx"  # what is published to the county, for whoever may start something; officers may not
NORM = "Lnoooonxxx"  # a standard process of the county: for whoever may start something, and those who supervise; officers may not
OWN_FLOW = "Lnxoxxnxxx"  # those who supervise a process may look at it, and do not change it
TIP = "Lnnnoonnnn"  # of the county office about an institution, which sees nothing of it
WITHIN = "Lxxooooxxx"  # a right over what lies in the directory, in the organ or above it

PLACE = {"register": "places", "pk": "@place"}
PLACES = {"register": "places"}
DIVISION = "?at=33/11/23/"


def get(expected: str, query: str = "", note: str = "", **names: str) -> Page:
    return Page("GET", expected, names, query=query, note=note)


def post(expected: str, form: dict | None = None, query: str = "", note: str = "", **names: str) -> Page:
    return Page("POST", expected, names, form or {}, query=query, note=note)


PAGES: dict[str, list[Page]] = {
    # open to the world: sign-in, health, the language of the sign-in page
    "healthz": [get(ANYBODY)],
    "metrics": [get(ANYBODY)],  # from the machine itself; tests/ops says who else
    "account_login": [get(ANYBODY), post(ANYBODY)],
    "account_logout": [get(ANYBODY)],
    "account_inactive": [get(ANYBODY)],
    "mfa_authenticate": [get(ANYBODY)],  # without a sign-in under way it leads back to its beginning
    "mfa_login_webauthn": [get(ANYBODY)],
    "accounts:invitation": [get(ANYBODY), post(ANYBODY)],
    "accounts:language": [post(ANYBODY, {"language": "en"})],
    "desk:sw": [get(ANYBODY)],
    "desk:icon": [get(ANYBODY)],
    "api:api-1:openapi-json": [get(ANYBODY)],
    "api:api-1:api-root": [get("nnnnnnnnnn")],
    # one's own account
    "account_reauthenticate": [get(SIGNED_IN)],
    "account_change_password": [get(SIGNED_IN), post(SIGNED_IN)],
    "mfa_index": [get(SIGNED_IN)],  # further down: nothing to take away or to show until one has been set up
    "mfa_reauthenticate": [get(SIGNED_IN)],
    "mfa_activate_totp": [get(SIGNED_IN)],
    "mfa_deactivate_totp": [get(NOTHING)],
    "mfa_view_recovery_codes": [get(NOTHING)],
    "mfa_generate_recovery_codes": [get(SIGNED_IN)],
    "mfa_download_recovery_codes": [get(NOTHING)],
    "mfa_list_webauthn": [get(SIGNED_IN)],
    "mfa_add_webauthn": [get(SIGNED_IN)],
    "mfa_reauthenticate_webauthn": [get(SIGNED_IN)],
    "mfa_remove_webauthn": [get(SIGNED_IN, pk="1")],
    "mfa_edit_webauthn": [get(SIGNED_IN, pk="1")],
    "accounts:me": [get(SIGNED_IN), post("Loxooooxxx", {"email": "a@example.org"})],
    "accounts:sessions": [get(SIGNED_IN)],
    "accounts:tokens": [get(SIGNED_IN), post(SIGNED_IN, {"name": ""})],
    "accounts:act_in": [post(MINE, {"post": "@post"})],
    "accounts:act_in_post": [post(MINE, post="@post")],
    "accounts:density": [post(SIGNED_IN, {"density": "compact"})],
    # the desk
    "desk:workbench": [get(SIGNED_IN)],
    "desk:todos": [get(SIGNED_IN)],
    "desk:board": [get(SIGNED_IN, name="office")],
    "desk:apps": [get(SIGNED_IN)],
    "desk:help": [get(SIGNED_IN)],
    "desk:scan": [get(SIGNED_IN)],
    "search:results": [get(SIGNED_IN, "?q=楼")],
    "search:suggest": [get(SIGNED_IN, "?q=楼")],
    # the tree
    "org:tree": [get(SIGNED_IN), get(SIGNED_IN, "?q=小学")],
    "org:children": [get(SIGNED_IN, pk="@division")],
    "org:suggest": [get(SIGNED_IN, "?q=小学")],
    "org:node": [get(SIGNED_IN, pk="@unit")],
    "org:competence": [get(NODE, pk="@division"), post(NODE, pk="@division")],
    "org:differences": [get(SIGNED_IN)],
    "org:export": [get(SIGNED_IN)],
    "org:export_csv": [get(SIGNED_IN)],
    "org:create": [get("Lxxooooxxx", pk="@unit"), post("Lxxooooxxx", pk="@unit")],
    "org:rename": [get(NODE, pk="@unit"), post(NODE, pk="@unit")],
    "org:move": [get(NODE, pk="@unit"), post(NODE, pk="@unit")],
    "org:merge": [get(NODE, pk="@unit"), post(NODE, pk="@unit")],
    "org:split": [get(NODE, pk="@unit"), post(NODE, pk="@unit")],
    "org:abolish": [get(NODE, pk="@unit"), post(NODE, pk="@unit")],
    "org:reorganisations": [get(BUSINESS)],
    "org:change_apply": [post("Lnxxoonxxx", pk="@planned")],
    "org:change_cancel": [post("Lnxxoonxxx", pk="@planned")],
    "org:import": [get(BUSINESS), post(BUSINESS)],
    "org:template": [get(BUSINESS)],
    # people, accounts, rights
    "accounts:unmask": [post("Lnxooonxxx", {"reason": "核对"}, pk="@person")],
    "accounts:import": [get(BUSINESS), post(BUSINESS)],
    "accounts:policy": [get(OFFICERS), post(NOBODY)],  # the rules hold for the nation: its security officer sets them
    "access:changes": [get("Loxooooooo"), post("Loxoooooxx")],
    "access:change_approve": [post("Lnxxxxnxox", pk="@change")],
    "access:change_refuse": [post("Lnxxxxnxox", pk="@change")],
    "access:change_withdraw": [post("Lnxoxxnxxx", pk="@change")],  # whoever asked
    "access:roles": [get("Loxooooooo"), post("Lxxxxxxxox")],
    "access:sharing": [
        get(SIGNED_IN),
        post(
            BUSINESS,
            {
                "verb": "ask", "ask-owner": "33/11/22/0/u2/", "ask-line": "general", "ask-start": "2031-01-01",
                "ask-purpose": "核对",
            },
        ),
    ],
    "access:share_approve": [post("Lxxoooxxxx", pk="@sharing")],  # nobody shares what they don't see
    "access:share_refuse": [post(WITHIN, pk="@sharing")],
    "access:share_end": [post("Loxooooxxx", {"opinion": "期满"}, pk="@active_sharing")],  # either side, or a tier above
    "access:accounts": [get("Loxooooooo"), post("Lxxxxxxoxx")],
    "access:account_disable": [post("Lnxxxxxoxx", {"reason": "离岗"}, pk="@account")],
    "access:account_enable": [post("Lnxxxxxoxx", {"reason": "返岗"}, pk="@account")],
    "access:account_reset": [post("Lnxxxxxoxx", {"reason": "忘记"}, pk="@account")],
    "access:account_signout": [post("Lnxxxxxoxx", {"reason": "可疑"}, pk="@account")],
    "access:account_confirm": [post("Lnxxxxxxoo", pk="@account")],
    "access:who": [get("Lxxooooooo", pk="@unit")],
    # the trail, for its auditor
    "audit:entries": [get(AUDITOR)],
    "audit:entry": [get(AUDITOR, pk="@entry")],
    "audit:export": [post(AUDITOR)],
    # events of the deployment, for its system officer
    "events:deliveries": [get("Lxxxxxxoxx")],
    "events:retry": [post("Lxxxxxxoxx")],
    "events:webhooks": [get("Lxxxxxxoxx")],
    "events:webhook_new": [get("Lxxxxxxoxx"), post("Lxxxxxxoxx")],
    "events:webhook": [get("Lxxxxxxnxx", pk="@place")],  # internal: only those of one's own organ
    # jobs, notices, files
    "jobs:mine": [get(SIGNED_IN)],
    "jobs:run": [get(MINE, pk="@job")],
    "jobs:result": [get(MINE, pk="@job")],
    "jobs:stop": [post(MINE, pk="@job")],
    "notify:notices": [get(SIGNED_IN)],
    "notify:compose": [get(BUSINESS), post(BUSINESS)],
    "notify:preferences": [get(SIGNED_IN), post(SIGNED_IN)],
    "notify:live": [get(SIGNED_IN)],
    "notify:notice": [get("Lnooonnooo", pk="@notice")],  # the sender's organ, and everybody in the organ that got it
    "notify:read": [post("Lnnnonnooo", pk="@notice")],
    "notify:remind": [post("Lnxonnnnnn", pk="@notice")],
    "files:blocks": [get("Loxooooxox")],
    "files:release": [post("Lnxooonnnn", {"opinion": "不涉密"}, pk="@block")],
    "files:words": [get("Lxxxxxxxox"), post("Lxxxxxxxox")],
    "files:word": [post("Lxxxxxxxnx", pk="@place")],
    "files:download": [get(RECORD, pk="@attachment")],
    "files:remove": [post(OWN_ONLY, pk="@attachment")],
    "files:upload": [
        Page("POST", OWN_ONLY, {"label": "masters.place", "pk": "@place"}, files={"file": ("a.txt", "楼".encode())})
    ],
    # standards
    "standards:home": [get(SIGNED_IN)],
    "standards:element": [get(PUBLISHED, identifier="X-1")],
    "standards:codeset": [get(PUBLISHED, code="colour")],
    "standards:factor": [get(PUBLISHED, energy="e01")],
    "standards:rule": [get(PUBLISHED, code="COUNTY-1")],
    "standards:mapping": [get("Lnooonnooo", code="colour")],
    "standards:diff": [get(PUBLISHED, kind="element", pk="@element")],
    "standards:overrides": [get(SIGNED_IN)],
    "standards:check": [
        get(SIGNED_IN),
        Page("POST", SIGNED_IN, {}, {"against": "dataset:organ"}, files={"file": ("a.csv", "单位详细名称\n甲".encode())}),
    ],
    "standards:workbook": [get(SIGNED_IN, "?dataset=organ")],
    "standards:schema": [get(SIGNED_IN, "?dataset=organ")],
    "standards:drafts": [get(SIGNED_IN)],
    "standards:draft-rows": [get("Loxooooxxx")],
    # for the division of one's organ, as the calendar below
    "standards:draft-new": [get("Loxxoooxxx", kind="element"), post("Loxxoooxxx", kind="element")],
    "standards:draft-items": [get(PUBLISHED, pk="@codeset")],
    "standards:draft": [
        get("Lnnnoonooo", kind="element", pk="@draft_elements"), post("Lnnnoonxxx", kind="element", pk="@draft_elements"),
    ],
    "standards:draft-decide": [
        post(expected, {"note": "不符"}, note=verb, kind="element", pk="@draft_elements", verb=verb)
        for verb, expected in (
            ("submit", "Lnnnoxnxxx"), ("discard", "Lnnnoxnxxx"), ("publish", "Lnnnoonxxx"), ("return", "Lnnnoonxxx")
        )
    ],
    "standards:calendar": [get(SIGNED_IN)],
    # for the division of one's organ: who has the right in the organ alone can't set the days of the county
    "standards:change-day": [post("Loxxoooxxx", {"day": "2031-02-03", "kind": "holiday", "name": "休"})],
    "standards:import-year": [
        Page(
            "POST", "Loxxoooxxx", {}, {"year": "2032", "source": "通知"},
            files={"file": ("2032.json", b'[{"date": "2032-01-01", "kind": "holiday", "name": "x"}]')},
        )
    ],
    # registers: the pages of one of them stand for all; REGISTER_PAGES has list and record of each
    "registers:list": [Page("GET", STAFF, PLACES)],
    "registers:figures": [Page("GET", STAFF, PLACES)],
    "registers:create": [Page("GET", BUSINESS, PLACES), Page("POST", BUSINESS, PLACES)],
    "registers:bulk": [
        Page("POST", "Lnoooonxxx", PLACES, {"do": "labels", "id": ["@place"]}, note="labels"),
        Page("POST", BATCH, PLACES, {"do": "change", "id": ["@place"]}, note="change"),
        Page("POST", BATCH, PLACES, {"do": "delete", "step": "run", "id": ["@place"]}, note="delete"),
        Page("POST", BATCH, {"register": "parties"}, {"do": "act:block", "id": ["@party"]}, note="block"),
    ],
    "registers:columns": [Page("POST", STAFF, PLACES, {"column": ["name"]})],
    "registers:save_view": [Page("POST", STAFF, PLACES, {"name": "常用"})],
    "registers:delete_view": [Page("POST", MINE, {"register": "places", "pk": "@view"})],
    "registers:filter": [Page("GET", STAFF, {**PLACES, "field": "net_area"})],
    "registers:choices": [Page("GET", STAFF, {**PLACES, "field": "node"})],
    "registers:export": [Page("POST", STAFF, PLACES)],
    "registers:template": [Page("GET", BUSINESS, PLACES)],
    "registers:import": [Page("GET", BUSINESS, PLACES), Page("POST", BUSINESS, PLACES)],
    "registers:import_preview": [Page("GET", "Lnxonnnxxx", {"register": "places", "pk": "@transfer"})],
    "registers:import_faults": [Page("GET", "Lnxonnnxxx", {"register": "places", "pk": "@transfer"})],
    "registers:labels": [Page("GET", STAFF, PLACES)],
    "registers:detail": [Page("GET", RECORD, PLACE)],
    "registers:edit": [Page("GET", KEEPING, PLACE), Page("POST", KEEPING, PLACE, {"name": "改"})],
    "registers:delete": [Page("POST", KEEPING, PLACE)],
    "registers:history": [Page("GET", RECORD, PLACE)],
    "registers:comment": [Page("POST", RECORD, PLACE, {"text": "看过"})],
    "registers:act": [
        Page("GET", KEEPING, {"register": "parties", "pk": "@party", "verb": "block"}),
        Page("POST", KEEPING, {"register": "parties", "pk": "@party", "verb": "block"}),
    ],
    # reporting
    "forms:rounds": [get(STAFF)],
    "forms:issue": [get(BUSINESS), post(BUSINESS)],
    "forms:preview": [get(BUSINESS)],
    "forms:round": [get("Looooonxxx", pk="@sent_round"), get("Lnnnoonxxx", DIVISION, pk="@sent_round")],
    "forms:remind": [post("Lnnnoonnnn", {"all": "1"}, DIVISION, pk="@sent_round")],
    "forms:close": [post(NOBODY, pk="@sent_round")],  # the nation issued it
    "forms:review": [get("Lnxnoonxxx", DIVISION, pk="@sent_round")],
    "forms:approve": [post("Lnnnoonnnn", {"id": "@sent"}, DIVISION, pk="@sent_round")],
    "forms:rollup": [get("Lnxnoonxxx", DIVISION, pk="@sent_round")],
    "forms:recount": [get("Lnxnoonxxx", DIVISION, pk="@sent_round")],
    "forms:sign": [post("Lnnnoonnnn", {}, DIVISION, pk="@sent_round")],
    "forms:drill": [get("Lnxnoonxxx", DIVISION, pk="@sent_round", code="e01_m1")],
    "forms:export": [get("Lnxnoonxxx", DIVISION, pk="@sent_round", what=what) for what in ("board", "units", "rollup")],
    "forms:entry": [get(KEEPING, pk="@sent")],
    "forms:cell": [get(KEEPING, pk="@sent", code="e01_m1")],
    "forms:template": [get(KEEPING, pk="@draft")],
    "forms:carry": [post(OWN_ONLY, pk="@draft")],
    "forms:keep": [post(OWN_ONLY, {"e01_m1": "12"}, pk="@draft")],
    "forms:cells": [Page("PATCH", OWN_ONLY, {"pk": "@draft"}, json='{"key": "k", "version": 1, "cells": {"e01_m1": "12"}}')],
    "forms:submit": [post(OWN_ONLY, {"statistics": "甲", "head": "乙"}, pk="@draft")],
    "forms:upload": [get(THEIRS, pk="@draft"), post(THEIRS, pk="@draft")],
    "forms:uploaded": [get(THEIRS, pk="@draft", transfer="@upload"), post(THEIRS, pk="@draft", transfer="@upload")],
    "forms:upload_faults": [get(THEIRS, pk="@draft", transfer="@upload")],
    "forms:return": [get(KEEPING, pk="@sent"), post(REVIEWING, {"why": "与凭证不符"}, pk="@sent")],
    # the order of personas: nobody, other county, colleague, clerk of the institution, county, prefecture, another line, officers
    "forms:allowance_ask": [get(KEEPING, pk="@draft"), post(KEEPING, {"what": "exemption", "why": "停用"}, pk="@draft")],
    "forms:exemption_end": [post("Lnnnoonnnn", {"why": "恢复"}, pk="@exempted")],
    "forms:correct": [get(THEIRS, pk="@sent"), post(THEIRS, pk="@sent")],
    "forms:stand_in": [post("Lnxooonnnn", {"why": "无网络"}, pk="@draft")],
    "forms:nil": [post(THEIRS, {"statistics": "甲", "head": "乙"}, pk="@draft")],
    "forms:sign_entry": [post(THEIRS, {"role": "statistics"}, pk="@draft")],
    "forms:print": [get(KEEPING, pk="@sent")],
    "forms:print_rollup": [get("Lnxnoonxxx", DIVISION, pk="@sent_round")],
    "forms:again": [get("Lnxnoonxxx", DIVISION, pk="@sent_round")],
    "forms:findings": [get("Lnxnoonxxx", DIVISION, pk="@sent_round")],
    "forms:findings_export": [get("Lnxnoonxxx", DIVISION, pk="@sent_round")],
    "forms:findings_ask": [post("Lnnnoonnnn", {"return": "x"}, DIVISION, pk="@sent_round")],
    "forms:allowances": [get("Lnxnoonxxx", DIVISION, pk="@sent_round")],
    "forms:allowance_decide": [post(REVIEWING, {"agree": "1"}, pk="@allowance")],
    "forms:doubts": [get("Lnxnoonxxx", DIVISION, pk="@sent_round")],
    "forms:doubts_check": [post("Loxnoonxxx", pk="@sent_round")],
    "forms:doubts_settle": [post("Lnxxoonxxx", {"id": "@doubt.pk", "note": "属实"}, pk="@sent_round")],
    "forms:flag": [post(KEEPING, {"text": "核对"}, pk="@sent", code="e01_m1")],
    "forms:amendments": [get("Lnxnoonxxx", DIVISION, pk="@sent_round")],
    "forms:amendment": [get(KEEPING, pk="@asked_cells")],
    "forms:amendment_answer": [post(THEIRS, {"note": "无误"}, pk="@asked_cells")],
    "forms:amendment_confirm": [post("Lnnnoonnnn", pk="@answered_cells")],
    "forms:amendment_refuse": [post("Lnnnoonnnn", {"why": "不符"}, pk="@answered_cells")],
    "forms:ledger": [get("Lnxnoonxxx", DIVISION)],
    "forms:ledger_export": [get("Lnxnoonxxx", DIVISION)],
    "forms:circulars": [get(BUSINESS), post("Loxnoonxxx")],
    "forms:circular": [get("Lnxooonxxx", pk="@circular"), post("Lnxnonnxxx", {"title": "改", "text": "改"}, pk="@draft_circular")],
    "forms:circular_publish": [post("Lnxnonnxxx", pk="@draft_circular")],
    "forms:circular_print": [get("Lnxooonxxx", pk="@circular")],
    "forms:definitions": [get(STAFF)],
    "forms:definition": [get(STAFF, pk="@definition")],
    "forms:preview_form": [get(STAFF, pk="@definition")],
    "forms:changes": [get(STAFF, pk="@definition")],
    "forms:new_form": [get(BUSINESS), post(BUSINESS, {"code": "trial", "name": "试报", "period": "year"})],
    "forms:elements": [get(BUSINESS)],
    "forms:edit": [get(NOBODY, pk="@definition")],  # the nation's form, as those that follow
    "forms:draft": [Page("PATCH", NOBODY, {"pk": "@definition"}, json='{"version": 1, "spec": {}}')],
    "forms:next_edition": [post(NOBODY, pk="@definition")],
    "forms:publish": [post(NOBODY, pk="@definition")],
    "forms:drop_draft": [post(NOBODY, pk="@definition")],
    "forms:once": [get(STAFF, pk="@definition"), post(NOBODY, pk="@definition")],  # the nation's form
    "forms:burden": [get(STAFF)],
    "forms:burden_export": [get(BUSINESS)],
    # flows: the institution's own process; a case that somebody there started and has to decide
    "flows:inbox": [get(SIGNED_IN)],
    "flows:batch": [post(SIGNED_IN)],
    "flows:begin": [get(STAFF)],
    "flows:new": [get(BELOW, pk="@flow"), post(BELOW, pk="@flow")],
    "flows:people": [get(SIGNED_IN)],
    "flows:delegations": [get(STAFF), post(STAFF)],
    "flows:delegation_end": [post(THEIRS, pk="@deputy")],
    "flows:definitions": [get(BUSINESS)],
    "flows:definition_new": [get(BUSINESS), post(BUSINESS, {"way": "empty", "code": "trial", "name": "试一试"})],
    "flows:lookup": [get(BUSINESS)],
    "flows:design": [get(OWN_FLOW, pk="@draft_flow")],
    "flows:expert": [get(OWN_FLOW, pk="@draft_flow")],
    "flows:draft": [Page("PUT", OWN_FLOW, {"pk": "@draft_flow"}, json='{"version": 1, "bpmn": "<a/>"}')],
    "flows:definition": [get(BATCH, pk="@flow")],
    "flows:definition_bpmn": [get(BATCH, pk="@flow")],
    "flows:definition_act": [
        post(OWN_FLOW, pk="@draft_flow", verb="publish"),
        post(OWN_FLOW, pk="@draft_flow", verb="discard"),
        post(OWN_FLOW, pk="@flow", verb="retire"),
        post(BATCH, pk="@flow", verb="migrate"),  # cases of one's own organ
    ],
    "flows:library": [get(STAFF)],
    "flows:package_import": [post(BUSINESS)],
    "flows:standard": [get(NORM, pk="@norm")],
    "flows:standard_package": [get(NORM, pk="@norm")],
    "flows:standard_compare": [get(NORM, pk="@norm", other="@norm")],
    "flows:standard_adopt": [post(BATCH, pk="@norm")],
    "flows:mine": [get(SIGNED_IN)],
    "flows:mine_act": [post(SIGNED_IN, {"text": "同意。"}, verb="phrase")],
    "flows:own_signature": [get(NOTHING)],  # until one has been drawn
    "flows:signed": [get("Lnxnnnnnnn", pk="@case", file="@case_file")],  # no signature there
    "flows:statistics": [get(BUSINESS)],
    "flows:statistics_one": [get(BATCH, code="unit-ask")],
    "flows:statistics_file": [get(BATCH, code="unit-ask")],
    "flows:trials": [get(BATCH, pk="@flow")],
    "flows:trials_file": [get(BATCH, pk="@flow")],
    "flows:trial_new": [get(OWN_FLOW, pk="@flow"), post(OWN_FLOW, pk="@flow")],
    "flows:trial": [get(OWN_FLOW, pk="@flow", number="0"), post(OWN_FLOW, pk="@flow", number="0")],
    "flows:trials_act": [post(OWN_FLOW, {"name": "无"}, pk="@flow", verb="delete")],
    "flows:replay": [get(BATCH, pk="@flow")],
    "flows:case": [get(THEIRS, pk="@case")],
    "flows:edit": [get(THEIRS, pk="@draft_case"), post(THEIRS, pk="@draft_case")],
    "flows:act": [
        post(THEIRS, {"text": "理由"}, pk="@case", verb=verb) for verb in ("pass", "refuse", "urge", "revoke", "terminate")
    ],
    "flows:sheet": [get(THEIRS, pk="@case")],
    "flows:file": [get(THEIRS, pk="@case", file="@case_file")],
    # quick collection: the county's institution asks; its own people, and whoever has the link of the open one, answer
    "collect:index": [get(BUSINESS)],
    "collect:mine": [get(SIGNED_IN)],
    "collect:make": [get(BUSINESS), post(BUSINESS)],
    "collect:read": [post(BUSINESS, {"lines": "姓名"})],
    "collect:answer": [
        get(ANYBODY, token="@open_survey.token"),
        post(ANYBODY, {"q1": "1"}, token="@open_survey.token"),
        get("Lxooxxxxxx", token="@survey.token", note="of one organ"),
        get("nnnnnnnnnn", token="x", note="forged"),
    ],
    "collect:results": [get(SURVEY, pk="@survey")],
    "collect:figures": [get(SURVEY, pk="@survey")],
    "collect:answers": [get(SURVEY, pk="@survey")],
    "collect:who": [get(SURVEY, pk="@survey")],
    "collect:poster": [get(SURVEY, pk="@survey")],
    "collect:export": [get(SURVEY, pk="@survey", what=what) for what in ("answers", "files")],
    "collect:edit": [get(SURVEY, pk="@survey"), post(SURVEY, pk="@survey")],
    "collect:open": [post(SURVEY, pk="@draft_survey")],
    "collect:act": [
        post(SURVEY, pk="@draft_survey" if verb == "delete" else "@survey", verb=verb)
        for verb in ("close", "reopen", "remind", "relink", "delete")
    ],
    # tracks of official vehicles; tests/apps/vehicles/test_intake.py says who sees which vehicle, and needs a reason
    "vehicles:map": [get(BUSINESS)],
    "vehicles:places": [get(BUSINESS)],
    "vehicles:moves": [get(BUSINESS)],
    "vehicles:commands": [get(KEEPING, pk="@v_terminals")],
    "vehicles:track": [get(NOTHING, pk="00000000-0000-7000-8000-000000000001", day="2026-11-23")],
    # official vehicles: everybody asks; a role dispatches, a driver drives, an office looks after the fleet
    "vehicles:mine": [get(STAFF)],
    "vehicles:ask": [get(STAFF), post(STAFF)],
    "vehicles:trip": [get(RECORD, pk="@v_trips")],
    "vehicles:change": [get(RECORD, pk="@v_trips"), post(RECORD, pk="@v_trips")],
    "vehicles:sheet": [get(RECORD, pk="@v_trips")],
    "vehicles:act": [post(RECORD, pk="@v_trips", verb="cancel")],
    "vehicles:assign": [get(KEEPING, pk="@v_trips"), post(KEEPING, pk="@v_trips")],
    "vehicles:rent": [post(KEEPING, pk="@v_trips")],
    "vehicles:release": [post(KEEPING, pk="@v_trips")],
    "vehicles:driving": [get("Lxxxxxxxxx")],  # for drivers; no role of business drives
    "vehicles:drive": [post(KEEPING, pk="@v_runs", verb="accept")],  # a dispatcher may, for the driver
    "vehicles:overview": [get("Lnxnoonxxx", DIVISION)],
    "vehicles:notice": [get(STAFF)],
    "vehicles:costs": [get("Lnxnoonxxx", DIVISION)],
    # supervision of official vehicles; the mark is for the public
    "vehicles:watch": [get(BUSINESS)],
    "vehicles:alert": [get(BATCH, pk="@v_alert")],
    "vehicles:alert_act": [post(SURVEY, {"text": "绕行加油，附小票"}, pk="@v_alert", verb="explain")],
    "vehicles:mark": [get(ANYBODY, token="tested-mark"), post(ANYBODY, {"website": "x"}, token="tested-mark")],
    "vehicles:mark_label": [get(BATCH, pk="@v_car")],
    # energy management
    "vehicles:dispatch": [get(BUSINESS)],
    "vehicles:dispatch_propose": [post(BUSINESS)],
    "vehicles:dispatch_proposal": [get(BUSINESS)],
    "vehicles:dispatch_drop": [post(BUSINESS)],
    "vehicles:dispatch_accept": [post(BUSINESS)],
    "vehicles:dispatch_put": [post(BUSINESS)],
    "vehicles:sizing": [get("Lnxnoonxxx", DIVISION)],
    "vehicles:sizing_ask": [post("Lnxnoonxxx", query=DIVISION)],
    "vehicles:sizing_export": [get(NOTHING, pk="00000000-0000-7000-8000-000000000000")],
    "energy:overview": [get("Lnxnoonxxx", DIVISION)],
    "energy:tables": [get("Lnxnoonxxx", DIVISION)],
    "energy:tables_export": [get("Lnxnoonxxx", DIVISION)],
    "energy:quality": [get("Lnxnoonxxx", DIVISION)],
    "energy:roster": [get("Lnnnoonxxx", DIVISION)],
    # statistics: the pages are open to whoever may look at numbers, each in their own scope
    **{f"stats:{name}": [get(BUSINESS)] for name in (
        "explore", "embed", "drill", "cockpit", "wall", "views", "alerts", "briefs", "own", "rule_new", "brief_new", "own_new",
    )},
    "stats:export": [*(get(BUSINESS, what=what) for what in ("xlsx", "csv", "pdf")), post(BUSINESS, what="png")],
    "stats:view_save": [post(BUSINESS, {"name": "甲", "query": "i=energy.total"})],
    "stats:view_share": [get(INSIDE, pk="@st_view"), post(INSIDE, pk="@st_view")],
    "stats:view_remove": [post(INSIDE, pk="@st_view")],
    "stats:alert": [get(INSIDE, pk="@st_alert"), post(INSIDE, {"note": "已核实"}, pk="@st_alert")],
    "stats:rule": [get(INSIDE, pk="@st_rule"), post(INSIDE, pk="@st_rule")],
    "stats:rule_remove": [post(INSIDE, pk="@st_rule")],
    "stats:brief": [get(INSIDE, pk="@st_brief"), post(INSIDE, pk="@st_brief")],
    "stats:brief_remove": [post(INSIDE, pk="@st_brief")],
    "stats:brief_copy": [get(INSIDE, pk="@st_copy")],
    "stats:own_edit": [get(INSIDE, pk="@st_own"), post(INSIDE, pk="@st_own")],
    "stats:own_retire": [post(INSIDE, pk="@st_own")],
}  # fmt: skip

REGISTER_PAGES: dict[str, tuple[str, str, str]] = {
    "nodes": ("@unit", SIGNED_IN, SIGNED_IN),
    "profiles": ("@profile", BUSINESS, KEEPING),
    "people": ("@person", SIGNED_IN, SIGNED_IN),
    "posts": ("@post", SIGNED_IN, SIGNED_IN),
    "grants": ("@grant", "Loxooooooo", "Lnxooonooo"),
    "places": ("@place", STAFF, RECORD),
    "parties": ("@party", STAFF, RECORD),
    "elements": ("@element", SIGNED_IN, PUBLISHED),
    "codesets": ("@codeset", SIGNED_IN, PUBLISHED),
    "codes": ("@code", SIGNED_IN, PUBLISHED),
    "units": ("@uom", SIGNED_IN, PUBLISHED),
    "factors": ("@factor", SIGNED_IN, PUBLISHED),
    "rulepacks": ("@pack", SIGNED_IN, PUBLISHED),
    "rules": ("@rule", SIGNED_IN, PUBLISHED),
    "workdays": ("@workday", SIGNED_IN, PUBLISHED),
    "alerts": ("@v_alert", BUSINESS, SIGNED_IN),  # led to the page of its own, which asks for the right
    "tips": ("@v_tip", BUSINESS, TIP),
    **matrix_vehicles.REGISTER_PAGES,
    # of the line of reporting: for registers, "another line" is whoever is competent for reporting alone
    "institutions": ("@member", STAFF, "Lnooooonnn"),
    "ledgers": ("@month", STAFF, "Lnooooonnn"),
}
"""By register: a record of it, who sees the list, who sees the record."""
