// SPDX-License-Identifier: GPL-2.0
/*
 * callee - jump by kexec to a few instructions that come back with RET
 *
 * usage: callee COUNT [other]
 *
 * Loads a page of code once, and jumps to it COUNT times.  The code writes to the first
 * serial line where it was entered, "at the start" or "at the other entry", and returns.
 *
 * other: each time the code asks to be entered at the other of the two next time.
 *
 * Exit status: 0 if the kernel has come back each time, 1 if it has refused to jump.
 */
#include <errno.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE	4096
/* Where the code runs; what the kernel has there is put back. */
#define PLACE	0x2000000UL

/* Where a label of the code is in this program. */
#define AT(label) ({							\
	char *at;							\
	__asm__("lea " #label "(%%rip), %0" : "=r" (at));		\
	at;								\
})

/*
 * 0(%rsp) is where to return to, and 8(%rsp) says where the next jump goes.  0x3f8 is the
 * data register of the serial line; bit 5 of 0x3fd is set when it takes another byte.
 */
__asm__("	.pushsection .data\n"
	"	.balign	16\n"
	"code:	lea	at_start(%rip), %rsi\n"
	"	lea	other(%rip), %rbx\n"
	"	jmp	write\n"
	"other:	lea	at_other(%rip), %rsi\n"
	"	lea	code(%rip), %rbx\n"
	"write:	mov	$0x3fd, %edx\n"
	"	in	%dx, %al\n"
	"	test	$0x20, %al\n"
	"	jz	write\n"
	"	lodsb\n"
	"	test	%al, %al\n"
	"	jz	back\n"
	"	mov	$0x3f8, %edx\n"
	"	out	%al, %dx\n"
	"	jmp	write\n"
	"back:	cmpb	$0, code_asks(%rip)\n"
	"	je	1f\n"
	"	mov	%rbx, 8(%rsp)\n"
	"1:	ret\n"
	"code_asks:\n"
	"	.byte	0\n"
	"at_start:\n"
	"	.asciz	\"RT: callee: entered at the start\\r\\n\"\n"
	"at_other:\n"
	"	.asciz	\"RT: callee: entered at the other entry\\r\\n\"\n"
	"code_end:\n"
	"	.popsection\n"
);

int main(int argc, char **argv)
{
	struct kexec_segment segment = {
		.buf = AT(code), .bufsz = AT(code_end) - AT(code),
		.mem = (void *)PLACE, .memsz = PAGE,
	};
	int count = argc > 1 ? atoi(argv[1]) : 0;

	if (count < 1 || argc > 3 || (argc == 3 && strcmp(argv[2], "other"))) {
		fprintf(stderr, "usage: callee COUNT [other]\n");
		return 1;
	}
	*AT(code_asks) = argc == 3;
	if (syscall(SYS_kexec_load, PLACE, 1UL, &segment, (unsigned long)KEXEC_PRESERVE_CONTEXT)) {
		printf("callee: not loaded: %s\n", strerror(errno));
		return 1;
	}
	for (int i = 1; i <= count; i++) {
		if (syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
			    LINUX_REBOOT_CMD_KEXEC, NULL)) {
			printf("callee: no jump: %s\n", strerror(errno));
			return 1;
		}
		printf("callee: back from jump %d\n", i);
		fflush(stdout);
	}
	return 0;
}
