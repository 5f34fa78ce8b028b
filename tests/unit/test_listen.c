/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "cgi/listen.h"
#include "unit.h"

static struct sockaddr_storage peer(const char *address)
{
    struct sockaddr_storage peer = {.ss_family = AF_UNIX};
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, address, &four.sin_addr) == 1)
        memcpy(&peer, &four, sizeof four);
    else if (inet_pton(AF_INET6, address, &six.sin6_addr) == 1)
        memcpy(&peer, &six, sizeof six);
    return peer;
}

static bool admits(const char *list, const char *address)
{
    struct sockaddr_storage p = peer(address);

    return listen_admits(list, &p);
}

UNIT_TEST(without_a_list_every_peer_is_admitted)
{
    UNIT_TRUE(admits(NULL, "127.0.0.1"));
    UNIT_TRUE(admits(NULL, "2001:db8::1"));
    UNIT_TRUE(admits(NULL, "unix"));
}

UNIT_TEST(a_list_admits_those_whom_it_names)
{
    UNIT_TRUE(admits("127.0.0.1", "127.0.0.1"));
    UNIT_TRUE(admits("192.0.2.1,127.0.0.1", "127.0.0.1"));
    UNIT_TRUE(admits(" 192.0.2.1 ,\t127.0.0.1 ", "192.0.2.1"));
    UNIT_FALSE(admits("127.0.0.1", "127.0.0.2"));
    UNIT_FALSE(admits("127.0.0.1", "127.0.0.11"));
    UNIT_FALSE(admits("127.0.0.11", "127.0.0.1"));
    UNIT_FALSE(admits("127.0.0.1", "::1"));
}

UNIT_TEST(an_address_of_ipv6_is_compared_by_value)
{
    UNIT_TRUE(admits("192.0.2.1,2001:DB8:0:0::1", "2001:db8::1"));
    UNIT_FALSE(admits("2001:db8::1", "2001:db8::2"));
}

UNIT_TEST(an_address_of_ipv4_is_known_on_a_socket_for_both)
{
    UNIT_TRUE(admits("127.0.0.1", "::ffff:127.0.0.1"));
    UNIT_TRUE(admits("::ffff:127.0.0.1", "127.0.0.1"));
    UNIT_FALSE(admits("127.0.0.1", "::127.0.0.1"));
}

UNIT_TEST(what_is_no_address_admits_nobody_and_hides_nobody_else)
{
    static const char *const lists[] = {
        "",
        ",",
        "localhost",
        "127.0.0",
        "127.0.0.1/8",
        "127.0.0.1 192.0.2.1",
        "127.0.0.1111111111111111111111111111111111111111111111111111111111111",
    };

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        UNIT_FALSE(admits(lists[i], "127.0.0.1"));
    UNIT_FALSE(admits("", "::"));
    UNIT_FALSE(admits("", "0.0.0.0"));
    UNIT_TRUE(admits("localhost,,127.0.0.1", "127.0.0.1"));
}

UNIT_TEST(a_peer_on_a_unix_socket_has_no_address_to_be_listed)
{
    UNIT_TRUE(admits("192.0.2.1", "unix"));
}
