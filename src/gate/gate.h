/* SPDX-License-Identifier: MIT
 * gate - the gateway: what a web server starts, whichever of the two transports it speaks.
 */
#ifndef GATE_GATE_H
#define GATE_GATE_H

/* Serves the one request of a CGI process, or as a FastCGI server all requests until it is stopped.
 * Returns an exit code. A missing or broken configuration is no reason to end: requests are
 * answered 503 until it is mended (FastCGI: without a restart). */
int gate_run(void);

#endif
