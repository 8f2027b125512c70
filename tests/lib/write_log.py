"""What a power cut would leave of a collector's files: a log of its writes and syncs, and the states they allow.

strace writes the log. Until a file is synced, what was written to it may be there whole, in part, or not at all,
whatever the order of the writes; only names are taken to be there at once. An answer counts from the moment the
collector begins to send it, a sync from the moment it has ended."""
import dataclasses
import re

CALLS = "open,openat,pwrite64,ftruncate,fsync,fdatasync,unlink,recvfrom,sendto"
STRACE = ["strace", "-f", "-qq", "-y", "-xx", "-s", "1000000", "-e", f"trace={CALLS}"]
SECTOR = 512  # what a disk writes whole

LINE = re.compile(r"(\d+) +(.*)")
UNFINISHED = " <unfinished ...>"
RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)")
CALL = re.compile(r"(\w+)\((.*)\) += (-?\d+)")
ID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclasses.dataclass
class Write:
    file: str
    offset: int
    data: bytes | None  # None: cut to offset


@dataclasses.dataclass
class Sync:
    file: str
    begun: int  # how much of the log lay before it


@dataclasses.dataclass
class Gone:
    file: str


@dataclasses.dataclass
class Answer:
    request: bytes  # POST or DELETE
    cid: str


def text(argument):
    return bytes.fromhex(argument[argument.index('"') + 1:argument.rindex('"')].replace("\\x", ""))


def file_of(argument):
    """The path behind a descriptor: 5</folder/file> or, as -xx has it, 5<\\x2f\\x66...>."""
    inside = argument[argument.index("<") + 1:argument.rindex(">")]
    return bytes.fromhex(inside.replace("\\x", "")).decode() if inside.startswith("\\x") else inside


def calls(lines):
    """Each call as (name, arguments, result, begun), where the log has it: with its data, so that a write counts
    from its beginning and the rest from their end. begun: which line it began in."""
    open_calls = {}
    for number, line in enumerate(lines):
        thread, rest = LINE.fullmatch(line).groups()
        begun = number
        if rest.endswith(UNFINISHED):
            rest = rest[:-len(UNFINISHED)]
            open_calls[thread] = (number, rest)
            if not rest.startswith(("pwrite64", "sendto")):
                continue
            rest += ") = 0"
        elif (resumed := RESUMED.fullmatch(rest)) and thread in open_calls:
            begun, start = open_calls.pop(thread)
            if start.startswith(("pwrite64", "sendto")):
                continue
            rest = start + resumed[1]
        call = CALL.match(rest)
        if call and not call[3].startswith("-"):
            yield number, call[1], call[2].split(", "), begun


def read(path):
    """The log as (line, Write | Sync | Gone | Answer) in order. A request may come in pieces."""
    requests, steps = {}, []
    with open(path, encoding="ascii") as lines:
        for number, name, arguments, begun in calls(lines.read().splitlines()):
            step = None
            if name == "pwrite64":
                step = Write(file_of(arguments[0]), int(arguments[3]), text(arguments[1]))
            elif name == "ftruncate":
                step = Write(file_of(arguments[0]), int(arguments[1]), None)
            elif name in ("fsync", "fdatasync"):
                step = Sync(file_of(arguments[0]), begun)
            elif name == "unlink":
                step = Gone(text(arguments[0]).decode())
            elif name == "recvfrom" and '"' in arguments[1]:
                requests[arguments[0]] = requests.get(arguments[0], b"") + text(arguments[1])
            elif name == "sendto" and text(arguments[1]).startswith(b"HTTP/1.1 204"):
                request = requests.pop(arguments[0])
                step = Answer(request.split(b" ")[0], ID.search(request)[0].decode())
            if step is not None:
                steps.append((number, step))
    return steps


def apply(content, write):
    if write.data is None:
        del content[write.offset:]
        content.extend(bytes(write.offset - len(content)))
        return
    content.extend(bytes(max(0, write.offset - len(content))))
    content[write.offset:write.offset + len(write.data)] = write.data


def torn(write):
    """Its first sectors alone."""
    keep = len(write.data or b"") // 2 // SECTOR * SECTOR
    return [Write(write.file, write.offset, write.data[:keep])] if keep else []


# What became of the writes that no sync has covered.
FATES = {
    "none of them": lambda writes: [],
    "all of them": lambda writes: writes,
    "every second": lambda writes: writes[1::2],
    "all but the first": lambda writes: writes[1:],
    "the last torn": lambda writes: writes[:-1] + torn(writes[-1]),
}


def power_cuts(steps, every=1):
    """At every n-th step, for each fate: its name, the answers given by then, and each file's bytes."""
    synced, waiting, answers = {}, {}, []
    for count, (number, step) in enumerate(steps):
        if isinstance(step, Write):
            synced.setdefault(step.file, bytearray())
            waiting.setdefault(step.file, []).append((number, step))
        elif isinstance(step, Sync):
            for at, write in waiting.get(step.file, []):
                if at < step.begun:
                    apply(synced[step.file], write)
            waiting[step.file] = [entry for entry in waiting.get(step.file, []) if entry[0] >= step.begun]
        elif isinstance(step, Gone):
            synced.pop(step.file, None)
            waiting.pop(step.file, None)
        else:
            answers.append(step)
        if count % every:
            continue
        for fate, choose in FATES.items():
            files = {file: bytearray(content) for file, content in synced.items()}
            for file, writes in waiting.items():
                for write in choose([write for _, write in writes]) if writes else []:
                    apply(files[file], write)
            if any(waiting.values()) or fate == "all of them":
                yield f"step {count}, {fate}", list(answers), files
