"""What auditors call the entries of the trail: by the right that an action needs, else by the name given here."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuzheng.base.core.manifest import MANIFESTS
from shuzheng.base.core.registry import PERMISSIONS

LABELS = {
    "access.init": gettext_lazy("初始化平台"),
    "access.grant.withdraw": gettext_lazy("撤回授权申请"),
    "access.role.sync": gettext_lazy("更新内置角色"),
    "access.sharing.offer": gettext_lazy("提出数据共享"),
    "accounts.account.failed": gettext_lazy("登录失败"),
    "accounts.account.locked": gettext_lazy("账号锁定"),
    "accounts.account.signin": gettext_lazy("登录"),
    "accounts.account.signout_own": gettext_lazy("退出登录"),
    "accounts.factor.added": gettext_lazy("添加验证方式"),
    "accounts.factor.removed": gettext_lazy("移除验证方式"),
    "accounts.invitation.accept": gettext_lazy("接受邀请"),
    "accounts.password.change": gettext_lazy("修改密码"),
    "accounts.person.move": gettext_lazy("人员调动"),
    "accounts.post.end": gettext_lazy("岗位到期"),
    "accounts.profile.change": gettext_lazy("修改个人资料"),
    "accounts.token.own": gettext_lazy("管理本人令牌"),
    "collect.answer.purge": gettext_lazy("清除到期的收集答案"),
    "collect.answer.submit": gettext_lazy("填写收集表"),
    "collect.collection.delete": gettext_lazy("删除收集表"),
    "collect.collection.relink": gettext_lazy("更换收集链接"),
    "collect.collection.reopen": gettext_lazy("重新开放收集表"),
    "files.attachment.read": gettext_lazy("下载附件"),
    "files.block.record": gettext_lazy("拦截疑似涉密文件"),
    "flows.case.deliver": gettext_lazy("流程收到消息"),
    "flows.case.discard": gettext_lazy("删除流程草稿"),
    "flows.case.draft": gettext_lazy("保存流程草稿"),
    "flows.case.move": gettext_lazy("流程流转"),
    "flows.case.revoke": gettext_lazy("撤销流程"),
    "flows.case.share": gettext_lazy("抄送或传阅"),
    "flows.case.urge": gettext_lazy("催办流程"),
    "flows.case.withdraw": gettext_lazy("撤回流程修改"),
    "flows.definition.discard": gettext_lazy("删除流程定义草稿"),
    "flows.delegation.end": gettext_lazy("结束委托授权"),
    "flows.standard.adopt": gettext_lazy("采用业务流程规范"),
    "flows.phrase.delete": gettext_lazy("删除常用语"),
    "flows.phrase.order": gettext_lazy("排列常用语"),
    "flows.phrase.save": gettext_lazy("保存常用语"),
    "flows.signature.remove": gettext_lazy("删除手写签名"),
    "flows.signature.save": gettext_lazy("保存手写签名"),
    "flows.task.claim": gettext_lazy("抢办流程待办"),
    "flows.task.decide": gettext_lazy("办理流程待办"),
    "flows.task.delegate": gettext_lazy("委派流程待办"),
    "flows.task.reassign": gettext_lazy("改派他人办理"),
    "flows.task.return": gettext_lazy("流程退回"),
    "flows.task.sign": gettext_lazy("流程加签"),
    "flows.task.transfer": gettext_lazy("转办流程待办"),
    "flows.task.undo": gettext_lazy("撤回本人的办理"),
    "flows.task.unsign": gettext_lazy("流程减签"),
    "flows.trial.save": gettext_lazy("保存流程测试用例"),
    "forms.allowance.end": gettext_lazy("恢复填报"),
    "forms.allowance.grant": gettext_lazy("批给延期、免报"),
    "forms.amendment.answer": gettext_lazy("答复退回的格"),
    "forms.amendment.confirm": gettext_lazy("确认修订"),
    "forms.amendment.correct": gettext_lazy("订正"),
    "forms.amendment.refuse": gettext_lazy("不同意修订"),
    "forms.amendment.return": gettext_lazy("逐格退回"),
    "forms.circular.change": gettext_lazy("修改通报"),
    "forms.circular.make": gettext_lazy("起草通报"),
    "forms.definition.decide": gettext_lazy("处理重复项"),
    "forms.doubt.find": gettext_lazy("自动核查"),
    "forms.doubt.remark": gettext_lazy("疑点留言"),
    "forms.round.open": gettext_lazy("生成填报"),
    "forms.submission.fill_for": gettext_lazy("代为填报"),
    "forms.submission.nil": gettext_lazy("零报告"),
    "forms.submission.submit_for": gettext_lazy("代为提交"),
    "jobs.run.stop": gettext_lazy("停止后台任务"),
    "notify.notice.read": gettext_lazy("阅读通知"),
    "notify.preference.save": gettext_lazy("设置通知方式"),
    "notify.todo.close": gettext_lazy("办结待办"),
    "notify.todo.open": gettext_lazy("生成待办"),
    "org.division.load": gettext_lazy("装入行政区划"),
    "registers.comment.create": gettext_lazy("发表备注"),
    "registers.transfer.finish": gettext_lazy("导入导出完成"),
    "registers.transfer.start": gettext_lazy("开始导入导出"),
    "registers.view.delete": gettext_lazy("删除视图"),
    "registers.view.save": gettext_lazy("保存视图"),
    "standards.codeset.items": gettext_lazy("编辑代码项"),
    "standards.item.discard": gettext_lazy("放弃标准草稿"),
    "standards.item.return": gettext_lazy("退回标准草稿"),
    "standards.load": gettext_lazy("装入标准"),
    "stats.alert.fire": gettext_lazy("产生预警"),
    "stats.alert.remove": gettext_lazy("删除预警规则"),
    "stats.brief.deliver": gettext_lazy("分发简报"),
    "stats.brief.remove": gettext_lazy("删除简报"),
    "stats.view.remove": gettext_lazy("删除统计视图"),
}
"""Entries of the base that need no right of their own: one's own things, and what jobs do. Apps name theirs in their manifest."""


def labels() -> dict[str, str]:
    """What actions without a right of their own are called, those of apps too."""
    own = {name: _(word) for item in MANIFESTS.values() for name, word in item.actions.items()}
    return {name: str(word) for name, word in LABELS.items()} | own


def action_label(name: str) -> str:
    """What users call an action."""
    return PERMISSIONS[name].label if name in PERMISSIONS else labels().get(name, name)


def actor_label(name: str) -> str:
    """Who did it; jobs act under a named system scope."""
    return _("系统任务") if name.startswith("system:") else name
