"""What can be asked: shipped indicators and users' own, dimensions, and the periods of which there are facts."""

from __future__ import annotations

from shuzheng.base.core.scope import Scope
from shuzheng.base.portal.formats import in_language
from shuzheng.base.stats import labels, own
from shuzheng.base.stats import lake as lakes
from shuzheng.base.stats.declare import INDICATORS, Indicator
from shuzheng.base.stats.models import OwnIndicator
from shuzheng.base.stats.plan import DIMENSIONS
from shuzheng.base.stats.question import Catalogue, Offer
from shuzheng.kernel.periods import Period


def catalogue(*, scope: Scope) -> Catalogue:
    """Indicators that the reader may ask; users' own come after the shipped ones."""
    manifest = lakes.current().manifest()
    with scope.activate():
        rows = (
            OwnIndicator.objects.select_related("node").filter(state=OwnIndicator.State.ACTIVE).order_by("name", "pk")
        )
        mine = [own.of(row) for row in rows]
    periods = sorted({f.period for f in manifest.files.values()}, key=Period.parse)
    return Catalogue(
        tuple(offer(item) for item in (*INDICATORS.values(), *mine)),
        tuple(labels.dimension(name) for name in DIMENSIONS),
        tuple(periods),
        manifest.as_of,
    )


def offer(item: Indicator) -> Offer:
    """An indicator in the catalogue's words."""
    return Offer(
        item.name, item.label, item.label_en, item.unit, item.places, item.formula, item.dimensions, item.direction,
        item.owner, item.source, in_language(item.note, item.note_en), item.is_own,
        tuple((t.year, t.value) for t in item.targets),
    )  # fmt: skip
