/* SPDX-License-Identifier: MIT */
/*
 * Requests that two bridges carry over a network that loses packets and repeats them.
 *
 * The using bridge sends a request, and is given responses in two parts and an end, each
 * with a number.  It may give up at any time, because nothing has come for too long.  The
 * client of the first request may cancel it.  The bridge may die, and another one comes in
 * its place, which has another number and counts its requests from 1 again.  The offering
 * bridge begins requests, sends what the server answers, and gives a request up when the
 * using bridge is silent.  A connection that is lost and comes back is the same as a death
 * here, since a bridge has another number for each connection.
 *
 * Checked: a request begins once at a server; a response is given to the request that it
 * answers, and only whole; each request ends; at the end nothing is left at the offering
 * bridge.  Each of these must fail:
 *
 *	NO_NUMBERS	parts are taken as they come
 *	NO_TIMEOUT	the using bridge waits for ever
 *	NO_LEASE	the offering bridge does so
 *	SAME_ID		a bridge that comes has the number of the one before it
 *	NO_MEMORY	a request that was begun before is begun again
 */
#define PARTS		2
#define REQUESTS	2
#define IDS		3

mtype = { REQUEST, RESPONSE, END, CANCEL }

/* kind, number of the using bridge, exchange, number of the packet, the request it is of */
chan to_offer = [3] of { mtype, byte, byte, byte, byte }
chan to_use = [3] of { mtype, byte, byte, byte, byte }

byte started[REQUESTS + 1];	/* how often a server has had the request */
byte ended;			/* requests */

/* What finds no room is lost. */
inline send(channel, kind, id, exchange, number, request)
{
	if
	:: nfull(channel) -> channel!kind, id, exchange, number, request
	:: full(channel) -> skip
	fi
}

proctype use()
{
	byte id = 1, exchange, request, came, to, about, number, body;
	bool died;
	mtype kind;

	do
	:: request == REQUESTS -> break
	:: request < REQUESTS ->
		request++;
		exchange++;
		came = 0;
		send(to_offer, REQUEST, id, exchange, 0, request);
		do
		:: to_use?kind, to, about, number, body ->
			if
			:: to != id || about != exchange -> skip
#ifdef NO_NUMBERS
			:: to == id && about == exchange && kind == RESPONSE ->
				assert(body == request);
				came++
			:: to == id && about == exchange && kind == END ->
				assert(came == PARTS);
				break
#else
			:: to == id && about == exchange && number == came && kind == RESPONSE ->
				assert(body == request);
				came++
			:: to == id && about == exchange && number == came && kind == END ->
				assert(came == PARTS);
				break
			:: to == id && about == exchange && number != came ->	/* ECONNRESET */
				send(to_offer, CANCEL, id, exchange, 0, request);
				break
#endif
			fi
#ifndef NO_TIMEOUT
		:: true ->						/* ECONNRESET */
			send(to_offer, CANCEL, id, exchange, 0, request);
			break
#endif
		:: request == 1 ->				/* its client has gone */
			send(to_offer, CANCEL, id, exchange, 0, request);
			break
		:: !died ->					/* ECONNRESET, by the kernel */
			died = true;
			exchange = 0;
#ifndef SAME_ID
			id++;
#endif
			break
		od;
		ended++
	od
}

proctype offer()
{
	byte id, exchange, number, request, from, about, body;
	bool begun[IDS * IDS];

end_idle:
	do
	:: to_offer?CANCEL, _, _, _, _
	:: to_offer?REQUEST, id, exchange, _, request ->
		if
#ifndef NO_MEMORY
		:: begun[id * IDS + exchange] -> skip
		:: !begun[id * IDS + exchange] ->
#else
		:: true ->
#endif
			begun[id * IDS + exchange] = true;
			started[request]++;
			assert(started[request] == 1);
			number = 0;
			goto busy
		fi
	od;
busy:
	do
	:: number < PARTS && nfull(to_use) ->
		to_use!RESPONSE, id, exchange, number, request;
		number++
	:: number == PARTS && nfull(to_use) ->
		to_use!END, id, exchange, number, request;
		goto end_idle
	:: to_offer?CANCEL, from, about, _, _ ->
		if
		:: from == id && about == exchange -> goto end_idle
		:: else -> skip
		fi
	:: to_offer?REQUEST, from, about, _, body ->	/* too many: it is refused */
		begun[from * IDS + about] = true
#ifndef NO_LEASE
	:: true -> goto end_idle			/* the using bridge is silent */
#endif
	od
}

proctype network()
{
	byte id, exchange, request;
	bool lost, repeated;

end_calm:
	do
	:: atomic { !lost && nempty(to_use) -> lost = true; to_use?_, _, _, _, _ }
	:: atomic { !lost && nempty(to_offer) -> lost = true; to_offer?_, _, _, _, _ }
	:: atomic {
		!repeated && len(to_offer) == 1 && to_offer?[REQUEST, id, exchange, 0, request] ->
		repeated = true;
		to_offer?<REQUEST, id, exchange, 0, request>;
		to_offer!REQUEST, id, exchange, 0, request
	   }
	od
}

init {
	atomic {
		run use();
		run offer();
		run network()
	}
	ended == REQUESTS
}
