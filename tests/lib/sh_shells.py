"""The shells that install.sh is tried in."""

import shutil

# Name: how it is called. zsh is tried by its own name and by the name that makes it a POSIX shell.
SHELLS = {
    "dash": ["dash"], "bash": ["bash"], "bash-posix": ["bash", "--posix"], "busybox": ["busybox", "ash"],
    "mksh": ["mksh"], "ksh93": ["ksh93"], "yash": ["yash"], "yash-posix": ["yash", "--posix"],
    "zsh": ["zsh", "-f"], "zsh-sh": ["zsh", "--emulate", "sh", "-f"], "posh": ["posh"],
}
# Tried where they are packaged; Debian has neither.
SHELLS.update({name: [name] for name in ("loksh", "oksh") if shutil.which(name)})


def calls_of(shell, file):
    """How people start a script with it. posh has no -s."""
    name, *options = SHELLS[shell]
    command = [shutil.which(name) or name, *options]
    calls = {
        "file": [*command, file],
        "pipe": ["/bin/sh", "-c", 'f=$1; shift; cat "$f" | "$@"', "sh", file, *command],
        "-c": ["/bin/sh", "-c", 'f=$1; shift; "$@" -c "$(cat "$f")"', "sh", file, *command],
        "-s": ["/bin/sh", "-c", 'f=$1; shift; cat "$f" | "$@" -s -- --verbose', "sh", file, *command],
    }
    if shell == "posh":
        del calls["-s"]
    return calls


CALLS = [(shell, form) for shell in SHELLS for form in calls_of(shell, "file")]
