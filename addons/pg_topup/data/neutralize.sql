-- forget the codes that customers bought: a copy of the database must not hold money of theirs
UPDATE pg_topup SET pin = NULL, proposal_code = NULL
 WHERE pin IS NOT NULL OR proposal_code IS NOT NULL;
