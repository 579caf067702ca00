/* SPDX-License-Identifier: MIT */
/* Two processes, connected: what both ends of a channel have in common. */
#ifndef SLUICE_CHANNEL_CHANNEL_H
#define SLUICE_CHANNEL_CHANNEL_H

#include <stdbool.h>

#include <sluice/wire.h>

#include "channel/attachment.h"
#include "wait/wait.h"
#include "shm/doorbell.h"
#include "os/mapping.h"
#include "os/residence.h"

struct channel;
struct inlet;

/* The reactions of an end of a channel to what the common part notices. */
struct channel_events {
	/*
	 * A packet of the handshake, or that only one of the ends sends; passed is
	 * borrowed.  0 or -errno, which closes the channel for that reason.
	 */
	int (*packet)(struct channel *channel, const void *packet, size_t size, int passed);
	/* The channel cannot go on, since something is lacking here: tells the peer. */
	void (*give_up)(struct channel *channel, int error);
	/* The peer has said that it takes, or sends, nothing more. */
	void (*leaving)(struct channel *channel);
	/* The channel is closed: what was sent can still be received. */
	void (*gone)(struct channel *channel);
	/* It was armed, and is not any more: there may be something in the rings. */
	void (*woken)(struct channel *channel);
	/* Nobody refers to the channel any more. */
	void (*destroy)(struct channel *channel);
};

/*
 * The plan of a channel, made by the pattern that uses it.  The channel itself knows neither
 * how many rings there are nor what the messages in them mean.
 */
struct channel_plan {
	uint64_t size;			/* of the shared memory, in bytes */
	uint64_t head;			/* so much of it has memory from the start: whole pages */
	uint64_t own_bell, peer_bell;	/* offsets of the doorbells: ours, and the peer's */
	uint32_t keys;			/* of attachments: each is below this number */
	uint32_t attachments_each;	/* kept for a key, at most */
	uint32_t max_fds;		/* of a message */
	enum residence residence;	/* of the memory of both ends, as it is mapped here */
	/* Writes what the head begins with; all of it is 0 before. */
	void (*format)(unsigned char *memory, const void *context);
	const void *context;
};

struct channel {
	struct wait_source source;
	struct wait_source life;	/* of the peer's process; fd -1: not known */
	struct wait *wait;
	const struct channel_events *events;
	struct channel_plan plan;
	uint64_t port, peer;	/* ids of the ports at our end and at the other */
	uint64_t peer_node;	/* id of its node; 0: not yet known */
	struct ucred user;	/* the process at the other end */
	struct sluice_registry_counters *counters;	/* of the port at our end */
	struct mapping memory;
	uint64_t populated;	/* so much of it is, from its beginning */
	struct sluice_doorbell *own_bell;
	struct sluice_doorbell *peer_bell;
	struct flight flight;	/* descriptors that it may not have received */
	struct inlet *inlet;	/* for segments and attachments; NULL: the peer sends none */
	uint32_t armed;		/* what our doorbell says that we sleep for; 0: it does not */
	uint32_t vain;		/* rings since the peer was last seen to do something */
	bool full;		/* the peer had no room, and nothing was put there since */
	uint32_t bytes_due;	/* rings by the socket that may still come */
	struct turn turn;	/* for what it has sent, and for populating its segments */
	bool spent;		/* that turn is over */
	bool muted;		/* the socket ends no sleep while the rest waits for its turn */
	bool starved;		/* a message waits for what is still in the socket */
	bool ended;		/* the peer can send nothing more; the rest is read */
	uint32_t last;		/* packets read since */
	bool over;		/* it is leaving, or gone: one test for who sends and receives */
	bool leaving;		/* the peer has said goodbye */
	int gone;		/* 0, or why there is no channel any more: an errno */
	uint32_t references;
};

/* The channel takes over the socket.  One reference is the caller's. */
int channel_init(struct channel *channel, struct wait *wait, int fd,
		 const struct channel_plan *plan, const struct channel_events *events) MUST_CHECK;

/* Takes notice if the peer's process ended before it was watched. */
void channel_notice_end(struct channel *channel);

/* The memory is there, and the peer may be rung from here on. */
void channel_set_bells(struct channel *channel);

/*
 * Has the memory up to this offset populated, in whole pages: by the client, before it is used,
 * and by the server too.  0 or -errno.
 */
int channel_populate(struct channel *channel, uint64_t end) MUST_CHECK;

/* A part of the channel's memory. */
void *channel_part(const struct channel *channel, uint64_t offset);

/* Nobody refers to it any more. */
void channel_destroy(struct channel *channel) COLD;

static inline struct channel *channel_get(struct channel *channel)
{
	channel->references++;
	return channel;
}

static inline void channel_put(struct channel *channel)
{
	if (unlikely(!--channel->references))
		channel_destroy(channel);
}

/* The peer is not there any more: what it has sent is read, and the channel closed. */
void channel_end(struct channel *channel);

/*
 * The same where the peer has left in good order, and it is this end that hangs up: the peer
 * may not have come to read yet, and is not blamed for it.
 */
void channel_end_in_order(struct channel *channel);

/* Hangs up for a reason, an errno.  Harmless if it is closed already. */
void channel_close(struct channel *channel, int reason);

/*
 * The same, since something is lacking here, or the other end cannot be talked to: the
 * peer is told before, so that it does not take us for dead.
 */
void channel_give_up(struct channel *channel, int error);

/* The same, since the peer has broken the protocol, and in what. */
void channel_breach(struct channel *channel, const char *how) COLD;

/* Says goodbye: this end takes and sends nothing more.  Hanging up comes later. */
void channel_say_goodbye(struct channel *channel);

/*
 * Reads what the peer has sent, as far as its budget goes.  Is all of it read, and done?
 * If not, the rest waits for its turn.
 */
bool channel_drain(struct channel *channel) COLD;

/* Nothing of it is read before that time: until then it waits for its turn. */
void channel_pause(struct channel *channel, int64_t until);

/* The peer has ended: what it has sent is read, and then the channel is closed. */
void channel_drain_last(struct channel *channel);

/*
 * Sends a packet.  0, -EAGAIN (the peer is too far behind), or -errno, and then the
 * channel is closed.
 */
int channel_send(struct channel *channel, const void *packet, size_t size, int passed) MUST_CHECK;

/* Sends the descriptors of a message, before it.  As channel_send(). */
int channel_send_attachment(struct channel *channel,
			    const struct attachment *attachment) MUST_CHECK;

/* The process whose life is watched is not the peer: its socket alone says how long it lives. */
void channel_forget_life(struct channel *channel);

/* A pidfd of the peer, for whoever asks.  -ENOSYS, -ESRCH or another -errno. */
int channel_pidfd(const struct channel *channel) MUST_CHECK;

/* It sleeps for what was published, as doorbell_ring() says. */
void channel_wake_peer(struct channel *channel, enum doorbell_wake wake) COLD;

/* Something was published for the peer: wake it if it sleeps. */
INLINE void channel_ring(struct channel *channel, uint32_t event)
{
	enum doorbell_wake wake = doorbell_ring(channel->peer_bell, event);

	if (unlikely(wake != DOORBELL_SILENT))
		channel_wake_peer(channel, wake);
}

/* Is channel_ring() needed for what was just published? */
INLINE bool channel_sleeps(const struct channel *channel, uint32_t event)
{
	return unlikely(doorbell_sleeps(channel->peer_bell, event));
}

/*
 * Says that we are about to sleep for these events; look at the rings again
 * afterwards.  0 or -errno.  A peer that has rung in vain too often is not armed for,
 * and the sleep will be short.
 */
int channel_arm(struct channel *channel, uint32_t events) MUST_CHECK;

/* Has it rung so often for nothing that its rings are not heeded? */
static inline bool channel_rings_in_vain(const struct channel *channel)
{
	return channel->vain > VAIN_RINGS_MAX;
}

/*
 * The peer has done something that it may have rung for: it has sent a message, given one
 * back, or made room.
 */
static inline void channel_heard(struct channel *channel)
{
	channel->vain = 0;
}

/* The peer has no room for a message. */
static inline void channel_found_full(struct channel *channel)
{
	channel->full = true;
}

/* It had none, and has some now. */
static inline void channel_found_room(struct channel *channel)
{
	channel->full = false;
	channel_heard(channel);
}

/* We are awake, and poll. */
void channel_disarm(struct channel *channel);

/* The same, if we were armed, since we were rung. */
void channel_wake(struct channel *channel);
void channel_woken(struct wait_source *source);

#endif /* SLUICE_CHANNEL_CHANNEL_H */
