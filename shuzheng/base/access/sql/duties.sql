-- Which kinds of duty a person holds in a span of days, in whatever organ: 'system', 'security', 'audit', or '' for a
-- business role. Only the kinds are told, as the grants of other organs are not the asker's to see. Of the grants of one
-- request (asked_except) nothing is told.
CREATE OR REPLACE FUNCTION sz_duties(asked_person uuid, span daterange, asked_except uuid) RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
SELECT COALESCE(array_agg(DISTINCT r.officer::text), '{}')
FROM accounts_post po
JOIN access_grant g ON g.post_id = po.id
JOIN access_role r ON r.id = g.role_id
WHERE po.person_id = asked_person AND g.valid && span AND po.valid && span
  AND g.id IS DISTINCT FROM asked_except
$$;
REVOKE ALL ON FUNCTION sz_duties(uuid, daterange, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sz_duties(uuid, daterange, uuid) TO {role};
