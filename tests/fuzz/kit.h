/* SPDX-License-Identifier: MIT
 * kit - what the fuzz targets share. A target is one file with one LLVMFuzzerTestOneInput, which
 * calls functions of the project with bytes that anybody may have made and requires what their
 * headers promise. libFuzzer drives it (`make fuzz`), and so does replay.c in `make check`.
 */
#ifndef FUZZ_KIT_H
#define FUZZ_KIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "store/spool/spool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process with a word where the promise is broken. */
#define FUZZ_REQUIRE(e)                                                                            \
    do {                                                                                           \
        if (!(e))                                                                                  \
            fuzz_broken(#e, __FILE__, __LINE__);                                                   \
    } while (0)
_Noreturn void fuzz_broken(const char *what, const char *file, int line);

/* Room for whatever an input of libFuzzer's sizes can become. */
#define FUZZ_BUF_MAX ((size_t)16 * 1024 * 1024)

struct str fuzz_str(const uint8_t *data, size_t size);
/* The next byte, 0 at the end: it chooses what is done with the rest. */
uint8_t fuzz_byte(struct str *rest);
/* Little-endian; what is missing is 0. */
uint64_t fuzz_u64(struct str *rest);
/* What stands before the next `separator`; all, and then STR_NONE, where there is none. Never
 * without a pointer. */
struct str fuzz_field(struct str *rest, char separator);

/* Byte by byte: independent of the functions under test. */
bool fuzz_printable(struct str s); /* 0x20 to 0x7e */
bool fuzz_utf8(struct str s);
/* `line` ends in the checksum of what stands before it. */
bool fuzz_crc_right(struct str line);
/* Appends `line`, an object; with a right checksum in the place of a last member "crc". */
void fuzz_seal(struct buf *out, struct str line);

/* A spool in a folder of this process, which goes away with it. */
const struct spool *fuzz_spool(void);
/* Puts a file of these bytes into a folder of the spool in one go. */
void fuzz_put(int dir, const char *name, struct str bytes);

#endif
