-- A copy of a database must not sell through the real account.
UPDATE pg_supplier
   SET ding_api_key = NULL,
       ding_client_id = NULL,
       ding_client_secret = NULL,
       environment = 'test'
 WHERE code = 'dingconnect';
