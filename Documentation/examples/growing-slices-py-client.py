#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""growing-slices-client in Python: sends slices that grow, and looks at every byte.

Shows numpy arrays in loaned and received slices, user headers, and iteration over responses.
It talks to servers in any language.
"""
import argparse
import errno
import sys
import time

import sluice
from growing_slices import GROWING_SLICES, REQUEST, RESPONSE, Stop, check, pattern, round_len
from growing_slices import stop_on_signals


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--interval", type=float, default=1, metavar="SECONDS")
    parser.add_argument("-n", "--rounds", type=int, default=0)
    parser.add_argument("--print", type=int, default=sys.maxsize, dest="printed")
    parser.add_argument("--servers", type=int, default=1)
    parser.add_argument("--hint", type=int, default=16, metavar="ELEMENTS")
    parser.add_argument("--strategy", default="power-of-two",
                        choices=("power-of-two", "best-fit", "static"))
    return parser.parse_args()


def exchange(client: sluice.Client, number: int, printed: bool) -> tuple[int, int, int]:
    """One round: bytes sent, bytes received, answers that are missing; zeros if nobody is there."""
    request = client.loan(round_len(number))
    request.header = number
    request.array[:] = pattern(number, REQUEST, len(request))
    received = answers = 0
    with request.send() as pending:
        if not pending.servers:
            return 0, 0, 0
        if printed:
            print(f"round {number:4}: sent     {len(pending):7} bytes")
        for response in pending:
            check(response.header, RESPONSE, response)
            if printed:
                print(f"round {number:4}: received {len(response):7} bytes")
            received += len(response)
            answers += 1
        return len(pending), received, pending.servers - answers


def main() -> None:
    args = arguments()
    number, sent, received, missing = 1, 0, 0, 0
    stop_on_signals()
    with sluice.Node("growing-slices-py-client") as node, \
            node.open(GROWING_SLICES) as service, \
            service.client(strategy=args.strategy, initial_max_slice_len=args.hint) as client:
        print("ready to send requests", flush=True)
        try:
            client.wait_servers(args.servers)
            while not args.rounds or number <= args.rounds:
                out, back, lost = exchange(client, number, number <= args.printed)
                if not out:
                    client.wait_servers()
                    continue
                sent, received, missing = sent + out, received + back, missing + lost
                number += 1
                if number - 1 != args.rounds:
                    time.sleep(args.interval)
        except Stop:
            pass
        except sluice.Error as error:
            print(f"round {number:4}: {error.sentence}")
            if args.strategy != "static" or error.errno != errno.EMSGSIZE:
                raise SystemExit(1)
            print("this is how the static strategy is expected to end")
        memory = client.memory
    print(f"{number - 1} rounds, {sent} bytes sent, {received} received; "
          f"{memory['growths']} growths, largest segment {memory['largest_segment']} bytes")
    if missing:
        raise SystemExit(f"{missing} answers are missing")


if __name__ == "__main__":
    main()
