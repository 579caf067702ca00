// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of frames, tools/trace/symbols.c: what a frame is called, and how a name that cannot
 * be found, or printed, or held is shown.  symbols_file_test has the files that names come from.
 */
#include "symbols_frames.h"

#include <setjmp.h>

static jmp_buf back;
static uintptr_t return_address;

static __attribute__((__noinline__, __noreturn__)) void never_returns(void)
{
	return_address = (uintptr_t)__builtin_return_address(0);
	longjmp(back, 1);
}

/* The call is the last instruction, and its return address behind the function. */
static __attribute__((__noinline__)) void ends_with_a_call(void)
{
	__asm__ volatile("");
	never_returns();
}

TEST_F(symbols, a_function_and_its_line)
{
	struct bpf_stack_build_id frame = marked_frame(&self->self);
	char text[TEXT];

	symbols_learn_file(self->symbols, self->self.path);
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	EXPECT_TRUE(is_marked(text))
		TH_LOG("instead: %s", text);
	/* The second time it is remembered. */
	memset(text, 0, sizeof(text));
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	EXPECT_TRUE(is_marked(text));
	/* Learning it once more changes nothing. */
	symbols_learn_file(self->symbols, self->self.path);
	symbols_learn_process(self->symbols, getpid());
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	EXPECT_TRUE(is_marked(text));
}

TEST_F(symbols, what_a_process_has_mapped)
{
	struct bpf_stack_build_id frame = marked_frame(&self->self);
	char text[TEXT];
	int i;

	for (i = 0; i < 3; i++)
		symbols_learn_process(self->symbols, getpid());
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	EXPECT_TRUE(is_marked(text))
		TH_LOG("instead: %s", text);
}

TEST_F(symbols, a_return_address_belongs_to_its_call)
{
	struct bpf_stack_build_id frame;
	char text[TEXT];

	symbols_learn_file(self->symbols, self->self.path);
	if (!setjmp(back))
		ends_with_a_call();
	frame = frame_of(&self->self, return_address);
	symbols_name(self->symbols, &frame, 1, text, sizeof(text));
	EXPECT_TRUE(begins(text, "ends_with_a_call ("))
		TH_LOG("instead: %s", text);
	/* The same place is another function's, or nobody's, if it is where the stack began. */
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	EXPECT_FALSE(begins(text, "ends_with_a_call"))
		TH_LOG("%s", text);
}

TEST_F(symbols, an_unknown_build_id)
{
	struct bpf_stack_build_id frame = marked_frame(&self->self);
	char text[TEXT], wanted[TEXT];

	sprintf(wanted, "[0x%llx]", (unsigned long long)frame.offset);
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	EXPECT_STREQ(wanted, text);
	symbols_learn_process(self->symbols, getpid());
	frame.build_id[BPF_BUILD_ID_SIZE - 1] ^= 1;
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	EXPECT_STREQ(wanted, text);
}

TEST_F(symbols, frames_without_a_build_id)
{
	struct bpf_stack_build_id frame = marked_frame(&self->self);
	char text[TEXT];

	symbols_learn_file(self->symbols, self->self.path);
	frame.status = BPF_STACK_BUILD_ID_IP;
	frame.ip = 0x7f0123456789;
	symbols_name(self->symbols, &frame, 3, text, sizeof(text));
	EXPECT_STREQ("[0x7f0123456789]", text);
	memset(&frame, 0, sizeof(frame));
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	EXPECT_STREQ("[0x0]", text);
}

TEST_F(symbols, an_offset_that_holds_no_function)
{
	static const uint64_t offsets[] = { 0, 1, UINT64_MAX, 1ull << 63, 1ull << 40 };
	struct bpf_stack_build_id frame = marked_frame(&self->self);
	char text[TEXT], wanted[TEXT];
	size_t i;

	symbols_learn_file(self->symbols, self->self.path);
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		frame.offset = offsets[i];
		sprintf(wanted, "symbols_name_test+0x%llx", (unsigned long long)offsets[i]);
		symbols_name(self->symbols, &frame, i % 2, text, sizeof(text));
		EXPECT_TRUE(ends(text, strchr(wanted, '+')) && text[0] != '[')
			TH_LOG("%s instead of %s", text, wanted);
		symbols_name(self->symbols, &frame, !(i % 2), text, sizeof(text));
		EXPECT_TRUE(ends(text, strchr(wanted, '+')));
	}
}

TEST_F(symbols, text_is_cut_and_terminated)
{
	struct bpf_stack_build_id frame = marked_frame(&self->self);
	char text[TEXT], all[TEXT];
	size_t size;
	int round;

	for (round = 0; round < 3; round++) {
		/* First an offset alone, then the function, then the file and an offset. */
		if (round == 1)
			symbols_learn_file(self->symbols, self->self.path);
		if (round == 2)
			frame.offset = 0;
		symbols_name(self->symbols, &frame, 0, all, sizeof(all));
		for (size = 0; size < strlen(all) + 2; size++) {
			memset(text, '#', sizeof(text));
			symbols_name(self->symbols, &frame, 0, text, size);
			ASSERT_EQ('#', text[size]);
			if (!size)
				continue;
			ASSERT_GT(size, strlen(text));
			ASSERT_EQ(0, strncmp(text, all, size - 1));
		}
	}
}

/* All around the function, so that they take the places of one another. */
TEST_F(symbols, more_frames_than_are_remembered)
{
	struct bpf_stack_build_id frame = marked_frame(&self->self);
	uint64_t middle = frame.offset;
	char text[TEXT];
	int i;

	symbols_learn_file(self->symbols, self->self.path);
	for (i = -12288; i < 12288; i += 3) {
		frame.offset = middle + (uint64_t)(int64_t)i;
		symbols_name(self->symbols, &frame, 0, text, sizeof(text));
		ASSERT_LT(0, strlen(text));
		ASSERT_TRUE(i || is_marked(text));
	}
	frame.offset = middle;
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	EXPECT_TRUE(is_marked(text));
}

TEST_F(symbols, names_are_printable)
{
	struct bpf_stack_build_id frame;
	char path[PATH_MAX], text[TEXT];
	struct self copy;

	copy_program(_metadata, self, "a\033[2J\n\377z", path, &copy);
	frame = frame_of(&copy, 0);
	frame.offset = 0x10;
	symbols_learn_file(self->symbols, path);
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	EXPECT_STREQ("a?[2J??z+0x10", text);
	ASSERT_EQ(0, unlink(path));
}

TEST_F(symbols, nothing_to_destroy)
{
	symbols_destroy(NULL);
}

TEST_HARNESS_MAIN
