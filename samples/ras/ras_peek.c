// SPDX-License-Identifier: GPL-2.0
/*
 * ras_peek: a debugger of one's own, in one file.
 *
 * In a stop it writes every CPU's registers to a serial line, waits for a person there,
 * takes a few commands, and lets the machine or the chain go on.  Of the framework it
 * needs linux/ras.h and nothing else.
 *
 * The line is a UART of its own, which no driver may have.  It is polled, as nothing else
 * works while the machine is stopped.  Registers: PC16550D data sheet, section 8.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/ras.h>
#include <linux/security.h>
#include <linux/seq_buf.h>
#include <linux/serial_reg.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/uaccess.h>

#define PEEK_PORTS	8
#define PEEK_BAUD_BASE	115200
#define PEEK_BAUD_MIN	300
#define PEEK_FIFO	64
/* A character takes 33 ms at 300 baud.  A line that is held up longer is not waited for. */
#define PEEK_POLL_US	10
#define PEEK_PUTC_POLLS	10000
#define PEEK_LINE_LEN	64
#define PEEK_TEXT_LEN	4096
#define PEEK_MEM_WORDS	8
/* Nobody to press a key, and no character sent: see peek_getc() and peek_regs(). */
#define PEEK_DEADLINE_MS	30000
#define PEEK_NO_KEY	(-1)

static unsigned short peek_port = 0x2f8;
module_param_named(port, peek_port, ushort, 0444);
MODULE_PARM_DESC(port, "first I/O port of the UART (default 0x2f8)");

static unsigned int peek_baud = PEEK_BAUD_BASE;
module_param_named(baud, peek_baud, uint, 0444);
MODULE_PARM_DESC(baud, "its speed (default 115200)");

/* All used by the handler alone, of which one runs at a time. */
static char peek_text[PEEK_TEXT_LEN];
static bool peek_line_dead;
static enum ras_verdict peek_verdict;

/* The line */

static void peek_putc(char c)
{
	unsigned int polls = PEEK_PUTC_POLLS;

	while (!(inb(peek_port + UART_LSR) & UART_LSR_THRE)) {
		if (peek_line_dead || !--polls) {
			peek_line_dead = true;
			return;
		}
		udelay(PEEK_POLL_US);
	}
	peek_line_dead = false;
	outb(c, peek_port + UART_TX);
}

static void peek_puts(const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			peek_putc('\r');
		peek_putc(*text);
	}
}

static __printf(1, 2) void peek_print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vscnprintf(peek_text, sizeof(peek_text), format, args);
	va_end(args);
	peek_puts(peek_text);
}

/* What was typed before the stop was not meant for it. */
static void peek_drain(void)
{
	unsigned int i;

	for (i = 0; i < PEEK_FIFO && inb(peek_port + UART_LSR) & UART_LSR_DR; i++)
		inb(peek_port + UART_RX);
}

/* Wait until the stop is @until_ns old.  Every look for a key is a sign of life. */
static int peek_getc(const struct ras_stop *stop, u64 until_ns)
{
	u8 status;

	for (;;) {
		status = inb(peek_port + UART_LSR);
		/* Nothing answers on this port any more. */
		if (status == 0xff)
			return PEEK_NO_KEY;
		if (status & UART_LSR_DR)
			return inb(peek_port + UART_RX);
		if (ras_age_ns(stop) >= until_ns)
			return PEEK_NO_KEY;
		ras_progress(stop);
		udelay(PEEK_POLL_US);
	}
}

/* Read a line, with echo.  False if the wait for its first key was in vain. */
static bool peek_gets(const struct ras_stop *stop, char *line, u64 until_ns)
{
	size_t len = 0;
	int c;

	for (;;) {
		c = peek_getc(stop, until_ns);
		if (c == PEEK_NO_KEY)
			return false;
		/* A break on the line, or the end of a line that was ended twice. */
		if (c < ' ' && c != '\r' && c != '\b')
			continue;
		/* Now there is somebody, who may think. */
		until_ns = U64_MAX;
		if (c == '\r')
			break;
		if ((c == '\b' || c == 0x7f) && len) {
			len--;
			peek_puts("\b \b");
		} else if (c >= ' ' && c < 0x7f && len < PEEK_LINE_LEN - 1) {
			line[len++] = c;
			peek_putc(c);
		}
	}
	line[len] = '\0';
	peek_puts("\n");
	return true;
}

/* Commands */

static const char * const peek_hows[RAS_NR_HOWS] = {
	[RAS_HOW_NONE]		= "not stopped",
	[RAS_HOW_OWNER]		= "owner",
	[RAS_HOW_IPI]		= "ipi",
	[RAS_HOW_NMI]		= "nmi",
	[RAS_HOW_SELF]		= "self",
	[RAS_HOW_MISSING]	= "missing",
	[RAS_HOW_OFFLINE]	= "offline",
};

static void peek_cpu(const struct ras_stop *stop, unsigned int cpu)
{
	const struct ras_cpu *record = ras_cpu_record(stop, cpu);
	char comm[TASK_COMM_LEN] = "?";
	const struct pt_regs *regs;

	if (!record) {
		peek_print("CPU %u: %s\n", cpu,
			   cpumask_test_cpu(cpu, &stop->cpus[RAS_HOW_MISSING]) ?
			   "missing" : "no record, offline");
		return;
	}
	/* What has crashed may be the task. */
	if (copy_from_kernel_nofault(comm, record->task->comm, sizeof(comm)))
		comm[0] = '?';
	comm[sizeof(comm) - 1] = '\0';
	peek_print("CPU %u: %s, pid %d %s, preempt count %x\n", cpu,
		   peek_hows[record->how], record->pid, comm, record->preempt_count);
	if (record->how == RAS_HOW_MISSING)
		return;
	regs = &record->arch.regs;
	peek_print("  RIP %016lx %pS\n", regs->ip, (void *)regs->ip);
	peek_print("  RSP %016lx  EFLAGS %08lx  CS %04lx  SS %04lx\n",
		   regs->sp, regs->flags, regs->cs, regs->ss);
	peek_print("  RAX %016lx  RBX %016lx  RCX %016lx\n", regs->ax, regs->bx, regs->cx);
	peek_print("  RDX %016lx  RSI %016lx  RDI %016lx\n", regs->dx, regs->si, regs->di);
	peek_print("  RBP %016lx  R08 %016lx  R09 %016lx\n", regs->bp, regs->r8, regs->r9);
	peek_print("  R10 %016lx  R11 %016lx  R12 %016lx\n", regs->r10, regs->r11, regs->r12);
	peek_print("  R13 %016lx  R14 %016lx  R15 %016lx\n", regs->r13, regs->r14, regs->r15);
	peek_print("  CR2 %016lx  CR3 %016lx\n", record->arch.cr2, record->arch.cr3);
}

static void peek_regs(const struct ras_stop *stop, const char *which)
{
	unsigned int cpu;

	if (!*which) {
		for_each_present_cpu(cpu) {
			peek_cpu(stop, cpu);
			/* A part of the work, however slow the line is. */
			ras_progress(stop);
		}
	} else if (kstrtouint(which, 10, &cpu) || cpu >= nr_cpu_ids ||
		   !cpu_present(cpu)) {
		peek_print("no CPU %s\n", which);
	} else {
		peek_cpu(stop, cpu);
	}
}

static void peek_mem(const struct ras_stop *stop, const char *where)
{
	unsigned long address, word;
	unsigned int i;

	if (kstrtoul(where, 16, &address)) {
		peek_print("mem: an address is wanted, in hexadecimal\n");
		return;
	}
	for (i = 0; i < PEEK_MEM_WORDS; i++, address += sizeof(word)) {
		if (copy_from_kernel_nofault(&word, (void *)address, sizeof(word))) {
			peek_print("%016lx: cannot be read\n", address);
			return;
		}
		peek_print("%016lx: %016lx %pS\n", address, word, (void *)word);
	}
}

static void peek_stop(const struct ras_stop *stop, const char *unused)
{
	struct seq_buf s;

	seq_buf_init(&s, peek_text, sizeof(peek_text) - 1);
	ras_describe(stop, &s);
	peek_text[min(s.len, sizeof(peek_text) - 1)] = '\0';
	peek_puts(peek_text);
}

static void peek_help(const struct ras_stop *stop, const char *unused);

/**
 * struct peek_command - a command
 * @name: its first word
 * @help: what it does
 * @show: what it shows; NULL: it leaves, with @verdict
 * @verdict: what the core does next
 */
struct peek_command {
	const char	*name;
	const char	*help;
	void		(*show)(const struct ras_stop *stop, const char *argument);
	enum ras_verdict verdict;
};

static const struct peek_command peek_commands[] = {
	{ "regs", "[CPU]    registers of one CPU, or of each",	peek_regs },
	{ "mem",  "ADDRESS  eight words of memory",		peek_mem },
	{ "stop", "         the stop, and its handlers",	peek_stop },
	{ "help", "         this",				peek_help },
	{ "go",   "         let the machine go on; a crash goes on with the next handler",
	  .verdict = RAS_RESUME },
	{ "next", "         run the next handler",		.verdict = RAS_NEXT },
	{ "dump", "         straight to the crash kernel",	.verdict = RAS_LAST },
};

static void peek_help(const struct ras_stop *stop, const char *unused)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(peek_commands); i++)
		peek_print("  %-4s %s\n", peek_commands[i].name, peek_commands[i].help);
}

/* Return: true if the person wants to leave, with peek_verdict. */
static bool peek_obey(const struct ras_stop *stop, char *line)
{
	char *argument = strim(line), *name = strsep(&argument, " ");
	unsigned int i;

	argument = argument ? skip_spaces(argument) : "";
	for (i = 0; i < ARRAY_SIZE(peek_commands); i++) {
		if (strcmp(name, peek_commands[i].name))
			continue;
		if (peek_commands[i].show) {
			peek_commands[i].show(stop, argument);
			return false;
		}
		peek_verdict = peek_commands[i].verdict;
		return true;
	}
	if (*name)
		peek_print("no command %s; see help\n", name);
	return false;
}

/* The handler */

static enum ras_verdict peek_run(struct ras_handler *handler, const struct ras_stop *stop)
{
	int wait_s = ras_wait_s(handler, stop);
	char line[PEEK_LINE_LEN];
	u64 until_ns = U64_MAX;

	peek_line_dead = false;
	peek_drain();
	if (security_locked_down(LOCKDOWN_DBG_READ_KERNEL)) {
		peek_print("\nras_peek: the kernel is locked down\n");
		return RAS_NEXT;
	}
	peek_print("\nras_peek: stop %u on CPU %d: %s\n", stop->sequence, stop->trigger_cpu,
		   stop->message);
	peek_regs(stop, "");
	if (wait_s != RAS_WAIT_FOREVER)
		until_ns = ras_age_ns(stop) + wait_s * NSEC_PER_SEC;
	do {
		peek_puts("peek> ");
		if (!peek_gets(stop, line, until_ns)) {
			peek_print("nobody is there\n");
			return RAS_NEXT;
		}
		until_ns = U64_MAX;
	} while (!peek_obey(stop, line));
	return peek_verdict;
}

static int peek_arm(struct ras_handler *handler)
{
	unsigned int divisor;

	if (peek_baud < PEEK_BAUD_MIN || peek_baud > PEEK_BAUD_BASE) {
		pr_err("baud=%u is not within %u and %u\n", peek_baud, PEEK_BAUD_MIN,
		       PEEK_BAUD_BASE);
		return -EINVAL;
	}
	if (security_locked_down(LOCKDOWN_DBG_READ_KERNEL)) {
		pr_err("not armed: the kernel is locked down\n");
		return -EPERM;
	}
	if (!request_region(peek_port, PEEK_PORTS, KBUILD_MODNAME)) {
		pr_err("ports from 0x%x are in use, see /proc/ioports\n", peek_port);
		return -EBUSY;
	}
	/* A byte of storage, which nothing but a UART would have there. */
	outb(0x5a, peek_port + UART_SCR);
	if (inb(peek_port + UART_SCR) != 0x5a) {
		pr_err("no UART at port 0x%x\n", peek_port);
		release_region(peek_port, PEEK_PORTS);
		return -ENODEV;
	}
	divisor = PEEK_BAUD_BASE / peek_baud;
	outb(UART_LCR_DLAB | UART_LCR_WLEN8, peek_port + UART_LCR);
	outb(divisor & 0xff, peek_port + UART_DLL);
	outb(divisor >> 8, peek_port + UART_DLM);
	outb(UART_LCR_WLEN8, peek_port + UART_LCR);
	outb(0, peek_port + UART_IER);
	outb(UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR | UART_FCR_CLEAR_XMIT,
	     peek_port + UART_FCR);
	outb(UART_MCR_DTR | UART_MCR_RTS, peek_port + UART_MCR);
	return 0;
}

static void peek_disarm(struct ras_handler *handler)
{
	release_region(peek_port, PEEK_PORTS);
}

static struct ras_handler peek_handler = {
	.name		= "peek",
	.priority	= RAS_PRIO_DEBUG + 50,
	.triggers	= RAS_ON_ALL & ~RAS_ON(DEBUG),
	.deadline_ms	= PEEK_DEADLINE_MS,
	.flags		= RAS_HANDLER_INTERACTIVE,
	.wait_s		= RAS_WAIT_AUTO,
	.arm		= peek_arm,
	.disarm		= peek_disarm,
	.run		= peek_run,
};

/* echo 1 > /sys/module/ras_peek/parameters/stop */
static int peek_set_stop(const char *value, const struct kernel_param *param)
{
	bool wanted;
	int ret;

	ret = kstrtobool(value, &wanted);
	if (ret || !wanted)
		return ret;
	return ras_stop("ras_peek asked");
}

static const struct kernel_param_ops peek_stop_ops = { .set = peek_set_stop };
module_param_cb(stop, &peek_stop_ops, NULL, 0200);
MODULE_PARM_DESC(stop, "write 1: stop the machine");

static int __init peek_init(void)
{
	return ras_register_handler(&peek_handler);
}
module_init(peek_init);

static void __exit peek_exit(void)
{
	ras_unregister_handler(&peek_handler);
}
module_exit(peek_exit);

MODULE_DESCRIPTION("RAS client: registers on a serial line");
MODULE_LICENSE("GPL");
