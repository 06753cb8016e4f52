// SPDX-License-Identifier: GPL-2.0
/*
 * talk - hold a conversation with a machine over its serial line
 *
 * The other end is a Unix socket, as QEMU's chardevs make one.  What is to be said and
 * heard is data: see usage(), and debuggers.conf for examples.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <regex.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* What is kept of what was heard and not yet matched. */
#define HEARD_MAX	(1024 * 1024)
/* A line of a script. */
#define LINE_LEN	1024
/* gdb kills its end of a pipe after five. */
#define RELAY_LINGER_S	2
/* Of what came instead, for the person who reads the failure. */
#define SHOWN		600
#define MAX_ANSWERS	8

enum {
	EXIT_OK,
	EXIT_HEARD_OTHERWISE,	/* something expected did not come */
	EXIT_CANNOT,		/* usage, script, or socket */
};

static char heard[HEARD_MAX + 1];
static size_t heard_len;

/* A standing answer: to what, and how far it has looked. */
struct answer {
	char to[LINE_LEN], text[LINE_LEN];
	size_t seen;
};

static struct answer answers[MAX_ANSWERS];
static unsigned int answer_count;
static FILE *transcript;
static const char *script_name;
static unsigned int script_line;

static void usage(FILE *to)
{
	fputs("usage: talk [-t SECONDS] [-o FILE] SOCKET SCRIPT\n"
	      "       talk -r SOCKET\n"
	      "\n"
	      "  -t SECONDS  how long to wait for each thing expected, and for the socket\n"
	      "              (default 120)\n"
	      "  -o FILE     write what was heard and said to FILE\n"
	      "\n"
	      "  -r          relay: standard input and output are the other end, as gdb's \"target\n"
	      "              remote |\" has it.  After the end of input the line stays up for a\n"
	      "              moment: a socket that is closed takes with it what was not read yet\n"
	      "\n"
	      "SCRIPT is a file, or - for standard input.  Its lines:\n"
	      "\n"
	      "  < REGEX     wait until this extended regular expression matches what has come\n"
	      "              since the last match; ^ and $ are the ends of lines\n"
	      "  ! REGEX     fail if it matches what came before the next thing expected\n"
	      "  > TEXT      say TEXT and a carriage return; \\xHH is a byte\n"
	      "  >> TEXT     the same without carriage return\n"
	      "  * REGEX => TEXT\n"
	      "              from here on, whenever REGEX comes while something is waited for,\n"
	      "              say TEXT\n"
	      "  .           hang up, for somebody else to take the line\n"
	      "  # ...       a remark\n"
	      "\n"
	      "At the end of the script it listens on until the line goes dead: what was said\n"
	      "last would be lost with the line.\n"
	      "\n"
	      "Exit status: 0 if all of it came, 1 if something did not, 2 if the script or\n"
	      "the socket is no good.\n", to);
}

static void __attribute__((format(printf, 2, 3), noreturn)) die(int status, const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fputs("talk: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(status);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static int connect_to(const char *path, double timeout)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct timespec moment = { .tv_nsec = 100 * 1000 * 1000 };
	double until = now() + timeout;
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path))
		die(EXIT_CANNOT, "%s: too long for a socket", path);
	strcpy(addr.sun_path, path);
	for (;;) {
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		if (fd < 0)
			die(EXIT_CANNOT, "socket: %s", strerror(errno));
		if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
			return fd;
		/* The machine may only be about to make it. */
		if ((errno != ENOENT && errno != ECONNREFUSED) || now() > until)
			die(EXIT_CANNOT, "%s: %s", path, strerror(errno));
		close(fd);
		nanosleep(&moment, NULL);
	}
}

static void forget(size_t count)
{
	heard_len -= count;
	for (struct answer *a = answers; a < answers + answer_count; a++)
		a->seen -= count < a->seen ? count : a->seen;
	memmove(heard, heard + count, heard_len + 1);
}

/* Take in what comes within @timeout.  False if the line is dead. */
static bool listen_to(int fd, double timeout)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	char bytes[4096];
	ssize_t count, i;

	if (poll(&poll_fd, 1, (int)(timeout * 1000) + 1) <= 0)
		return true;
	count = read(fd, bytes, sizeof(bytes));
	if (count < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (count <= 0)
		return false;
	if (heard_len + count > HEARD_MAX)
		forget(heard_len / 2);
	for (i = 0; i < count; i++)
		/* Regular expressions end at a NUL, and lines at a newline. */
		if (bytes[i] != '\0' && bytes[i] != '\r')
			heard[heard_len++] = bytes[i];
	heard[heard_len] = '\0';
	if (transcript) {
		fwrite(bytes, 1, count, transcript);
		fflush(transcript);
	}
	return true;
}

static void compile(regex_t *re, const char *text)
{
	char why[200];
	int ret = regcomp(re, text, REG_EXTENDED | REG_NEWLINE);

	if (!ret)
		return;
	regerror(ret, re, why, sizeof(why));
	die(EXIT_CANNOT, "%s:%u: %s", script_name, script_line, why);
}

static void __attribute__((noreturn)) fail(const char *what, const char *text)
{
	size_t skip = heard_len > SHOWN ? heard_len - SHOWN : 0;

	printf("%s:%u: %s %s\ngot      %s\n", script_name, script_line, what, text,
	       heard_len ? heard + skip : "nothing");
	exit(EXIT_HEARD_OTHERWISE);
}

static void say(int fd, char *text, bool enter);

/* Give the standing answers to what has come. */
static void answer_standing(int fd)
{
	char text[LINE_LEN];
	regmatch_t at;
	regex_t re;

	for (struct answer *a = answers; a < answers + answer_count; a++) {
		compile(&re, a->to);
		while (!regexec(&re, heard + a->seen, 1, &at, 0) && at.rm_eo > at.rm_so) {
			a->seen += at.rm_eo;
			strcpy(text, a->text);
			say(fd, text, false);
		}
		regfree(&re);
	}
}

/* Wait for @text; nothing before it may match @never, unless that is empty. */
static void expect(int fd, const char *text, const char *never, double timeout)
{
	double until = now() + timeout;
	regmatch_t at, bad;
	bool alive = true;
	regex_t re, no;

	compile(&re, text);
	if (*never)
		compile(&no, never);
	while (regexec(&re, heard, 1, &at, 0)) {
		if (!alive || now() > until)
			fail(alive ? "expected" : "the line went dead; expected", text);
		alive = listen_to(fd, until - now());
		answer_standing(fd);
	}
	if (*never) {
		if (!regexec(&no, heard, 1, &bad, 0) && bad.rm_so < at.rm_so)
			fail("expected no", never);
		regfree(&no);
	}
	regfree(&re);
	forget(at.rm_eo);
}

static size_t unescape(char *text)
{
	char *from = text, *to = text;
	unsigned int byte;

	while (*from) {
		if (from[0] == '\\' && from[1] == 'x' && sscanf(from + 2, "%2x", &byte) == 1) {
			*to++ = (char)byte;
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	return to - text;
}

static void say(int fd, char *text, bool enter)
{
	size_t len = unescape(text), done = 0;
	ssize_t count;

	if (enter) {
		if (len + 1 >= LINE_LEN)
			die(EXIT_CANNOT, "%s:%u: too long", script_name, script_line);
		text[len++] = '\r';
	}
	while (done < len) {
		count = write(fd, text + done, len - done);
		if (count < 0 && errno != EINTR)
			die(EXIT_CANNOT, "write: %s", strerror(errno));
		if (count > 0)
			done += count;
	}
}

static void add_answer(const char *text)
{
	const char *arrow = strstr(text, " => ");
	struct answer *a = &answers[answer_count];

	if (!arrow || arrow == text)
		die(EXIT_CANNOT, "%s:%u: no REGEX => TEXT", script_name, script_line);
	if (answer_count == MAX_ANSWERS)
		die(EXIT_CANNOT, "%s:%u: more than %u answers", script_name, script_line,
		    MAX_ANSWERS);
	snprintf(a->to, sizeof(a->to), "%.*s", (int)(arrow - text), text);
	snprintf(a->text, sizeof(a->text), "%s", arrow + strlen(" => "));
	a->seen = 0;
	answer_count++;
}

/* What stands behind the sign at the beginning of a line. */
static char *behind(char *line, size_t sign)
{
	return line + sign + (line[sign] == ' ');
}

/* False if it has hung up. */
static bool hold(int fd, FILE *script, double timeout)
{
	char line[LINE_LEN], never[LINE_LEN] = "";
	size_t len;

	while (fgets(line, sizeof(line), script)) {
		script_line++;
		len = strlen(line);
		if (len && line[len - 1] == '\n')
			line[--len] = '\0';
		else if (len == sizeof(line) - 1)
			die(EXIT_CANNOT, "%s:%u: too long", script_name, script_line);
		if (!len || line[0] == '#') {
			continue;
		} else if (!strcmp(line, ".")) {
			return false;
		} else if (line[0] == '<') {
			expect(fd, behind(line, 1), never, timeout);
			never[0] = '\0';
		} else if (line[0] == '*') {
			add_answer(behind(line, 1));
		} else if (line[0] == '!') {
			strcpy(never, behind(line, 1));
		} else if (line[0] == '>' && line[1] == '>') {
			say(fd, behind(line, 2), false);
		} else if (line[0] == '>') {
			say(fd, behind(line, 1), true);
		} else {
			die(EXIT_CANNOT, "%s:%u: not one of < ! > * .", script_name, script_line);
		}
	}
	return true;
}

/* Write all of it.  False if there is nobody to take it. */
static bool pass_on(int fd, const char *bytes, size_t len)
{
	ssize_t count;

	while (len) {
		count = write(fd, bytes, len);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return false;
		bytes += count;
		len -= count;
	}
	return true;
}

/* Be the wire between standard input and output and @fd, until input ends. */
static void relay(int fd)
{
	struct timespec moment = { .tv_sec = RELAY_LINGER_S };
	struct pollfd ends[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};
	char bytes[4096];
	ssize_t count;
	int i;

	for (;;) {
		if (poll(ends, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			die(EXIT_CANNOT, "poll: %s", strerror(errno));
		}
		for (i = 0; i < 2; i++) {
			if (!(ends[i].revents & (POLLIN | POLLHUP | POLLERR)))
				continue;
			count = read(ends[i].fd, bytes, sizeof(bytes));
			if (count > 0 && pass_on(i ? STDOUT_FILENO : fd, bytes, count))
				continue;
			/* The machine has ended, or whoever talks to it. */
			if (!i)
				nanosleep(&moment, NULL);
			return;
		}
	}
}

static double number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (!*text || *end || value <= 0 || value > INT_MAX / 1000)
		die(EXIT_CANNOT, "%s: not a number of seconds", text);
	return value;
}

int main(int argc, char **argv)
{
	bool relaying = false;
	double timeout = 120;
	FILE *script;
	int option, fd;

	if (argc == 2 && !strcmp(argv[1], "--help")) {
		usage(stdout);
		return EXIT_OK;
	}
	while ((option = getopt(argc, argv, "t:o:rh")) != -1) {
		switch (option) {
		case 't':
			timeout = number(optarg);
			break;
		case 'o':
			transcript = fopen(optarg, "w");
			if (!transcript)
				die(EXIT_CANNOT, "%s: %s", optarg, strerror(errno));
			break;
		case 'r':
			relaying = true;
			break;
		case 'h':
			usage(stdout);
			return EXIT_OK;
		default:
			usage(stderr);
			return EXIT_CANNOT;
		}
	}
	if (relaying && argc - optind == 1) {
		relay(connect_to(argv[optind], timeout));
		return EXIT_OK;
	}
	if (relaying || argc - optind != 2) {
		usage(stderr);
		return EXIT_CANNOT;
	}
	script_name = argv[optind + 1];
	script = strcmp(script_name, "-") ? fopen(script_name, "r") : stdin;
	if (!script)
		die(EXIT_CANNOT, "%s: %s", script_name, strerror(errno));
	fd = connect_to(argv[optind], timeout);
	if (hold(fd, script, timeout))
		while (listen_to(fd, timeout))
			answer_standing(fd);
	return EXIT_OK;
}
