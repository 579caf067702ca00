// SPDX-License-Identifier: MIT
/*
 * iceoryx 1: a client and a server in its shared memory, polling or waiting with a WaitSet.
 * Its daemon iox-roudi is started for the run; only one can be on a machine.  It removes its
 * shared memory in the end only if client and server have told it that they leave, which they
 * do in exit(3).
 */
#include "peer.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "iceoryx_posh/popo/client.hpp"
#include "iceoryx_posh/popo/server.hpp"
#include "iceoryx_posh/popo/wait_set.hpp"
#include "iceoryx_posh/runtime/posh_runtime.hpp"

namespace {

struct Message {
	uint64_t words[MESSAGE_WORDS];
};

using Client = iox::popo::Client<Message, Message>;
using Server = iox::popo::Server<Message, Message>;

const iox::capro::ServiceDescription service{"bench", "peer", "call"};
bool sleeps;
volatile std::sig_atomic_t ended;
iox::popo::WaitSet<> *server_waits;
std::unique_ptr<Client> client;
std::unique_ptr<iox::popo::WaitSet<>> client_waits;

pid_t prepare()
{
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent || !freopen("/dev/null", "w", stdout))
		_exit(1);
	execlp("iox-roudi", "iox-roudi", "-m", "off", "-l", "off", nullptr);
	peer_complain("iceoryx: cannot run iox-roudi");
	_exit(1);
}

pid_t prepare_sleeping()
{
	sleeps = true;
	return prepare();
}

void answer(Server &server, const iox::popo::Request<const Message> &request)
{
	server.loan(request)
		.and_then([&](auto &response) {
			message_write(&*response, message_read(&*request) + 1);
			response.send().or_else(
				[](auto &) { peer_complain("iceoryx: cannot send"); });
		})
		.or_else([](auto &) { peer_complain("iceoryx: cannot loan"); });
}

void end_server(int)
{
	ended = 1;
	server_waits->markForDestruction();
}

void serve_until_ended(void (*ready)(void))
{
	Server server{service};
	iox::popo::WaitSet<> waits;

	server_waits = &waits;
	std::signal(SIGTERM, end_server);
	waits.attachState(server, iox::popo::ServerState::HAS_REQUEST).or_else([](auto) {
		peer_complain("iceoryx: cannot wait");
	});
	ready();
	while (!ended) {
		bool taken = false;

		server.take().and_then([&](const auto &request) {
			answer(server, request);
			taken = true;
		});
		if (!taken && sleeps)
			waits.wait();
	}
}

void serve(void (*ready)(void))
{
	iox::runtime::PoshRuntime::initRuntime("bench-server");
	serve_until_ended(ready);
	std::exit(0);
}

int connect_client()
{
	iox::runtime::PoshRuntime::initRuntime("bench-client");
	client = std::make_unique<Client>(service);
	client_waits = std::make_unique<iox::popo::WaitSet<>>();
	while (client->getConnectionState() != iox::ConnectionState::CONNECTED)
		sched_yield();
	client_waits->attachState(*client, iox::popo::ClientState::HAS_RESPONSE)
		.or_else([](auto) { peer_complain("iceoryx: cannot wait"); });
	return 0;
}

int call(uint64_t value, uint64_t *ret_answer)
{
	bool sent = false, taken = false;

	client->loan().and_then([&](auto &request) {
		message_write(&*request, value);
		request.send().and_then([&] { sent = true; });
	});
	if (!sent)
		return peer_complain("iceoryx: cannot send");
	while (!taken) {
		client->take().and_then([&](const auto &response) {
			*ret_answer = message_read(&*response);
			taken = true;
		});
		if (!taken && sleeps)
			client_waits->wait();
	}
	return 0;
}

void leave()
{
	client_waits.reset();
	client.reset();
	std::exit(0);
}

} // namespace

const struct peer peers[] = {
	{ "iceoryx 1", "polls", prepare, serve, connect_client, call, leave },
	{ "iceoryx 1", "sleeps", prepare_sleeping, serve, connect_client, call, leave },
	{},
};
