from . import ir_http, pg_audit_log, pg_rate_limit, pg_secret_mixin, res_company
