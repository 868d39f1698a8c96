"""Sample values for ``portal/gallery.html``: every component once, with the demo data of the look. For builders of pages."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.utils import timezone

from shuzheng.base.portal.parts import (
    Action,
    Attachment,
    Change,
    Check,
    Choice,
    Column,
    Crumb,
    Entry,
    Group,
    Pager,
    Pair,
    Pill,
    Segment,
    Stat,
    Step,
    Tab,
)
from shuzheng.base.portal.shell import AppMenu, Identity, MenuItem, Person, PostChoice, Shell


class SampleForm(forms.Form):
    """A field of every kind, two of them at fault."""

    mileage = forms.CharField(label="里程", initial="62,280", required=True)
    goal = forms.CharField(label="目的地", initial="松阳县", help_text="写到乡镇即可")
    plate = forms.CharField(label="号牌")
    price = forms.CharField(label="购置价", required=False)
    use = forms.ChoiceField(label="用途类型", choices=[("1", "机要通信用车"), ("2", "应急保障用车")])
    number = forms.CharField(label="编制号", disabled=True, initial="331123-JY-017")
    kinds = forms.MultipleChoiceField(
        label="能源", choices=[("g", "汽油"), ("d", "柴油"), ("e", "纯电")], widget=forms.CheckboxSelectMultiple
    )
    agree = forms.BooleanField(label="同时调整编制")

    def clean_plate(self) -> str:
        raise forms.ValidationError("少 1 位，应为 5 位或新能源 6 位")


def shell(language: str = "zh-hans") -> Shell:
    """The frame as a county's clerk sees it."""
    boards = (
        (MenuItem("工作台", "#", "layout-dashboard"), MenuItem("驾驶舱", "#", "chart-histogram")),
        (
            MenuItem("机关事务", "#", "building-bank"),
            MenuItem("后勤服务", "#", "tools-kitchen-2"),
            MenuItem("公共服务", "#", "heart-handshake"),
            MenuItem("综合保障", "#", "shield-check"),
            MenuItem("智慧办公", "#", "briefcase"),
        ),
        (MenuItem("全部应用", "#", "grid-dots", active=True),),
    )
    menu = AppMenu(
        "公务用车",
        "car",
        (
            MenuItem("概览", "#", "layout-grid"),
            MenuItem("车辆台账", "#", "list-details", active=True, count=186),
            MenuItem("驾驶员", "#", "steering-wheel", count=48),
            MenuItem(
                "监管",
                children=(
                    MenuItem("规则预警", "#", "gavel", count=7, tone="over"),
                    MenuItem("轨迹围栏", "#", "map-pin"),
                ),
            ),
        ),
    )
    bottom = (
        MenuItem("工作台", "#", "layout-dashboard", active=True),
        MenuItem("待办", "#", "checklist", count=12),
        MenuItem("扫一扫", "#", "scan"),
        MenuItem("消息", "#", "message-2", count=3),
        MenuItem("我的", "#", "user"),
    )
    return Shell(
        identity=Identity("遂昌县机关事务服务中心", "经办人", "county"),
        person=Person("周岚", "zhoulan@suichang"),
        posts=(
            PostChoice("1", "遂昌县机关事务服务中心", "经办人", "county", active=True),
            PostChoice("2", "丽水市机关事务服务中心", "借调 · 审核人", "prefecture", until="2026-12-31"),
        ),
        boards=boards,
        menu=menu,
        bottom=bottom,
        account=(
            MenuItem("我的资料", "#", "user-circle"),
            MenuItem("登录安全", "#", "shield-lock"),
            MenuItem("退出登录", "#", "logout", post=True),
        ),
        notice_count=5,
        message_count=3,
        demo=True,
        language=language,
        help_url="#",
        search_url="#",
        suggest_url="/search/suggest",
        switch_url="#",
        language_url="/i18n/setlang/",
        notices_url="#",
        messages_url="#",
    )


def sample() -> dict[str, object]:
    """Context of the gallery."""
    now = timezone.now()
    choices = tuple(Choice(name, "#", count=n) for name, n in (("机要通信", 41), ("应急保障", 63), ("执法执勤", 82)))
    trend = {
        "x": [f"{m}月" for m in range(1, 13)],
        "unit": "万 tce",
        "min": 3,
        "max": 8,
        "series": [
            {
                "name": "2026 年",
                "data": [5.8, 4.6, 4.9, 4.1, 4.2, 5.0, 6.5, 7.3, 5.4, None, None, None],
                "marks": [{"at": ["8月", 7.3], "text": "8 月 7.30，高出预期 11.5%"}],
            },
            {
                "name": "2025 年",
                "grey": True,
                "dash": True,
                "data": [5.9, 5.2, 4.9, 4.2, 4.3, 5.0, 6.4, 6.6, 5.4, 4.3, 4.6, 5.5],
            },
        ],
        "bandName": "预期区间",
        "low": [5.3, 4.5, 4.4, 3.8, 3.9, 4.6, 5.9, 6.0, 4.9, 3.9, 4.2, 5.0],
        "high": [6.3, 5.5, 5.4, 4.6, 4.7, 5.4, 6.9, 7.0, 5.9, 4.7, 5.0, 6.0],
    }
    bars = {
        "x": [f"{m}月" for m in range(1, 10)],
        "unit": "元",
        "top": 26,
        "max": 4000,
        "step": 1000,
        "barWidth": 22,
        "series": [
            {"name": "燃料", "c": 0, "data": [812, 640, 845, 798, 820, 834, 902, 917, 868]},
            {"name": "维修保养", "c": 1, "data": [0, 320, 0, 0, 1980, 0, 599, 0, 1240]},
            {
                "name": "过路停车",
                "c": 4,
                "data": [286, 190, 310, 274, 296, 305, 318, 322, 330],
                "limit": {"y": 1833, "text": "月均预算 1,833"},
            },
        ],
    }
    segments = (
        Segment("已审核", 21, "ok"),
        Segment("待审核", 4, "info"),
        Segment("已退回", 2, "over"),
        Segment("未报", 13, "mute"),
    )
    return {
        "form": SampleForm({"plate": "测A·0001", "mileage": "62,280", "goal": "松阳县", "price": "12.8", "use": "1"}),
        "crumbs": (Crumb("报送任务", "#"), Crumb("2026 年三季度", "#"), Crumb("行政中心")),
        "views": (
            Tab("全部", "#", True, "186"),
            Tab("在用", "#", count=171),
            Tab("超标准", "#", count=3, tone="over"),
            Tab("30 天内保险到期", "#", count=4, tone="warn"),
        ),
        "tabs": (Tab("派车", "#", True, 148), Tab("费用", "#", count=96), Tab("历史", "#", count=23)),
        "scope": (Tab("本级", "#", count=64), Tab("含下级", "#", True, 186)),
        "pills": (Pill("用途类型", choices=choices), Pill("状态", "在用", "#", choices), Pill("能源", choices=choices)),
        "pager": Pager(
            1,
            50,
            "186",
            "辆",
            tuple(Choice(str(n), "#", n == 1) for n in range(1, 5)),
            next_url="#",
            sizes=(Choice("50", "#", True), Choice("100", "#")),
        ),
        "steps": (Step("填报", "now"), Step("单位审核"), Step("县级审核"), Step("市级审核"), Step("省级汇总")),
        "stats": (
            Stat("行驶里程", 62280, "km", "10-13 收车时"),
            Stat("本年运行费", "1.43", "万元", "预算 2.20 万元的 65%", places=2),
            Stat("保险到期", 24, "天后", "2026-11-07", tone="warn"),
        ),
        "segments": segments,
        "group": Group(
            "基本信息",
            (
                Pair("车架号", "LSJA24U6*PS******", code=True),
                Pair("座位", 5, "座"),
                Pair("产权单位", "县机关事务服务中心", url="#"),
                Pair("停放地点", None),
            ),
        ),
        "entries": (
            Entry("由正常转为预警", now - timedelta(hours=3), icon="clock", state="warn", by="系统"),
            Entry(
                "收车",
                now - timedelta(days=1),
                "吴海清",
                "驾驶员 · 手机",
                changes=(Change("里程", "62,041", "62,280 km"),),
            ),
            Entry("评论", now - timedelta(days=5), "徐立", "县财政服务中心", comment="裸车价与合同附件核对。"),
        ),
        "files": (
            Attachment("电费发票 7–9 月.pdf", "#", "3 张 · 已核"),
            Attachment("加油卡 9 月对账单.xlsx", "#", "1 张"),
            Attachment("水费发票.jpg", "", "正在查毒", "info"),
        ),
        "checks": (
            Check("error", "天然气 · 金额", "用气 6,385 m³，金额不能为空。", "gas-cost"),
            Check("warn", "电 · 本季", "同比 +27.2%，超过 ±20%，写明原因。", "power-sum", "yoy.e01"),
            Check("noted", "电 · 8 月", "环比 +37.5%。2 号楼西区 8 月启用。", by="周岚 09:38"),
        ),
        "columns": (
            Column("plate", "号牌", locked=True),
            Column("model", "品牌型号"),
            Column("use", "用途类型"),
            Column("vin", "车架号", on=False),
        ),
        "first": (
            Action("导入 Excel", "#", "file-import", "primary"),
            Action("登记车辆", "#"),
        ),
        "hint": Action("下载模板", "#"),
        "narrow": (Action("去掉“封存”", "#"), Action("清除条件", "#", kind="quiet")),
        "soon": now + timedelta(hours=2),
        "later": now + timedelta(days=2),
        "past": now - timedelta(days=1),
        "kinds_ok": ["ok"] * 5,
        "kinds_over": ["over", "ok", "ok", "warn", "ok"],
        "kinds_warn": ["ok", "ok", "warn", "none", "ok"],
        "trend": trend,
        "bars": bars,
    }
