"""The demo accounts: plain data, so that ``shuzheng up`` can print them without loading the program."""

from __future__ import annotations

from dataclasses import dataclass

PROVINCE = "33/"
PASSWORD = "Demo-2026-zheng"  # noqa: S105 -- of the demo nation only, which is loaded into no other database
COUNTY, PREFECTURE, NEIGHBOUR = "33/11/23/", "33/11/", "33/11/26/"


@dataclass(frozen=True)
class Persona:
    """A demo account: where it works and what it may do there."""

    username: str
    division: str
    roles: tuple[str, ...]
    post: str
    what: str
    institution: int | None = None
    """The how-many-eth institution of the division; an officer of the division's office when None."""


PERSONAS = (
    Persona("sc.unit", COUNTY, ("clerk",), "统计员", "遂昌县的一家公共机构：填报、提交", institution=0),
    Persona("sc.unit2", COUNTY, ("clerk",), "统计员", "同县另一家：有被退回的填报", institution=1),
    Persona("sc.clerk", COUNTY, ("clerk",), "经办人", "县经办：盯 38 家、催报"),
    Persona("sc.review", COUNTY, ("reviewer", "leader"), "审核人", "县审核：退回、通过、签综合表"),
    Persona("sc.dispatch", COUNTY, ("dispatcher",), "调度员", "县调度：派车、调度板、费用"),
    Persona("sc.driver", COUNTY, ("driver",), "驾驶员", "县驾驶员：接单、出车、收车"),
    Persona("qy.review", NEIGHBOUR, ("reviewer",), "审核人", "邻县审核：看不到遂昌县"),
    Persona("ls.review", PREFECTURE, ("reviewer", "leader"), "审核人", "市审核：逐县通过、签综合表"),
    Persona("zj.review", PROVINCE, ("reviewer", "leader"), "审核人", "省审核：汇总、下钻到格"),
    Persona("zj.admin", PROVINCE, ("business_admin",), "业务管理员", "省业务管理员：机构、人员、台账"),
    Persona("gj.review", "", ("reviewer", "leader"), "审核人", "国家审核：看全国数"),
    Persona("gj.admin", "", ("business_admin",), "业务管理员", "国家业务管理员：下达任务、标准"),
    Persona("zj.system", PROVINCE, ("system_officer",), "系统管理员", "省系统管理员：账号、会话"),
    Persona("zj.security", PROVINCE, ("security_officer",), "安全管理员", "省安全管理员：审批授权"),
    Persona("zj.audit", PROVINCE, ("audit_officer",), "安全审计员", "省安全审计员：看审计"),
)
