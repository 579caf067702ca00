// SPDX-License-Identifier: MIT
/* Replaces tools/payload/ if that could not be built: no message has known fields. */
#include <errno.h>
#include <stdio.h>

#include "tools/payload/describe.h"
#include "tools/payload/program_contract.h"
#include "tools/payload/service_shapes.h"

static const char missing[] =
	"this command was built without what reads debug information, which needs libdw and jansson";

bool service_shapes_is_bytes(const struct sluice_type *type)
{
	return type->kind == SLUICE_KIND_SLICE && type->size == 1;
}

int service_shapes_find(struct service_shapes *shapes, const struct sluice_contract *contract,
			const struct snapshot_service *service, const char *program)
{
	(void)service;
	(void)program;
	*shapes = (struct service_shapes){ 0 };
	if (service_shapes_is_bytes(&contract->request) &&
	    service_shapes_is_bytes(&contract->response) && !contract->request_header.size &&
	    !contract->response_header.size)
		return 0;
	snprintf(shapes->why, sizeof(shapes->why), "%s", missing);
	return -1;
}

void service_shapes_free(struct service_shapes *shapes)
{
	(void)shapes;
}

int service_shapes_print(struct bytes *out, const struct shape *shape,
			 const struct sluice_type *type, const void *data, size_t size)
{
	(void)out;
	(void)shape;
	(void)type;
	(void)data;
	(void)size;
	return -ENOSYS;
}

int service_shapes_read(struct bytes *out, const struct shape *shape,
			const struct sluice_type *type, const char *text, size_t length,
			char *ret_why)
{
	(void)out;
	(void)shape;
	(void)type;
	(void)text;
	(void)length;
	snprintf(ret_why, SERVICE_SHAPES_WHY, "fields are not known here");
	return -ENOSYS;
}

int program_contract_read(struct program_contract *contract, const char *program,
			  const char *service, char ret_why[PROGRAM_CONTRACT_WHY])
{
	(void)contract;
	(void)program;
	(void)service;
	snprintf(ret_why, PROGRAM_CONTRACT_WHY, "%s", missing);
	return -EINVAL;
}

void program_contract_free(struct program_contract *contract)
{
	(void)contract;
}

json_t *payload_describe(const struct shape *shape)
{
	(void)shape;
	return NULL;
}
