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

// The words of shim/spec/optout.tsv. What nobody can interpret is no "yes", and no "no".
const yes = ['1', 'true', 'yes', 'on', 'y', 't', 'enable', 'enabled'];
const no = ['', '0', 'false', 'no', 'off', 'n', 'f'];
const is = (words, value) => words.includes(value.trim().toLowerCase());

// npm install --no-telemetry, telemetry=false in .npmrc, and those of Yarn.
function declined() {
    const settings = userSettings();
    for (const [name, value] of Object.entries(process.env)) // which npm, and Windows, know in any case
        settings[name.toLowerCase()] = value;
    const given = name => typeof settings[name] === 'string';
    return ['npm_config_telemetry', 'yarn_enable_telemetry'].some(name => given(name) && !is(yes, settings[name])) ||
        ['npm_config_no_telemetry', 'npm_config_do_not_track', 'npm_config_offline']
            .some(name => given(name) && !is(no, settings[name])) ||
        declinedByCaller();
}

// At the first run npm is not there to say what ~/.npmrc has.
function userSettings() {
    const settings = {};
    try {
        for (const line of fs.readFileSync(path.join(os.homedir(), '.npmrc'), 'utf8').split('\n')) {
            const found = /^\s*(telemetry|no-telemetry|do-not-track)\s*(?:=\s*["']?(.*?)["']?\s*)?$/.exec(line);
            if (found)
                settings[`npm_config_${found[1].replace(/-/g, '_')}`] = found[2] === undefined ? 'true' : found[2];
        }
    } catch {
        // There is none.
    }
    return settings;
}

// sudo drops DO_NOT_TRACK; what its caller has saved with `footfall disable` is still there. Whose home
// no shell can name, as that of a user of a domain, may have said no.
function declinedByCaller() {
    const caller = process.env.SUDO_USER || process.env.DOAS_USER;
    if (!caller || !process.getuid || process.getuid() !== 0)
        return false;
    if (!/^[A-Za-z0-9._][A-Za-z0-9._-]*$/.test(caller))
        return true;
    const home = String(spawnSync('sh', ['-c', `echo ~${caller}`], { stdio: ['ignore', 'pipe', 'ignore'] }).stdout).trim();
    try {
        return fs.readFileSync(path.join(home, `.${app}`, 'telemetry'), 'utf8').trim() !== 'on';
    } catch (error) {
        return error.code !== 'ENOENT' && error.code !== 'ENOTDIR';
    }
}

// A container that has neither an init system nor a terminal prepares a system for others.
function inImageBuild() {
    if (process.platform !== 'linux' || is(yes, process.env.FOOTFALL_ALLOW_CI || ''))
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

// Archives and registries lose the bit that lets a file be run.
function makeExecutable() {
    try {
        fs.accessSync(shim, fs.constants.X_OK);
    } catch {
        fs.chmodSync(shim, 0o755);
    }
}

// In the package's own checkout nobody installs it.
function isInstalled() {
    return __dirname.split(path.sep).includes('node_modules');
}

function count() {
    makeExecutable();
    if (isMarked() || declined() || inImageBuild() || !wouldSend() || !mark())
        return;
    process.stderr.write(`${notice}\n`);
    call('emit', 'install_start');
    call('emit', 'install_complete');
}

exports.firstRun = function () {
    try {
        if (isInstalled() && process.stderr.isTTY && fs.existsSync(pending))
            count();
    } catch {
        // Nothing of this is the program's concern.
    }
};

if (require.main === module && isInstalled()) {
    try {
        fs.rmSync(pending, { force: true });
        count();
    } catch {
        // Nothing of this is the package's concern.
    }
    process.exitCode = 0;
}
