"""What is looked up once in a database transaction, though many records of it ask."""

KEY = "pg_base.memo"


def remember(env, topic, key, look_up):
    """Return what ``look_up()`` returned first for this key, as long as the transaction lasts.

    A commit and any rollback, of a savepoint too, forget it; whoever changes the rows it comes from
    calls :func:`forget`. Keep ids or plain values in it: a record would keep its environment.

    :param str topic: whose it is, ``module.what``.
    """
    known = env.cr.precommit.data.setdefault(KEY, {}).setdefault(topic, {})
    if key not in known:
        known[key] = look_up()
    return known[key]


def forget(env, topic):
    """Look it up again the next time."""
    env.cr.precommit.data.get(KEY, {}).pop(topic, None)
