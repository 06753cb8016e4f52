// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client that jumps to another kernel: the second kernel tells the first what became of it,
 * in the first one's page.
 */
#define pr_fmt(fmt) "ras_jump: " fmt

#include <linux/init.h>
#include <linux/io.h>
#include <linux/kstrtox.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "jump.h"

/* Its physical address; 0: the command line does not say. */
static phys_addr_t jump_peer_address;
static struct jump_page *jump_peer;

static int __init peer_set_address(char *text)
{
	u64 address;

	if (!text || kstrtou64(text, 0, &address) || address & ~PAGE_MASK) {
		pr_err("ras_jump.peer=%s is no address of a page\n", text ?: "");
		return 0;
	}
	jump_peer_address = address;
	return 0;
}
early_param("ras_jump.peer", peer_set_address);

/**
 * jump_peer_init() - find the page of the first kernel
 *
 * Without it nothing is told.
 *
 * Context: Process context.
 * Return: the page, or NULL.
 */
const struct jump_page * __init jump_peer_init(void)
{
	struct jump_page *page;

	if (!jump_peer_address)
		return NULL;
	page = memremap(jump_peer_address, PAGE_SIZE, MEMREMAP_WB);
	if (page && page->magic == JUMP_MAGIC) {
		jump_peer = page;
		return page;
	}
	pr_err("ras_jump.peer=%pa: the first kernel has no page there\n", &jump_peer_address);
	if (page)
		memunmap(page);
	return NULL;
}

/**
 * jump_peer_tell() - tell the first kernel what became of this one
 * @status: an errno
 * @message: the reason in words
 *
 * Context: Any.
 */
void jump_peer_tell(int status, const char *message)
{
	if (!jump_peer)
		return;
	jump_peer->status = status;
	strscpy(jump_peer->message, message, sizeof(jump_peer->message));
	strim(jump_peer->message);
}
