/* SPDX-License-Identifier: MIT
 * address - IP addresses and networks (RFC 4632, RFC 4291): who may deliver, which proxy is
 * believed.
 */
#ifndef CORE_ADDRESS_H
#define CORE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define ADDRESS_TEXT_MAX 64

struct address {
    uint8_t bytes[16]; /* IPv4 as ::ffff:a.b.c.d, so that both spellings of one address are equal */
};

struct address_net {
    struct address base;
    unsigned prefix; /* 0 to 128, counted in the 16 bytes */
};

/* "192.0.2.7", "2001:db8::1", "::ffff:192.0.2.7", "[2001:db8::1]"; blanks around are ignored; no
 * zone, no port. */
bool address_parse(struct str s, struct address *out);
/* The same with an optional "/N"; without it the host alone. Host bits after the prefix must be 0.
 */
bool address_net_parse(struct str s, struct address_net *out);
bool address_net_has(const struct address_net *net, const struct address *a);
bool address_in(const struct address_net *nets, size_t count, const struct address *a);

/* Finds who delivered. `remote` is REMOTE_ADDR; if it is one of `proxies`, the rightmost entry of
 * X-Forwarded-For (`forwarded`, may be absent) that is not a proxy itself. false: not an address (a
 * unix socket: "unix:"). */
bool address_client(struct str remote, struct str forwarded, const struct address_net *proxies,
                    size_t count, struct address *out);

/* RFC 5952 text, IPv4 dotted. */
void address_print(const struct address *a, char out[ADDRESS_TEXT_MAX]);

/* Returns a number for the network that an address is in: IPv4 /24, IPv6 /48. Never 0. */
uint64_t address_network(const struct address *a);

/* The addresses that AssemblyAI publishes as the source of its webhooks (44.238.19.20 US,
 * 54.220.25.36 EU). */
bool address_published(const struct address *a);

#endif
