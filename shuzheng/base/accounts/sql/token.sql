-- What an API token stands for. Answers only to whoever has the token itself: it is asked by its keyed hash.
CREATE OR REPLACE FUNCTION sz_token(asked_digest text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
SELECT jsonb_build_object('id', t.id, 'post', t.post_id, 'account', t.account_id, 'kind', t.kind,
                          'permissions', to_jsonb(t.permissions), 'addresses', to_jsonb(t.addresses),
                          'used', t.last_used_at)
FROM accounts_apitoken t
WHERE t.digest = asked_digest AND t.revoked_at IS NULL AND t.expires_at > now()
$$;
REVOKE ALL ON FUNCTION sz_token(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sz_token(text) TO {role};
