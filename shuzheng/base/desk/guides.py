"""Help where people need it: first steps by role, and answers to what is asked most."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from shuzheng.base.core.actor import Actor


@dataclass(frozen=True)
class Step:
    """One thing to do, with where to do it."""

    title: str
    text: str
    url: str = ""


@dataclass(frozen=True)
class Guide:
    """What somebody in a role does first. ``permission`` tells who is in it."""

    permission: str
    title: str
    steps: tuple[Step, ...]


def _all() -> tuple[Guide, ...]:
    rounds = reverse("forms:rounds")
    return (
        Guide(
            "forms.submission.fill",
            _("填报人"),
            (
                Step(_("打开报送任务"), _("工作台“报送任务”里点本单位的报表，直接进入填报。"), rounds),
                Step(_("填数或粘贴"), _("方向键移动，可从 Excel 整块粘贴；每格自动保存。也可下载模板填好再上传。")),
                Step(_("看检查"), _("红框要改正，黄框写明原因即可。右侧“定位”跳到那一格。")),
                Step(_("提交"), _("没有错误后提交。被退回时只改退回的格，再提交。")),
            ),
        ),
        Guide(
            "forms.submission.approve",
            _("审核人"),
            (
                Step(_("看谁没报"), _("进度板按未报多少排，勾选后催报，一次发出。"), rounds),
                Step(_("逐家审核"), _("J、K 换家，R 退回；两次提交并排对照，改了哪格一目了然。"), rounds),
                Step(_("签综合表"), _("综合表只汇总本级审核通过的数，点数字下钻到每一格。"), rounds),
            ),
        ),
        Guide(
            "forms.round.issue",
            _("业务管理员"),
            (
                Step(
                    _("下达任务"), _("选报表、报告期、范围和截止时间，下达前先看涉及多少家。"), reverse("forms:issue")
                ),
                Step(_("维护机构"), _("建立、更名、划转、合并、撤销，先预览影响，再定生效日期。"), reverse("org:tree")),
                Step(_("管人员和岗位"), _("一人可任多个岗位，各有任期；可从 Excel 导入。")),
            ),
        ),
        Guide(
            "accounts.account.create",
            _("系统管理员"),
            (
                Step(_("开通账号"), _("给有岗位的人发一次性邀请码，本人设密码。")),
                Step(_("处理异常登录"), _("看会话清单，必要时强制下线。")),
            ),
        ),
        Guide(
            "access.grant.decide",
            _("安全管理员"),
            (Step(_("审批授权变更"), _("一人申请、另一人审批；批准后下一次操作即生效。")),),
        ),
        Guide(
            "audit.entry.view",
            _("安全审计员"),
            (
                Step(_("查审计"), _("按人、事、对象、单位和日期查，每条有前后值。")),
                Step(_("核对完整性"), _("shuzheng audit verify 找出被改的字节、缺的行和被截的尾。")),
            ),
        ),
    )


def of(actor: Actor) -> list[Guide]:
    """Guides for what the actor may do."""
    return [guide for guide in _all() if actor.may(guide.permission)]


def first_steps(actor: Actor) -> Guide | None:
    """The guide that fits best, for the workbench's panel; None for somebody with no task here."""
    return next(iter(of(actor)), None)


def answers() -> list[tuple[str, str]]:
    """Questions and answers."""
    return [
        (_("填到一半断网了怎么办？"), _("照常填。没传上去的格存在本机，联网后自动补传，页顶会数出还有几格没传。")),
        (_("看不到别的县的数据？"), _("按岗位所在单位和主管范围可见。需要别家的数据，由对方共享，或由共同上级查看。")),
        (_("我有两个岗位，怎么切换？"), _("点左上角单位名，选另一个岗位。权限随岗位变。")),
        (_("提交后发现填错了？"), _("联系审核人退回。退回后改正再提交，两次提交都留痕。")),
        (_("一个数是怎么来的？"), _("点数字，一层层到填报的那一格，能看到谁填的、按哪年的系数折算。")),
        (_("能上传涉密文件吗？"), _("不能。本平台非涉密，上传前会检查密级标志，命中即拦下并通知保密员。")),
    ]
