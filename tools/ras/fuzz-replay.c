// SPDX-License-Identifier: GPL-2.0
/*
 * tools/ras: gives files to the fuzzer's entry, for compilers that have no fuzzer.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* More than a fuzzer makes. */
#define REPLAY_MAX	(16 * 1024 * 1024)

static int replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(REPLAY_MAX), *exact = NULL;
	size_t size;
	int result = 1;

	if (file && data) {
		size = fread(data, 1, REPLAY_MAX, file);
		/* So that the sanitizer sees a read behind its end. */
		exact = malloc(size ? size : 1);
		if (exact && !ferror(file)) {
			memcpy(exact, data, size);
			result = LLVMFuzzerTestOneInput(exact, size);
		}
	}
	if (result)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	if (file)
		fclose(file);
	free(data);
	free(exact);
	return result;
}

int main(int argc, char **argv)
{
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= replay(argv[i]);
	printf("%d files\n", argc - 1);
	return failed;
}
