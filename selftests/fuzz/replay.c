// SPDX-License-Identifier: GPL-2.0-only
/*
 * Feeds a fuzz target each file of its corpus once, as a test: NAME_test reads
 * selftests/fuzz/corpus/NAME.  No fuzzer and no clang is needed, so every build replays what
 * was found, with its own sanitizers.
 *
 * Each file is a check.  A file for which the target takes more than SECONDS_MAX of processor
 * time fails its check: that is a loop which an input controls.  When all files were fed
 * twice, no more memory may be mapped than after the first time.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

#define CORPUS		"selftests/fuzz/corpus"
#define SECONDS_MAX	10
#define INPUT_MAX	((size_t)1 << 20)

static FILE *tap;

static double processor_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* False: it cannot be read, or took too long. */
static bool feed(const char *folder, const char *name)
{
	static uint8_t room[INPUT_MAX];
	double begun = processor_time();
	char path[512];
	uint8_t *exact;
	size_t size;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "re");
	if (!file)
		return false;
	size = fread(room, 1, sizeof(room), file);
	fclose(file);
	/* Of its very size, so that a sanitizer sees its end. */
	exact = malloc(size ? size : 1);
	if (!exact)
		return false;
	memcpy(exact, room, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return processor_time() - begun < SECONDS_MAX;
}

static unsigned int count_mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned int count = 0;
	char line[512];

	while (maps && fgets(line, sizeof(line), maps))
		count += strstr(line, "memfd:") != NULL;
	if (maps)
		fclose(maps);
	return count;
}

static int is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	const char *base = strrchr(argv[0], '/');
	unsigned int mapped;
	struct dirent **names;
	int count, i, failed = 0;
	char folder[256];

	(void)argc;
	tap = fdopen(dup(STDOUT_FILENO), "w");
	base = base ? base + 1 : argv[0];
	snprintf(folder, sizeof(folder), CORPUS "/%.*s", (int)strcspn(base, "_"), base);
	count = scandir(folder, &names, is_input, alphasort);
	if (!tap || count <= 0)
		return fprintf(stderr, "there is nothing in %s\n", folder), 1;
	fprintf(tap, "TAP version 13\n1..%d\n", count + 1);
	for (i = 0; i < count; i++) {
		bool good;

		fprintf(tap, "# %s\n", names[i]->d_name);
		fflush(tap);
		good = feed(folder, names[i]->d_name);
		failed += !good;
		fprintf(tap, "%sok %d %s\n", good ? "" : "not ", i + 1, names[i]->d_name);
	}
	mapped = count_mappings();
	for (i = 0; i < count; i++)
		(void)!feed(folder, names[i]->d_name);
	failed += count_mappings() > mapped;
	fprintf(tap, "%sok %d no memory stays mapped\n", count_mappings() > mapped ? "not " : "",
		count + 1);
	for (i = 0; i < count; i++)
		free(names[i]);
	free(names);
	fclose(tap);
	return failed != 0;
}
