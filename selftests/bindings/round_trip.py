# SPDX-License-Identifier: GPL-2.0-only
"""Round trips in Python between two processes: Sluice, and pyzmq where it is installed.

round_trip.py [BATCHES [ROUNDS]] asks another process to add two numbers, 100 times in each of
BATCHES, first with processes that poll and then with processes that sleep.  The two libraries
take turns, ROUNDS times, so that both meet the same machine.  It prints the best batch, which has
met no other program, and the median of all, and how many times faster Sluice is.
"""
import os
import statistics
import struct
import sys
import tempfile
import time

import sluice

try:
    import zmq
except ImportError:
    zmq = None

ADDER = sluice.Contract("selftest/python-adder", sluice.Type("add_request", "QQ"),
                        sluice.Type("add_response", "Q"))
QUESTION, ANSWER = struct.Struct("QQ"), struct.Struct("Q")
STOP = (1 << 64) - 1
BATCH = 100


def sluice_node(spins):
    return sluice.Node("round-trip", spin=1.0 if spins else -1)


def sluice_server(spins, _):
    with sluice_node(spins) as node, node.open(ADDER) as service, service.server() as server:
        def add(question):
            a, b = question
            if a == STOP:
                raise KeyboardInterrupt
            return a + b

        try:
            server.serve(add)
        except KeyboardInterrupt:
            pass


class SluiceClient:
    def __init__(self, spins, _):
        self.node = sluice_node(spins)
        self.client = self.node.open(ADDER).client()
        self.client.wait_servers(timeout=60)

    def trips(self, count):
        call = self.client.call
        for i in range(count):
            assert call((i, 2), 60) == i + 2

    def stop(self):
        try:
            self.client.call((STOP, 0), 60)
        except sluice.Ended:
            pass


def zmq_receive(socket, spins):
    while spins:
        try:
            return socket.recv(zmq.NOBLOCK)
        except zmq.Again:
            pass
    return socket.recv()


def zmq_server(spins, address):
    with zmq.Context() as context, context.socket(zmq.REP) as socket:
        socket.bind(address)
        while True:
            a, b = QUESTION.unpack(zmq_receive(socket, spins))
            socket.send(ANSWER.pack(0 if a == STOP else a + b))
            if a == STOP:
                return


class ZmqClient:
    def __init__(self, spins, address):
        self.spins = spins
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.REQ)
        self.socket.connect(address)

    def trips(self, count):
        socket, spins = self.socket, self.spins
        for i in range(count):
            socket.send(QUESTION.pack(i, 2))
            (answer,) = ANSWER.unpack(zmq_receive(socket, spins))
            assert answer == i + 2

    def stop(self):
        self.socket.send(QUESTION.pack(STOP, 0))
        self.socket.recv()
        self.socket.close()
        self.context.term()


def start(server, *arguments):
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            server(*arguments)
            status = 0
        finally:
            os._exit(status)
    return pid


def batches(kind, spins, count, directory):
    """Microseconds of a round trip in each of so many batches; the server comes and goes."""
    server, client = kind
    address = f"ipc://{directory}/{server.__name__}-{spins}-{time.monotonic_ns()}"
    pid = start(server, spins, address)
    asking = client(spins, address)
    asking.trips(BATCH)
    took = []
    for _ in range(count):
        began = time.perf_counter()
        asking.trips(BATCH)
        took.append((time.perf_counter() - began) / BATCH * 1e6)
    asking.stop()
    assert os.waitpid(pid, 0)[1] == 0
    return took


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    kinds = {"sluice": (sluice_server, SluiceClient)}
    if zmq:
        kinds["pyzmq"] = (zmq_server, ZmqClient)
    with tempfile.TemporaryDirectory() as directory:
        for spins in True, False:
            took = {name: [] for name in kinds}
            for _ in range(rounds):
                for name, kind in kinds.items():
                    took[name] += batches(kind, spins, count, directory)
            for what, choose in ("best", min), ("median", statistics.median):
                us = {name: choose(times) for name, times in took.items()}
                words = ", ".join(f"{name} {time:.1f} us" for name, time in us.items())
                if "pyzmq" in us:
                    words += f": {us['pyzmq'] / us['sluice']:.1f} times"
                print(f"round trip in Python, {'spinning' if spins else 'sleeping'}, "
                      f"{what} batch: {words}", flush=True)


if __name__ == "__main__":
    main()
