"""Units and containers by the paths that systemd and managers of containers make."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.engine.columns.containers import container_of, unit_of
from montauk_tui.model.text import clean

ID = "3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a"
SHORT = ID[:12]
POD = "pod6ba7b810-9dad-11d1-80b4-00c04fd430c8"
POD_SLICE = "pod6ba7b810_9dad_11d1_80b4_00c04fd430c8"
USER = "/user.slice/user-1000.slice/user@1000.service"


@pytest.mark.parametrize(
    ("path", "unit", "container"),
    [
        ("", "", ""),
        ("/", "", ""),
        ("/init.scope", "init.scope", ""),
        ("/system.slice/ssh.service", "ssh.service", ""),
        ("/system.slice/ssh.service (deleted)", "ssh.service", ""),
        ("/system.slice/system-getty.slice/getty@tty1.service",
         "getty@tty1.service", ""),
        ("/system.slice/system-postgresql.slice/postgresql@16-main.service/child",
         "postgresql@16-main.service", ""),
        (f"{USER}/child/other.service", "user@1000.service", ""),
        ("/system.slice/dev-sda1.swap", "dev-sda1.swap", ""),
        ("/user.slice", "", ""),
        ("/user.slice/user-1000.slice/session-3.scope", "session-3.scope", ""),
        (f"{USER}/app.slice/app-org.gnome.Terminal.slice/vte-spawn-7.scope",
         "vte-spawn-7.scope", ""),
        (f"{USER}/app.slice/dbus.service", "dbus.service", ""),
        (f"{USER}/init.scope", "init.scope", ""),
        (f"{USER}/session.slice", "user@1000.service", ""),
        (USER, "user@1000.service", ""),
        (f"/system.slice/docker-{ID}.scope", f"docker-{ID}.scope", f"docker:{SHORT}"),
        (f"/docker/{ID}", "", f"docker:{SHORT}"),
        (f"/docker/{ID}/system.slice/nginx.service", "nginx.service",
         f"docker:{SHORT}"),
        (f"/actions_job/{ID}", "", f"docker:{SHORT}"),
        (f"{USER}/app.slice/docker-{ID}.scope", f"docker-{ID}.scope",
         f"docker:{SHORT}"),
        (f"{USER}/user.slice/libpod-{ID}.scope/container", f"libpod-{ID}.scope",
         f"podman:{SHORT}"),
        (f"/machine.slice/libpod-{ID}.scope", f"libpod-{ID}.scope",
         f"podman:{SHORT}"),
        (f"/libpod_parent/libpod-{ID}", "", f"podman:{SHORT}"),
        (f"/machine.slice/libpod-conmon-{ID}.scope", f"libpod-conmon-{ID}.scope", ""),
        (f"/kubepods.slice/burstable-{POD_SLICE}.slice/cri-containerd-{ID}.scope",
         f"cri-containerd-{ID}.scope", f"cri:{SHORT}"),
        (f"/kubepods.slice/kubepods-{POD_SLICE}.slice/crio-{ID}.scope",
         f"crio-{ID}.scope", f"crio:{SHORT}"),
        (f"/kubepods.slice/kubepods-{POD_SLICE}.slice/crio-conmon-{ID}.scope",
         f"crio-conmon-{ID}.scope", ""),
        (f"/kubepods/besteffort/{POD}/{ID}", "", f"kube:{SHORT}"),
        (f"/kubepods/burstable/{POD}", "", ""),
        (f"/system.slice/containerd.service/pods.slice:cri-containerd:{ID}",
         "containerd.service", f"cri:{SHORT}"),
        (f"/system.slice/nerdctl-{ID}.scope", f"nerdctl-{ID}.scope",
         f"nerdctl:{SHORT}"),
        (f"/ecs/{ID[:32]}/{ID[:32]}-1234567890", "", f"ecs:{SHORT}"),
        ("/lxc/web", "", "lxc:web"),
        ("/lxc.payload.web/system.slice/cron.service", "cron.service", "lxc:web"),
        ("/lxc.monitor.web", "", ""),
        ("/machine.slice/systemd-nspawn@web.service/payload/system.slice/cron.service",
         "systemd-nspawn@web.service", "nspawn:web"),
        (r"/machine.slice/machine-my\x2dweb.scope", r"machine-my\x2dweb.scope",
         "nspawn:my-web"),
        (r"/machine.slice/machine-qemu\x2d1\x2dvm.scope/libvirt/emulator",
         r"machine-qemu\x2d1\x2dvm.scope", ""),
        # Kubernetes in Docker: the process lives in the inner one.
        (f"/docker/{'0' * 64}/kubelet/kubepods/{POD}/cri-containerd-{ID}", "",
         f"cri:{SHORT}"),
        # What says nothing: parts that only look like it.
        ("/docker", "", ""),
        ("/docker/buildkit", "", ""),
        ("/docker/3f2a", "", ""),
        ("/system.slice/docker.service", "docker.service", ""),
        ("/system.slice/docker-registry.service", "docker-registry.service", ""),
        ("/a b.service/x", "", ""),
        ("cgroup 77", "", ""),
        ("/../..", "", ""),
    ],
)  # fmt: skip
def test_what_a_path_tells(path: str, unit: str, container: str) -> None:
    assert unit_of(path) == unit
    assert container_of(path) == container


def test_an_escape_in_a_name_does_not_become_what_it_stands_for() -> None:
    path = r"/machine.slice/systemd-nspawn@\x1b\x2d2J.service"
    assert container_of(path) == r"nspawn:\x1b-2J"


@given(st.lists(st.sampled_from([
    "", "/", "docker", "docker-", ID, ".scope", ".service", "lxc", "lxc.payload.",
    "user@1.service", ".slice", "machine-", r"\x2d", "\u202e", "\x1b", ":", "pod", "a",
])).map("".join))  # fmt: skip
def test_hostile_paths_stay_clean(path: str) -> None:
    cleaned = clean(path.encode())
    for found in (unit_of(cleaned), container_of(cleaned)):
        assert found == clean(found.encode())
        assert len(found) <= len(cleaned) + len("nerdctl:")
