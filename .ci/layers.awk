# SPDX-License-Identifier: MIT
#
# layers.awk - which folder may include which
#
# A file of lib/ includes its own layer and those to the left of it in the list below.
# The registry is a tree of directories: it includes neither wait nor memory.  The tools,
# the examples and sluice.h itself are users: they include sluice.h, the headers beside it
# and uapi/.  The tools also include what they share with bpf/, and the table of settings, which
# is lines for the preprocessor.  Nothing else includes tools/bridge/ or NATS.  bpf/ includes uapi/ alone.
# Arguments are the sources, named from the top of the tree.  The script prints each
# #include that points the wrong way, and then exits with 1.

BEGIN {
	n = split("uapi base os trace shm wait memory registry channel exchange config api", layers)
	for (i = 1; i <= n; i++)
		rank[layers[i]] = i
	rank["sluice.h"] = rank["config"]
}

FNR == 1 {
	split(FILENAME, path, "/")
	from = path[1] == "lib" ? path[2] : path[1]
}

/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
	split($0, part, /[<">]/)
	if (part[2] ~ /^(tools\/bridge|nats)\// && FILENAME !~ /(^|\/)tools\/bridge\//) {
		printf "%s:%d: only tools/bridge may include %s\n", FILENAME, FNR, part[2]
		failed = 1
	}
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
	if (header ~ /^sluice(_[a-z]+)?\.h(pp)?$/)
		return "sluice.h"
	if (header == "lib/config/settings.def")
		return "the table"
	if (header ~ /^sluice\//)
		return "uapi"
	if (!quoted || header !~ /\//)
		return ""
	return substr(header, 1, index(header, "/") - 1)
}

function allowed(from, to)
{
	if (from == "tools" && (to == "tools" || to == "bpf" || to == "the table"))
		return 1
	if (!(to in rank))
		return 0
	if (from == "registry" && (to == "wait" || to == "memory"))
		return 0
	if (from in rank)
		return rank[to] <= rank[from]
	return to == "uapi" || to == "sluice.h"
}
