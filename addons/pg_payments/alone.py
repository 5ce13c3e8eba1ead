"""One thread of a process does what many of its threads ask for."""

import threading


class Alone:
    """Lets one thread do a job; whoever asks meanwhile has it done once more.

    A server with threads may answer dozens of webhooks at a time: one of them looks after the inbox
    for all, and a burst costs no connection and no query for each of its answers.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._busy, self._asked = set(), set()

    def run(self, name, job, times, pause):
        """Do a job, again if others asked for it; return at once when another thread is at it.

        :param name: the job's, whoever asks for it.
        :param int times: how often at most; a thread of a server is not to be kept for long.
        :param pause: called with how often it was done, so that those who ask come together.
        :return: whether somebody asked for it once more and nobody is at it.
        """
        with self._lock:
            self._asked.add(name)
            if name in self._busy:
                return False
            self._busy.add(name)
        try:
            for done in range(times):
                if done and name in self._asked:
                    pause(done)
                if not self._take_up(name):
                    return False
                job()
        except BaseException:
            self._give_up(name)
            raise
        return self._give_up(name)

    def _take_up(self, name):
        """Tell whether the job is asked for; give the place up when it is not."""
        with self._lock:
            is_asked = name in self._asked
            self._asked.discard(name)
            if not is_asked:
                self._busy.discard(name)
            return is_asked

    def _give_up(self, name):
        with self._lock:
            self._busy.discard(name)
            return name in self._asked
