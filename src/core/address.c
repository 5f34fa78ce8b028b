/* SPDX-License-Identifier: MIT
 * address - IP addresses and networks (RFC 4632, RFC 4291): who may deliver, which proxy is
 * believed.
 */
#include "core/address.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/num.h"

#define BITS 128U
#define V4_BITS 32U
#define V4_AT 12 /* where the four bytes of an IPv4 address stand */

static const uint8_t v4_head[V4_AT] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/* No blanks around. *v6: it was in the notation of IPv6. */
static bool parse_exact(struct str s, struct address *out, bool *v6)
{
    struct address a;
    char text[ADDRESS_TEXT_MAX];
    bool brackets = s.len >= 2 && s.ptr[0] == '[' && s.ptr[s.len - 1] == ']';

    if (brackets)
        s = (struct str){s.ptr + 1, s.len - 2};
    if (s.len == 0 || s.len >= sizeof text || memchr(s.ptr, '\0', s.len) != NULL)
        return false;
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    *v6 = strchr(text, ':') != NULL;
    if (brackets && !*v6)
        return false;
    memcpy(a.bytes, v4_head, sizeof v4_head);
    if (inet_pton(*v6 ? AF_INET6 : AF_INET, text, *v6 ? a.bytes : a.bytes + V4_AT) != 1)
        return false;
    *out = a;
    return true;
}

bool address_parse(struct str s, struct address *out)
{
    bool v6;

    return parse_exact(str_trim(s), out, &v6);
}

/* The byte of a netmask. */
static uint8_t mask_byte(unsigned prefix, unsigned i)
{
    if (prefix >= (i + 1) * 8)
        return 0xff;
    if (prefix <= i * 8)
        return 0;
    return (uint8_t)(0xff00U >> (prefix - i * 8));
}

static bool host_bits_are_0(const struct address *a, unsigned prefix)
{
    for (unsigned i = 0; i < sizeof a->bytes; i++)
        if ((a->bytes[i] & ~mask_byte(prefix, i)) != 0)
            return false;
    return true;
}

bool address_net_parse(struct str s, struct address_net *out)
{
    struct str host, digits;
    struct address base;
    uint64_t prefix;
    bool has_prefix = str_cut(str_trim(s), '/', &host, &digits);
    bool v6;

    if (!parse_exact(host, &base, &v6))
        return false;
    prefix = v6 ? BITS : V4_BITS;
    if (has_prefix && (!num_u64(digits, &prefix) || prefix > (v6 ? BITS : V4_BITS)))
        return false;
    if (!v6)
        prefix += BITS - V4_BITS;
    if (!host_bits_are_0(&base, (unsigned)prefix))
        return false;
    *out = (struct address_net){base, (unsigned)prefix};
    return true;
}

bool address_net_has(const struct address_net *net, const struct address *a)
{
    for (unsigned i = 0; i < sizeof a->bytes; i++)
        if (((a->bytes[i] ^ net->base.bytes[i]) & mask_byte(net->prefix, i)) != 0)
            return false;
    return true;
}

bool address_in(const struct address_net *nets, size_t count, const struct address *a)
{
    for (size_t i = 0; i < count; i++)
        if (address_net_has(&nets[i], a))
            return true;
    return false;
}

/* Cuts the last entry off a list; false: the list is empty. */
static bool last_entry(struct str *list, struct str *entry)
{
    size_t at = list->len;

    if (list->ptr == NULL)
        return false;
    while (at > 0 && list->ptr[at - 1] != ',')
        at--;
    *entry = str_trim((struct str){list->ptr + at, list->len - at});
    *list = at == 0 ? STR_NONE : (struct str){list->ptr, at - 1};
    return true;
}

bool address_client(struct str remote, struct str forwarded, const struct address_net *proxies,
                    size_t count, struct address *out)
{
    struct address client;
    struct str entry;

    if (!address_parse(remote, &client))
        return false;
    while (address_in(proxies, count, &client) && last_entry(&forwarded, &entry)) {
        if (entry.len == 0)
            continue;
        /* What a believed proxy put there is not known as an address ("unknown", a name): nothing
         * to the left of it can be believed. */
        if (!address_parse(entry, &client))
            return false;
    }
    *out = client;
    return true;
}

void address_print(const struct address *a, char out[ADDRESS_TEXT_MAX])
{
    bool v4 = memcmp(a->bytes, v4_head, sizeof v4_head) == 0;

    if (inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? a->bytes + V4_AT : a->bytes, out,
                  ADDRESS_TEXT_MAX) == NULL)
        out[0] = '\0';
}

uint64_t address_network(const struct address *a)
{
    bool v4 = memcmp(a->bytes, v4_head, sizeof v4_head) == 0;
    uint64_t network = v4 ? 4 : 6;

    for (unsigned i = v4 ? V4_AT : 0; i < (v4 ? V4_AT + 3 : 6); i++)
        network = network << 8 | a->bytes[i];
    return network;
}

bool address_published(const struct address *a)
{
    static const uint8_t published[][4] = {{44, 238, 19, 20}, {54, 220, 25, 36}};

    if (memcmp(a->bytes, v4_head, sizeof v4_head) != 0)
        return false;
    for (size_t i = 0; i < sizeof published / sizeof *published; i++)
        if (memcmp(a->bytes + V4_AT, published[i], sizeof published[i]) == 0)
            return true;
    return false;
}
