-- forget the credentials of our gateways: a copy of the database must not reach a real account
UPDATE payment_provider
   SET pg_secret_key = NULL,
       pg_webhook_secret = NULL,
       pg_api_base = NULL,
       state = CASE WHEN code = 'stripe_checkout' THEN 'disabled' ELSE state END
 WHERE code = 'stripe_checkout' OR pg_secret_key IS NOT NULL OR pg_webhook_secret IS NOT NULL;
