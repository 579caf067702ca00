# SPDX-License-Identifier: MIT
#
# layers.awk - which folder may include which
#
# A file of lib/ includes its own layer and those to the left of it.  All others,
# tools/ and examples and sluice.h itself, are users: sluice.h, its containers and
# uapi/ is what they have; and tools/ has what it shares with bpf/, which has uapi/
# alone.
# Arguments are the sources, named from the top of the tree; each #include that
# points the wrong way is named, and makes the exit status 1.

BEGIN {
	n = split("uapi base trace os shm link api", layers)
	for (i = 1; i <= n; i++)
		rank[layers[i]] = i
	rank["sluice.h"] = rank["api"]
}

FNR == 1 {
	split(FILENAME, path, "/")
	from = path[1] == "lib" ? path[2] : path[1]
}

/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
	split($0, part, /[<">]/)
	to = layer_of(part[2], $0 ~ /"/)
	if (to == "" || allowed(from, to))
		next

	printf "%s:%d: %s must not include %s\n", FILENAME, FNR, from, part[2]
	failed = 1
}

END { exit failed }

# The layer that a header belongs to; none for the system's and for neighbours.
function layer_of(header, quoted)
{
	if (header ~ /^sluice(_containers)?\.h$/)
		return "sluice.h"
	if (header ~ /^sluice\//)
		return "uapi"
	if (!quoted || header !~ /\//)
		return ""
	return substr(header, 1, index(header, "/") - 1)
}

function allowed(from, to)
{
	if (from == "tools" && (to == "tools" || to == "bpf"))
		return 1
	if (!(to in rank))
		return 0
	if (from in rank)
		return rank[to] <= rank[from]
	return to == "uapi" || to == "sluice.h"
}
