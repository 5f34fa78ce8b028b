# SPDX-License-Identifier: MIT
"""fronts - web servers in front of what is measured, each configured as its own documentation says for speed.

All run as the worker, on loopback only, and write no access log.
"""
import os
import shutil

from place import Process, as_worker

LIGHTTPD = """
server.modules = ( "mod_fastcgi", "mod_cgi", "mod_alias", "mod_setenv" )
server.document-root = "{www}"
server.bind = "127.0.0.1"
server.port = {port}
server.errorlog = "{run}/lighttpd-error.log"
server.breakagelog = "{run}/lighttpd-stderr.log"
server.upload-dirs = ( "{run}" )
server.max-fds = 8192
server.max-connections = 2048
server.max-keep-alive-requests = 1000000
server.listen-backlog = 1024
{more}
"""

LIGHTTPD_FASTCGI = 'fastcgi.server = ( "/hook" => (( "socket" => "{socket}", "check-local" => "disable" )) )'
# As Debian's 15-fastcgi-php-fpm.conf.
LIGHTTPD_PHP = 'fastcgi.server = ( ".php" => (( "socket" => "{socket}", "broken-scriptfilename" => "enable" )) )'
LIGHTTPD_CGI = """
alias.url = ( "/hook" => "{program}" )
cgi.assign = ( "{program}" => "{interpreter}" )
setenv.set-environment = ( {variables} )
"""

# Workers for 256 clients and 64 idle connections, all there from the beginning.
APACHE = """
ServerRoot /usr/lib/apache2
DefaultRuntimeDir {run}
PidFile {run}/apache.pid
ServerName localhost
Listen 127.0.0.1:{port}
ListenBackLog 1024
ErrorLog {run}/apache-error.log
LogLevel error
LoadModule mpm_event_module modules/mod_mpm_event.so
LoadModule authz_core_module modules/mod_authz_core.so
LoadModule proxy_module modules/mod_proxy.so
LoadModule proxy_fcgi_module modules/mod_proxy_fcgi.so
StartServers 2
ServerLimit 2
ThreadsPerChild 192
ThreadLimit 192
MinSpareThreads 384
MaxSpareThreads 384
MaxRequestWorkers 384
KeepAlive On
MaxKeepAliveRequests 0
DocumentRoot {www}
ProxyPass /hook "unix:{socket}|fcgi://localhost/hook" enablereuse=on
"""

NGINX = """
worker_processes auto;
worker_rlimit_nofile 8192;
daemon off;
pid {run}/nginx.pid;
error_log {run}/nginx-error.log error;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    client_body_temp_path {run}/nginx-body;
    fastcgi_temp_path {run}/nginx-fastcgi;
    proxy_temp_path {run}/nginx-proxy;
    scgi_temp_path {run}/nginx-scgi;
    uwsgi_temp_path {run}/nginx-uwsgi;
    keepalive_requests 1000000;
    upstream hook {{
        server unix:{socket};
        keepalive 64;
        keepalive_requests 1000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        location /hook {{
            include /etc/nginx/fastcgi_params;
            fastcgi_pass hook;
            fastcgi_keep_conn on;
        }}
    }}
}}
"""


def found(*names):
    """The path of the first of these programs that there is: the system's own, which the worker can run."""
    path = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"
    return next((where for name in names if (where := shutil.which(name, path=path)) is not None), None)


def begin(site, program, text, *command, **values):
    """Starts a web server with this configuration."""
    config = os.path.join(site.folder, "front.conf")
    with open(config, "w", encoding="utf-8") as f:
        f.write(text.format(run=site.run, www=site.www, **values))
    os.chmod(config, 0o644)
    return Process([found(program), *command, config], os.path.join(site.run, "front.log"),
                   env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TMPDIR": site.run}, **as_worker())


def lighttpd(site, port, socket):
    return begin(site, "lighttpd", LIGHTTPD, "-D", "-f", port=port, more=LIGHTTPD_FASTCGI.format(socket=socket))


def lighttpd_php(site, port, socket):
    return begin(site, "lighttpd", LIGHTTPD, "-D", "-f", port=port, more=LIGHTTPD_PHP.format(socket=socket))


def lighttpd_cgi(site, port, program, interpreter, env):
    variables = ", ".join(f'"{name}" => "{value}"' for name, value in env.items())
    more = LIGHTTPD_CGI.format(program=program, interpreter=interpreter, variables=variables)
    return begin(site, "lighttpd", LIGHTTPD, "-D", "-f", port=port, more=more)


def apache(site, port, socket):
    return begin(site, "apache2", APACHE, "-DFOREGROUND", "-f", port=port, socket=socket)


def nginx(site, port, socket):
    return begin(site, "nginx", NGINX, "-e", os.path.join(site.run, "nginx-error.log"), "-c", port=port, socket=socket)


FASTCGI = {"lighttpd": lighttpd, "apache": apache, "nginx": nginx}
