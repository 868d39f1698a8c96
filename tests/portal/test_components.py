"""The components as templates draw them. Needs the built islands (dist/), no database."""

from __future__ import annotations

import pytest
from django.template import Context, Template
from django.template.loader import render_to_string
from django.utils import translation

from shuzheng.base.portal import draw, gallery, icons
from shuzheng.base.portal.parts import Action, Group, Pair, Segment, Tab
from tests.portal.test_templates import faults


def render(source: str, **context: object) -> str:
    return Template("{% load sz %}" + source).render(Context(context))


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_gallery_draws_every_component_within_the_policy(language: str) -> None:
    with translation.override(language):
        page = render_to_string("portal/gallery.html", {**gallery.sample(), "shell": gallery.shell(language)})
    assert faults(page) == []
    assert f'<html lang="{"zh-CN" if language == "zh-hans" else "en"}"' in page


@pytest.mark.parametrize("code", [400, 403, 404, 409, 429, 500, 503])
def test_error_page_stands_without_request_and_shell(code: int) -> None:
    page = render_to_string(f"{code}.html", {"error_id": "E-7F31C2"})
    assert faults(page) == []
    assert 'data-number="E-7F31C2"' in page
    assert "data-say" in page


def test_error_page_says_the_reason_it_is_given() -> None:
    page = render_to_string("403.html", {"reason": "只有安全管理员能授权"})
    assert "只有安全管理员能授权" in page
    assert "换岗位" not in page


def test_unknown_icon_raises() -> None:
    with pytest.raises(KeyError, match="no-such"):
        draw.svg("no-such")


def test_icon_points_into_the_sprite() -> None:
    assert draw.svg("car") == (
        f'<svg class="icon" aria-hidden="true"><use href="{icons.sprite_url()}#car"></use></svg>'
    )
    assert 'aria-label="车"' in draw.svg("car", label="车")


@pytest.mark.parametrize(("tier", "sign"), [("nation", "国"), (2, "省"), ("prefecture", "市"), (4, "县")])
def test_tier_seal(tier: str | int, sign: str) -> None:
    with translation.override("zh-hans"):
        assert draw.tier(tier).endswith(f">{sign}</span>")


def test_values_are_escaped() -> None:
    bad = "<script>alert(1)</script>"
    drawn = [
        draw.state("ok", bad),
        draw.tag(bad, "over"),
        draw.value(bad, "over", bad),
        draw.avatar(bad),
        draw.quantity(bad, bad),
        draw.bar([Segment(bad, 1)]),
        render("{% sz_tabs tabs %}", tabs=[Tab(bad, bad)]),
        render("{% sz_group group %}", group=Group(bad, (Pair(bad, bad),))),
        render("{% sz_action action %}", action=Action(bad, bad)),
        render("{% sz_dialog id='a' title=bad %}{{ bad }}{% endsz_dialog %}", bad=bad),
        render("{% sz_note 'warn' %}{{ bad }}{% endsz_note %}", bad=bad),
        render("{% sz_card title=bad %}{{ bad }}{% endsz_card %}", bad=bad),
    ]
    assert [html for html in drawn if "<script" in html] == []


def test_bar_widths_are_shares_of_the_whole() -> None:
    html = draw.bar([Segment("已审核", 21, "ok"), Segment("已退回", 2, "over")], total=40)
    assert 'class="b-ok" x="0.00%" width="52.50%"' in html
    assert 'class="b-over" x="52.50%" width="5.00%"' in html
    assert 'aria-label="已审核 21，已退回 2"' in html


def test_field_at_fault_is_tied_to_its_words() -> None:
    form = gallery.sample()["form"]
    html = render("{% sz_field form.plate %}", form=form)
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_plate_fault"' in html
    assert 'id="id_plate_fault"' in html
    assert "少 1 位" in html


def test_disabled_action_says_what_is_missing() -> None:
    html = render(
        "{% sz_action action %}", action=Action("提交审核", "/x", kind="primary", disabled="改正 1 处错误后提交")
    )
    assert "disabled" in html
    assert "改正 1 处错误后提交" in html
    assert "href" not in html


def test_false_and_zero_are_values_and_nothing_is_a_dash() -> None:
    html = render("{% sz_group group %}", group=Group("t", (Pair("零", 0), Pair("无", None), Pair("空", ""))))
    assert ">0</dd>" in html
    assert html.count("—") == 2
