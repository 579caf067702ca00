// SPDX-License-Identifier: MIT
/* gRPC: a blocking call over a Unix socket, without encryption. */
#include "peer.h"

#include <memory>
#include <string>

#include <grpcpp/grpcpp.h>

#include "grpc.grpc.pb.h"

namespace {

class Answering final : public bench::Peer::Service {
	grpc::Status Call(grpc::ServerContext *, const bench::Payload *request,
			  bench::Payload *response) override
	{
		uint64_t message[MESSAGE_WORDS];

		if (request->words().size() != sizeof(message))
			return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "size");
		request->words().copy(reinterpret_cast<char *>(message), sizeof(message));
		message_write(message, message_read(message) + 1);
		response->set_words(message, sizeof(message));
		return grpc::Status::OK;
	}
};

std::unique_ptr<bench::Peer::Stub> client;

void serve(void (*ready)(void))
{
	Answering answering;
	grpc::ServerBuilder builder;

	builder.AddListeningPort(peer_path("unix:", "grpc"), grpc::InsecureServerCredentials());
	builder.RegisterService(&answering);
	std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
	if (!server) {
		peer_complain("grpc: cannot listen");
		return;
	}
	ready();
	server->Wait();
}

int connect_client()
{
	auto channel = grpc::CreateChannel(peer_path("unix:", "grpc"),
					   grpc::InsecureChannelCredentials());

	client = bench::Peer::NewStub(channel);
	return 0;
}

int call(uint64_t value, uint64_t *ret_answer)
{
	uint64_t message[MESSAGE_WORDS];
	bench::Payload request, response;
	grpc::ClientContext context;

	message_write(message, value);
	request.set_words(message, sizeof(message));
	grpc::Status status = client->Call(&context, request, &response);
	if (!status.ok() || response.words().size() != sizeof(message))
		return peer_complain("grpc: %s", status.error_message().c_str());
	response.words().copy(reinterpret_cast<char *>(message), sizeof(message));
	*ret_answer = message_read(message);
	return 0;
}

} // namespace

const struct peer peers[] = {
	{ "gRPC, Unix socket", "sleeps", nullptr, serve, connect_client, call, nullptr },
	{},
};
