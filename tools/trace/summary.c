// SPDX-License-Identifier: MIT
/*
 * How many events were seen and lost, and what they cost.
 *
 * An event is lost at one of three places, and all are counted: the ring buffer was full,
 * so the kernel dropped it; the tracer was told to end before it came to handle it; it
 * was handled, but could not be written.
 */
#include "summary.h"

#include <string.h>

#include <jansson.h>

#include "ending.h"
#include "output.h"
#include "tracer.h"

void summary_read(struct summary *summary, const struct trace *trace)
{
	uint64_t probes = trace->options.probes ? trace->options.probes : trace->mode->probes;
	uint64_t ns, runs;
	char line[256];

	summary->counts = tracer_counts(trace->tracer, probes);
	tracer_time(trace->tracer, &ns, &runs);
	if (runs)
		summary->program = (double)ns / (double)runs;
	snprintf(line, sizeof(line),
		 "sluice trace: %llu events seen, at least %llu lost; it had to end before all was written\n",
		 (unsigned long long)summary->counts.seen,
		 (unsigned long long)(summary->counts.lost + summary->unhandled));
	ending_last_words(line);
}

/* The numbers of handled events. */
static uint64_t unwritten(const struct trace *trace)
{
	return output_lost(trace->out) + (trace->file ? output_lost(trace->file) : 0);
}

static uint64_t lost(const struct summary *summary, const struct trace *trace)
{
	return summary->counts.lost + summary->unhandled + unwritten(trace);
}

void summary_print_json(const struct summary *summary, const struct trace *trace)
{
	json_t *line = json_pack("{s:{s:I, s:I, s:f, s:f}}", "summary",
				 "seen", (json_int_t)summary->counts.seen,
				 "lost", (json_int_t)lost(summary, trace),
				 "cost_ns", summary->trap + summary->program,
				 "program_ns", summary->program);

	json_dumpf(line, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(line);
}

/* Why something was not written to an output.  -1 if that is a failure. */
static int explain(const struct output *output, const char *name)
{
	if (output_error(output))
		return trace_complain("cannot write to %s: %s", name,
				      strerror(-output_error(output)));
	if (output_is_at_limit(output))
		trace_complain("%s has the size that --max-size allows", name);
	if (!output_is_cut(output))
		return 0;
	return trace_complain("the end of %s is missing, because it could not be written in time", name);
}

int summary_print(const struct summary *summary, const struct trace *trace)
{
	const struct trace_options *options = &trace->options;
	const char *out = options->output ? options->output : "standard output";
	const char *file = options->capture ? options->capture : options->perfetto;
	uint64_t late = summary->unhandled + unwritten(trace);
	int r;

	r = explain(trace->out, out);
	if (trace->file && explain(trace->file, file) < 0)
		r = -1;
	if (trace->file)
		fprintf(stderr, "sluice trace: %llu %s written to %s\n",
			(unsigned long long)output_written(trace->file),
			options->capture ? "messages" : "events", file);
	if (ending_has_left_out())
		r = trace_complain("there was no time to print all of it");
	if (late)
		fprintf(stderr, "sluice trace: %llu events could not be written\n",
			(unsigned long long)late);
	fprintf(stderr, "sluice trace: %llu events seen, %llu lost; each cost its process about %.1f us, %.1f us of it in the program\n",
		(unsigned long long)summary->counts.seen,
		(unsigned long long)lost(summary, trace),
		(summary->trap + summary->program) / 1000, summary->program / 1000);
	return lost(summary, trace) && options->strict ? -1 : r;
}
