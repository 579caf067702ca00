#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# sluice_containers.h as C and as C++, by each compiler that is installed: it compiles
# alone and clean, the same program does the same in both, and the structs that it makes
# lie the same, which a program in one language shows of what another has written.

cd "$(dirname "$0")/../.." || exit 1
. selftests/kit/tap.sh

header=lib/include/sluice_containers.h
strict='-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
	-Wcast-qual -Wcast-align -Werror -Ilib/include'

# Valid C and C++.  `write` puts one struct on stdout, `read` compares stdin with it,
# `layout` says where everything lies.
cat >"$tmp/both.c" <<'END'
#include <sluice_containers.h>
#include <stdio.h>

struct item {
	SLUICE_STRING(20) name;
	uint32_t count;
	double price;
};

struct order {
	uint8_t first;
	SLUICE_STRING(3) odd;
	SLUICE_STRING(28) text;
	SLUICE_VECTOR(struct item, 3) items;
	SLUICE_VECTOR(uint8_t, 5) bytes;
	SLUICE_VECTOR(SLUICE_STRING(9), 2) words;
	SLUICE_OPTIONAL(uint64_t) wide;
	SLUICE_OPTIONAL(uint8_t) narrow;
	SLUICE_OPTIONAL(struct item) item;
	SLUICE_OPTIONAL(SLUICE_STRING(5)) word;
	uint8_t last;
};

#define SHOW(field) \
	printf("%s %zu %zu\n", #field, offsetof(struct order, field), \
	       sizeof(((struct order *)NULL)->field))

static int layout(void)
{
	SHOW(odd); SHOW(odd.bytes); SHOW(text); SHOW(text.bytes);
	SHOW(items); SHOW(items.items); SHOW(items.items[1]); SHOW(items.items[1].price);
	SHOW(bytes); SHOW(bytes.items); SHOW(words); SHOW(words.items[1]);
	SHOW(wide); SHOW(wide.value); SHOW(narrow); SHOW(narrow.value);
	SHOW(item); SHOW(item.value); SHOW(word); SHOW(word.value); SHOW(last);
	printf("order %zu\n", sizeof(struct order));
	return 0;
}

static void fill(struct order *order)
{
	struct item *item;

	sluice_string_set(&order->odd, "odd");
	sluice_string_set_bytes(&order->text, "a\0b", 3);
	sluice_string_append(&order->text, "-text");
	item = sluice_vector_push(&order->items);
	sluice_string_set(&item->name, "second");
	item = sluice_vector_insert(&order->items, 0);
	sluice_string_set(&item->name, "first");
	item->price = 1.5;
	sluice_vector_for_each(item, &order->items)
		item->count = 7;
	*sluice_vector_push(&order->bytes) = 1;
	*sluice_vector_push(&order->bytes) = 2;
	sluice_vector_remove(&order->bytes, 0);
	sluice_vector_push(&order->bytes);
	sluice_vector_pop(&order->bytes);
	sluice_string_set(sluice_vector_push(&order->words), "word");
	*sluice_optional_set(&order->wide) = 5;
	*sluice_optional_set(&order->narrow) = 5;
	sluice_optional_clear(&order->narrow);
	sluice_optional_set(&order->item)->count = 3;
	sluice_string_set(sluice_optional_set(&order->word), "five5");
}

static int right(const struct order *order)
{
	const struct item *item = sluice_vector_at(&order->items, 1);
	const uint64_t *wide = sluice_optional_get(&order->wide);
	size_t length;
	const char *text = sluice_string_get(&order->text, &length);

	return sluice_string_equal(&order->odd, "odd") &&
	       text && length == 8 && !memcmp(text, "a\0b-text", 8) &&
	       sluice_vector_length(&order->items) == 2 &&
	       item && item->count == 7 && sluice_string_equal(&item->name, "second") &&
	       sluice_vector_length(&order->bytes) == 1 &&
	       *sluice_vector_at(&order->bytes, 0) == 2 &&
	       sluice_string_equal(sluice_vector_at(&order->words, 0), "word") &&
	       wide && *wide == 5 && !sluice_optional_get(&order->narrow) &&
	       sluice_optional_get(&order->item)->count == 3 &&
	       sluice_string_equal(sluice_optional_get(&order->word), "five5");
}

int main(int argc, char **argv)
{
	static struct order mine, theirs;

	if (argc != 2 || !strcmp(argv[1], "layout"))
		return layout();
	fill(&mine);
	if (!strcmp(argv[1], "write"))
		return fwrite(&mine, sizeof(mine), 1, stdout) != 1;
	return fread(&theirs, sizeof(theirs), 1, stdin) != 1 ||
	       !right(&theirs) || memcmp(&mine, &theirs, sizeof(mine));
}
END

# alone_and_clean LANGUAGE=STANDARD COMPILER
alone_and_clean() {
	# shellcheck disable=SC2086 # flags, one a word
	$2 -x "${1%=*}" -std="${1#*=}" $strict -fsyntax-only $header
}

# same LANGUAGE=STANDARD COMPILER: as the C compiler's, which comes first
same() {
	# shellcheck disable=SC2086
	$2 -x "${1%=*}" -std="${1#*=}" -O2 $strict "$tmp/both.c" -o "$tmp/both" &&
		"$tmp/both" layout >"$tmp/layout" && "$tmp/both" write >"$tmp/bytes" ||
		return
	if [ ! -e "$tmp/wanted" ]; then
		cp "$tmp/both" "$tmp/reader"
		cp "$tmp/layout" "$tmp/wanted"
		cp "$tmp/bytes" "$tmp/written"
	fi
	diff -u "$tmp/wanted" "$tmp/layout" &&
		"$tmp/both" read <"$tmp/written" && "$tmp/reader" read <"$tmp/bytes"
}

# each LANGUAGE=STANDARD COMPILER...
each() {
	language=$1
	shift
	for compiler; do
		if command -v "$compiler" >/dev/null; then
			check "alone, ${language#*=}, $compiler" \
				alone_and_clean "$language" "$compiler"
			check "the same, ${language#*=}, $compiler" same "$language" "$compiler"
		else
			skip "${language#*=}, $compiler" "no $compiler"
		fi
	done
}

each c=c11 "$CC" gcc clang
each c=c17 gcc clang
for standard in c++14 c++17 c++20; do
	each c++=$standard g++ clang++
done

printf '\377' | cat - "$tmp/written" >"$tmp/wrong"
refuse "bytes that lie elsewhere are seen" sh -c "'$tmp/reader' read <'$tmp/wrong'"
sed 's/SLUICE_STRING(3) odd;/uint64_t hole; &/' "$tmp/both.c" >"$tmp/moved.c"
mv "$tmp/moved.c" "$tmp/both.c"
refuse "a layout that differs is seen" same c=c11 "$CC"

finish
