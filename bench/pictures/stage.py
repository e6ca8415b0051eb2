"""A scene of processes, in separate namespaces."""

import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_ACTOR: Final = Path(__file__).with_name("actor.c")

CAST: Final = """\
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
"""
"""uid, behaviour and arguments; the format is in actor.c."""

_USERS: Final = """\
root:x:0:0::/root:/bin/bash
postgres:x:26:26::/var/lib/postgresql:/bin/bash
www-data:x:33:33::/var/www:/usr/sbin/nologin
anna:x:1000:1000::/home/anna:/bin/bash
nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin
"""

_GROUPS: Final = "".join(
    f"{name}:x:{gid}:\n"
    for name, _, _, gid, *_ in (user.split(":") for user in _USERS.splitlines())
)

_HOSTNAME: Final = "build-07"


class Stage:
    """Runs the processes of the scene, isolated from all others."""

    def __init__(self) -> None:
        """Build the programs and start them in new namespaces, as root."""
        self._folder = Path(tempfile.mkdtemp(prefix="stage-"))
        self._folder.chmod(0o755)
        programs = self._folder / "bin"
        programs.mkdir()
        actor = programs / "init"
        subprocess.run(["cc", "-O1", "-pthread", "-o", actor, _ACTOR], check=True)
        (self._folder / "cast").write_text(CAST)
        (self._folder / "passwd").write_text(_USERS)
        (self._folder / "group").write_text(_GROUPS)
        names = {
            line.rsplit("|")[-1].split()[0].rstrip(":") for line in CAST.splitlines()
        }
        for name in (*names, "cc1plus"):
            (programs / name).hardlink_to(actor)
        script = (
            f"mount --bind {self._folder} /srv && mount --bind /srv/passwd /etc/passwd"
            " && mount --bind /srv/group /etc/group"
            f" && hostname {_HOSTNAME}"
            " && cd / && exec env -i HOME=/root LANG=C.UTF-8 PATH=/usr/bin"
            " /srv/bin/init > /dev/null 2>&1"
        )
        self._unshare = subprocess.Popen(
            [
                "unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--uts",
                "--cgroup", "--mount", "sh", "-c", script,
            ],
            start_new_session=True,
        )  # fmt: skip

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Kill the processes and remove the namespaces."""
        self._unshare.send_signal(signal.SIGKILL)
        self._unshare.wait()
        shutil.rmtree(self._folder)

    def command(self, arguments: list[str]) -> list[str]:
        """Return the command line that runs a command in the namespaces."""
        init = self._init()
        return [
            "nsenter", f"--target={init}", "--pid", "--uts", "--cgroup", "--mount",
            f"--wdns={Path.cwd()}", *arguments,
        ]  # fmt: skip

    def _init(self) -> int:
        """Return the outer PID of the namespace's process 1."""
        children = Path(f"/proc/{self._unshare.pid}/task/{self._unshare.pid}/children")
        return int(children.read_text().split()[0])
