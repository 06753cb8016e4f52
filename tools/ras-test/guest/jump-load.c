// SPDX-License-Identifier: GPL-2.0
/*
 * jump-load - have the kernel load an image of nothing, and see how long it takes
 *
 * usage: jump-load MIB [SEGMENTS]
 *
 * The image is MIB MiB large, from 1 MiB on, in SEGMENTS segments (default: 1).  It is for a jump
 * and has no content, so nobody must jump there.  kexec(8) also reads files and computes a digest
 * of the whole image; this program only calls kexec_load().  It prints the microseconds of CPU
 * time that the kernel took, and has it forget the image.
 *
 * Exit status: 0 if the image was loaded, 1 if not; then it prints the error instead.
 */
#include <errno.h>
#include <linux/kexec.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MIB		(1UL << 20)
#define PAGE		4096UL
#define MAX_SEGMENTS	32

static long microseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static long load(unsigned long n, struct kexec_segment *segments)
{
	return syscall(SYS_kexec_load, MIB, n, segments,
		       KEXEC_ARCH_DEFAULT | KEXEC_PRESERVE_CONTEXT);
}

int main(int argc, char **argv)
{
	unsigned long size = argc > 1 ? strtoul(argv[1], NULL, 0) * MIB : 0;
	unsigned long n = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
	struct kexec_segment segments[MAX_SEGMENTS];
	unsigned long each;
	long start;

	if (!size || !n || n > MAX_SEGMENTS) {
		fprintf(stderr, "usage: jump-load MIB [SEGMENTS]\n");
		return 1;
	}
	each = size / n / PAGE * PAGE;
	for (unsigned long i = 0; i < n; i++)
		segments[i] = (struct kexec_segment){
			.mem = (void *)(MIB + i * each), .memsz = each,
		};
	start = microseconds();
	if (load(n, segments)) {
		printf("%s\n", strerror(errno));
		return 1;
	}
	printf("%ld\n", microseconds() - start);
	load(0, NULL);
	return 0;
}
