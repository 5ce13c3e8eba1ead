-- forget the credentials of our gateways: a copy of the database must not reach a real account
UPDATE payment_provider
   SET pg_client_id = NULL,
       pg_secret_key = NULL,
       pg_webhook_secret = NULL,
       pg_webhook_ref = NULL,
       pg_webhook_old_secret = NULL,
       pg_webhook_old_ref = NULL,
       pg_webhook_old_until = NULL,
       pg_api_base = NULL,
       pg_channels = NULL,
       pg_is_live = false,
       state = 'disabled'
 WHERE module_id IN (SELECT id FROM ir_module_module WHERE name = 'pg_payments')
    OR pg_client_id IS NOT NULL
    OR pg_secret_key IS NOT NULL
    OR pg_webhook_secret IS NOT NULL
    OR pg_webhook_old_secret IS NOT NULL;
-- customers at the gateways belong to real accounts
DELETE FROM pg_payment_customer;
