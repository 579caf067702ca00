#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# sluice bridge and a member of its network that sends anything: packets of all kinds with
# numbers of all sizes, to the service and to each bridge, as an own bridge and as the others.
# Both bridges go on, and carry the next request.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=selftests/kit/tap.sh
. selftests/kit/tap.sh
# shellcheck source=selftests/kit/bridging.sh
. selftests/kit/bridging.sh

python=/usr/bin/python3
[ -x $python ] || skip_all "there is no $python"

cat >"$tmp/hostile.py" <<'END'
import random, select, socket, struct, sys, time

host, port, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
random.seed(seed)
s = socket.create_connection((host, port))
s.settimeout(60)
s.sendall(b'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\n'
          b'SUB sluice.> 1\r\nPING\r\n')
base = 'sluice.1.default.'
own = '00000000000000aa'
bridges, digests, exchanges, seen = set(), [0], [1], b''

def look():
    """Learns the numbers of bridges, and what they say."""
    global seen
    while select.select([s], [], [], 0.01)[0]:
        seen = (seen + s.recv(1 << 20))[-200000:]
    for word in seen.decode('latin1').split():
        part = word.split('.')
        if word.startswith(base + 'b.') and len(part) == 6 and len(part[5]) == 112:
            bridges.add(part[4])
            try:
                head = bytes.fromhex(part[5])
            except ValueError:
                continue
            exchanges.append(struct.unpack('<Q', head[8:16])[0])
            digests.append(struct.unpack('<Q', head[40:48])[0])
    del exchanges[:-50], digests[:-50]

numbers = [0, 1, 2, 15, 16, 17, 100, 1 << 20, 1 << 26, (1 << 26) + 1, (1 << 32) - 1, 1 << 32,
           (1 << 63) - 1, 1 << 63, (1 << 64) - 1]

def number():
    return random.choice(numbers)

for i in range(count):
    if i % 50 == 0:
        look()
    kind = random.randrange(0, 13)
    size = random.choice([0, 1, 7, 100, 1000, 70000])
    head = struct.pack('<BBBBIQQQQQQ', random.choice([1, 1, 1, 1, 0, 2]), kind,
                       random.choice([1, 1, 1, 0, 2, 255]), random.randrange(256),
                       random.choice([0, 1, 4095, 4096, 0xffffffff]),
                       random.choice(exchanges + [number(), i + 1]), number(),
                       random.choice([size, number()]), number(),
                       random.choice(digests + [0]), number())
    sender = random.choice(list(bridges) + [own])
    subject = random.choice(['s.test/echo'] + ['b.%s.p' % b for b in bridges])
    reply = random.choice([base + 'b.%s.%s' % (sender, head.hex())] * 8 +
                          [base + 'b.%s.%s' % (sender, head.hex()[:-1]), 'other', base + 'b.'])
    s.sendall(('PUB %s %s %d\r\n' % (base + subject, reply, size)).encode() +
              random.randbytes(min(size, 64)).ljust(size, b'x') + b'\r\n')
s.sendall(b'PING\r\n')
end = time.time() + 20
while time.time() < end and b'PONG' not in seen:
    look()
print(len(bridges))
END

check "nats-server starts" start_nats
serve_far test/echo
both test/echo
result $? "a service is offered on one host and served on the other"
near_call test/echo before
[ "$(cat "$tmp/said")" = before ]
result $? "a request is carried"

seed=$(date +%s)
echo "# seed $seed"
# Requests of programs go on meanwhile.
SLUICE_ROOT=$near
"$sluice" call test/echo --count 200 --timeout 30s x >"$tmp/meanwhile" 2>&1 &
meanwhile=$!
$patience $python "$tmp/hostile.py" 127.0.0.1 "$port" "$seed" "${PACKETS:-3000}" \
	>"$tmp/output" 2>&1 &&
	[ "$(cat "$tmp/output")" -ge 2 ]
result $? "packets of any kind were sent to both"
wait $meanwhile
kill -0 $offer && kill -0 $use
result $? "both bridges go on"

# What was sent as one of them may have ended requests, and the contract may be another now.
answers() {
	near_call test/echo after
	[ "$(cat "$tmp/said")" = after ]
}
until_true answers
result $? "and carry the next request"
for bridge in $offer $use; do
	kill $bridge
	wait $bridge
	result $? "a bridge ends in good order"
done

finish
