/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: the few instructions between the first kernel and the second.
 *
 * The first kernel calls them as the start of the image: the address at which it wants to be
 * entered again is on top of the stack, which is in its own memory.  Memory is mapped one to one,
 * interrupts are off, and the GDT is void.  The address is written onto the command line of the
 * second kernel, which is then entered by the 64-bit boot protocol.
 */
#define __ASSEMBLY__
#include "trampoline.h"

	.section .rodata
	.balign	16
	.globl	trampoline_code
	.globl	trampoline_end

trampoline_code:
	jmp	begin
	/* The three numbers, which the loader fills in. */
	.org	trampoline_code + TRAMPOLINE_DIGITS
digits:	.quad	0
	.org	trampoline_code + TRAMPOLINE_PARAMS
params:	.quad	0
	.org	trampoline_code + TRAMPOLINE_ENTRY
entry:	.quad	0

begin:	cli
	cld
	/* 16 digits, the highest first. */
	mov	(%rsp), %rdx
	mov	digits(%rip), %rdi
	mov	$16, %ecx
next:	rol	$4, %rdx
	mov	%edx, %eax
	and	$15, %eax
	add	$'0', %eax
	cmp	$'9', %eax
	jbe	store
	add	$('a' - '9' - 1), %eax
store:	stosb
	dec	%ecx
	jnz	next

	/* What the boot protocol wants: __BOOT_CS is 0x10, __BOOT_DS is 0x18. */
	lea	gdt(%rip), %rax
	mov	%rax, gdt_base(%rip)
	lgdt	gdt_limit(%rip)
	mov	$0x18, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	%eax, %fs
	mov	%eax, %gs
	mov	params(%rip), %rsi
	pushq	$0x10
	pushq	entry(%rip)
	lretq

	.balign	8
gdt:	.quad	0
	.quad	0
	.quad	0x00af9b000000ffff
	.quad	0x00cf93000000ffff
gdt_end:
	.balign	8
	/* lgdt reads from the limit on. */
	.skip	6
gdt_limit:
	.word	gdt_end - gdt - 1
gdt_base:
	.quad	0
trampoline_end:

	.section .note.GNU-stack, "", @progbits
