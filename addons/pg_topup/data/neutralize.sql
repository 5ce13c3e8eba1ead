-- forget the codes that customers bought: a copy of the database must not hold money of theirs
UPDATE pg_topup SET pin = NULL WHERE pin IS NOT NULL;
