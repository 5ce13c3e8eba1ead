-- forget the codes that customers bought: a copy of the database must not hold money of theirs
UPDATE pg_topup SET pin = NULL, proposal_code = NULL
 WHERE pin IS NOT NULL OR proposal_code IS NOT NULL;
-- a copy of the database must not tell the chats of the real one
UPDATE pg_alert_rule SET slack_url = NULL, discord_url = NULL;
-- … nor call the sellers' own systems
UPDATE pg_webhook SET active = false, secret = NULL;
UPDATE pg_webhook_delivery SET state = 'failed', next_try_at = NULL WHERE state = 'waiting';
