"""For a server that has no option for it, by PYTHONPATH: bind on loopback addresses only."""

import socket


class LoopbackSocket(socket.socket):
    """A socket that listens on loopback whatever it is told."""

    def bind(self, address):
        if self.family == socket.AF_INET6:
            address = ("::1", *address[1:])
        elif self.family == socket.AF_INET:
            address = ("127.0.0.1", *address[1:])
        super().bind(address)


socket.socket = LoopbackSocket
