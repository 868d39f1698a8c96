"""Closed lists. What opens a way around a rule stands here, too: a new one has to be added on purpose, in view of a reviewer."""

from __future__ import annotations

SYSTEM_SCOPES = frozenset(
    {
        "access.init",
        "accounts.signin",
        "audit.seal",
        "audit.verify",
        "collect.door",
        "collect.retain",
        "collect.tell",
        "core.keys",
        "demo.load",
        "energy.follow",
        "events.dispatch",
        "files.alert",
        "files.tidy",
        "flows.count",
        "flows.engine",
        "flows.tell",
        "flows.timers",
        "forms.check",
        "forms.fold",
        "forms.recount",
        "forms.notify",
        "forms.open",
        "forms.remind",
        "jobs.purge",
        "notify.deliver",
        "org.import",
        "org.reorganise",
        "registers.tidy",
        "search.reindex",
        "standards.load",
        "standards.resolve",
        "stats.alert",
        "stats.brief",
        "stats.export",
        "stats.mark",
        "stats.tell",
    }
)

HANDOVERS = frozenset(
    {
        "access.grant.ask",
        "access.grant.decide",
        "access.grant.withdraw",
        "access.role.change",
        "access.sharing.ask",
        "access.sharing.decide",
        "access.sharing.end",
        "access.sharing.offer",
        "accounts.contact.change",
        "accounts.person.change",
        "accounts.person.create",
        "accounts.person.import",
        "accounts.person.move",
        "accounts.post.change",
        "accounts.post.create",
        "accounts.post.end",
        "accounts.token.issue",
        "accounts.token.revoke",
        "collect.answer.submit",
        "collect.collection.open",
        "energy.member.change",
        "energy.member.create",
        "energy.member.leave",
        "energy.month.change",
        "energy.month.create",
        "energy.month.delete",
        "files.block.release",
        "forms.allowance.decide",
        "forms.allowance.end",
        "forms.allowance.grant",
        "forms.amendment.confirm",
        "forms.amendment.refuse",
        "forms.amendment.return",
        "forms.doubt.flag",
        "forms.doubt.remark",
        "forms.doubt.settle",
        "forms.submission.approve",
        "forms.submission.fill_for",
        "forms.submission.remind",
        "forms.submission.return",
        "forms.submission.stand_in",
        "forms.submission.submit_for",
        "masters.party.block",
        "masters.party.change",
        "masters.party.create",
        "masters.party.delete",
        "masters.party.unblock",
        "masters.place.change",
        "masters.place.create",
        "masters.place.delete",
        "notify.notice.send",
        "org.competence.change",
        "org.node.abolish",
        "org.node.create",
        "org.node.import",
        "org.node.merge",
        "org.node.move",
        "org.node.rename",
        "org.node.split",
        "org.profile.change",
        "org.reorganisation.apply",
        "org.reorganisation.cancel",
        "registers.comment.create",
        "standards.calendar.change",
        "standards.calendar.import",
        "standards.item.end",
        "standards.item.publish",
        "standards.item.return",
        "stats.view.share",
    }
)

DEFINER_FUNCTIONS = {
    "sz_actor": "builds the actor of a request, before a scope is known; answers about one account or post",
    "sz_duties": "which kinds of officer somebody is in whatever organ: two may not be one person; tells only the kinds",
    "sz_search": "text and scope in one question, with the conditions of the row policy; tests/search compares the two",
    "sz_token": "what an API token stands for; asked by its keyed hash, so only by whoever has the token",
}

RAW_SQL = {
    "base/core": "sets the scope, makes the policies, writes set-wise: where raw SQL belongs",
    "base/access/actors.py": "calls sz_actor",
    "base/access/delegation.py": "calls sz_duties",
    "base/access/tokens.py": "calls sz_token",
    "base/audit/sealer.py": "reads the transaction horizon and links the chain in one statement",
    "base/audit/verify.py": "reads the trail with a server-side cursor",
    "base/events/deliver.py": "takes up deliveries with SKIP LOCKED",
    "base/events/dispatch.py": "numbers events by commit order; sends NOTIFY",
    "base/forms/jobs.py": "lets one worker fold at a time (an advisory lock)",
    "base/forms/setcheck.py": "checks of a form and outliers over a whole round, made from its expressions; reads under the policies",
    "base/forms/rollup.py": "keeps approvals waiting while totals are counted anew (LOCK TABLE); folds, and reads totals, in one statement",
    "base/notify/live.py": "LISTEN, on a connection of its own that reads no table",
    "base/notify/receipts.py": "makes the receipts of a notice in one INSERT … SELECT under the policies",
    "base/search/query.py": "calls sz_search",
    "base/stats/exporting.py": "lets one worker export at a time (an advisory lock)",
    "base/stats/nodes.py": "numbers new nodes in one INSERT … SELECT",
    "ops": "starts, checks and saves the server itself; no request comes here",
}
"""Where raw SQL may stand, besides tests and bench: a folder or file below ``shuzheng/``."""

BLIND_HANDLERS: dict[str, str] = {}
"""Where ``except Exception`` may end a fault. Nowhere: those that there are clean up and let it rise."""

UPWARD_URLS = {
    "search -> registers": "a hit on a node or a person opens its register's page; without the kit it opens none",
}
"""Namespaces that a lower layer may name though they lie above it."""

WRITING_PAGES = {
    "base/standards/pages/drafts.py": "a form's unsaved instance (commit=False) is handed to the action that drafts it",
    "base/registers/pages/record.py": "a draft of the kit is saved by service.create and service.change, which call the actions",
}
"""Pages in which something is saved that is no row."""

OFF_MENU = frozenset({"codes", "nodes", "rulepacks", "units", "workdays"})
"""Registers that are reached from a page of their own app and not from its menu."""

OFFICER_ONLY: frozenset[str] = frozenset()
"""Permissions that no shipped role holds: for roles that a node defines."""

WITHOUT_PATH_INDEX = {
    "forms_cell": "found by submission, or summed by round and code over a subtree",
    "forms_rollupdelta": "short: folded away within a minute",
    "forms_rollupmember": "found by its roll-up",
    "forms_rolluptotal": "found by round and division",
    "org_competence": "as many rows as divisions and lines; found by division or organ",
}
"""Scoped tables that are never listed by subtree alone."""
