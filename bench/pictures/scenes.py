"""What plays in the pictures: processes, and scripts that start more."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple


class Scene(NamedTuple):
    """The processes of a scene."""

    cast: str
    """uid, behaviour and arguments of each; the format is in actor.c."""
    scripts: Mapping[str, str] = MappingProxyType({})
    """Shell scripts by name, for the lines that name them."""
    orders: Mapping[str, str] = MappingProxyType({})
    """Behaviours of the programs that scripts start, as files in /srv."""
    limit_mib: int = 0
    """Memory of the cgroup that scripts join by writing to $LIMITED/cgroup.procs."""

    def programs(self) -> set[str]:
        """Return the names of the programs that are not scripts."""
        listed = {
            line.rsplit("|")[-1].split()[0].rstrip(":")
            for line in self.cast.splitlines()
        }
        return (listed | {*self.orders, "cc1plus"}) - {*self.scripts}


SHOP: Final = Scene("""\
0||systemd-journald
0|cpu=1|sshd: /usr/sbin/sshd -D
  1000||sshd: anna@pts/0
    1000||-bash
      1000|build=14|make -j8 all
      1000||vim src/ledger.cc
26|mem=180 port=5432|postgres -D /var/lib/postgresql/16/main
  26|mem=60 io=9|postgres: checkpointer
  26|mem=40 io=2|postgres: walwriter
  26|cpu=34 mem=140|postgres: shop orders SELECT
  26|cpu=6 mem=90|postgres: shop orders idle
0||nginx: master process /usr/sbin/nginx
  33|cpu=7 mem=30 port=8080|nginx: worker process
  33|cpu=3 mem=30|nginx: worker process
0|cpu=12 mem=420 threads=24|java -Xmx2g -jar search.jar
65534|cpu=2 mem=70 threads=6|node_exporter --collector.systemd
0||cron -f
""")
"""A build beside a database and a web server."""

TROUBLE: Final = Scene(
    """\
0||systemd-journald
0|cpu=1|sshd: /usr/sbin/sshd -D
  1000||sshd: anna@pts/0
    1000||-bash
      1000|build=5|make -j2 all
26|mem=120 port=5432|postgres -D /var/lib/postgresql/16/main
  26|mem=60 io=6|postgres: checkpointer
  26|cpu=12 mem=90|postgres: shop orders SELECT
33|cpu=2 mem=30 port=8080|nginx: worker process
1000|mem=150 leak=9 cpu=3|billing --queue invoices
0||supervise.sh shopd
0||healthcheck.sh http://shop:8080/health
0||nightly.sh
0||cron -f
""",
    {
        "healthcheck.sh": """\
while :; do
    curl -fsS "$1" < /srv/curl
    sleep 0.03
done
""",
        "supervise.sh": """\
while :; do
    shopd --config /etc/shopd.toml < /srv/shopd
    sleep 2
done
""",
        "nightly.sh": """\
while :; do
    (echo 0 > "$LIMITED/cgroup.procs"; exec indexer --all < /srv/indexer)
    thumbnail --size 200 upload/4711.jpg < /srv/thumbnail
    sleep 1
done
""",
    },
    {
        "curl": "life_ms=4 code=7",
        "shopd": "mem=40 cpu=20 life_ms=900 code=78",
        "indexer": "leak=30 cpu=5",
        "thumbnail": "cpu=60 mem=30 life_ms=400 crash=1",
    },
    limit_mib=120,
)
"""A fork storm, a build, a leak, an OOM kill, a crash, a service that restarts."""
