// SPDX-License-Identifier: GPL-2.0
/*
 * load - keep a machine busy, and notice whatever a stop may have lost
 *
 *   load [-d FILE] [-n ADDRESS] [-h]
 *
 * Runs until SIGTERM, then prints what it found and exits with 0 if all is well,
 * else with 1.
 *
 *   -d FILE	write and read back FILE or block device, from 16 MiB on
 *   -n ADDRESS	exchange UDP packets over ADDRESS, one of this machine's own
 *
 * One thread a job.  Compute: a checksum over a buffer always comes out the
 * same.  Clock, one thread a CPU: CLOCK_MONOTONIC never goes back, also from one
 * CPU to the next.  Timer: the expirations of a periodic timer are as many as the
 * clock says.  Sleep: nanosleep() sleeps no shorter than asked.  Disk, network:
 * what comes back is what was sent.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NS		1000000000LL
#define TIMER_NS	(10 * 1000 * 1000LL)
#define BUFFER		(64 * 1024)
#define DISK_OFFSET	(16 * 1024 * 1024LL)
#define MAX_JOBS	128

static atomic_bool stop;
static _Atomic int64_t last_seen;

struct job {
	const char	*name;
	void		(*run)(struct job *job);
	const char	*arg;
	int		cpu;
	unsigned long	rounds;
	unsigned long	faults;
	pthread_t	thread;
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS + t.tv_nsec;
}

static void fault(struct job *job, const char *what, long long expected, long long got)
{
	if (!job->faults++)
		printf("load: %s: %s: expected %lld, got %lld\n", job->name, what,
		       expected, got);
}

static void fill(unsigned char *buf, size_t len, unsigned int seed)
{
	for (size_t i = 0; i < len; i++) {
		seed = seed * 1103515245 + 12345;
		buf[i] = seed >> 16;
	}
}

static uint32_t checksum(const unsigned char *buf, size_t len)
{
	uint32_t sum = 2166136261u;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ buf[i]) * 16777619u;
	return sum;
}

static void run_compute(struct job *job)
{
	static unsigned char buf[BUFFER];
	uint32_t first;

	fill(buf, sizeof(buf), 1);
	first = checksum(buf, sizeof(buf));
	for (; !stop; job->rounds++) {
		uint32_t sum = checksum(buf, sizeof(buf));

		if (sum != first)
			fault(job, "checksum", first, sum);
	}
}

/* All of these threads share last_seen: whoever reads the clock later sees more. */
static void run_clock(struct job *job)
{
	for (; !stop; job->rounds++) {
		int64_t before = last_seen, now = now_ns();

		if (now < before)
			fault(job, "the clock went back", before, now);
		while (before < now &&
		       !atomic_compare_exchange_weak(&last_seen, &before, now))
			;
		if (!(job->rounds % 64))
			usleep(1000);
	}
}

static void run_timer(struct job *job)
{
	struct itimerspec period = {
		.it_interval.tv_nsec = TIMER_NS, .it_value.tv_nsec = TIMER_NS,
	};
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	int64_t start = now_ns(), armed, end, due;
	uint64_t count, total = 0;

	timerfd_settime(fd, 0, &period, NULL);
	/* This thread may lose the CPU anywhere: two clocks, one on either side. */
	armed = now_ns();
	for (; !stop; job->rounds++) {
		if (read(fd, &count, sizeof(count)) != sizeof(count))
			continue;
		total += count;
		due = (now_ns() - start) / TIMER_NS;
		/* One may fall between reading the timer and the clock. */
		if (total > (uint64_t)due)
			fault(job, "expirations too many", due, total);
	}
	end = now_ns();
	if (read(fd, &count, sizeof(count)) == sizeof(count))
		total += count;
	due = (end - armed) / TIMER_NS;
	if (total + 2 < (uint64_t)due)
		fault(job, "expirations lost", due, total);
	close(fd);
}

static void run_sleep(struct job *job)
{
	struct timespec t = { .tv_nsec = 3 * 1000 * 1000 };

	for (; !stop; job->rounds++) {
		int64_t start = now_ns(), slept;

		nanosleep(&t, NULL);
		slept = now_ns() - start;
		if (slept < t.tv_nsec)
			fault(job, "slept too short", t.tv_nsec, slept);
	}
}

static void run_disk(struct job *job)
{
	static unsigned char out[BUFFER] __attribute__((aligned(4096)));
	static unsigned char in[BUFFER] __attribute__((aligned(4096)));
	/* Past the page cache, or nothing would be read back. */
	int fd = open(job->arg, O_RDWR | O_CREAT | O_DIRECT, 0600);

	if (fd < 0) {
		fault(job, "open failed", 0, errno);
		return;
	}
	for (; !stop; job->rounds++) {
		off_t at = DISK_OFFSET + (job->rounds % 64) * BUFFER;

		fill(out, sizeof(out), job->rounds);
		if (pwrite(fd, out, sizeof(out), at) != sizeof(out))
			fault(job, "write failed", sizeof(out), errno);
		if (pread(fd, in, sizeof(in), at) != sizeof(in))
			fault(job, "read failed", sizeof(in), errno);
		if (memcmp(in, out, sizeof(in)))
			fault(job, "read back", checksum(out, sizeof(out)),
			      checksum(in, sizeof(in)));
	}
	close(fd);
}

static void run_network(struct job *job)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct timeval patience = { .tv_sec = 60 };
	unsigned char out[1024], in[1024];
	int rx = socket(AF_INET, SOCK_DGRAM, 0), tx = socket(AF_INET, SOCK_DGRAM, 0);

	inet_pton(AF_INET, job->arg, &to.sin_addr);
	setsockopt(rx, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (bind(rx, (struct sockaddr *)&to, sizeof(to))) {
		fault(job, "bind failed", 0, errno);
		return;
	}
	for (; !stop; job->rounds++) {
		fill(out, sizeof(out), job->rounds);
		if (sendto(tx, out, sizeof(out), 0, (struct sockaddr *)&to,
			   sizeof(to)) != sizeof(out))
			fault(job, "send failed", sizeof(out), errno);
		if (recv(rx, in, sizeof(in), 0) != sizeof(in))
			fault(job, "receive failed", sizeof(in), errno);
		else if (memcmp(in, out, sizeof(in)))
			fault(job, "received", checksum(out, sizeof(out)),
			      checksum(in, sizeof(in)));
		if (!(job->rounds % 16))
			usleep(1000);
	}
	close(rx);
	close(tx);
}

static void *start(void *arg)
{
	struct job *job = arg;
	cpu_set_t set;

	if (job->cpu >= 0) {
		CPU_ZERO(&set);
		CPU_SET(job->cpu, &set);
		sched_setaffinity(0, sizeof(set), &set);
	}
	job->run(job);
	return NULL;
}

static void end(int sig)
{
	(void)sig;
	stop = true;
}

static void usage(FILE *out)
{
	fprintf(out, "usage: load [-d FILE] [-n ADDRESS] [-h]\n"
		"Keep the machine busy until SIGTERM; exit with 1 if anything was lost.\n");
}

int main(int argc, char **argv)
{
	static struct job jobs[MAX_JOBS];
	const char *disk = NULL, *address = NULL;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int opt, n = 0, bad = 0;

	while ((opt = getopt(argc, argv, "d:n:h")) != -1) {
		switch (opt) {
		case 'd': disk = optarg; break;
		case 'n': address = optarg; break;
		case 'h': usage(stdout); return 0;
		default: usage(stderr); return 2;
		}
	}
	signal(SIGTERM, end);
	setvbuf(stdout, NULL, _IOLBF, 0);

	jobs[n++] = (struct job){ .name = "compute", .run = run_compute, .cpu = -1 };
	jobs[n++] = (struct job){ .name = "timer", .run = run_timer, .cpu = -1 };
	jobs[n++] = (struct job){ .name = "sleep", .run = run_sleep, .cpu = -1 };
	if (disk)
		jobs[n++] = (struct job){ .name = "disk", .run = run_disk, .arg = disk, .cpu = -1 };
	if (address)
		jobs[n++] = (struct job){ .name = "network", .run = run_network, .arg = address, .cpu = -1 };
	for (long cpu = 0; cpu < cpus && n < MAX_JOBS; cpu++)
		jobs[n++] = (struct job){ .name = "clock", .run = run_clock, .cpu = cpu };

	for (int i = 0; i < n; i++)
		if (pthread_create(&jobs[i].thread, NULL, start, &jobs[i])) {
			fprintf(stderr, "load: no thread for %s\n", jobs[i].name);
			return 2;
		}
	for (int i = 0; i < n; i++) {
		pthread_join(jobs[i].thread, NULL);
		printf("load: %-8s %8lu rounds %lu faults\n", jobs[i].name,
		       jobs[i].rounds, jobs[i].faults);
		bad |= jobs[i].faults || !jobs[i].rounds;
	}
	return bad;
}
