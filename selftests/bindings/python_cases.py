# SPDX-License-Identifier: GPL-2.0-only
"""The package sluice: nouns, payloads, views and how long they live, failures, asyncio.

python_test.sh runs it, in both ways of waiting.  A client and a server of one thread take turns.
"""
import asyncio
import ctypes
import errno
import gc
import inspect
import os
import signal
import struct
import threading
import time
import unittest

import sluice

try:
    import numpy
except ImportError:
    numpy = None

needs_numpy = unittest.skipUnless(numpy, "no numpy")

NUMBERS = sluice.Contract("selftest/py-numbers", sluice.Type("pair", "QQ"),
                          sluice.Type("sum", "Q"))
BYTES = sluice.Contract("selftest/py-bytes", sluice.Slice("uint8_t", "B"),
                        sluice.Slice(None, "d"),
                        request_header=sluice.Type("round", "Q"))


class Point(ctypes.Structure):
    _fields_ = [("x", ctypes.c_int32), ("weight", ctypes.c_double)]


POINTS = sluice.Contract("selftest/py-points", sluice.Type(None, Point),
                         sluice.Slice(None, Point))


class Pair:
    """A client and a server of one node."""

    def __init__(self, contract, **options):
        self.node = sluice.Node("selftest")
        self.service = self.node.open(contract, **options)
        self.server = self.service.server()
        self.client = self.service.client()
        self.meet(self.client)

    def meet(self, client):
        for _ in range(1000):
            try:
                self.server.receive(0)
            except sluice.WouldBlock:
                pass
            try:
                client.wait_servers(1, 0)
            except sluice.WouldBlock:
                continue
            return
        raise AssertionError("they do not meet")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for noun in (self.client, self.server, self.service, self.node):
            noun.close()


class Nouns(unittest.TestCase):
    def test_exchange(self):
        with Pair(NUMBERS) as ends:
            pending = ends.client.ask((40, 2))
            self.assertEqual((pending.servers, pending.value), (1, (40, 2)))
            with ends.server.receive(5) as request:
                self.assertEqual(request.value, (40, 2))
                self.assertEqual(request.info["client"], ends.client.id)
                self.assertEqual(request.peer["pid"], os.getpid())
                self.assertTrue(request.is_connected)
                request.reply(42)
            values = [response.value for response in pending]
            self.assertEqual(values, [42])
            with self.assertRaises(sluice.Ended):
                pending.receive(5)
            pending.release()
            self.assertFalse(pending)

    def test_slices_and_headers(self):
        with Pair(BYTES) as ends:
            request = ends.client.loan(1000)
            request.header = 7
            request.data[:] = bytes(range(250)) * 4
            request.shorten(300)
            with self.assertRaises(TypeError):
                ends.client.loan(1).value = 5
            with request.send() as pending, ends.server.receive(5) as active:
                self.assertEqual((len(active), active.header), (300, 7))
                self.assertEqual(bytes(active.data[:3]), b"\0\1\2")
                self.assertTrue(active.data.readonly)
                with self.assertRaises(TypeError):
                    active.data[0] = 1
                with self.assertRaises(TypeError):
                    active.header = 1
                active.reply([])
                active.reply([1.5, 2.5])
                with pending.receive(5) as empty, pending.receive(5) as two:
                    self.assertEqual((len(empty), empty.value, empty.data.nbytes), (0, [], 0))
                    self.assertEqual((two.value, two.data.format), ([1.5, 2.5], "d"))
                    self.assertEqual(two.data[1], 2.5)

    def test_structures(self):
        with Pair(POINTS) as ends:
            request = ends.client.loan(zeroed=True)
            point = request.structure           # where it lies
            point.x = 3
            with self.assertRaises(BufferError):
                request.send()
            del point
            request.value = Point(request.value.x + 1, 0.5)
            with request.send(), ends.server.receive(5) as active:
                self.assertEqual((active.value.x, active.value.weight), (4, 0.5))
                with self.assertRaises(TypeError):
                    active.structure
                reply = active.loan(2)
                reply.value = [Point(1, 1), Point(2, 2)]
                self.assertEqual([p.x for p in reply.value], [1, 2])

    def test_options_and_attributes(self):
        with sluice.Node("selftest", wait=os.environ.get("SLUICE_WAIT", "auto"),
                         spin=-1) as node, \
                node.open(NUMBERS, max_clients=3, attributes={"unit": "cm"},
                          no_response_overflow=True) as service:
            self.assertEqual(service.settings["max_clients"], 3)
            self.assertEqual(service.attributes, {"unit": "cm"})
            with service.client(strategy="static", initial_max_slice_len=1, name="c") as client:
                self.assertGreater(client.memory["bytes"], 0)
            with self.assertRaises(TypeError):
                service.client(no_such=1)
            with self.assertRaises(sluice.Error) as caught:
                node.open(NUMBERS, max_clients=4)
            self.assertEqual(caught.exception.errno, errno.EPROTOTYPE)
            self.assertIn("max_clients", caught.exception.sentence)
            with self.assertRaises(sluice.Error):
                node.open(NUMBERS, no_response_overflow=False)

    def test_events(self):
        with Pair(NUMBERS) as ends:
            pending = ends.client.ask((1, 2))
            ends.node.wait(5)
            kinds = [event.kind for event in ends.node.events() if event.is_of(ends.server)]
            self.assertIn("request", kinds)
            with ends.server.receive(5) as request:
                request.reply(3)
            ends.node.wait(5)
            kinds = [event.kind for event in ends.node.events() if event.is_of(pending)]
            self.assertEqual(kinds, ["response"])

    def test_descriptors(self):
        with Pair(NUMBERS, max_fds_per_message=1) as ends:
            read, write = os.pipe()
            request = ends.client.loan()
            request.value = (0, 0)
            request.attach_fd(write)
            with request.send(), ends.server.receive(5) as active:
                fd = active.take_fd()
                os.write(fd, b"x")
                self.assertEqual(os.read(read, 1), b"x")
            for each in (read, write, fd):
                os.close(each)


class Payloads(unittest.TestCase):
    def test_layouts(self):
        self.assertEqual((sluice.Type("t", "BQ").size, sluice.Type("t", "BQ").alignment), (16, 8))
        self.assertEqual(sluice.Type("t", "QB").size, 16)      # padded as in C
        self.assertEqual(sluice.Type("t", "<QB").size, 9)
        self.assertEqual(sluice.Type("t", "4sI").size, 8)
        self.assertEqual(sluice.Type(None, "H").name, "uint16_t")
        self.assertEqual(sluice.Type(None, Point).name, "Point")
        self.assertEqual((sluice.Type(None, Point).size, sluice.Type(None, Point).alignment),
                         (16, 8))

    def test_refused(self):
        class Pointing(ctypes.Structure):
            _fields_ = [("a", Point * 2), ("p", ctypes.POINTER(Point))]

        class Bits(ctypes.Structure):
            _fields_ = [("a", ctypes.c_int, 3)]

        for layout in ("QP", "", Pointing, Bits, ctypes.c_void_p * 2):
            with self.assertRaises(TypeError):
                sluice.Type("t", layout)
        with self.assertRaises(TypeError):
            sluice.Type(None, "QQ")

    @needs_numpy
    def test_dtypes(self):
        layout = numpy.dtype([("x", "i4"), ("y", "f8")], align=True)
        self.assertEqual(sluice.Type("t", layout).size, 16)
        self.assertEqual(sluice.Type(None, numpy.float32).name, "float")
        with self.assertRaises(TypeError):
            sluice.Type("t", object)
        contract = sluice.Contract("selftest/py-dtypes", sluice.Type("t", layout),
                                   sluice.Slice("t", layout))
        with Pair(contract) as ends:
            request = ends.client.loan()
            request.value = (1, 2.5)
            with request.send(), ends.server.receive(5) as active:
                self.assertEqual(active.value["y"], 2.5)
                reply = active.loan(2)
                reply.array["x"] = [5, 6]
                self.assertEqual(reply.value[1]["x"], 6)


class Views(unittest.TestCase):
    """No view ever sees memory that the library has given to another message."""

    def fill(self, ends, count, byte):
        request = ends.client.loan(count)
        request.header = byte
        request.data[:] = bytes([byte]) * count
        return request.send()

    def held(self, ends):
        """How many requests of the client the server can still receive: 16 - those held."""
        pending, free = [], 0
        try:
            while True:
                pending.append(ends.client.ask(b""))
                free += 1
        except sluice.Error as error:
            self.assertEqual(error.errno, errno.EBUSY)
        for each in pending:
            each.release()
        return free

    def test_released_view_raises(self):
        with Pair(BYTES) as ends, self.fill(ends, 10, 1), ends.server.receive(5) as active:
            data = active.data
            self.assertEqual(data[9], 1)
            active.release()
            for use in (lambda: data[0], lambda: active.data, lambda: active.value,
                        lambda: active.header, lambda: len(active), lambda: active.loan(1)):
                with self.assertRaises(ValueError):
                    use()
            active.release()        # once more does nothing

    def test_slice_of_a_view_keeps_the_message(self):
        with Pair(BYTES) as ends:
            pending = self.fill(ends, 100, 3)
            part = pending.data[10:20]
            pending.release()
            self.assertEqual(self.held(ends), 15)       # this one is not free yet
            for byte in range(20):                      # others do not get its memory
                self.fill(ends, 100, byte + 50).release()
            self.assertEqual(bytes(part), b"\3" * 10)
            del part
            self.assertEqual(self.held(ends), 16)

    @needs_numpy
    def test_array_keeps_the_message(self):
        with Pair(BYTES) as ends:
            pending = self.fill(ends, 100, 3)
            with ends.server.receive(5) as active:
                array = active.array
                self.assertFalse(array.flags.writeable)
                with self.assertRaises(ValueError):
                    array[0] = 1
            self.assertTrue(pending.is_connected)       # the request is not finished yet
            half = array[50:]
            del array
            pending.release()
            for byte in range(40):
                self.fill(ends, 100, byte + 50).release()
                try:
                    ends.server.receive(0).release()
                except sluice.Error:
                    pass
            self.assertEqual(half.sum(), 150)
            del half, active
            self.assertEqual(self.held(ends), 16)

    @needs_numpy
    def test_sent_loan_has_no_views(self):
        with Pair(BYTES) as ends:
            request = ends.client.loan(10)
            request.header = 0
            array = request.array
            array[:] = 9
            with self.assertRaises(BufferError):
                request.send()
            with self.assertRaises(BufferError):
                request.shorten(5)
            with self.assertRaises(BufferError):
                ends.client.close()
            self.assertEqual(array.sum(), 90)
            array[:] = 8
            view = request.data
            del array
            with request.send(), ends.server.receive(5) as active:
                self.assertEqual(bytes(active.data), b"\x08" * 10)
                with self.assertRaises(ValueError):
                    view[0] = 1
                reply = active.loan(3)
                array = reply.array
                for close in (reply.send, active.release, ends.server.close):
                    with self.assertRaises(BufferError):
                        close()
                array[:] = 2
                del array
                reply.send()

    @needs_numpy
    def test_released_loan_keeps_its_client(self):
        ends = Pair(BYTES)
        request = ends.client.loan(10)
        array = request.array
        request.release()
        with self.assertRaises(BufferError):
            ends.client.close()
        del request
        array[:] = 1
        self.assertEqual(array.sum(), 10)
        del array
        with ends:
            pass

    def test_closed_ports_void_loans(self):
        ends = Pair(BYTES)
        request = ends.client.loan(10)
        pending = ends.client.ask(b"123")
        active = ends.server.receive(5)
        reply = active.loan(1)
        data = request.data
        ends.__exit__()
        for use in (lambda: data[0], lambda: request.data, request.send, lambda: reply.value,
                    reply.send, lambda: ends.client.loan(1), lambda: ends.server.receive(0)):
            with self.assertRaises(ValueError):
                use()
        request.release()
        reply.release()
        self.assertEqual(bytes(active.data), b"123")    # these can be held longer
        self.assertEqual(bytes(pending.data), b"123")
        active.release()
        pending.release()

    def test_dropped_messages_are_released(self):
        with Pair(BYTES) as ends:
            for _ in range(100):
                ends.client.loan(10)
                self.fill(ends, 10, 1)
                ends.server.receive(5)
            data = self.fill(ends, 10, 4).data
            self.assertEqual(self.held(ends), 16)       # the view of a dropped message ends
            with self.assertRaises(ValueError):
                data[0]

    @needs_numpy
    def test_last_view_ends_in_another_thread(self):
        with Pair(BYTES) as ends:
            arrays = [self.fill(ends, 10, i).array for i in range(10)]
            self.assertEqual(self.held(ends), 6)
            thread = threading.Thread(target=arrays.clear)
            thread.start()
            thread.join()
            self.assertEqual(self.held(ends), 16)

    def test_kept_response(self):
        with Pair(BYTES) as ends, ends.client.ask(b"1") as pending:
            with ends.server.receive(5) as active:
                for i in range(4):
                    active.reply([float(i)])
            kept = [response.keep() for response in pending]
            self.assertEqual([response.value for response in kept], [[0.0], [1.0], [2.0], [3.0]])
            for response in kept:
                response.release()


class Failures(unittest.TestCase):
    def test_classes(self):
        with Pair(NUMBERS) as ends, ends.client.ask((1, 2)) as pending:
            with self.assertRaises(BlockingIOError) as caught:
                pending.receive(0)
            self.assertEqual(caught.exception.errno, errno.EAGAIN)
            began = time.monotonic()
            with self.assertRaises(TimeoutError):
                pending.receive(0.7)            # longer than a part of a wait
            self.assertGreater(time.monotonic() - began, 0.7)
            ends.server.receive(5).end(errno.ENOSPC, "no room left")
            with self.assertRaises(sluice.Refused) as caught:
                pending.receive(5)
            self.assertEqual((caught.exception.code, caught.exception.text),
                             (errno.ENOSPC, "no room left"))
        with self.assertRaises(sluice.Error) as caught:
            sluice.Node("x", domain="a/b")
        self.assertEqual(caught.exception.errno, errno.EINVAL)
        self.assertTrue(caught.exception.sentence)

    def test_deadline(self):
        with Pair(NUMBERS) as ends:
            request = ends.client.loan()
            request.value = (1, 2)
            deadline = time.monotonic() + 1
            request.set_deadline(deadline)
            with request.send() as pending, ends.server.receive(5) as active:
                self.assertAlmostEqual(active.deadline, deadline, places=6)
                with self.assertRaises(sluice.Timeout):
                    pending.receive(60)
                self.assertGreaterEqual(time.monotonic(), deadline)
                with self.assertRaises(sluice.Timeout):
                    pending.receive(None)

    def test_failed_send_keeps_the_request(self):
        with Pair(NUMBERS) as ends:
            held = [ends.client.ask((i, i)) for i in range(16)]
            request = ends.client.loan()
            request.value = (7, 8)
            with self.assertRaises(sluice.Error) as caught:
                request.send()
            self.assertEqual(caught.exception.errno, errno.EBUSY)
            held.pop()
            with request.send() as pending:
                self.assertEqual(pending.value, (7, 8))

    def test_client_is_gone(self):
        with Pair(NUMBERS) as ends:
            ends.client.ask((1, 2)).release()
            with ends.server.receive(5) as active:
                reply = active.loan()
                reply.value = 3
                for _ in range(2):              # it is still loaned, as a request would be
                    with self.assertRaises(sluice.Ended):
                        reply.send()
                    self.assertTrue(reply)
                reply.release()
                self.assertFalse(reply)

    def test_interrupts(self):
        with sluice.Node("selftest") as node:
            node.interrupt()
            with self.assertRaises(sluice.Interrupted):
                node.wait(5)
            seen = []
            signal.signal(signal.SIGALRM, lambda *_: seen.append(1))
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            with self.assertRaises(sluice.Timeout):     # a signal does not end the wait
                node.wait(1)
            self.assertEqual(seen, [1])

            def stop(*_):
                raise KeyboardInterrupt

            signal.signal(signal.SIGALRM, stop)
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            with self.assertRaises(KeyboardInterrupt):
                node.wait()

    def test_wrong_thread(self):
        with Pair(NUMBERS) as ends:
            ends.client.ask((1, 2))
            codes = []

            def other():
                try:
                    ends.server.receive(0)
                except sluice.Error as error:
                    codes.append(error.errno)
                ends.node.adopt()
                ends.server.receive(5).release()

            thread = threading.Thread(target=other)
            thread.start()
            thread.join()
            ends.node.adopt()
            self.assertEqual(codes, [errno.EBUSY])


class Calls(unittest.TestCase):
    """Client.call() and Server.serve(), with a server in another thread."""

    def setUp(self):
        self.ready = threading.Event()
        self.raised = []
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()
        self.ready.wait()
        self.node = sluice.Node("selftest")
        self.client = self.node.open(NUMBERS).client()
        self.client.wait_servers(1, 60)

    def tearDown(self):
        self.served.interrupt()
        self.thread.join()
        self.client.close()
        self.node.close()

    def serve(self):
        with sluice.Node("server") as self.served, self.served.open(NUMBERS) as service, \
                service.server() as server:
            self.ready.set()
            while True:
                try:
                    server.serve(self.answer)
                except sluice.Interrupted:
                    return
                except Exception as error:      # the next one is served all the same
                    self.raised.append(type(error))

    @staticmethod
    def answer(question):
        a, b = question
        if a == 1:
            return None
        if a == 2:
            raise KeyError(b)
        if a == 3:
            return -1                           # is no uint64_t
        if a == 4:
            time.sleep(0.7)                     # longer than a part of a wait
        return a + b

    def test_values(self):
        for i in range(10, 200):
            self.assertEqual(self.client.call((i, i), 60), 2 * i)
        self.assertEqual(self.client.call((4, 4)), 8)
        self.assertEqual(self.client.call((4, 5), 60), 9)
        with self.assertRaises(sluice.Timeout):
            self.client.call((4, 5), 0.05)
        self.assertEqual(self.client.call((10, 1), 60), 11)

    def test_failures(self):
        for _ in range(20):                     # nothing is lost: only 8 may be loaned
            with self.assertRaises(struct.error):
                self.client.call((-1, 0))
            for first in (1, 2, 3):
                with self.assertRaises(sluice.Ended):
                    self.client.call((first, 0), 60)
        self.assertEqual(self.client.call((10, 1), 60), 11)
        self.assertEqual(set(self.raised), {KeyError, struct.error})

    def test_more_pending_than_may_be(self):
        held = [self.client.ask((1, 0)) for _ in range(16)]
        for _ in range(20):
            with self.assertRaises(sluice.Error) as caught:
                self.client.call((10, 1), 60)
            self.assertEqual(caught.exception.errno, errno.EBUSY)
        for pending in held:
            pending.release()
        self.assertEqual(self.client.call((10, 1), 60), 11)


class Asyncio(unittest.TestCase):
    def test_a_server_and_clients_in_one_loop(self):
        async def serve(server):
            async for request in server:
                a, b = request.value
                request.reply(a + b)
                if a == 999:
                    return

        async def ask(client, first):
            sums = []
            for i in range(50):
                with client.ask((first + i, 1)) as pending:
                    async for response in pending:
                        sums.append(response.value)
            return sums

        async def main():
            with Pair(NUMBERS) as ends, ends.service.client() as second:
                served = asyncio.create_task(serve(ends.server))
                await second.wait_servers_async()
                sums = await asyncio.gather(ask(ends.client, 0), ask(second, 100))
                self.assertEqual(sums[0], list(range(1, 51)))
                self.assertEqual(sums[1], list(range(101, 151)))
                with ends.client.ask((999, 1)) as last:
                    await served
                    with await last.receive_async() as response:
                        self.assertEqual(response.value, 1000)

        asyncio.run(asyncio.wait_for(main(), 120))

    def test_another_process_and_cancelling(self):
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                with sluice.Node("child") as node, node.open(NUMBERS) as service, \
                        service.server() as server:
                    os.write(write, b"x")
                    with server.receive(60) as request:
                        request.reply(sum(request.value))
                    os._exit(0)
            finally:
                os._exit(1)
        os.read(read, 1)

        async def main():
            with sluice.Node("parent") as node, node.open(NUMBERS) as service, \
                    service.client() as client, node.open(BYTES).server() as idle:
                await client.wait_servers_async()
                waiting = asyncio.create_task(idle.receive_async())
                request = client.loan()
                request.value = (20, 22)
                with request.send() as pending, await pending.receive_async() as response:
                    self.assertEqual(response.value, 42)
                waiting.cancel()
                with self.assertRaises(asyncio.CancelledError):
                    await waiting

        asyncio.run(asyncio.wait_for(main(), 120))
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        os.close(read)
        os.close(write)


class Words(unittest.TestCase):
    def test_everything_is_described(self):
        self.assertRegex(sluice.version(), r"^\d+\.\d+")
        missing = []
        for name in sluice.__all__:
            noun = getattr(sluice, name)
            members = [(name, noun)] + (inspect.getmembers(noun) if inspect.isclass(noun) else [])
            for member, value in members:
                if member.startswith("_") or not getattr(value, "__module__", "sluice"):
                    continue
                function = value.fget if isinstance(value, property) else value
                if not inspect.isfunction(function) or \
                        not function.__module__.startswith("sluice"):
                    if not inspect.isclass(value):
                        continue
                if not value.__doc__:
                    missing.append(f"{name}.{member}: no docstring")
                if inspect.isfunction(function) and "return" not in function.__annotations__:
                    missing.append(f"{name}.{member}: no type of the result")
        self.assertEqual(missing, [])


if __name__ == "__main__":
    unittest.main()
