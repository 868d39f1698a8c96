"""Statistics for pages, the API and briefs: what can be asked, answers, what is behind them, trends, the board.

``from shuzheng.base.stats import queries as stats``. All but ``board`` read the lake and take the scope as an argument; ``board``
reads roll-ups in PostgreSQL, under the scope that is active.
"""

from shuzheng.base.stats.asking import ask
from shuzheng.base.stats.board import board
from shuzheng.base.stats.catalogue import catalogue
from shuzheng.base.stats.drilling import drill
from shuzheng.base.stats.question import (
    MAX_ROWS,
    NOW,
    THEN,
    Answer,
    Board,
    Catalogue,
    Column,
    Dimension,
    Figure,
    Offer,
    Origin,
    Point,
    Question,
    Row,
    Source,
    Trend,
)
from shuzheng.base.stats.trends import trend

__all__ = [
    "MAX_ROWS",
    "NOW",
    "THEN",
    "Answer",
    "Board",
    "Catalogue",
    "Column",
    "Dimension",
    "Figure",
    "Offer",
    "Origin",
    "Point",
    "Question",
    "Row",
    "Source",
    "Trend",
    "ask",
    "board",
    "catalogue",
    "drill",
    "trend",
]
