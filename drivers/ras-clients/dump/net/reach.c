// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target net: the way to a server, kept as it is now.
 *
 * In a crash nobody can look up a route or a neighbour.  So the way is looked up in advance,
 * again every ten seconds, and when the kernel tells of a change.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/etherdevice.h>
#include <linux/kernel.h>
#include <linux/netdevice.h>
#include <linux/printk.h>
#include <linux/ras_netdump.h>
#include <linux/string.h>
#include <net/neighbour.h>
#include <net/netevent.h>

#include "card.h"
#include "reach.h"
#include "route.h"

/* How long arming waits for the hop's address, in ms. */
#define DUMP_RESOLVE_MS		1000
/* A packet that has all that any server takes. */
#define DUMP_NET_MTU_MAX	(RAS_NETDUMP_BYTES_MAX + 128)
/* How often the way is looked up again, and while there is none. */
#define DUMP_REFRESH		(10 * HZ)
#define DUMP_REFRESH_TROUBLE	HZ

/* Why the way cannot be used by the card that was armed, or NULL. */
static const char *dump_reach_trouble(const struct dump_reach *r, struct net_device *lower)
{
	if (IS_ERR(lower))
		return dump_route_why(PTR_ERR(lower));
	if (dump_device_pci(lower->dev.parent) != r->card->device.pdev)
		return "its route goes by another interface than when it was armed";
	return NULL;
}

/* Look up the way, as it may have changed. */
static void dump_reach_refresh(struct work_struct *work)
{
	struct dump_reach *r = container_of(to_delayed_work(work), struct dump_reach, refresh);
	const struct dump_way *old = &r->way[r->way_nr];
	struct dump_way *way = &r->way[!r->way_nr];
	struct net_device *lower = dump_route_find(&r->server, way);
	const char *trouble = dump_reach_trouble(r, lower);

	if (!IS_ERR(lower))
		dev_put(lower);
	if (trouble != r->trouble)
		pr_info("%s: %s\n", r->name, trouble ?: "can be reached again");
	WRITE_ONCE(r->trouble, trouble);
	if (!trouble) {
		way->mtu = min_t(size_t, way->mtu, dump_card_room(r->card));
		/* What was known of the hop is better than nothing. */
		if (!way->has_hop && old->has_hop &&
		    !memcmp(&way->hop, &old->hop, sizeof(way->hop))) {
			ether_addr_copy(way->hop_mac, old->hop_mac);
			way->has_hop = true;
		}
		/* Pairs with the acquire in dump_reach_way(). */
		smp_store_release(&r->way_nr, !r->way_nr);
	}
	/* No event tells that the check of an address for duplicates has ended. */
	schedule_delayed_work(&r->refresh, trouble ? DUMP_REFRESH_TROUBLE : DUMP_REFRESH);
}

/**
 * dump_reach_is_hop() - has the hop told its address?
 * @r: the way
 * @neighbour: a neighbour that has changed
 *
 * A hop that does not answer is ignored: the refresh would ask it again, it would not answer
 * again, and so on without end.
 *
 * Context: Any.
 * Return: it has.
 */
bool dump_reach_is_hop(const struct dump_reach *r, const struct neighbour *neighbour)
{
	const struct dump_way *way = dump_reach_way(r);

	if (!(READ_ONCE(neighbour->nud_state) & NUD_VALID) ||
	    neighbour->tbl->family != r->server.family)
		return false;
	/*
	 * A second refresh may write this way meanwhile.  Then there may be one refresh too many,
	 * or the next one, within ten seconds, finds what has changed.
	 */
	return !data_race(memcmp(neighbour->primary_key, &way->hop, neighbour->tbl->key_len));
}

static int dump_reach_event(struct notifier_block *self, unsigned long event, void *data)
{
	struct dump_reach *r = container_of(self, struct dump_reach, events);

	if (event == NETEVENT_REDIRECT ||
	    (event == NETEVENT_NEIGH_UPDATE && dump_reach_is_hop(r, data)))
		mod_delayed_work(system_wq, &r->refresh, 0);
	return NOTIFY_OK;
}

static int dump_reach_interface(struct notifier_block *self, unsigned long event, void *data)
{
	struct dump_reach *r = container_of(self, struct dump_reach, interfaces);

	mod_delayed_work(system_wq, &r->refresh, 0);
	return NOTIFY_OK;
}

/**
 * dump_reach_find() - look up the way for the first time
 * @r: the way; server and name are set
 *
 * Context: Process context; sleeps while the hop does not tell its address.
 * Return: the interface whose card sends the frames, for dev_put(); or the errno of
 *	dump_route_find(), with a line in the log.
 */
struct net_device *dump_reach_find(struct dump_reach *r)
{
	struct net_device *lower = dump_route_resolve(&r->server, &r->way[0], DUMP_RESOLVE_MS);

	if (IS_ERR(lower)) {
		pr_warn("%s: %s: %pe\n", r->name, dump_route_why(PTR_ERR(lower)), lower);
		return lower;
	}
	r->way[0].mtu = min_t(size_t, r->way[0].mtu, DUMP_NET_MTU_MAX);
	r->way_nr = 0;
	r->trouble = NULL;
	return lower;
}

/**
 * dump_reach_begin() - keep the way as it is now
 * @r: the way, which dump_reach_find() has found
 * @card: that of the interface
 *
 * Context: Process context.
 * Return: 0; or the errno of a notifier that cannot be registered.
 */
int dump_reach_begin(struct dump_reach *r, const struct dump_card *card)
{
	int ret;

	r->card = card;
	r->events.notifier_call = dump_reach_event;
	r->interfaces.notifier_call = dump_reach_interface;
	INIT_DELAYED_WORK(&r->refresh, dump_reach_refresh);
	ret = register_netevent_notifier(&r->events);
	if (ret)
		return ret;
	ret = register_netdevice_notifier(&r->interfaces);
	if (!ret) {
		schedule_delayed_work(&r->refresh, DUMP_REFRESH);
		return 0;
	}
	unregister_netevent_notifier(&r->events);
	cancel_delayed_work_sync(&r->refresh);
	return ret;
}

/**
 * dump_reach_end() - keep the way no more
 * @r: the way, of dump_reach_begin()
 *
 * Context: Process context.
 */
void dump_reach_end(struct dump_reach *r)
{
	unregister_netdevice_notifier(&r->interfaces);
	unregister_netevent_notifier(&r->events);
	cancel_delayed_work_sync(&r->refresh);
}

/**
 * dump_reach_way() - the way as it is now
 * @r: the way
 *
 * Context: Any.
 * Return: the way; in a stop nobody writes it.
 */
const struct dump_way *dump_reach_way(const struct dump_reach *r)
{
	/* Pairs with the release in dump_reach_refresh(). */
	return &r->way[smp_load_acquire(&r->way_nr)];
}
