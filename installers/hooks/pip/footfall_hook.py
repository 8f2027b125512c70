"""Counts first installs, see @PRIVACY_URL@

pip runs nothing of a package when it installs it, so the program's first run in a terminal counts.
Put this file into the package, with the shims in a folder footfall beside it, and begin the function
that the entry point names with

    from . import footfall_hook
    footfall_hook.first_run()
"""

import json
import os
import platform
import subprocess
import sys
import time

APP = '@APP@'
NOTICE = '@NAME@ counts first installs anonymously (@PRIVACY_URL@). To switch that off: @PREFIX@_NO_TELEMETRY=1'
OPTIONS = ['--app', APP, '--endpoint', '@ENDPOINT@', '--release', '@RELEASE@', '--method', 'pip']
KERNELS = {'darwin': 'macos'}
MACHINES = {'amd64': 'x86_64', 'arm64': 'aarch64', 'armv7l': 'armv7', 'armv8l': 'armv7', 'i386': 'i686', 'x86': 'i686'}


def _shim():
    kernel, machine = platform.system().lower(), platform.machine().lower()
    name = 'footfall-{}-{}'.format(KERNELS.get(kernel, kernel), MACHINES.get(machine, machine))
    suffix = '.exe' if kernel == 'windows' else ''
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), 'footfall', name + suffix)


def _make_executable(shim):
    """Archives and indexes lose the bit that lets a file be run."""
    if not os.access(shim, os.X_OK):
        os.chmod(shim, 0o755)


def _call(command, event, *more):
    run = 'pip.{}.{}'.format(os.getpid(), int(time.time()))
    return subprocess.run([_shim(), command, event, *OPTIONS, '--run', run, *more], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=5, check=False).stdout


def _mark(folder, marker):
    """What tells an upgrade from a first install: a file in the user's own home, made once and for all."""
    if hasattr(os, 'getuid') and os.stat(os.path.dirname(folder)).st_uid != os.getuid():
        return False
    os.makedirs(folder, mode=0o700, exist_ok=True)
    os.close(os.open(marker, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    return True


def first_run():
    """Sends one install_start and one install_complete, once for each user; never fails, never waits."""
    try:
        folder = os.path.join(os.path.expanduser('~'), '.' + APP)
        marker = os.path.join(folder, 'telemetry_pip')
        if not sys.stderr.isatty() or os.path.lexists(marker):
            return
        _make_executable(_shim())
        if not json.loads(_call('explain', 'install_start', '--json'))['would_send'] or not _mark(folder, marker):
            return
        print(NOTICE, file=sys.stderr, flush=True)
        _call('emit', 'install_start')
        _call('emit', 'install_complete')
    except Exception:  # nothing of this is the program's concern
        pass
