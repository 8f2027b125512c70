"""make bench: what the shim costs, next to its peers in the same run. Prints a Markdown table; a figure that misses its
goal says so. Peers: what RunMat's installer does (curl), /bin/true, and the least C program that sends one request."""
import contextlib
import ctypes
import gzip
import os
import pathlib
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "lib"))
from sink import Pki, Sink  # noqa: E402

SHIM = str(ROOT / "build" / "footfall")
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "25"))
PR_SET_CHILD_SUBREAPER = 36
BODY = '{"event_label":"%s","os":"linux","arch":"x86_64","platform":"linux-x86_64","release":"v1","method":"shell",' \
       '"cid":"9b7f0ee2-0a5a-4bda-8f1a-3a9d53f1b3e7"}'


class Bench:
    def __init__(self, folder):
        self.folder = folder
        self.pki = Pki(folder)
        self.env = {"PATH": os.environ["PATH"], "HOME": str(folder / "home"), "TMPDIR": str(folder)}
        (folder / "home").mkdir()
        # The trust store of a real machine, with the lab's authority at its end.
        self.bundle = folder / "bundle.pem"
        system = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
        self.bundle.write_text((system.read_text() if system.exists() else "") + self.pki.ca.read_text())
        self.env["SSL_CERT_FILE"] = self.env["CURL_CA_BUNDLE"] = str(self.bundle)
        self.rows = []
        self.relay = None

    def row(self, what, value, goal, met, peer=""):
        self.rows.append((what, value, goal + ("" if met else " **MISSED**"), peer))

    def emit(self, event, url, run, *options):
        return [SHIM, "emit", event, "--app", "bench", "--endpoint", url, "--run", run, "--release", "v1", *options]

    def wall(self, *commands):
        """Milliseconds that these take, one after the other."""
        start = time.perf_counter()
        for command in commands:
            pid = os.posix_spawn(shutil.which(command[0]), command, self.env,
                                 file_actions=[(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in (0, 1, 2)])
            os.waitpid(pid, 0)
        return (time.perf_counter() - start) * 1000

    def ours(self, url):
        run = uuid.uuid4().hex
        return self.wall(self.emit("install_start", url, run), self.emit("install_complete", url, run))

    def runmats(self, url):
        curl = ["curl", "-sS", "--max-time", "3", "-o", "/dev/null", "-X", "POST", "-H", "Content-Type: application/json"]
        return self.wall(*([*curl, "-d", BODY % event, url] for event in ("install_start", "install_complete")))

    def reap(self):
        """Waits for every detached sender, at most ten seconds; their resource usage."""
        used, end = [], time.monotonic() + 10
        while time.monotonic() < end:
            senders = [pid for pid in children() if pid != self.relay]
            if not senders:
                break
            used += [os.wait4(pid, 0)[2] for pid in senders if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)]
            time.sleep(0.001)
        return used


def children():
    found = []
    for task in pathlib.Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # one of the sink's threads has ended
            found += map(int, (task / "children").read_text().split())
    return found


def median(values):
    return statistics.median(values)


def relayed(port, rtt):
    relay = subprocess.Popen([sys.executable, pathlib.Path(__file__).with_name("relay.py"), str(port), str(rtt)],
                             stdout=subprocess.PIPE, text=True)
    return relay, int(relay.stdout.readline())


def added_wall(bench, sink):
    port = int(re.search(r":(\d+)", sink.url).group(1))
    path = sink.url.split(str(port))[1]
    for rtt in (0, 30, 100, 300):
        relay, relay_port = relayed(port, rtt)
        bench.relay = relay.pid
        url = f"https://localhost:{relay_port}{path}"
        rounds = ROUNDS if rtt < 100 else 7
        pairs = []
        for _ in range(rounds):
            pairs.append((bench.ours(url), bench.runmats(url)))
            bench.reap()
        mine, theirs = (median(column) for column in zip(*pairs))
        bench.row(f"wall added to an install, RTT {rtt} ms", f"{mine:.1f} ms", "<= 4 ms", mine <= 4,
                  f"curl {theirs:.0f} ms ({theirs / mine:.0f}x)")
        relay.kill()
        relay.wait()


def black_hole(bench):
    """A port whose queue of connections is full: SYNs go unanswered."""
    hole = socket.socket()
    hole.bind(("127.0.0.1", 0))
    hole.listen(0)
    fillers = []
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(hole.getsockname())
        fillers.append(filler)
    url = f"https://localhost:{hole.getsockname()[1]}/v1/events"
    mine = median([bench.ours(url) for _ in range(5)])
    theirs = bench.runmats(url)
    bench.row("black-holed endpoint", f"{mine:.1f} ms", "<= 20 ms", mine <= 20, f"curl {theirs:.0f} ms")
    bench.reap()


def hung_resolver(bench):
    """In a network and mount namespace whose only name server takes questions and never answers."""
    script = 'ip link set lo up; echo nameserver 127.0.0.1 >"$1/resolv"; mount --bind "$1/resolv" /etc/resolv.conf; ' \
             'exec "$2" -c "$3" "$4" "$1"'
    inner = """
import socket, subprocess, sys, time
mute = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); mute.bind(("127.0.0.1", 53))
start = time.perf_counter()
for event in ("install_start", "install_complete"):
    subprocess.run([sys.argv[1], "emit", event, "--app", "bench", "--endpoint", "https://t.example/v1/events", "--run", "dns"])
print((time.perf_counter() - start) * 1000)
"""
    done = subprocess.run(["unshare", "-n", "-m", "sh", "-c", script, "sh", str(bench.folder), sys.executable, inner, SHIM],
                          env=bench.env, capture_output=True, text=True)
    if done.returncode != 0:
        bench.row("resolver that never answers", "SKIP: no namespaces", "<= 20 ms", True)
        return
    mine = float(done.stdout)
    bench.row("resolver that never answers", f"{mine:.1f} ms", "<= 20 ms", mine <= 20)
    bench.reap()


def opted_out(bench):
    off = dict(bench.env, DO_NOT_TRACK="1")
    bench.env, on = off, bench.env
    command = bench.emit("install_start", "https://t.example/v1/events", "x")
    pairs = [(bench.wall(command), bench.wall(["/bin/true"])) for _ in range(ROUNDS * 8)]
    bench.env = on
    mine, true = (median(column) for column in zip(*pairs))
    bench.row("opted out", f"{mine / true:.2f} x /bin/true", "<= 1.5 x", mine / true <= 1.5, f"{mine:.2f} / {true:.2f} ms")


def one_event(bench, sink):
    usage, curls = [], []
    for _ in range(ROUNDS):
        bench.wall(bench.emit("install_start", sink.url, uuid.uuid4().hex))
        usage += bench.reap()
        pid = subprocess.Popen(["curl", "-s", "-o", "/dev/null", "-d", BODY % "install_start", sink.url], env=bench.env).pid
        curls.append(os.wait4(pid, 0)[2])
    mine = median([u.ru_utime + u.ru_stime for u in usage]) * 1000
    theirs = median([u.ru_utime + u.ru_stime for u in curls]) * 1000
    bench.row("CPU of one TLS event, anchors included", f"{mine:.1f} ms", "<= 5 ms", mine <= 5, f"curl {theirs:.0f} ms")
    mine, theirs = (median([u.ru_maxrss for u in each]) for each in (usage, curls))
    bench.row("peak memory of the sender", f"{mine:.0f} kB", "<= 1024 kB", mine <= 1024, f"curl {theirs:.0f} kB")


def processes(bench, sink):
    log = bench.folder / "strace"
    subprocess.run(["strace", "-f", "-e", "trace=execve,clone,clone3,fork,vfork", "-o", log,
                    *bench.emit("install_start", sink.url, "strace")], env=bench.env)
    text = log.read_text()
    execs, forks = len(re.findall(r"execve\(", text)), len(re.findall(r"(?:clone3?|v?fork)\(", text))
    bench.row("processes of one event", f"{execs} exec, {forks} fork", "1 exec, <= 2 forks", execs == 1 and forks <= 2)


def on_the_wire(bench):
    """Counted by the loopback device of a network namespace of its own: every IP packet both ways, its headers
    included, the Ethernet frame not. Twice: OpenSSL gives two session tickets to a client that does not ask for
    them, servers in Go give none to such a client."""
    inner = f"""
import subprocess, sys, pathlib, time
sys.path[:0] = [{str(ROOT / 'tests' / 'lib')!r}]
from sink import Pki, Sink
def counts():
    words = [line for line in open("/proc/net/dev") if line.strip().startswith("lo:")][0].split()
    return int(words[1]), int(words[2])
folder = pathlib.Path(sys.argv[1]) / "wire"; folder.mkdir()
pki = Pki(folder)
for tickets in (2, 0):
    pki.context().num_tickets = tickets
    with Sink(tls=pki) as sink:
        before = counts()
        subprocess.run([sys.argv[2], "emit", "install_start", "--app", "bench", "--endpoint", sink.url, "--run",
                        "wire%d" % tickets, "--cacert", str(pki.ca), "--strict"], check=True)
        time.sleep(0.3)
        after = counts()
    print(after[0] - before[0], after[1] - before[1])
"""
    done = subprocess.run(["unshare", "-n", "sh", "-c", 'ip link set lo up; exec "$@"', "sh", sys.executable, "-c", inner,
                           str(bench.folder), SHIM], env=bench.env, capture_output=True, text=True)
    what, goal = "IP bytes and packets of one TLS event, both ways", "<= 2500 B, <= 12 packets"
    if done.returncode != 0:
        bench.row(what, "SKIP: " + done.stderr[-80:].strip(), goal, True)
        return
    for server, line in zip(("", "; a server without tickets"), done.stdout.splitlines()):
        size, packets = map(int, line.split())
        bench.row(what + server, f"{size} B, {packets} packets", goal, size <= 2500 and packets <= 12)


def least_program(bench):
    program = bench.folder / "one_request"
    subprocess.run(["musl-gcc", "-Os", "-static", "-o", program, pathlib.Path(__file__).with_name("one_request.c")], check=True)
    with Sink() as sink:
        port = re.search(r":(\d+)", sink.url).group(1)
        pairs = []
        for _ in range(ROUNDS):
            pairs.append((bench.wall(bench.emit("install_start", sink.url, uuid.uuid4().hex)),
                          bench.wall([str(program), port])))
            bench.reap()
    mine, theirs = (median(column) for column in zip(*pairs))
    bench.row("one call, next to the least C program", f"{mine:.2f} ms", "for comparison", True, f"{theirs:.2f} ms, waits for nothing")


def sizes(bench):
    for name, goal, packed_goal in (("footfall", 350, 190), ("footfall.exe", 400, None)):
        file = ROOT / "build" / name
        if not file.exists():
            bench.row(f"build/{name}", "not built", f"<= {goal} kB", True)
            continue
        size, packed = file.stat().st_size / 1000, len(gzip.compress(file.read_bytes(), 9)) / 1000
        met = size <= goal and (packed_goal is None or packed <= packed_goal)
        bench.row(f"build/{name}, stripped / gzip", f"{size:.0f} / {packed:.0f} kB",
                  f"<= {goal} kB" + (f" / {packed_goal} kB" if packed_goal else ""), met)


def main():
    # Detached senders become our children, so that they can be waited for and their usage read.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory(prefix="footfall-bench.") as folder:
        bench = Bench(pathlib.Path(folder))
        with Sink(tls=bench.pki) as sink:
            added_wall(bench, sink)
            black_hole(bench)
            hung_resolver(bench)
            opted_out(bench)
            one_event(bench, sink)
            processes(bench, sink)
        on_the_wire(bench)
        least_program(bench)
        sizes(bench)
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    print(f"{os.cpu_count()} cores, {cpu.group(1) if cpu else platform.machine()}, Linux {platform.release()}, "
          f"{time.strftime('%Y-%m-%d')}; medians\n")
    print("| figure | measured | goal | peer in the same run |\n|---|---|---|---|")
    for row in bench.rows:
        print("| " + " | ".join(row) + " |")


main()
