/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/address.h"
#include "unit.h"

static void prints(const char *expected, struct str given)
{
    char text[ADDRESS_TEXT_MAX] = "refused";
    struct address a;

    if (address_parse(given, &a))
        address_print(&a, text);
    UNIT_TEXT(expected, text);
}

UNIT_TEST(addresses_are_read_and_printed_in_their_canonical_form)
{
    prints("192.0.2.7", STR("192.0.2.7"));
    prints("192.0.2.7", STR(" \t192.0.2.7 "));
    prints("192.0.2.7", STR("::ffff:192.0.2.7"));
    prints("192.0.2.7", STR("::FFFF:c000:207"));
    prints("2001:db8::1", STR("2001:0DB8:0:0:0:0:0:1"));
    prints("2001:db8::1", STR("[2001:db8::1]"));
    prints("2001:db8:0:1:1:1:1:1", STR("2001:db8:0:1:1:1:1:1"));
    prints("::", STR("::"));
    prints("1111:2222:3333:4444:5555:6666:abcd:abcd",
           STR("1111:2222:3333:4444:5555:6666:171.205.171.205"));
    prints("0.0.0.0", STR("0.0.0.0"));
}

UNIT_TEST(what_is_no_address_is_refused)
{
    static const char *const texts[] = {"",
                                        " ",
                                        "unix:",
                                        "localhost",
                                        "192.0.2",
                                        "192.0.2.256",
                                        "192.0.2.07",
                                        "192.0.2.7:80",
                                        "[192.0.2.7]",
                                        "[]",
                                        "[::1",
                                        "::1]",
                                        "[::1]:80",
                                        "fe80::1%eth0",
                                        "1::2::3",
                                        "192.0.2.7,",
                                        "0xc0000207",
                                        "192.0.2.7/32",
                                        "::ffff:1.2.3",
                                        "[ ::1 ]"};
    struct address a;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        UNIT_FALSE(address_parse(str_of(texts[i]), &a));
    UNIT_FALSE(address_parse(STR("192.0.2.7\0"), &a));
    UNIT_FALSE(address_parse(STR_NONE, &a));
    UNIT_FALSE(
        address_parse(STR("0000000000000000000000000000000000000000000000000000000000000001"), &a));
}

static bool net_has(const char *net_text, const char *address_text)
{
    struct address_net net;
    struct address a;

    if (!UNIT_TRUE(address_net_parse(str_of(net_text), &net)) ||
        !UNIT_TRUE(address_parse(str_of(address_text), &a)))
        return false;
    return address_net_has(&net, &a);
}

UNIT_TEST(a_network_has_what_its_prefix_covers)
{
    UNIT_TRUE(net_has("192.0.2.7", "192.0.2.7"));
    UNIT_TRUE(net_has("192.0.2.7", "::ffff:192.0.2.7"));
    UNIT_FALSE(net_has("192.0.2.7", "192.0.2.6"));
    UNIT_TRUE(net_has("192.0.2.6/31", "192.0.2.7"));
    UNIT_FALSE(net_has("192.0.2.6/31", "192.0.2.8"));
    UNIT_FALSE(net_has("192.0.2.6/31", "192.0.2.5"));
    UNIT_TRUE(net_has("192.0.2.128/25", "192.0.2.255"));
    UNIT_FALSE(net_has("192.0.2.128/25", "192.0.2.127"));
    UNIT_TRUE(net_has(" 10.0.0.0/8 ", "10.255.255.255"));
    UNIT_FALSE(net_has("10.0.0.0/8", "11.0.0.0"));
    UNIT_TRUE(net_has("0.0.0.0/0", "255.255.255.255"));
    UNIT_FALSE(net_has("0.0.0.0/0", "2001:db8::1"));
    UNIT_TRUE(net_has("::/0", "2001:db8::1"));
    UNIT_TRUE(net_has("::ffff:192.0.2.0/120", "192.0.2.200"));
    UNIT_TRUE(net_has("2001:db8:1::/48", "2001:db8:1:ffff::1"));
    UNIT_FALSE(net_has("2001:db8:1::/64", "2001:db8:1:ffff::1"));
    UNIT_FALSE(net_has("2001:db8:1::/48", "2001:db8:2::1"));
    UNIT_TRUE(net_has("2001:db8::1", "2001:db8::1"));
    UNIT_FALSE(net_has("2001:db8::1", "2001:db8::2"));
    UNIT_TRUE(net_has("[2001:db8::]/32", "2001:db8:ffff::"));
    UNIT_FALSE(net_has("2001:db8::/127", "2001:db8::2"));
}

UNIT_TEST(networks_with_host_bits_or_wrong_prefixes_are_refused)
{
    static const char *const texts[] = {"192.0.2.7/31",
                                        "192.0.2.1/0",
                                        "2001:db8::1/127",
                                        "2001:db8::/16",
                                        "192.0.2.0/33",
                                        "2001:db8::/129",
                                        "192.0.2.0/",
                                        "192.0.2.0/-1",
                                        "192.0.2.0/ 24",
                                        "192.0.2.0 /24",
                                        "/24",
                                        "192.0.2.0/24/24",
                                        "192.0.2.0/255.255.255.0",
                                        "10.0.0.0/18446744073709551624"};
    struct address_net net;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        UNIT_FALSE(address_net_parse(str_of(texts[i]), &net));
}

/* Proxies are 10.0.0.0/8 and 2001:db8:ffff::/48. */
static void client(const char *expected, const char *remote, const char *forwarded)
{
    struct address_net proxies[2];
    char text[ADDRESS_TEXT_MAX] = "refused";
    struct address a;

    UNIT_REQUIRE(address_net_parse(STR("10.0.0.0/8"), &proxies[0]));
    UNIT_REQUIRE(address_net_parse(STR("2001:db8:ffff::/48"), &proxies[1]));
    if (address_client(str_of(remote), str_of(forwarded), proxies, 2, &a))
        address_print(&a, text);
    UNIT_TEXT(expected, text);
}

UNIT_TEST(the_client_is_the_rightmost_address_that_is_no_proxy)
{
    client("192.0.2.1", "192.0.2.1", NULL);
    client("192.0.2.1", "192.0.2.1", "198.51.100.1"); /* not from a proxy: the sender's own word */
    client("198.51.100.1", "10.0.0.1", "198.51.100.1");
    client("198.51.100.2", "10.0.0.1", "198.51.100.1, 198.51.100.2");
    client("198.51.100.1", "10.0.0.1", "203.0.113.9, 198.51.100.1 ,\t10.0.0.2,10.0.0.3");
    client("198.51.100.1", "2001:db8:ffff::1", "[2001:db8::9], 198.51.100.1, 2001:db8:ffff:1::2");
    client("2001:db8::9", "10.0.0.1", "[2001:db8::9]");
    client("10.0.0.1", "10.0.0.1", NULL);
    client("10.0.0.1", "10.0.0.1", "");
    client("10.0.0.1", "10.0.0.1", " , ,");
    client("198.51.100.1", "10.0.0.1", "198.51.100.1, ,");
    client("10.0.0.9", "10.0.0.1", "10.0.0.9, 10.0.0.8");
}

UNIT_TEST(who_is_no_address_is_no_client)
{
    client("refused", "unix:", NULL);
    client("refused", "", "198.51.100.1");
    client("refused", "10.0.0.1", "198.51.100.1, unknown");
    client("refused", "10.0.0.1", "198.51.100.1:8080");
    client("198.51.100.1", "10.0.0.1", "unknown, 198.51.100.1");
}

UNIT_TEST(without_proxies_the_remote_address_is_the_client)
{
    struct address a;
    char text[ADDRESS_TEXT_MAX];

    UNIT_REQUIRE(address_client(STR("192.0.2.1"), STR("198.51.100.1"), NULL, 0, &a));
    address_print(&a, text);
    UNIT_TEXT("192.0.2.1", text);
}

UNIT_TEST(a_list_has_an_address_when_one_of_its_networks_has)
{
    struct address_net nets[2];
    struct address a;

    UNIT_REQUIRE(address_net_parse(STR("192.0.2.0/24"), &nets[0]));
    UNIT_REQUIRE(address_net_parse(STR("198.51.100.0/24"), &nets[1]));
    UNIT_REQUIRE(address_parse(STR("198.51.100.1"), &a));
    UNIT_TRUE(address_in(nets, 2, &a));
    UNIT_FALSE(address_in(nets, 1, &a));
    UNIT_FALSE(address_in(nets, 0, &a));
}

static uint64_t network(const char *text)
{
    struct address a;

    return UNIT_TRUE(address_parse(str_of(text), &a)) ? address_network(&a) : 0;
}

/* Else each address of one customer's network would have a share of the refused box of its own. */
UNIT_TEST(all_addresses_that_a_stranger_can_choose_from_are_one_network)
{
    UNIT_HEX(network("192.0.2.1"), network("192.0.2.254"));
    UNIT_HEX(network("192.0.2.1"), network("::ffff:192.0.2.7"));
    UNIT_TRUE(network("192.0.2.1") != network("192.0.3.1"));
    UNIT_HEX(network("2001:db8:7::1"), network("2001:db8:7:ffff:1:2:3:4"));
    UNIT_TRUE(network("2001:db8:7::1") != network("2001:db8:8::1"));
    UNIT_TRUE(network("2001:db8:7::1") != network("2002:db8:7::1"));
    /* 0 is that of an address which is not known. */
    UNIT_TRUE(network("0.0.0.0") != 0 && network("::") != 0);
    UNIT_TRUE(network("0.0.0.0") != network("::"));
}

static bool published(const char *text)
{
    struct address a;

    return UNIT_TRUE(address_parse(str_of(text), &a)) && address_published(&a);
}

UNIT_TEST(the_published_addresses_are_known)
{
    UNIT_TRUE(published("44.238.19.20"));
    UNIT_TRUE(published("54.220.25.36"));
    UNIT_TRUE(published("::ffff:44.238.19.20"));
    UNIT_FALSE(published("44.238.19.21"));
    UNIT_FALSE(published("2cee:1314::"));
}
