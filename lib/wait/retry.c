// SPDX-License-Identifier: MIT
/*
 * Trying again later, after pauses that grow.
 *
 * A call that fails for lack of descriptors or memory, here or at a peer, is tried again: a
 * client looks for servers and connects, a server accepts clients and announces itself.
 * Each embeds a struct retry, and its node wakes when that is due (the alarm of a wait).
 *
 *	idle	retry_later()				-> wanted, after a pause
 *		retry_now()				-> wanted, at once
 *	wanted	it is due; retry_stop(), and a try	-> idle
 *
 * The first pause is RETRY_FIRST_NS.  Each failure that follows a try doubles it, up to
 * RETRY_LONGEST_NS.  So a lasting shortage costs one wake a second, and the end of a
 * shortage is noticed within a second.  A failure long after the last try is the first one
 * of another shortage.
 *
 * Several failures of one try count once, for example of a client that lacks a descriptor
 * for each of many servers.  A peer that makes us try again and again gets one try a
 * second, as every peer does.  It may also send us the reasons for which pauses begin anew
 * (retry_afresh()).  So the pauses after a breach are firm: they begin anew only when the
 * last try was long ago.
 */
#include "wait/retry.h"

#include "base/limits.h"

void retry_later(struct retry *retry)
{
	int64_t now = clock_now();

	if (retry->wanted)
		return;
	if (!retry->pause || now - retry->at > RETRY_LONGEST_NS)
		*retry = (struct retry){ .pause = RETRY_FIRST_NS };
	else
		retry->pause = min_i64(2 * retry->pause, RETRY_LONGEST_NS);
	retry->at = now + retry->pause;
	retry->wanted = true;
}

void retry_later_firmly(struct retry *retry)
{
	retry_later(retry);
	retry->firm = true;
}

void retry_now(struct retry *retry)
{
	retry->at = clock_now();
	retry->wanted = true;
}

void retry_at(struct retry *retry, int64_t at)
{
	retry->at = at;
	retry->wanted = true;
}

void retry_afresh(struct retry *retry)
{
	if (!retry->firm)
		retry->pause = 0;
}
