# Reads and checks the configuration of render-installers, render-hooks and disclose: prints KEY <tab> line <tab>
# value, or says on standard error which key in which line is wrong and what to do about it.
#   awk -v program=render-installers -v file=NAME -f scripts/render-config.awk NAME
BEGIN {
    if (program == "")
        program = "render-installers"
    known = "APP NAME RELEASE DOWNLOAD_URL ARTIFACT BINARIES OPTIONAL_BINARIES SHA256SUMS ENDPOINT PRIVACY_URL SHIMS SHIM_URL MODIFY_PATH MINISIGN_KEY SHIM HOMEPAGE LICENSE SUMMARY"
    keys = split(known, key_list, " ")
    for (i = 1; i <= keys; i++)
        is_key[key_list[i]] = 1
}

{
    sub(/\r$/, "")
    sub(/^\357\273\277/, "")
    sub(/^[ \t]+/, "")
    sub(/[ \t]+$/, "")
}

/^$/ || /^#/ { next }

{
    at = index($0, "=")
    if (at == 0) {
        sub(/[ \t]+#.*$/, "")
        wrong("", NR, "\"" $0 "\" is not KEY=value; begin a comment with #")
        next
    }
    key = substr($0, 1, at - 1)
    text = bare(substr($0, at + 1))
    sub(/[ \t]+$/, "", key)
    if (!(key in is_key))
        wrong(key, NR, "there is no such key; there are " known)
    else if (key in line)
        wrong(key, NR, "it is also in line " line[key] "; remove one of them")
    else {
        line[key] = NR
        value[key] = text
    }
}

END {
    need("APP", "a lower-case name, such as APP=acme")
    need("RELEASE", "the tag to install, such as RELEASE=v1.2.3, or RELEASE=latest")
    if (program == "render-hooks")
        need_for_hooks()
    else if (program == "disclose")
        need_for_page()
    else
        need_for_installers()
    if (value["NAME"] == "")
        value["NAME"] = value["APP"]
    if (value["MODIFY_PATH"] == "")
        value["MODIFY_PATH"] = "no"
    check_names()
    check_urls()
    check_artifact()
    check_package()
    if (errors)
        exit 1
    for (i = 1; i <= keys; i++)
        if (value[key_list[i]] != "")
            printf "%s\t%d\t%s\n", key_list[i], line[key_list[i]], value[key_list[i]]
}

# A value without its quotes, and without a comment behind it.
function bare(text, quote, rest, at) {
    rest = text
    sub(/^[ \t]+/, "", rest)
    quote = substr(rest, 1, 1)
    if (quote != "\"" && quote != "'") {
        sub(/[ \t]+#.*$/, "", text)
        sub(/^[ \t]+/, "", text)
        return text
    }
    rest = substr(rest, 2)
    at = index(rest, quote)
    if (at == 0 || substr(rest, at + 1) !~ /^[ \t]*(#.*)?$/)
        wrong(key, NR, "quotes go round the whole value, and there is one " quote " too few or too many")
    return substr(rest, 1, at - 1)
}

function wrong(key, at, text) {
    printf "%s: %s:%d:%s %s\n", program, file, at, key == "" ? "" : " " key ":", text > "/dev/stderr"
    errors++
}

function need(key, example) {
    if (value[key] == "")
        wrong(key, line[key] ? line[key] : NR, "it is missing: " example)
}

function need_for_installers() {
    need("DOWNLOAD_URL", "where releases are served, such as DOWNLOAD_URL=https://dl.acme.example")
    need("ARTIFACT", "a file of a release, such as ARTIFACT=acme-{platform}.tar.gz")
    need("BINARIES", "the programs in it, such as BINARIES=acme")
    check_telemetry()
}

function need_for_page() {
    need("ENDPOINT", "where events go, such as ENDPOINT=https://t.acme.example/v1/events")
    need("PRIVACY_URL", "the page that says what is sent, such as PRIVACY_URL=https://acme.example/privacy")
}

function need_for_hooks() {
    need_for_page()
    if (value["RELEASE"] == "latest")
        wrong("RELEASE", line["RELEASE"], "a package holds one release; name its tag")
    if (value["SHIM"] == "")
        value["SHIM"] = "/usr/lib/" value["APP"] "/footfall"
    if (value["HOMEPAGE"] == "")
        value["HOMEPAGE"] = value["PRIVACY_URL"]
    if (value["SUMMARY"] == "")
        value["SUMMARY"] = value["NAME"] == "" ? value["APP"] : value["NAME"]
}

function must(key, pattern, text) {
    if (value[key] != "" && value[key] !~ pattern)
        wrong(key, line[key], "\"" value[key] "\" " text)
}

function check_programs(key) {
    must(key, "^[A-Za-z0-9._+-]+([ ,]+[A-Za-z0-9._+-]+)*$", "are not names of programs; separate them by spaces, without folders")
    gsub(/[ ,]+/, " ", value[key])
}

function check_names() {
    must("APP", "^[a-z][a-z0-9-]*$", "is not a name for variables and folders; use lower-case letters, digits and -, a letter first")
    if (length(value["APP"]) > 64)
        wrong("APP", line["APP"], "it is longer than 64 characters; shorten it")
    if (value["NAME"] ~ /[^ -~]/)
        wrong("NAME", line["NAME"], "it has characters outside ASCII, which Windows PowerShell 5.1 shows wrongly; spell it without")
    must("RELEASE", "^[A-Za-z0-9._+-]+$", "is not a tag; use letters, digits and . _ + -")
    check_programs("BINARIES")
    check_programs("OPTIONAL_BINARIES")
    must("MODIFY_PATH", "^(yes|no)$", "is neither yes nor no")
    must("MINISIGN_KEY", "^[A-Za-z0-9+/=]+$", "is not a minisign public key; it is the second line of minisign.pub")
}

function check_url(key, loopback) {
    sub(/\/+$/, "", value[key])
    if (value[key] == "")
        return
    if (value[key] ~ /[^!-~]/ || value[key] ~ /["'`$<>\\]/)
        wrong(key, line[key], "it has a character no address may hold; write it as %XX")
    else if (value[key] ~ /^https:\/\/[^\/]/ && value[key] !~ /^https:\/\/[^\/]*@/)
        return
    else if (loopback && value[key] ~ /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])([:\/]|$)/ && value[key] !~ /@/)
        return
    else
        wrong(key, line[key], "\"" value[key] "\" is not https://HOST...; use https" (loopback ? " (plain http is for loopback alone)" : ""))
}

function check_urls() {
    check_url("DOWNLOAD_URL", 1)
    check_url("SHIM_URL", 1)
    check_url("ENDPOINT", 1)
    check_url("PRIVACY_URL", 0)
    check_url("HOMEPAGE", 0)
}

function check_package() {
    must("SHIM", "^/[A-Za-z0-9._/+-]+$", "is not the full path of a file in the package, such as /usr/lib/acme/footfall")
    must("LICENSE", "^[A-Za-z0-9.+-]+$", "is not an SPDX identifier, such as MIT")
    must("SUMMARY", "^[ -~]+$", "has characters outside ASCII; spell it without")
}

function check_artifact(rest) {
    must("ARTIFACT", "^[A-Za-z0-9._+{}-]+$", "is not the name of one file; use letters, digits, . _ + - and {platform}, {release}, {ext}")
    rest = value["ARTIFACT"]
    gsub(/\{(platform|release|ext)\}/, "", rest)
    if (rest ~ /[{}]/)
        wrong("ARTIFACT", line["ARTIFACT"], "there are {platform}, {release} and {ext}, and no other")
    if (value["RELEASE"] == "latest") {
        if (value["ARTIFACT"] ~ /\{release\}/)
            wrong("ARTIFACT", line["ARTIFACT"], "{release} is not known with RELEASE=latest; name a tag, or leave {release} out")
        if (value["SHA256SUMS"] != "")
            wrong("SHA256SUMS", line["SHA256SUMS"], "checksums of one release do not fit RELEASE=latest; name a tag, or drop SHA256SUMS")
    }
    if (rest ~ /\.(bz2|zst|lz4|lzma|gz|xz|Z|7z|rar|tar|t[bx]z2?|tzst|deb|rpm|apk|dmg|pkg|msi|jar|whl)$/ && rest !~ /\.tar\.(gz|xz)$/)
        wrong("ARTIFACT", line["ARTIFACT"], "the installers unpack .tar.gz, .tgz, .tar.xz and .zip; pack it as one of them")
    else if (value["ARTIFACT"] !~ /(\.tar\.gz|\.tgz|\.tar\.xz|\.zip|\{ext\})$/ && (value["BINARIES"] " " value["OPTIONAL_BINARIES"]) ~ / ./)
        wrong("BINARIES", line["BINARIES"], "ARTIFACT is one program and no archive; name that one program")
}

function check_telemetry(n, i, names) {
    n = split("PRIVACY_URL SHIMS SHIM_URL", names, " ")
    for (i = 1; i <= n; i++)
        if (value["ENDPOINT"] != "" && value[names[i]] == "")
            wrong(names[i], line["ENDPOINT"], "it is missing, and ENDPOINT needs it; add it, or drop ENDPOINT to send no events")
}
