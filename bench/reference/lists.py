"""A page of places by plain Django: one query as the owner with the ranges as literals, one template."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template import engines

from shuzheng.base.masters.models import Place

SIZE = 50

TEMPLATE = """<!doctype html><html><body><table class="sz-table"><thead><tr><th></th><th>编号</th><th>名称</th><th>类别</th>
<th>所在位置</th><th>单位</th><th>建筑面积</th><th>使用面积</th><th>状态</th></tr></thead><tbody>
{% for p in places %}<tr>
<td class="ck"><input class="sz-check" type="checkbox" name="id" value="{{ p.pk }}.{{ p.version }}" aria-label="选择 {{ p.number }}"></td>
<td class="l1"><a class="strong nowrap" href="/r/places/{{ p.pk }}/">{{ p.number }}</a></td>
<td class="clip u l1" title="{{ p.name }}">{{ p.name }}</td>
<td class="nowrap l2">{{ p.get_kind_display }}</td>
<td class="clip u l2" title="{{ p.parent.full_name }}">{% if p.parent %}{{ p.parent }}{% else %}<span class="dim">—</span>{% endif %}</td>
<td class="clip u not-phone" title="{{ p.node.name }}">{{ p.node }}</td>
<td class="num not-phone">{{ p.gross_area|floatformat:"2g" }}</td>
<td class="num not-phone">{{ p.net_area|floatformat:"2g" }}</td>
<td class="nowrap l1"><span class="sz-tag {{ p.state }}">{{ p.get_state_display }}</span></td>
</tr>{% endfor %}</tbody></table></body></html>"""


def rows(lo: str, hi: str) -> QuerySet[Place]:
    """Fifty places of a range of paths, with what the table shows of the place around them and of their organ."""
    found = Place.objects.using("owner").filter(path__gte=lo, path__lt=hi)
    return found.select_related("node", "parent").order_by("path", "id")[:SIZE]


def literal(sql: str, lo: str, hi: str) -> str:
    """A statement about places with the range as a literal WHERE in it; PostgreSQL pulls the inner SELECT up."""
    plain = f"""FROM (SELECT * FROM masters_place WHERE path >= '{lo}' AND path < '{hi}') "masters_place\""""
    return sql.replace('FROM "masters_place"', plain)


def view(request: HttpRequest) -> HttpResponse:
    """The page. The ranges come with the request: a bare view has no notion of who asks."""
    found = rows(request.GET["lo"], request.GET["hi"])
    return HttpResponse(_template().render({"places": found}, request))


def _template():
    global _compiled
    if _compiled is None:
        _compiled = engines["django"].from_string(TEMPLATE)
    return _compiled


_compiled = None
