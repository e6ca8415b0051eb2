"""Ten questions to recordings of many hosts, in SQL that three engines understand.

docs/fleet.md has them; tests ask DuckDB, `make test-fleet` Spark and ClickHouse too.
"""

from typing import Final, NamedTuple


class Question(NamedTuple):
    """A question."""

    id: str
    asks: str
    sql: str


QUESTIONS: Final = (
    Question(
        "exited",
        "Which host, which cgroup, which command used most CPU in exited processes "
        "on the last day?",
        """\
SELECT host, machine_id, cgroup, comm, count(*) AS exits,
       round(sum(utime_s + stime_s), 3) AS cpu
FROM exits
WHERE date = (SELECT max(date) FROM exits)
GROUP BY host, machine_id, cgroup, comm
ORDER BY cpu DESC, host, machine_id, cgroup, comm
LIMIT 10""",
    ),
    Question(
        "commands",
        "How many CPU-seconds did each command use, live and exited?",
        """\
SELECT comm, round(sum(cpu_s), 3) AS cpu
FROM (
    SELECT comm, cpu_s FROM samples
    UNION ALL
    SELECT comm, cpu_s FROM exits
) AS used
WHERE cpu_s > 0
GROUP BY comm
ORDER BY cpu DESC, comm
LIMIT 20""",
    ),
    Question(
        "busy",
        "Where did the CPU time of each host go?",
        """\
SELECT host, machine_id, round(sum(busy_s), 2) AS busy, round(sum(live_s), 2) AS live,
       round(sum(exited_s), 2) AS exited, round(sum(interrupts_s), 2) AS interrupts,
       round(sum(unexplained_s), 2) AS unexplained, sum(lost) AS lost
FROM ledger
GROUP BY host, machine_id
ORDER BY host, machine_id""",
    ),
    Question(
        "failures",
        "Which programs fail most often?",
        """\
SELECT comm, count(*) AS exits,
       sum(CASE WHEN exit_code <> 0 OR exit_signal > 0 THEN 1 ELSE 0 END) AS failures
FROM exits
GROUP BY comm
HAVING sum(CASE WHEN exit_code <> 0 OR exit_signal > 0 THEN 1 ELSE 0 END) > 0
ORDER BY failures DESC, comm
LIMIT 20""",
    ),
    Question(
        "killed",
        "What was killed, how, and by whom?",
        """\
SELECT host, machine_id, comm, exit_signal, killed_by, killer, count(*) AS times
FROM exits
WHERE killed_by IS NOT NULL
GROUP BY host, machine_id, comm, exit_signal, killed_by, killer
ORDER BY times DESC, host, machine_id, comm, exit_signal, killed_by, killer
LIMIT 20""",
    ),
    Question(
        "memory",
        "Which process had most memory, live or exited, on each host?",
        """\
SELECT host, machine_id, comm, max(bytes) AS most
FROM (
    SELECT host, machine_id, comm, rss_bytes AS bytes FROM samples
    UNION ALL
    SELECT host, machine_id, comm, peak_rss_bytes AS bytes FROM exits
) AS held
WHERE bytes > 0
GROUP BY host, machine_id, comm
ORDER BY most DESC, host, machine_id, comm
LIMIT 10""",
    ),
    Question(
        "starts",
        "Which user starts which program most often?",
        """\
SELECT host, machine_id, e.user AS who, comm, count(*) AS execs
FROM execs AS e
GROUP BY host, machine_id, e.user, comm
ORDER BY execs DESC, host, machine_id, who, comm
LIMIT 20""",
    ),
    Question(
        "growth",
        "Which processes grow: a leak?",
        """\
SELECT host, machine_id, pid, comm, min(rss_bytes) AS least, max(rss_bytes) AS most,
       max(rss_bytes) - min(rss_bytes) AS growth
FROM samples
GROUP BY host, machine_id, boot_id, pid, start_ticks, comm
HAVING max(rss_bytes) > min(rss_bytes)
ORDER BY growth DESC, host, machine_id, pid
LIMIT 10""",
    ),
    Question(
        "minute",
        "Which minute was the busiest of each host?",
        """\
SELECT host, machine_id, began, busy
FROM (
    SELECT host, machine_id, began, busy,
           row_number() OVER (PARTITION BY host, machine_id ORDER BY busy DESC, began)
               AS place
    FROM (
        SELECT host, machine_id, date_trunc('minute', time) AS began,
               round(sum(busy_s), 3) AS busy
        FROM ledger
        GROUP BY host, machine_id, date_trunc('minute', time)
    ) AS minutes
) AS placed
WHERE place = 1
ORDER BY host, machine_id""",
    ),
    Question(
        "moment",
        "What was running at the end, in each cgroup?",
        """\
SELECT host, machine_id, cgroup, count(*) AS processes, sum(rss_bytes) AS bytes
FROM (
    SELECT s.host AS host, s.machine_id AS machine_id, s.cgroup AS cgroup,
           s.rss_bytes AS rss_bytes,
           row_number() OVER (
               PARTITION BY s.host, s.machine_id, s.boot_id, s.pid, s.start_ticks
               ORDER BY s.time DESC
           ) AS place
    FROM samples AS s
    JOIN (
        SELECT host, machine_id, max(time) AS last FROM samples
        WHERE key GROUP BY host, machine_id
    ) AS k ON s.host = k.host AND s.machine_id = k.machine_id
    WHERE s.time >= k.last
) AS latest
WHERE place = 1
GROUP BY host, machine_id, cgroup
ORDER BY host, machine_id, cgroup""",
    ),
)
"""In the order of the documents."""
