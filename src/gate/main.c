/* SPDX-License-Identifier: MIT
 * stenohook.fcgi - the gateway: receives webhooks as a CGI or as a FastCGI program, whichever way
 * it was started.
 *
 * The arguments are never looked at: Apache makes them of a query string without "=", so they are
 * the sender's.
 */
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "gate/gate.h"

int main(void)
{
    if (!file_hold(STDERR_FILENO))
        return EXIT_FAILURE;
    /* Secrets are in our memory: no core, and no other process of our user looks into it. What
     * follows in /proc/self is ours all the same, and a program that we start is as any other. */
    (void)prctl(PR_SET_DUMPABLE, 0);
    umask(077);
    return gate_run();
}
