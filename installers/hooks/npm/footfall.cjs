'use strict';
// Counts first installs, see @PRIVACY_URL@
// In package.json:  "scripts": { "postinstall": "node footfall/footfall.cjs || exit 0" }
// In the program:   require('../footfall/footfall.cjs').firstRun();
// npm, pnpm, Yarn and Bun may refuse to run a package's scripts. postinstall therefore removes the
// file first-run, and where it is still there, the first run in a terminal counts instead.
const { spawnSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');

const app = '@APP@';
const notice = '@NAME@ counts first installs anonymously (@PRIVACY_URL@). ' +
    'To switch that off: @PREFIX@_NO_TELEMETRY=1';
const options = ['--app', app, '--endpoint', '@ENDPOINT@', '--release', '@RELEASE@', '--method', 'npm'];

const kernels = { darwin: 'macos', win32: 'windows' };
const machines = { x64: 'x86_64', arm64: 'aarch64', arm: 'armv7', ia32: 'i686', ppc64: 'ppc64le' };
const kernel = kernels[process.platform] || process.platform;
const machine = machines[process.arch] || process.arch;
const suffix = kernel === 'windows' ? '.exe' : '';
const shim = path.join(__dirname, `footfall-${kernel}-${machine}${suffix}`);
const pending = path.join(__dirname, 'first-run');

function call(...words) {
    const run = `npm.${process.pid}.${Math.floor(Date.now() / 1000)}`;
    const result = spawnSync(shim, [...words, ...options, '--run', run],
        { stdio: ['ignore', 'pipe', 'ignore'], timeout: 5000, killSignal: 'SIGKILL', windowsHide: true });
    return String(result.stdout || '');
}

function wouldSend() {
    return /"gate":\s*"none"/.test(call('explain', 'install_start', '--json'));
}

const yes = ['1', 'true', 'yes', 'on'];
const no = ['', '0', 'false', 'no', 'off'];
const variableIs = (name, words) =>
    name in process.env && words.includes(process.env[name].toLowerCase());

// npm install --no-telemetry, telemetry=false in .npmrc, and those of Yarn.
function declined() {
    return variableIs('npm_config_telemetry', no) || variableIs('npm_config_no_telemetry', yes) ||
        variableIs('npm_config_do_not_track', yes) || variableIs('npm_config_offline', yes) ||
        variableIs('YARN_ENABLE_TELEMETRY', no);
}

// A container that has neither an init system nor a terminal prepares a system for others.
function inImageBuild() {
    if (process.platform !== 'linux' || variableIs('FOOTFALL_ALLOW_CI', yes))
        return false;
    try {
        const init = fs.readFileSync('/proc/1/comm', 'utf8').trim();
        if (['init', 'systemd', 'openrc-init', 'runit', 's6-svscan', 'dinit', 'shepherd'].includes(init))
            return false;
        fs.closeSync(fs.openSync('/dev/tty', 'r'));
        return false;
    } catch {
        return true;
    }
}

// What tells an upgrade from a first install: a file in the user's own home, made once and for all.
function mark() {
    const folder = path.join(os.homedir(), `.${app}`);
    if (process.getuid && fs.statSync(os.homedir()).uid !== process.getuid())
        return false;
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    fs.writeFileSync(path.join(folder, 'telemetry_npm'), '', { flag: 'wx', mode: 0o600 });
    return true;
}

function isMarked() {
    return fs.existsSync(path.join(os.homedir(), `.${app}`, 'telemetry_npm'));
}

function count() {
    if (isMarked() || declined() || inImageBuild() || !wouldSend() || !mark())
        return;
    process.stderr.write(`${notice}\n`);
    call('emit', 'install_start');
    call('emit', 'install_complete');
}

exports.firstRun = function () {
    try {
        if (process.stderr.isTTY && fs.existsSync(pending))
            count();
    } catch {
        // Nothing of this is the program's concern.
    }
};

if (require.main === module) {
    try {
        fs.rmSync(pending, { force: true });
        count();
    } catch {
        // Nothing of this is the package's concern.
    }
    process.exitCode = 0;
}
