// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the dump engine's target net: which server a target names.
 * Included by net_kunit.c.
 */

/* ADDRESS[:PORT][%INTERFACE], and the same with brackets */
static void dump_net_words(struct kunit *test)
{
	static const struct {
		const char	*text;
		const char	*address;
		u16		port;
		const char	*interface;
	} rows[] = {
		{ "192.0.2.20", "192.0.2.20", 20023, "" },
		{ "10.0.0.1:1", "10.0.0.1", 1, "" },
		{ "10.0.0.1:65535", "10.0.0.1", 65535, "" },
		{ "10.0.0.1%eth0", "10.0.0.1", 20023, "eth0" },
		{ "10.0.0.1:99%vlan.5", "10.0.0.1", 99, "vlan.5" },
		{ "10.0.0.1%fifteenletters1", "10.0.0.1", 20023, "fifteenletters1" },
		{ "[2001:db8::14]", "2001:db8::14", 20023, "" },
		{ "[2001:DB8:0:0:0:0:0:14]:7", "2001:db8::14", 7, "" },
		{ "[1:2:3:4:5:6:7:8]%eth0", "1:2:3:4:5:6:7:8", 20023, "eth0" },
		{ "[fe80::1]:99%vlan.5", "fe80::1", 99, "vlan.5" },
		{ "[64:ff9b::192.0.2.20]", "64:ff9b::c000:214", 20023, "" },
		/* Of these there is nothing. */
		{ "" }, { ":1" }, { "%eth0" }, { "10.0.0" }, { "10.0.0.1.2" }, { "10.0.0.256" },
		{ "10.0.0.1/8" }, { "10.0.0.1 " }, { "host" }, { "2001:db8::1" }, { "10.0.0.1:" },
		{ "10.0.0.1:0" }, { "10.0.0.1:65536" }, { "10.0.0.1:100000" }, { "10.0.0.1:x" },
		{ "10.0.0.1:-1" }, { "10.0.0.1:1:2" }, { "10.0.0.1:%eth0" }, { "10.0.0.1%" },
		{ "10.0.0.1:5%" }, { "10.0.0.1%sixteenletters16" }, { "10.0.0.1%eth0:1" },
		{ "[" }, { "[]" },
		{ "[2001:db8::1" }, { "2001:db8::1]" }, { "[2001:db8::1]x" }, { "[2001:db8::1]]" },
		{ "[2001:db8::1]20023" }, { "[2001:db8::1]:" }, { "[2001:db8::1]:0" },
		{ "[2001:db8::1]:65536" }, { "[2001:db8::1]%" }, { "[2001:db8::1]:1:2" },
		{ "[2001:db8::1%eth0]" }, { "[2001:db8::1 ]" }, { "[2001:db8::1/64]" },
		{ "[2001:db8::1::2]" }, { "[2001:db8:1]" }, { "[1:2:3:4:5:6:7:8:9]" },
		{ "[2001:db8::12345]" }, { "[2001:db8::g]" }, { "[:]" }, { "[10.0.0.1]" },
		{ "[::10.0.0.1.2]" }, { "[::10.0.0]" }, { "[[::1]]" }, { "[:::1]" },
		{ "[2001:db8::1]%sixteenletters16" },
	};
	char address[INET6_ADDRSTRLEN];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct dump_server server = { };
		const char *text = rows[i].text;
		const int ret = dump_server_parse(&server, text);

		if (!rows[i].port) {
			KUNIT_EXPECT_EQ_MSG(test, ret, -EINVAL, "%s", text);
			continue;
		}
		KUNIT_EXPECT_EQ_MSG(test, ret, 0, "%s", text);
		KUNIT_EXPECT_EQ_MSG(test, server.family, *text == '[' ? AF_INET6 : AF_INET, "%s",
				    text);
		dump_net_print(server.family, &server.address, address, sizeof(address));
		KUNIT_EXPECT_STREQ_MSG(test, address, rows[i].address, "%s", text);
		KUNIT_EXPECT_EQ_MSG(test, server.port, rows[i].port, "%s", text);
		KUNIT_EXPECT_STREQ_MSG(test, server.interface, rows[i].interface, "%s", text);
	}
}

/* Words that name no server; and addresses that no other machine has, or that are not enough. */
static void dump_net_refused(struct kunit *test)
{
	static const struct {
		const char	*word;
		int		error;
	} rows[] = {
		{ "net:10.0.0", -EINVAL },
		{ "net:fe80::1", -EINVAL },
		{ "net:[fe80::1]", -EINVAL },
		{ "net:[fe80::1]:20023", -EINVAL },
		{ "net:[::]", -EADDRNOTAVAIL },
		{ "net:[::1]%eth0", -EADDRNOTAVAIL },
		{ "net:[ff02::1]%eth0", -EADDRNOTAVAIL },
		{ "net:[ff0e::1]", -EADDRNOTAVAIL },
		{ "net:[::ffff:192.0.2.20]", -EADDRNOTAVAIL },
		{ "net:[fe80::1]%eth0", 0 },
		{ "net:[fec0::2]", 0 },
		{ "net:[fd00::2]", 0 },
		{ "net:[2001:db8::14]:1", 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct dump_target *target = dump_net_new(rows[i].word);

		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR_OR_ZERO(target), rows[i].error, "%s",
				    rows[i].word);
		if (!IS_ERR(target))
			dump_net_release(target);
	}
}
