class EventFault(Exception):
    """One of several events that share a database transaction cannot be processed.

    The cause is what went wrong.

    :param int event_id: which of them.
    :param float seconds: how long it took to go wrong.
    """

    def __init__(self, event_id, seconds):
        super().__init__(f"payment event #{event_id}")
        self.event_id = event_id
        self.seconds = seconds
