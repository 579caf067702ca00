#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""growing-slices-server in Python: answers slices that grow with slices that grow.

Each reply is longer than the one before, whoever it is for.  It serves clients in any language,
until SIGINT or SIGTERM.
"""
import argparse
import errno
import sys

import sluice
from growing_slices import GROWING_SLICES, REQUEST, RESPONSE, Stop, check, pattern, round_len
from growing_slices import stop_on_signals


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--print", type=int, default=sys.maxsize, dest="printed")
    parser.add_argument("--hint", type=int, default=16, metavar="ELEMENTS")
    parser.add_argument("--strategy", default="power-of-two",
                        choices=("power-of-two", "best-fit", "static"))
    return parser.parse_args()


class Answers:
    """Answers requests, each with a longer slice."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.counter, self.answered, self.received, self.sent = 1, 0, 0, 0

    def loan(self, request: sluice.ActiveRequest) -> sluice.Reply:
        """A static port has room up to its hint: there the counter begins again."""
        try:
            return request.loan(round_len(self.counter))
        except sluice.Error as error:
            if self.args.strategy != "static" or error.errno != errno.EMSGSIZE:
                raise
            print(f"response {self.counter}: {error.sentence}\n"
                  "this is how the static strategy is expected to end; begins again with 1")
            self.counter = 1
            return request.loan(round_len(self.counter))

    def answer(self, request: sluice.ActiveRequest) -> None:
        printed = self.answered < self.args.printed
        check(request.header, REQUEST, request)
        self.received += len(request)
        if printed:
            print(f"received {len(request):7} bytes")
        reply = self.loan(request)
        size = len(reply)
        reply.header = self.counter
        reply.array[:] = pattern(self.counter, RESPONSE, size)
        reply.send()
        self.counter += 1
        self.sent += size
        self.answered += 1
        if printed:
            print(f"sent     {size:7} bytes", flush=True)


def main() -> None:
    args = arguments()
    answers = Answers(args)
    stop_on_signals()
    with sluice.Node("growing-slices-py-server") as node, \
            node.open(GROWING_SLICES) as service, \
            service.server(strategy=args.strategy, initial_max_slice_len=args.hint) as server:
        print("ready to receive requests", flush=True)
        try:
            for request in server:
                try:
                    answers.answer(request)
                except sluice.Error as error:
                    print(f"round {request.header}: {error.sentence}", file=sys.stderr)
        except Stop:
            pass
        memory = server.memory
    print(f"{answers.answered} requests answered, {answers.received} bytes received, "
          f"{answers.sent} sent; {memory['growths']} growths, "
          f"largest segment {memory['largest_segment']} bytes")


if __name__ == "__main__":
    main()
