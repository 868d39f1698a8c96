-- Text and scope in one question: `@@` is not leakproof, so under the row policy the index of words would not be used.
-- The scope is that of the caller, read from the settings of the running transaction, with the same conditions as the row
-- policy of search_doc (core/policies.py, Kind.FOLLOWS); tests/search holds the two together. Values go into the statement
-- as literals, so that it is planned for this caller's ranges. `narrow` and `texts` can only narrow.
--
-- search: {"words": tsquery or null, "low", "high": range of initials and names or null, "exact": name or null,
--          "narrow": [{"models": [...], "ranges": [[lo, hi], ...] or null}, ...] or null,
--          "directory", "published": whether kinds of these classes are looked for, "most": rows, "cap": counted rows}
CREATE OR REPLACE FUNCTION sz_search(search jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $fn$
DECLARE
    line text; lo text; hi text; ranges text; item jsonb; pair jsonb;
    o_lo text := COALESCE(current_setting('app.o_lo', true), ''); o_hi text := COALESCE(current_setting('app.o_hi', true), '');
    w_lo text := COALESCE(current_setting('app.w_lo', true), ''); w_hi text := COALESCE(current_setting('app.w_hi', true), '');
    lines text[] := string_to_array('{lines}', ','); hull_lo text := '~'; hull_hi text := ''; hull text;
    grouped jsonb := '{}'; inside text; part text; wanted text; texts text; open text; found text; answer jsonb;
    shown text := 'model, object_id, path, label, sub, name, vec';
    audiences text := NULLIF(current_setting('app.anc', true), '');
    kase text := NULLIF(current_setting('app.case', true), '');
    cap int := LEAST((search ->> 'cap')::int, 10000);
BEGIN
    IF COALESCE(current_setting('app.actor', true), '') = '' THEN
        RETURN '{"rows": [], "counts": {}, "total": 0}';
    END IF;

    -- What the lines show: lines with the same ranges share one condition.
    IF o_lo COLLATE "C" < o_hi COLLATE "C" THEN
        hull_lo := o_lo; hull_hi := o_hi;
    END IF;
    IF w_lo COLLATE "C" < w_hi COLLATE "C" THEN
        hull_lo := LEAST(hull_lo COLLATE "C", w_lo COLLATE "C"); hull_hi := GREATEST(hull_hi COLLATE "C", w_hi COLLATE "C");
    END IF;
    FOREACH line IN ARRAY lines LOOP
        ranges := NULL;
        FOR n IN 1..6 LOOP
            lo := COALESCE(current_setting('app.' || line || '_lo' || n, true), '');
            hi := COALESCE(current_setting('app.' || line || '_hi' || n, true), '');
            EXIT WHEN lo COLLATE "C" >= hi COLLATE "C";  -- slots are filled from the first
            ranges := concat_ws(' OR ', ranges, format('(path >= %L AND path < %L)', lo, hi));
            hull_lo := LEAST(hull_lo COLLATE "C", lo COLLATE "C");
            hull_hi := GREATEST(hull_hi COLLATE "C", hi COLLATE "C");
        END LOOP;
        IF ranges IS NOT NULL THEN
            grouped := jsonb_set(grouped, ARRAY[ranges], COALESCE(grouped -> ranges, '[]') || to_jsonb(line));
        END IF;
    END LOOP;
    -- Cheapest first: a common word has tens of thousands of matches to look at. Rules of lines begin with a letter.
    hull := format('(path >= %L AND path < %L)', hull_lo, hull_hi);
    FOR part, item IN SELECT * FROM jsonb_each(grouped) ORDER BY jsonb_array_length(value) DESC LOOP
        part := CASE WHEN part = hull THEN '' ELSE format(' AND (%s)', part) END;
        inside := concat_ws(' OR ', inside, CASE
            WHEN jsonb_array_length(item) = array_length(lines, 1) THEN format('(rule >= ''A''%s)', part)
            ELSE format('(rule = ANY (%L)%s)', ARRAY(SELECT jsonb_array_elements_text(item)), part) END);
    END LOOP;
    inside := concat_ws(' OR ', inside,
        format('(rule IN (''=internal'', ''=case'') AND path >= %L AND path < %L)', o_lo, o_hi),
        format('((rule IN (''=internal'', ''=case'') OR audience IS NOT NULL) AND path >= %L AND path < %L)', w_lo, w_hi));
    inside := format('%s AND (%s)', hull, inside);

    -- What is looked for.
    IF search ->> 'words' IS NOT NULL THEN
        texts := format('vec @@ %L::tsquery', search ->> 'words');
    END IF;
    IF search ->> 'low' IS NOT NULL THEN
        texts := concat_ws(' OR ', texts, format('(initials >= %1$L AND initials < %2$L) OR (name >= %1$L AND name < %2$L)',
            search ->> 'low', search ->> 'high'));
    END IF;
    IF texts IS NULL THEN
        RETURN '{"rows": [], "counts": {}, "total": 0}';
    END IF;
    IF jsonb_typeof(search -> 'narrow') = 'array' THEN
        wanted := 'false';
        FOR item IN SELECT * FROM jsonb_array_elements(search -> 'narrow') LOOP
            part := format('model = ANY (%L)', ARRAY(SELECT jsonb_array_elements_text(item -> 'models')));
            IF jsonb_typeof(item -> 'ranges') = 'array' THEN
                ranges := 'false';
                FOR pair IN SELECT * FROM jsonb_array_elements(item -> 'ranges') LOOP
                    ranges := format('%s OR (path >= %L AND path < %L)', ranges, pair ->> 0, pair ->> 1);
                END LOOP;
                part := format('%s AND (%s)', part, ranges);
            END IF;
            wanted := format('%s OR (%s)', wanted, part);
        END LOOP;
        texts := format('(%s) AND (%s)', texts, wanted);
    ELSE
        texts := format('(%s)', texts);
    END IF;

    -- Two branches, each with an index of words of its own: what is seen by its place, and what is seen wherever it lies.
    -- No row is in both. Their first conditions are those of the indexes (search/models.py), word for word.
    IF (search ->> 'directory')::boolean THEN
        open := 'rule = ''=directory''';
    END IF;
    IF (search ->> 'published')::boolean AND audiences IS NOT NULL THEN
        open := concat_ws(' OR ', open, format('audience = ANY (%L::text[])', audiences));
    END IF;
    IF kase IS NOT NULL THEN
        open := concat_ws(' OR ', open, format('case_id = %L::uuid', kase));
    END IF;
    inside := format('rule <> ''=directory'' AND %s', inside);
    found := format('SELECT %s FROM search_doc WHERE %s AND %s ORDER BY object_id DESC LIMIT %s', shown, texts, inside, cap + 1);
    IF open IS NOT NULL THEN
        found := format('(%s) UNION ALL (SELECT %s FROM search_doc WHERE (rule = ''=directory'' OR audience IS NOT NULL'
            ' OR case_id IS NOT NULL) AND %s AND (%s) AND NOT (%s) ORDER BY object_id DESC LIMIT %s)',
            found, shown, texts, open, inside, cap + 1);
    END IF;

    EXECUTE format($sql$
        WITH hits AS MATERIALIZED (SELECT * FROM (%s) AS both_ways ORDER BY object_id DESC LIMIT %s),
        best AS (
            SELECT model, object_id, path, label, sub FROM hits
            ORDER BY name = %L DESC, starts_with(name, %L) DESC, %s DESC, object_id DESC LIMIT %s
        )
        SELECT jsonb_build_object(
            'rows', (SELECT coalesce(jsonb_agg(to_jsonb(best)), '[]') FROM best),
            'counts', (SELECT coalesce(jsonb_object_agg(model, n), '{}') FROM (SELECT model, count(*) AS n FROM hits GROUP BY 1) c),
            'total', (SELECT count(*) FROM hits))
    $sql$, found, cap + 1, COALESCE(search ->> 'exact', ''), COALESCE(search ->> 'exact', ''),
        CASE WHEN search ->> 'words' IS NOT NULL THEN format('ts_rank(vec, %L::tsquery)', search ->> 'words') ELSE '0' END,
        LEAST((search ->> 'most')::int, 500)) INTO answer;
    RETURN answer;
END
$fn$;
REVOKE ALL ON FUNCTION sz_search(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sz_search(jsonb) TO {role};
