"""The closer look at a process: readers of real processes and of made-up files."""

import math
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from montauk_tui.collectors.procfs.details.reader import read_details
from montauk_tui.collectors.procfs.details.subject import (
    TRACE,
    ProcessFolder,
)
from montauk_tui.collectors.procfs.stat import parse_stats
from montauk_tui.model.details import Amount, Datum, Details, Value
from montauk_tui.model.sample import Identity
from tests.support.fakeproc import FakeProc, FakeProcess, kernel_thread, zombie
from tests.support.looking import add_looked_into as add
from tests.support.sight import others_are_seen


def identity_of(pid: int) -> Identity:
    raw = Path(f"/proc/{pid}/stat").read_bytes()
    return parse_stats([(pid, raw)]).identity(0)


def look(pid: int) -> Details:
    found = read_details(identity_of(pid), str)
    assert found is not None
    return found


def datum(details: Details, section_id: str, label: str) -> Datum:
    section = details.section(section_id)
    assert section is not None
    (found,) = [one for one in section.data if one.label == label]
    return found


def text(details: Details, section_id: str, label: str) -> str:
    value = datum(details, section_id, label).value
    assert isinstance(value, str), (label, value)
    return value


def amount(details: Details, section_id: str, label: str) -> Amount:
    value = datum(details, section_id, label).value
    assert isinstance(value, Amount), (label, value)
    return value


def rows(details: Details, section_id: str) -> list[tuple[Value | None, ...]]:
    section = details.section(section_id)
    assert section is not None
    assert section.table is not None
    return list(section.table.rows)


def files_of(details: Details) -> dict[int, tuple[Value | None, ...]]:
    found = {}
    for fd, *rest in rows(details, "files"):
        assert isinstance(fd, Amount)
        found[int(fd.number)] = tuple(rest)
    return found


@pytest.fixture
def child(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A process with an environment, a folder, a thread and files of its own."""
    program = """if True:
        import os, sys, threading
        opened = open("kept", "w"); opened.write("12345"); opened.flush()
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        print("ready", flush=True)
        sys.stdin.read()
    """
    process = subprocess.Popen(
        [sys.executable, "-c", program, "an argument"],
        cwd=tmp_path,
        env={"COLOUR": "green\x1b[2J", "EMPTY": ""},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    yield process
    process.communicate()


# --- real processes -------------------------------------------------------------------


def test_a_child_is_described(child: "subprocess.Popen[bytes]", tmp_path: Path) -> None:
    details = look(child.pid)
    assert text(details, "process", "Command").endswith("an argument")
    assert text(details, "process", "Working folder") == str(tmp_path)
    assert text(details, "process", "Parent") == str(os.getpid())
    parents = text(details, "process", "Parents").split(" < ")
    assert parents[0].endswith(f" {os.getpid()}")
    assert text(details, "environment", "COLOUR") == r"green\x1b[2J"
    assert text(details, "environment", "EMPTY") == ""
    assert details.uid == os.getuid()
    assert len(rows(details, "threads")) == 2
    assert amount(details, "usage", "Threads").number == 2
    assert amount(details, "memory", "RSS").number > 1 << 20
    kinds = [row[0] for row in rows(details, "memory")]
    assert {"heap", "stack", "program text", "anonymous"} <= set(kinds)
    files = files_of(details)
    assert files[0][:2] == ("pipe", "r")
    assert files[1][:2] == ("pipe", "w")
    (kept,) = [row for row in files.values() if str(row[3]).endswith("/kept")]
    assert kept[0] == "reg"
    assert isinstance(kept[2], Amount)
    assert kept[2].number == 5
    used = amount(details, "limits", "Open files")
    assert used.number == len(files)
    assert used.limit > 0


def test_types_of_files_and_peers_of_sockets_are_told() -> None:
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    client = socket.create_connection(("127.0.0.1", port))
    six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    one, other = socket.socketpair()
    memory, event = os.memfd_create("secret"), os.eventfd(0)
    try:
        files = files_of(look(os.getpid()))
        assert files[server.fileno()][0] == "tcp"
        assert files[server.fileno()][3] == f"127.0.0.1:{port} LISTEN"
        own = client.getsockname()[1]
        said = f"127.0.0.1:{own} -> 127.0.0.1:{port} ESTABLISHED"
        assert files[client.fileno()][3] == said
        assert files[one.fileno()][0] == "unix"
        assert "connected" in str(files[one.fileno()][3])
        assert files[memory][0] == "memfd"
        assert files[event][0] == "eventfd"
    finally:
        for part in (server, client, six, one, other):
            part.close()
        os.close(memory)
        os.close(event)


def test_the_own_namespaces_are_no_others_and_the_state_is_known() -> None:
    details = look(os.getpid())
    section = details.section("namespaces")
    assert section is not None
    assert section.data
    assert not any(one.notable for one in section.data)
    assert text(details, "scheduling", "Policy")
    assert text(details, "signals", "Pending") == "none"
    assert text(details, "capabilities", "Effective")


def test_a_reading_leaves_no_file_open() -> None:
    before = sorted(Path("/proc/self/fd").iterdir())
    look(os.getpid())
    assert sorted(Path("/proc/self/fd").iterdir()) == before


def test_a_kernel_thread_has_no_memory_and_says_so() -> None:
    raw = Path("/proc/2/stat")
    if not raw.exists() or b"kthreadd" not in raw.read_bytes():
        pytest.skip("no kernel threads are to be seen here")
    details = look(2)
    assert text(details, "process", "Command") == "[kthreadd]"
    section = details.section("memory")
    assert section is not None
    assert "kernel thread" in section.reason


@pytest.mark.privileged
@others_are_seen
def test_another_user_is_told_what_is_needed(
    child: "subprocess.Popen[bytes]",
) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root: to become another user")
    program = f"""if True:
        import os
        from tests.collectors.test_details import look
        look(os.getpid())
        os.setgroups([]); os.setgid(65534); os.setuid(65534)
        details = look({child.pid})
        for name in ("environment", "files", "namespaces"):
            print(details.section(name).reason)
        for name in ("Executable", "Working folder"):
            print([d.reason for d in details.section("process").data
                   if d.label == name][0])
        print([d.reason for d in details.section("kernel").data if d.label == "Stack"])
        print([d.value for d in details.section("process").data if d.label == "Parent"])
    """
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    lines = done.stdout.splitlines()
    assert lines[:5] == [TRACE] * 5, done.stderr
    assert "CAP_SYS_ADMIN" in lines[5]
    assert str(os.getpid()) in lines[6]


# --- identity -------------------------------------------------------------------------


def test_of_another_process_with_its_pid_nothing_is_told() -> None:
    own = identity_of(os.getpid())
    assert read_details(own._replace(start_ticks=own.start_ticks + 1), str) is None
    assert read_details(Identity(4_000_000, 1), str) is None


def test_of_a_process_that_ends_meanwhile_nothing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proc = FakeProc(tmp_path)
    add(proc, FakeProcess(7))
    real = ProcessFolder.names

    def replaced(self: ProcessFolder, name: str) -> list[str]:
        if name == "fd":
            stat = FakeProcess(7, start_ticks=2_000).stat
            (tmp_path / "proc" / "7" / "stat").write_bytes(stat)
        return real(self, name)

    assert read_details(Identity(7, 1000), str, proc.root) is not None
    monkeypatch.setattr(ProcessFolder, "names", replaced)
    assert read_details(Identity(7, 1000), str, proc.root) is None


def test_an_open_folder_is_never_that_of_a_later_process() -> None:
    process = subprocess.Popen(["sleep", "100"])
    with ProcessFolder("/proc", process.pid) as folder:
        assert folder.read("stat")
        process.kill()
        process.wait()
        with pytest.raises(ProcessLookupError):
            folder.read("stat")


# --- made-up files --------------------------------------------------------------------

FILES = (
    "status", "environ", "limits", "maps", "smaps_rollup", "cgroup", "io", "wchan",
    "schedstat", "stack", "syscall", "oom_score", "stat", "cmdline", "net/tcp",
    "net/unix", "fdinfo/3",
)  # fmt: skip


def fake(proc: FakeProc, pid: int = 7) -> Details:
    found = read_details(Identity(pid, 1000), "user-{}".format, proc.root)
    assert found is not None
    return found


def test_made_up_files_are_understood(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    folder = add(proc, FakeProcess(7))
    (folder / "environ").write_bytes(b"A=1\0B=x=y\0odd\0")
    (folder / "limits").write_bytes(
        b"Limit      Soft Limit  Hard Limit  Units\n"
        b"Max open files            1                4096                 files     \n"
        b"Max processes             100              unlimited            processes \n"
    )
    (folder / "net" / "tcp").write_bytes(
        b"  sl  local\n   0: 0100007F:1F90 0200007F:0050 01 0:0 00:0 0 0 0 77 1 x\n"
    )
    details = fake(proc)
    assert text(details, "process", "User") == "real user-1 1, " + ", ".join(
        [f"{kind} user-2 2" for kind in ("effective", "saved")]
    )
    assert datum(details, "process", "Executable").notable
    assert text(details, "process", "PID inside") == "2"
    assert text(details, "environment", "B") == "x=y"
    assert text(details, "environment", "") == "odd"
    assert files_of(details)[3] == (
        "tcp", "rw", "", "127.0.0.1:8080 -> 127.0.0.2:80 ESTABLISHED",
    )  # fmt: skip
    assert datum(details, "limits", "Open files").notable
    tasks = amount(details, "limits", "Processes")
    assert math.isnan(tasks.number)
    assert tasks.limit == 100
    assert text(details, "capabilities", "Effective") == "chown dac_override"
    assert text(details, "signals", "Pending") == "HUP"
    assert details.uid == 1


@pytest.mark.parametrize(
    ("machine", "line", "said"),
    [
        ("x86_64", "34 0x0 0x0 0x0 0x0 0x0 0x0 0x7ffe7dd9aa68 0x401503", "pause"),
        ("aarch64", "73 0x0 0x0 0x0 0x0 0x0 0x0 0xffffe7dd9a68 0x401503", "ppoll"),
        ("x86_64", "34 0x0 0x0 0x0 0x0 0x0 0x0 0xffd9aa68 0x8401503", "number 34"),
        ("mips", "34 0x0 0x0 0x0 0x0 0x0 0x0 0x7ffe7dd9aa68 0x401503", "number 34"),
        ("x86_64", "9999 0x0 0x0 0x0 0x0 0x0 0x0 0x7ffe7dd9aa68 0x1", "number 9999"),
        ("x86_64", "34", "number 34"),
        ("x86_64", "-1 0x7ffe7dd9aa68 0x401503", "none"),
        ("x86_64", "running", "running"),
    ],
)
def test_a_system_call_has_its_name_where_the_program_has_64_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine: str, line: str, said: str
) -> None:
    uname = os.uname_result(("Linux", "host", "6.1", "1", machine))
    monkeypatch.setattr(os, "uname", lambda: uname)
    proc = FakeProc(tmp_path)
    (add(proc, FakeProcess(7)) / "syscall").write_text(f"{line}\n")
    assert text(fake(proc), "kernel", "System call") == said


@pytest.mark.parametrize(
    ("line", "said"),
    [("/autogroup-9 nice 0\n", "/autogroup-9 nice 0"), ("", "none")],
)
def test_a_process_may_be_in_no_autogroup(tmp_path: Path, line: str, said: str) -> None:
    proc = FakeProc(tmp_path)
    (add(proc, FakeProcess(7)) / "autogroup").write_text(line)
    assert text(fake(proc), "scheduling", "Autogroup") == said


def test_kernel_threads_and_zombies_have_no_environment(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    add(proc, kernel_thread(7, b"kworker"))
    section = fake(proc).section("environment")
    assert section is not None
    assert "kernel thread" in section.reason
    add(proc, zombie(7, b"gone"))
    assert text(fake(proc), "process", "Command") == "[gone]"


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.sampled_from(FILES),
    st.one_of(
        st.binary(max_size=200),
        st.text("0123456789abcdef:-/ \t\n[]\0=kB", max_size=200).map(str.encode),
    ),
)
def test_no_content_of_a_file_breaks_the_reading(
    tmp_path_factory: pytest.TempPathFactory, name: str, content: bytes
) -> None:
    proc = FakeProc(tmp_path_factory.mktemp("fuzz"))
    folder = add(proc, FakeProcess(7))
    (folder / name).write_bytes(content)
    details = read_details(Identity(7, 1000), str, proc.root)
    if details is None:
        assert name == "stat"
        return
    for section in details.sections:
        shown = [section.reason, section.note]
        for one in section.data:
            shown += [one.label, one.reason, one.note, str(one.value)]
        for row in section.table.rows if section.table else ():
            shown += map(str, row)
        assert all(part.isprintable() for part in shown), section


@pytest.mark.parametrize(("ppid", "expected"), [(8, "a 8"), (9, "- 9"), (0, "none")])
def test_the_line_of_parents_ends(tmp_path: Path, ppid: int, expected: str) -> None:
    proc = FakeProc(tmp_path)
    add(proc, FakeProcess(7, ppid=ppid))
    proc.add(FakeProcess(8, b"a", ppid=7))
    assert text(fake(proc), "process", "Parents") == expected


def test_threads_that_come_and_go_do_not_matter() -> None:
    stop = threading.Event()

    def churn() -> None:
        while not stop.is_set():
            thread = threading.Thread(target=int)
            thread.start()
            thread.join()

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(20):
            assert rows(look(os.getpid()), "threads")
    finally:
        stop.set()
        thread.join()
