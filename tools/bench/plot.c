// SPDX-License-Identifier: MIT
/*
 * The figures of a run, as a picture: latency against the size of the messages, and the
 * distribution of the times of a round trip.
 *
 * gnuplot draws it.  Its script, with the figures in it, is a file without a name that it
 * reads as its standard input, and what it draws goes to its standard output, which is the
 * picture.  So no name of a file is part of the script.
 */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sluice.h>

#define GNUPLOT_ABSENT	127	/* exit status of a child that could not run it */

static const double shares[] = {
	0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.985,
	0.99, 0.993, 0.995, 0.997, 0.998, 0.9985, 0.999, 0.9993, 0.9995, 0.9997, 0.9999,
};

/* The background is part of the picture, so that it can be read on a dark page too. */
static const char head[] =
"set terminal svg size 1000,560 dynamic background '#ffffff' font 'sans-serif,12'\n"
"set multiplot\n"
"set tmargin at screen 0.92\n"
"set bmargin at screen 0.36\n"
"set logscale xy\n"
"set border 3 lc rgb '#444444'\n"
"set tics nomirror out scale 0.6\n"
"unset mxtics\n"
"unset mytics\n"
"set grid lt 1 lc rgb '#e4e4e4'\n"
"set ylabel 'time of a round trip' offset 1.5,0\n"
"set ytics ('1 ns' 1e-3, '10 ns' 1e-2, '100 ns' 0.1, '1 us' 1, '10 us' 10, '100 us' 100, "
"'1 ms' 1e3, '10 ms' 1e4, '100 ms' 1e5, '1 s' 1e6)\n"
"set yrange [*<0.1:]\n";

/* One for each thing that has a distribution, or again from the first. */
static const char *const colours[] = {
	"7f7f7f", "bcbd22", "e377c2", "ff7f0e", "9467bd", "8c564b",
	"1f77b4", "17becf", "d62728", "2ca02c",
};

static const char by_size[] =
"set lmargin at screen 0.085\n"
"set rmargin at screen 0.475\n"
"set key at screen 0.075,0.235 left top vertical Left reverse samplen 2 maxrows 5\n"
"set title 'By size of the message, both sides polling'\n"
"set xlabel 'bytes each way'\n"
"set xrange [6:1.2e8]\n"
"set xtics ('8' 8, '64' 64, '1 Ki' 1024, '16 Ki' 16384, '256 Ki' 262144, '4 Mi' 4194304, "
"'64 Mi' 67108864)\n"
"plot $sizes using 1:2 with linespoints lw 2 dt 2 pt 7 ps 0.4 lc rgb '#7f7f7f' "
"title 'floor: payload lines each way', "
"$sizes using 1:3 with linespoints lw 2 pt 7 ps 0.4 lc rgb '#1f77b4' "
"title 'sluice, all bytes written and read', "
"$sizes using 1:4 with linespoints lw 2 pt 7 ps 0.4 lc rgb '#d62728' "
"title 'sluice, the first 64 bytes written and read'\n";

static const char distribution[] =
"set lmargin at screen 0.595\n"
"set rmargin at screen 0.985\n"
"set key at screen 0.495,0.235 left top vertical Left reverse samplen 2 maxrows 5 width -7\n"
"set xlabel 'per cent of round trips that are faster'\n"
"set xrange [1:12000]\n"
"set xtics ('0' 1, '50' 2, '90' 10, '99' 100, '99.9' 1000, '99.99' 10000)\n";

/* What gnuplot's script calls $NAME: each percentile of a thing. */
static void write_distribution(struct report *report, const struct thing *thing, FILE *script)
{
	fprintf(script, "$%s << END\n", thing->key);
	for (unsigned int i = 0; i < sizeof(shares) / sizeof(shares[0]); i++)
		fprintf(script, "%g %g\n", 1 / (1 - shares[i]),
			report_quantile(report, thing->key, shares[i]) / 1e3);
	fprintf(script, "END\n");
}

static double of_size(struct report *report, const char *key, size_t size)
{
	char sized[sizeof(((struct thing *)0)->key)];

	snprintf(sized, sizeof(sized), "%s_%zu", key, size);
	return report_median(report, sized) / 1e3;
}

static void write_sizes(struct report *report, FILE *script)
{
	fprintf(script, "$sizes << END\n");
	for (unsigned int i = 0; i < bench_sizes_count; i++)
		fprintf(script, "%zu %g %g %g\n", bench_sizes[i],
			of_size(report, "payload", bench_sizes[i]),
			of_size(report, "touched", bench_sizes[i]),
			of_size(report, "untouched", bench_sizes[i]));
	fprintf(script, "END\n");
}

/*
 * Which run it is of, below the picture.  Of the kernel's release as much as cannot be taken for
 * a part of the script.
 */
static void write_origin(const struct report *report, FILE *script)
{
	struct utsname kernel;

	uname(&kernel);
	kernel.release[strspn(kernel.release, "0123456789.")] = '\0';
	fprintf(script, "set label 1 'sluice %s, Linux %s, CPUs %d and %d, %u x %u round trips' "
		"at screen 0.985,0.025 right tc rgb '#666666' font ',10' noenhanced\n",
		sluice_version(), kernel.release, report->cpu[CLIENT], report->cpu[SERVER],
		report->result[0].rounds, report->options->trips);
}

static bool has_distribution(struct report *report, const struct thing *thing)
{
	return thing->part == STANDARD && report_quantile(report, thing->key, 0.5) > 0;
}

static void write_script(struct report *report, FILE *script)
{
	const struct thing *thing = report->things->thing;
	unsigned int count = report->things->count;
	const char *before = "plot ";
	unsigned int drawn = 0;

	fputs(head, script);
	write_origin(report, script);
	write_sizes(report, script);
	fputs(by_size, script);
	fputs(distribution, script);
	fprintf(script, "set title 'Distribution, %zu bytes each way'\n", report->options->size);
	for (unsigned int i = 0; i < count; i++)
		if (has_distribution(report, &thing[i]))
			write_distribution(report, &thing[i], script);
	for (unsigned int i = 0; i < count; i++) {
		if (!has_distribution(report, &thing[i]))
			continue;
		fprintf(script, "%s$%s using 1:2 with lines lw 2 %s lc rgb '#%s' title '%s' "
			"noenhanced", before, thing[i].key, thing[i].floor[0] ? "" : "dt 2",
			colours[drawn++ % (sizeof(colours) / sizeof(colours[0]))], thing[i].name);
		before = ", ";
	}
	fputs("\nunset multiplot\n", script);
}

/* Runs gnuplot; 0 or a complaint. */
static int run_gnuplot(const char *argument, int input, int output)
{
	int status = 0;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return complain("fork: %s", strerror(errno));
	if (pid == 0) {
		dup2(input, STDIN_FILENO);
		dup2(output, STDOUT_FILENO);
		execlp("gnuplot", "gnuplot", argument, (char *)NULL);
		_exit(GNUPLOT_ABSENT);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == GNUPLOT_ABSENT)
		return complain("--plot needs gnuplot, which is not installed "
				"(Debian: gnuplot-nox)");
	return status ? complain("gnuplot has failed") : 0;
}

int plot_prepare(const char *path, FILE **ret_file)
{
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	int r = nothing < 0 ? complain("/dev/null: %s", strerror(errno)) :
		run_gnuplot("--version", nothing, nothing);

	if (nothing >= 0)
		close(nothing);
	if (r < 0)
		return r;
	*ret_file = fopen(path, "ae");	/* what is there stays until there is something new */
	return *ret_file ? 0 : complain("cannot write %s: %s", path, strerror(errno));
}

int plot_draw(struct report *report, FILE *file)
{
	FILE *script = tmpfile();
	int r;

	if (!script || ftruncate(fileno(file), 0) < 0) {
		r = complain("cannot write the plot: %s", strerror(errno));
	} else {
		write_script(report, script);
		rewind(script);
		r = run_gnuplot("-", fileno(script), fileno(file));
	}
	if (script)
		fclose(script);
	if (fclose(file) < 0 && r == 0)
		r = complain("cannot write the plot: %s", strerror(errno));
	return r;
}
