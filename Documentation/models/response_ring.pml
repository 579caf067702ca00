/* SPDX-License-Identifier: MIT */
/*
 * When a delivery, with its response ring, may serve another request.
 *
 * A client makes one request after another, one at a time, and gives each one a
 * delivery that is free.  It reads the responses until the end of the stream, or
 * loses interest at any moment and makes the next request.  The server takes one
 * request at a time, sends a response or none, closes the stream and returns the
 * request.  It may mark the response as the last, and does not close the stream then.  The request ring and the response rings have room for one; the rings
 * themselves are in ring.pml and one step each here.
 *
 *	free		the client may bind it to a request
 *	out		in the request ring, or with the server
 *	home		returned by the server; free when no pending response reads
 *			it any more and the client has drained its ring
 *
 * Checked: a response finds room in its ring; the client gets all responses of a
 * request before it sees the end, and none of another; and a delivery is free
 * whenever the client needs one, with D of them.  Each of these must fail:
 *
 *	EARLY		a delivery is free when the client has lost interest
 *	UNDRAINED	a delivery is free when the server has returned it
 *	RETURN_FIRST	the server returns, then sends the response and closes
 *	CLOSE_FIRST	the server closes, then sends the response
 *	NO_LAST_LOOK	the client believes the end without reading once more
 *	AFTER_LAST	the server sends another response after the last
 *	D=2		as many deliveries as requests in the ring and at the server
 */
#define REQUESTS	4

#ifndef D
#define D 3
#endif

#define FREE	0
#define OUT	1
#define HOME	2
#define NONE	255

/* Beside the number of the request, in a response. */
#define LAST	16

/* Shared: numbers of requests, 0 for nothing there. */
byte waiting, waiting_at;	/* in the request ring, and its delivery */
byte response[D];
byte closed[D];
bool returned[D];

/* The book: responses sent for each request. */
byte sent[REQUESTS + 1];

proctype client()
{
	byte state[D], request, at, got, i, seen;
	bool over;

	do
	:: request == REQUESTS -> break
	:: request < REQUESTS ->
		/* What has come home, and which of that is free now. */
		i = 0;
		do
		:: i == D -> break
		:: i < D ->
			if
			:: returned[i] ->
				returned[i] = false;
				if
				:: state[i] == OUT -> state[i] = HOME
				:: else -> skip
				fi
			:: else -> skip
			fi;
			if
			:: state[i] == HOME ->
#ifndef UNDRAINED
				response[i] = 0;
#endif
				state[i] = FREE
			:: else -> skip
			fi;
			i++
		od;
		at = NONE;
		d_step {
			i = 0;
			do
			:: i == D -> break
			:: i < D ->
				if
				:: at == NONE && state[i] == FREE -> at = i
				:: else -> skip
				fi;
				i++
			od;
			i = 0
		}
		assert(at != NONE);

		request++;
		state[at] = OUT;
		atomic {
			if
			:: waiting -> state[waiting_at] = FREE	/* taken back */
			:: else -> skip
			fi;
			waiting = request;
			waiting_at = at
		}

		got = 0;
		over = false;
		do
		:: atomic { response[at] -> seen = response[at]; response[at] = 0 };
			assert(seen == request || seen == request + LAST);
			got++;
			if
			:: seen > LAST -> assert(got == sent[request]); break
			:: else -> skip
			fi
		:: over -> assert(got == sent[request]); break
		:: !over && !response[at] ->
			/* The ring was empty; is this the end? */
			if
#ifdef NO_LAST_LOOK
			:: closed[at] == request -> assert(got == sent[request]); break
#else
			:: closed[at] == request ->
				over = true;
				if
				:: atomic { response[at] ->
					seen = response[at]; response[at] = 0 };
					assert(seen == request);
					got++
				:: !response[at] -> skip
				fi
#endif
			:: closed[at] != request -> skip
			fi
		:: true ->
			/* It loses interest. */
#ifdef EARLY
			state[at] = FREE;
#endif
			break
		od;
		seen = 0
	od
}

inline respond()
{
	if
	:: true ->
		assert(!response[at]);
		atomic { sent[request]++; response[at] = request }
	:: true ->
		assert(!response[at]);
		atomic { sent[request]++; response[at] = request + LAST };
		told = true
	:: true -> skip
	fi
}

proctype server()
{
	byte request, at;
	bool told;

end:
	do
	:: atomic { waiting -> request = waiting; at = waiting_at; waiting = 0 };
#ifdef RETURN_FIRST
		returned[at] = true;
#endif
#ifdef CLOSE_FIRST
		closed[at] = request;
#endif
		respond();
		if
		:: !told -> closed[at] = request
		:: told ->
#ifdef AFTER_LAST
			if
			:: atomic { !response[at] -> sent[request]++; response[at] = request }
			:: true -> skip
			fi
#else
			skip
#endif
		fi;
		told = false;
#ifndef RETURN_FIRST
		returned[at] = true;
#endif
		request = 0;
		at = 0
	od
}

init {
	atomic {
		run client();
		run server()
	}
}
