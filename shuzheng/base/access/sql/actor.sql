-- What base.access needs to build the actor of a request, in one question. Answers only about the account it is asked
-- about, or, where no account is named (service tokens, rights of somebody who asked earlier), about one post.
CREATE OR REPLACE FUNCTION sz_actor(asked_account uuid, asked_post uuid, today date) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
WITH person AS (
    SELECT p.id, p.name FROM accounts_account a JOIN accounts_person p ON p.id = a.person_id
    WHERE a.id = asked_account AND a.is_active AND p.is_active
    UNION ALL
    SELECT p.id, p.name FROM accounts_post po JOIN accounts_person p ON p.id = po.person_id
    WHERE asked_account IS NULL AND po.id = asked_post AND p.is_active
), held AS (
    SELECT po.id, po.name, po.is_main, n.id AS node_id, n.path, o.id AS organ_id, o.name AS organ_name, o.path AS organ_path,
           d.path AS division, o.tier
    FROM accounts_post po
    JOIN person ON person.id = po.person_id
    JOIN org_node n ON n.id = po.node_id
    JOIN org_node o ON o.id = COALESCE(n.organ_id, n.id)
    JOIN org_node d ON d.id = COALESCE(o.division_id, o.id)
    WHERE po.valid @> today AND o.valid_to IS NULL AND (asked_account IS NOT NULL OR po.id = asked_post)
), chosen AS (
    SELECT * FROM held ORDER BY (id = asked_post) DESC NULLS LAST, is_main DESC, id LIMIT 1
)
SELECT jsonb_build_object(
    'person', (SELECT jsonb_build_object('id', id, 'name', name) FROM person),
    'posts', (SELECT jsonb_agg(jsonb_build_object('id', id, 'name', name, 'organ', organ_name, 'tier', tier)
              ORDER BY is_main DESC, organ_path, id) FROM held),
    'post', (SELECT to_jsonb(chosen) FROM chosen),
    'grants', (SELECT jsonb_agg(jsonb_build_object('role', r.code, 'shipped', r.is_shipped, 'officer', r.officer,
              'permissions', CASE WHEN r.is_shipped THEN NULL ELSE r.permissions END, 'at', g.at_path))
              FROM access_grant g JOIN access_role r ON r.id = g.role_id JOIN chosen ON chosen.id = g.post_id
              WHERE g.valid @> today),
    'competence', (SELECT jsonb_agg(jsonb_build_object('line', c.line, 'path', c.path))
              FROM org_competence c JOIN chosen ON chosen.organ_id = c.organ_id WHERE c.valid @> today),
    'shared', (SELECT jsonb_agg(jsonb_build_object('line', s.line, 'path', s.shared_path))
              FROM access_sharing s JOIN chosen ON chosen.organ_id = s.to_id
              WHERE s.state = 'active' AND s.mode <> 'none' AND s.valid @> today)
)
$$;
REVOKE ALL ON FUNCTION sz_actor(uuid, uuid, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sz_actor(uuid, uuid, date) TO {role};
