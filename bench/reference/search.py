"""Search with the ranges as a literal WHERE, run as the owner: text, order, rank and counts as the product answers them."""

from __future__ import annotations

# The rule is named so that the reference, too, may use the index of words for records that are seen by their place.
SQL = """
WITH hits AS MATERIALIZED (
    SELECT model, object_id, path, label, sub, name, vec FROM search_doc
    WHERE rule <> '=directory' AND vec @@ '{words}'::tsquery AND path >= '{lo}' AND path < '{hi}'
    ORDER BY object_id DESC LIMIT 1001
), best AS (
    SELECT model, object_id, path, label, sub FROM hits
    ORDER BY name = '{exact}' DESC, starts_with(name, '{exact}') DESC, ts_rank(vec, '{words}'::tsquery) DESC, object_id DESC
    LIMIT 50
)
SELECT jsonb_build_object(
    'rows', (SELECT coalesce(jsonb_agg(to_jsonb(best)), '[]') FROM best),
    'counts', (SELECT coalesce(jsonb_object_agg(model, n), '{{}}') FROM (SELECT model, count(*) AS n FROM hits GROUP BY 1) c),
    'total', (SELECT count(*) FROM hits))
"""


def statement(words: str, exact: str, lo: str, hi: str) -> str:
    """The question for words (a ``tsquery``) and a text that may be the whole name, in a range of paths."""
    quoted = {"words": words.replace("'", "''"), "exact": exact.replace("'", "''"), "lo": lo, "hi": hi}
    return SQL.format(**quoted)
