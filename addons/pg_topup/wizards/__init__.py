from . import pg_topup_decide, pg_topup_limit_trial, pg_topup_resolve, pg_topup_reveal
