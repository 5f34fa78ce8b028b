/* SPDX-License-Identifier: MIT
 * kit - see kit.h.
 */
#include "kit.h"

#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/file.h"

#define PATH_LEN_MAX 256
#define CRC_OPEN ",\"crc\":\""
#define CRC_CLOSE "\"}"
#define CRC_DIGITS 8
#define CRC_LEN (sizeof CRC_OPEN - 1 + CRC_DIGITS + sizeof CRC_CLOSE - 1)

void fuzz_broken(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: broken promise: %s\n", file, line, what);
    abort();
}

/* ---- inputs */

struct str fuzz_str(const uint8_t *data, size_t size)
{
    return size == 0 ? STR("") : (struct str){(const char *)data, size};
}

uint8_t fuzz_byte(struct str *rest)
{
    if (rest->len == 0)
        return 0;
    rest->len--;
    return (uint8_t)*rest->ptr++;
}

uint64_t fuzz_u64(struct str *rest)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < 8; i++)
        n |= (uint64_t)fuzz_byte(rest) << 8 * i;
    return n;
}

struct str fuzz_field(struct str *rest, char separator)
{
    struct str field;

    (void)str_cut(*rest, separator, &field, rest);
    return field.ptr == NULL ? STR("") : field;
}

/* ---- judges */

bool fuzz_printable(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((uint8_t)s.ptr[i] < 0x20 || (uint8_t)s.ptr[i] > 0x7e)
            return false;
    return true;
}

/* The code point at s, or UINT32_MAX; *len is what it takes. */
static uint32_t code_point(struct str s, size_t *len)
{
    uint8_t first = (uint8_t)*s.ptr;
    uint32_t c;

    *len = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
    if (*len == 0 || *len > s.len)
        return UINT32_MAX;
    c = *len == 1 ? first : first & (0x7fU >> *len);
    for (size_t i = 1; i < *len; i++) {
        if (((uint8_t)s.ptr[i] & 0xc0) != 0x80)
            return UINT32_MAX;
        c = c << 6 | ((uint8_t)s.ptr[i] & 0x3f);
    }
    return c;
}

bool fuzz_utf8(struct str s)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

    for (size_t i = 0, len; i < s.len; i += len) {
        uint32_t c = code_point((struct str){s.ptr + i, s.len - i}, &len);

        if (c > 0x10ffff || c < least[len] || (c >= 0xd800 && c <= 0xdfff))
            return false;
    }
    return true;
}

bool fuzz_crc_right(struct str line)
{
    char tail[CRC_LEN + 1];

    if (line.len < CRC_LEN)
        return false;
    snprintf(tail, sizeof tail, CRC_OPEN "%08" PRIx32 CRC_CLOSE,
             crc32c_table(0, line.ptr, line.len - CRC_LEN));
    return memcmp(line.ptr + line.len - CRC_LEN, tail, CRC_LEN) == 0;
}

void fuzz_seal(struct buf *out, struct str line)
{
    size_t at = out->len;

    if (line.len >= CRC_LEN &&
        memcmp(line.ptr + line.len - CRC_LEN, CRC_OPEN, sizeof CRC_OPEN - 1) == 0)
        line.len -= CRC_LEN;
    else if (str_ends(line, "}"))
        line.len--;
    buf_add_str(out, line);
    buf_printf(out, CRC_OPEN "%08" PRIx32 CRC_CLOSE, crc32c_table(0, out->ptr + at, out->len - at));
}

/* ---- files */

static char folder[PATH_LEN_MAX];

static int remove_one(const char *path, const struct stat *sb, int kind, struct FTW *walk)
{
    (void)sb;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void remove_folder(void)
{
    (void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void make_folder(void)
{
    const char *base = getenv("TMPDIR");

    snprintf(folder, sizeof folder, "%s/stenohook-fuzz-XXXXXX", base == NULL ? "/tmp" : base);
    FUZZ_REQUIRE(mkdtemp(folder) != NULL);
    (void)atexit(remove_folder);
}

const struct spool *fuzz_spool(void)
{
    static struct spool spool;
    static bool made;
    char path[PATH_LEN_MAX + 8];

    if (made)
        return &spool;
    make_folder();
    snprintf(path, sizeof path, "%s/spool", folder);
    FUZZ_REQUIRE(spool_create(path, NULL) == STATUS_OK);
    FUZZ_REQUIRE(spool_open(&spool, path, NULL) == STATUS_OK);
    made = true;
    return &spool;
}

void fuzz_put(int dir, const char *name, struct str bytes)
{
    int fd = file_open(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    FUZZ_REQUIRE(fd >= 0 && file_pwrite(fd, bytes.ptr, bytes.len, 0) == 0);
    file_close(&fd);
}
