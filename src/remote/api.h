/* SPDX-License-Identifier: MIT
 * api - what the verbs that use AssemblyAI's API share: options, configuration, key, and what they
 * print to stderr meanwhile.
 */
#ifndef REMOTE_API_H
#define REMOTE_API_H

#include <stdbool.h>

#include "cli/options.h"
#include "remote/aai.h"
#include "settings/settings.h"

/* Rows for a verb's table, and their ids. */
enum { API_KEY_FILE = OPTIONS_SHARED, API_URL };
#define API_OPTIONS                                                                                \
    {API_KEY_FILE, "key-file", "FILE", NULL,                                                       \
     "the file with the API's key (default: $ASSEMBLYAI_API_KEY, then api-key-file)"},             \
    {                                                                                              \
        API_URL, "api-url", "URL", NULL,                                                           \
            "the address of the API (default: api-url of the configuration)"                       \
    }

struct api {
    const char *key_file; /* as the options say, or NULL */
    const char *url;
    const struct settings *settings; /* NULL: not needed and not found */
    struct aai *aai;
    struct aai_watch watch;
};

/* It must stay where it is until api_close. */
void api_init(struct api *api);
/* false: the option is not one of API_OPTIONS. */
bool api_take(struct api *api, int option, const char *value);
/* Reads the configuration and the key, and makes the client. `needs_settings`: a missing
 * configuration is a failure even if the options suffice. */
enum status api_open(struct api *api, const char *config_path, bool needs_settings,
                     struct err *err) STATUS_CHECKED;
void api_close(struct api *api);

#endif
