/* SPDX-License-Identifier: MIT
 * no_names - the C library's name service in static programs: it finds no user.
 *
 * libfcgi can ask it for the address of a host, when it opens a socket by name, which we never let
 * it do. The C library's own function loads shared libraries of the host, which must be of the very
 * version that the program was linked with, and crashes or fails otherwise; the linker warns of it.
 * This one is linked instead. Users are read from /etc/passwd (base/user.h); those that only a name
 * service knows (LDAP, NIS) do not exist for a static program.
 */
#include <netdb.h>
#include <stddef.h>

struct hostent *gethostbyname(const char *name)
{
    (void)name;
    h_errno = HOST_NOT_FOUND;
    return NULL;
}
