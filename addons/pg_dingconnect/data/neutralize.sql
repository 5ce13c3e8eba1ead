-- A copy of a database must not sell through the real account.
UPDATE pg_supplier SET ding_api_key = NULL, environment = 'test' WHERE code = 'dingconnect';
