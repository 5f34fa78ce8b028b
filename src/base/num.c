/* SPDX-License-Identifier: MIT
 * num - see base/num.h.
 */
#include "base/num.h"

#include <stddef.h>

bool num_u64(struct str s, uint64_t *out)
{
    uint64_t n = 0;

    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned)(s.ptr[i] - '0');

        if (s.ptr[i] < '0' || digit > 9 || n > (UINT64_MAX - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    *out = n;
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool num_hex(struct str s, uint64_t *out)
{
    uint64_t n = 0;

    if (s.len == 0 || s.len > 16)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        int digit = hex_digit(s.ptr[i]);

        if (digit < 0)
            return false;
        n = n << 4 | (unsigned)digit;
    }
    *out = n;
    return true;
}

struct unit {
    char letter;
    uint64_t factor;
};

static bool num_with_unit(struct str s, const struct unit *units, size_t count, uint64_t *out)
{
    uint64_t factor = 1;
    uint64_t n;

    for (size_t i = 0; s.len > 0 && i < count; i++) {
        if (s.ptr[s.len - 1] == units[i].letter) {
            factor = units[i].factor;
            s.len--;
            break;
        }
    }
    if (!num_u64(s, &n) || n > UINT64_MAX / factor)
        return false;
    *out = n * factor;
    return true;
}

bool num_size(struct str s, uint64_t *out)
{
    static const struct unit units[] = {{'K', 1024}, {'M', 1024 * 1024}, {'G', 1024 * 1024 * 1024}};

    return num_with_unit(s, units, sizeof units / sizeof *units, out);
}

bool num_duration(struct str s, uint64_t *out)
{
    static const struct unit units[] = {
        {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}};

    return num_with_unit(s, units, sizeof units / sizeof *units, out);
}
