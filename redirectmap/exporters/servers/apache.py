"""Apache with one virtual host that holds our file, or our .htaccess."""

from __future__ import annotations

import os
from pathlib import Path

from redirectmap.exporters.servers.base import Launch, Server

CONFIG = """\
ServerRoot {place}
ServerName localhost
PidFile {place}/apache.pid
ErrorLog {place}/error.log
Listen 127.0.0.1:{port}
DefaultRuntimeDir {place}
Mutex posixsem
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 60
{user}
{modules}
StartServers 1
DocumentRoot {root}
<Directory />
    AllowOverride None
    Require all granted
</Directory>
"""
MODULES = ("mpm_event", "authz_core", "rewrite", "alias")
FOLDERS = ("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules")
VHOST = """\
<VirtualHost 127.0.0.1:{port}>
    Include {files}/vhost.conf
</VirtualHost>
"""


def base_config(place: Path, port: int) -> str:
    """Return the configuration without any rules."""
    folder = next((name for name in FOLDERS if Path(name).is_dir()), FOLDERS[0])
    modules = [f"LoadModule {m}_module {folder}/mod_{m}.so" for m in MODULES]
    root = place / "root"
    root.mkdir(exist_ok=True)
    user = "User www-data\nGroup www-data" if os.geteuid() == 0 else ""
    return CONFIG.format(
        place=place, port=port, user=user, modules="\n".join(modules), root=root
    )


def prepare(place: Path, files: Path, port: int) -> Launch:
    """Write httpd.conf."""
    text = base_config(place, port) + VHOST.format(files=files, port=port)
    return launch(place, text)


def launch(place: Path, text: str) -> Launch:
    """Write `text` as the main configuration and return the commands."""
    config = place / "httpd.conf"
    config.write_text(text)
    command = ["apache2", "-d", str(place), "-f", str(config)]
    return Launch(run=[*command, "-DFOREGROUND"], check=[*command, "-t"])


APACHE = Server(
    "apache", "apache2", "apt-get install apache2", ("apache2", "-v"), prepare
)


def prepare_htaccess(place: Path, files: Path, port: int) -> Launch:
    """Write httpd.conf with our .htaccess as the document root's own.

    The check reads the same lines inside a <Directory>, because Apache's
    configuration test never opens an .htaccess file.
    """
    root = place / "root"
    base = base_config(place, port)
    (root / ".htaccess").write_bytes((files / ".htaccess").read_bytes())
    allow = f'<Directory "{root}">\n    AllowOverride All\n</Directory>\n'
    command = launch(place, base + allow)
    inside = f'<Directory "{root}">\n    Include {files}/.htaccess\n</Directory>\n'
    test = place / "check.conf"
    test.write_text(base + inside)
    check = ["apache2", "-d", str(place), "-f", str(test), "-t"]
    return Launch(run=command.run, check=check)


HTACCESS = Server(
    "apache-htaccess",
    "apache2",
    "apt-get install apache2",
    ("apache2", "-v"),
    prepare_htaccess,
)
