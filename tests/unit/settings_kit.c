/* SPDX-License-Identifier: MIT
 * settings_kit - see settings_kit.h.
 */
#include "settings_kit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "unit.h"

static char at[6][200];

const char *sk_in(const char *name)
{
    static unsigned next;
    char *path = at[next++ % 6];

    snprintf(path, sizeof at[0], "%s/%s", unit_folder(), name);
    return path;
}

void sk_put(const char *name, const char *text)
{
    const char *temporary = sk_in("temporary");
    int fd = open(temporary, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

    UNIT_TRUE(fd >= 0 && file_write(fd, text, strlen(text)) == 0);
    close(fd);
    UNIT_INT(0, rename(temporary, sk_in(name)));
}

void sk_note(void *context, const char *text)
{
    struct sk_told *told = context;

    told->count++;
    snprintf(told->last, sizeof told->last, "%s", text);
}

void sk_check_told(const struct sk_told *told, unsigned count, const char *words)
{
    UNIT_INT(count, told->count);
    if (strstr(told->last, words) == NULL)
        UNIT_TEXT(words, told->last);
}

void sk_put_all(void)
{
    sk_put("conf", SK_ENDPOINT);
    sk_put("one", "the-first-secret");
    sk_put("two", "the-second-secret");
}

const struct settings *sk_load(struct sk_told *told)
{
    const struct settings *s = NULL;
    struct err err = ERR_INIT;

    *told = (struct sk_told){0};
    UNIT_STATUS(STATUS_OK, settings_load(&s, sk_in("conf"), sk_note, told, &err), &err);
    return s;
}
