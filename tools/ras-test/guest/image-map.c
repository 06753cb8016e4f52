// SPDX-License-Identifier: GPL-2.0
/*
 * image-map - map parts of /dev/ras_image, and see what the kernel refuses
 *
 *   image-map END
 *
 * In a kernel that restores another one's memory, END is where its own memory ends, in bytes.
 * Prints a line for each try: its name, and "good", an errno's name or what is wrong.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MIB	(UINT64_C(1024) * 1024)

/**
 * struct try - a part that is mapped
 * @name: of the try
 * @flags: of the file
 * @protection: of the memory
 * @sharing: of the memory
 * @start: of the part
 * @size: of the part
 */
struct try {
	const char	*name;
	int		flags;
	int		protection;
	int		sharing;
	uint64_t	start;
	uint64_t	size;
};

/* What one way writes, the other has to read. */
static const char *compare(int fd, const struct try *try, uint64_t *memory)
{
	static uint64_t page[512];
	const size_t last = try->size / sizeof(*memory) - 512;
	const off_t offset = (off_t)(try->start + try->size - sizeof(page));

	for (size_t i = 0; i < 512; i++)
		memory[last + i] = i ^ try->start;
	if (pread(fd, page, sizeof(page), offset) != sizeof(page))
		return "is not read";
	if (memcmp(page, memory + last, sizeof(page)))
		return "is read as something else";
	for (size_t i = 0; i < 512; i++)
		page[i] = ~page[i];
	if (pwrite(fd, page, sizeof(page), offset) != sizeof(page))
		return "is not written";
	return memcmp(page, memory + last, sizeof(page)) ? "is mapped as something else" : "good";
}

static const char *map(const struct try *try)
{
	const int fd = open("/dev/ras_image", try->flags);
	const char *what = "good";
	void *memory;

	if (fd < 0)
		return strerrorname_np(errno);
	memory = mmap(NULL, try->size, try->protection, try->sharing, fd, (off_t)try->start);
	if (memory == MAP_FAILED) {
		what = strerrorname_np(errno);
	} else {
		if (try->protection & PROT_WRITE)
			what = compare(fd, try, memory);
		munmap(memory, try->size);
	}
	close(fd);
	return what;
}

/* Where the last part of the memory ends, which the size of the file is. */
static uint64_t end_of_memory(void)
{
	const int fd = open("/dev/ras_image", O_RDONLY);
	const off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);

	close(fd);
	return end < 0 ? 0 : (uint64_t)end;
}

int main(int argc, char **argv)
{
	const uint64_t start = argc == 2 ? strtoull(argv[1], NULL, 0) : 0, end = end_of_memory();
	const int both = PROT_READ | PROT_WRITE;
	const struct try tries[] = {
		{ "first page", O_RDWR, both, MAP_SHARED, start, 4096 },
		{ "first MiB", O_RDWR, both, MAP_SHARED, start, MIB },
		{ "last MiB", O_RDWR, both, MAP_SHARED, end - MIB, MIB },
		{ "all", O_RDWR, both, MAP_SHARED, start, end - start },
		{ "to read", O_RDONLY, PROT_READ, MAP_SHARED, start, MIB },
		{ "to read only", O_RDONLY, both, MAP_SHARED, start, MIB },
		{ "private", O_RDWR, both, MAP_PRIVATE, start, MIB },
		{ "the kernel's own", O_RDWR, both, MAP_SHARED, start - MIB, MIB },
		{ "partly its own", O_RDWR, both, MAP_SHARED, start - 4096, 8192 },
		{ "beyond the end", O_RDWR, both, MAP_SHARED, end - 4096, 8192 },
		{ "behind the end", O_RDWR, both, MAP_SHARED, end, 4096 },
		{ "local APIC", O_RDWR, both, MAP_SHARED, 0xfee00000, 4096 },
		{ "far away", O_RDWR, both, MAP_SHARED, INT64_MAX & ~4095, 4096 },
	};

	if (!start || end < start + MIB) {
		fprintf(stderr, "usage: image-map END, with memory behind it\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++)
		printf("%s: %s\n", tries[i].name, map(tries + i));
	return 0;
}
