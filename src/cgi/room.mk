# SPDX-License-Identifier: MIT
libcgi_a_SOURCES = \
	src/cgi/cgi.c src/cgi/cgi.h \
	src/cgi/exchange.c src/cgi/cgi_parts.h \
	src/cgi/fcgi.c \
	src/cgi/listen.c src/cgi/listen.h \
	src/cgi/wire.c src/cgi/wire.h
