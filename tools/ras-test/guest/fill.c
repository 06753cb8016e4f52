// SPDX-License-Identifier: GPL-2.0
/*
 * fill - use up memory, and see that it stays what it is
 *
 *   fill PERCENT [lock]
 *
 * Takes memory until so much of the machine's is in use, and fills it: a quarter of the pages with
 * numbers that cannot be compressed, the others with what programs have.  Compares all of it again
 * and again, and prints a line each time: "pass 2: 12345 pages, 0 wrong".
 * With "lock" nothing of it can be swapped out.
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE	4096
#define WORDS	(PAGE / sizeof(uint64_t))

/* Marsaglia, Xorshift RNGs, 2003: with these shifts all numbers but 0 come once. */
static uint64_t next(uint64_t number)
{
	number ^= number << 13;
	number ^= number >> 7;
	return number ^ number << 17;
}

/* What a page has. */
static void make(uint64_t *page, uint64_t number)
{
	uint64_t word = number + 1;

	memset(page, 0, PAGE);
	for (size_t i = 0; i < WORDS; i++) {
		word = next(word);
		if (number % 4 == 0)
			page[i] = word;
		else if (number % 4 == 1)
			page[i] = 0x20656d6f73000000 | (number + i) % 1000;
		else if (i % 4 == 0)
			page[i] = number % 4 == 2 ? word % 256 : number;
	}
}

/* A number of /proc/meminfo, in KiB. */
static uint64_t known(const char *name)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[128];
	unsigned long long value = 0;

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
			value = strtoull(line + strlen(name) + 1, NULL, 10);
	if (file)
		fclose(file);
	return value;
}

int main(int argc, char **argv)
{
	const bool lock = argc == 3 && !strcmp(argv[2], "lock");
	const uint64_t percent = argc == 2 || lock ? strtoull(argv[1], NULL, 10) : 0;
	const uint64_t total = known("MemTotal"), free = known("MemAvailable");
	const uint64_t keep = total * (100 - percent) / 100;
	static uint64_t page[WORDS];
	uint64_t *memory, pages;

	if (!percent || percent > 99 || keep >= free) {
		fprintf(stderr, "usage: fill PERCENT [lock], of which less is in use\n");
		return 2;
	}
	pages = (free - keep) / (PAGE / 1024);
	memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	if (lock && mlock(memory, pages * PAGE)) {
		perror("mlock");
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (uint64_t i = 0; i < pages; i++)
		make(memory + i * WORDS, i);
	for (unsigned int pass = 1;; pass++) {
		uint64_t wrong = 0;

		for (uint64_t i = 0; i < pages; i++) {
			make(page, i);
			wrong += !!memcmp(page, memory + i * WORDS, PAGE);
		}
		printf("pass %u: %llu pages, %llu wrong\n", pass, (unsigned long long)pages,
		       (unsigned long long)wrong);
	}
}
