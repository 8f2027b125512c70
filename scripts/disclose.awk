# Writes the privacy page: form=md for Markdown, form=html for HTML. Reads three tables, KEY <tab> ... each:
# the checked configuration (render-config.awk), the policy and notices (disclose), and shim/spec/event.tsv.
#   awk -F '\t' -v form=md -v prefix=ACME -f scripts/disclose.awk config policy shim/spec/event.tsv
# The text below is written once, with `...` for what is typed or sent as it stands.
FNR == 1 { file++ }

file == 1 { set[$1] = $3 }

file == 2 && $1 == "passed-on" { passed_on = passed_on (passed_on == "" ? "" : ", ") $2 }

file == 2 { policy[$1] = $2 }

file == 3 && !/^#/ && $1 != "member" {
    members++
    member[members] = $1
    kind[members] = $2
    most[members] = $3
    allowed[members] = $4
    example[members] = $5
    meaning[members] = $6
}

END {
    app = set["APP"]
    name = set["NAME"]
    begin("What the installers of " name " send, and how to stop it")
    what_is_sent()
    what_is_not()
    what_becomes_of_it()
    how_to_stop_it()
    how_to_see_it()
    how_to_erase_it()
    finish()
}

function what_is_sent(i) {
    paragraph("When an install of " name " starts, its installer sends one event, and one more when it has ended: that it is " \
        "complete, or that it failed. Nothing in them says who you are. Before anything is sent the installer prints this line:")
    item("`install.sh`: `" policy["notice-sh"] "`")
    item("`install.ps1`: `" policy["notice-ps1"] "`")
    if ("packages" in policy)
        paragraph("Packages send the same two events, on a first install alone, and say so in a line that begins with `" name \
            " counts first installs anonymously`. npm hides what they print.")
    heading("What is sent")
    secure = set["ENDPOINT"] ~ /^https:/ # or this machine alone
    paragraph("An event is one " (secure ? "HTTPS" : "HTTP") " request to `" set["ENDPOINT"] "` with these " members " values in it, as JSON. Of headers it has " \
        "`Host`, `Content-Type` and `Content-Length`, and no other.")
    table_begin("member", "what it is", "what it can be", "example")
    for (i = 1; i <= members; i++)
        table_row("`" member[i] "`", meaning[i], range(i), "`" example[i] "`")
    table_end()
    paragraph("So all of an event is, byte for byte:")
    code(whole_example())
}

function range(i, words) {
    if (kind[i] == "set") {
        words = allowed[i]
        gsub(/ /, "`, `", words)
        return "`" words "`"
    }
    if (kind[i] == "uuid4")
        return "a random UUID, made on your machine"
    return "at most " most[i] " of the characters `A-Z a-z 0-9 . _ + -`"
}

function whole_example(i, text) {
    for (i = 1; i <= members; i++)
        text = text (i > 1 ? "," : "") "\"" member[i] "\":\"" example[i] "\""
    return "{" text "}"
}

function what_is_not() {
    heading("What is never sent")
    item("your name, your account's, your machine's, or any number that belongs to a person or a device")
    item("paths, file names, arguments, error messages, or anything that you typed")
    item("what else is installed, what you do with it, where you are, or what time it is for you")
    item("cookies, or headers that tell one program from another")
}

function what_becomes_of_it() {
    heading("Where it goes, and how long it is kept")
    item("To `" set["ENDPOINT"] "`" (secure ? ", encrypted" : "") (passed_on == "" ? ", and nowhere else" : "") "; redirections are not followed.")
    item("Events are deleted after " policy["retention-days"] " days. Daily counts, which hold no id, stay.")
    item("Your address is held in memory for a moment to limit floods; it is written nowhere.")
    item("Passed on: " (passed_on == "" ? "to nobody." : "the same values go on from there to " passed_on ", without an address. " \
        "How long they are kept there is not for us to say."))
}

function how_to_stop_it(v) {
    v = prefix "_NO_TELEMETRY"
    heading("How to switch it off")
    paragraph("Off leaves no trace: nothing is downloaded for it, no file is made, no connection is opened. Continuous integration is " \
        "off by itself. A value that nobody can interpret means off.")
    shell("sh, bash, zsh")
    item("this install: `curl ... | " v "=1 sh`")
    item("the same: `curl ... | sh -s -- --no-telemetry`")
    item("this session, or in your profile every one: `export " v "=1`")
    item("all tools that honour it: `export DO_NOT_TRACK=1`")
    item("for good: `mkdir -p ~/." app " && echo off >~/." app "/telemetry`")
    item("every user of the machine: `sudo mkdir -p /etc/" app " && sudo touch /etc/" app "/no-telemetry`")
    shell("fish")
    item("this install: `curl ... | env " v "=1 sh`")
    item("every session from now on: `set -Ux " v " 1`")
    item("all tools that honour it: `set -Ux DO_NOT_TRACK 1`")
    item("for good: `mkdir -p ~/." app "; and echo off >~/." app "/telemetry`")
    shell("PowerShell")
    item("this session: `$env:" v " = 1; irm ... | iex`")
    item("this install: `./install.ps1 --no-telemetry`")
    item("all tools that honour it: `$env:DO_NOT_TRACK = 1`")
    item("for good: `New-Item -Force -ItemType Directory ~/." app "; Set-Content ~/." app "/telemetry off`")
    item("every user of a Windows machine: `New-Item -Force -ItemType Directory $env:ProgramData/" app \
        "; Set-Content $env:ProgramData/" app "/no-telemetry off`")
    shell("cmd")
    item("this session: `set " v "=1`")
    item("all tools that honour it: `set DO_NOT_TRACK=1`")
    item("for good: `mkdir \"%USERPROFILE%\\." app "\" & echo.off>\"%USERPROFILE%\\." app "\\telemetry\"`")
    item("every user of the machine: `mkdir \"%ProgramData%\\" app "\" & echo.off>\"%ProgramData%\\" app "\\no-telemetry\"`")
    if ("packages" in policy)
        how_to_stop_packages()
}

function how_to_stop_packages() {
    shell("Package managers")
    paragraph("The variables above and the saved choice hold where the package manager passes them on; `sudo` does not pass variables on. " \
        "Before the install:")
    item("deb, rpm, apk, pacman: `sudo mkdir -p /etc/" app " && sudo touch /etc/" app "/no-telemetry`")
    item("rpm, with dnf: `countme=0` in `/etc/dnf/dnf.conf`")
    item("Homebrew: `export HOMEBREW_NO_ANALYTICS=1`, or `brew analytics off`")
    item("npm, pnpm: `npm install --no-telemetry`, or `telemetry=false` in `~/.npmrc`; Yarn: `YARN_ENABLE_TELEMETRY=0`")
    item("Chocolatey: `choco install " app " --params \"/NoTelemetry\"`")
}

function how_to_see_it() {
    heading("How to see it")
    paragraph("`footfall`, the program that sends the events, shows what it would send, what stops it, and what it really sent last; this " \
        "sends nothing." (set["SHIM_URL"] == "" ? "" : " It is at `" set["SHIM_URL"] "`, under `footfall-` and your platform's name."))
    code("footfall explain --app " app " --endpoint " set["ENDPOINT"])
    paragraph("The last event is also in the file `~/." app "/telemetry_last`, and your random id in `~/." app "/telemetry_id`.")
}

function how_to_erase_it() {
    heading("How to erase it")
    paragraph("This erases all that is kept under your id, there and then here:")
    code("footfall forget --app " app " --endpoint " set["ENDPOINT"])
    paragraph("Without `footfall`, the same by hand:")
    code("curl -X DELETE \"" erase_address() "/$(cat ~/." app "/telemetry_id)\" && rm -f ~/." app "/telemetry_id ~/." app "/telemetry_last")
    if (passed_on != "")
        paragraph("What has been passed on to " passed_on " is not erased by this.")
    paragraph("Whoever deletes the file `~/." app "/telemetry_id` alone is somebody new from then on.")
}

function erase_address(url) { # as shim/policy/endpoint.c has it
    url = set["ENDPOINT"]
    sub(/[?#].*/, "", url)
    sub(/\/[^\/]*$/, "/install", url)
    return url
}

# ---- the two forms ----

function begin(title) {
    if (form == "md") {
        print "# " title
        return
    }
    print "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>"
    print "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>"
    print "<title>" escape(title) "</title>\n<style>"
    print "body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif }"
    print "pre, table { display: block; overflow-x: auto } pre, code { background: #8881; border-radius: 3px }"
    print "pre { padding: .7rem } td, th { padding: .2rem .8rem .2rem 0; text-align: left; vertical-align: top }"
    print ":root { color-scheme: light dark }\n</style>\n</head>\n<body>\n<h1>" escape(title) "</h1>"
}

function finish() {
    leave_list()
    if (form == "html")
        print "</body>\n</html>"
}

function leave_list() {
    if (in_list && form == "html")
        print "</ul>"
    in_list = 0
}

function heading(text) {
    leave_list()
    print form == "md" ? "\n## " text : "<h2>" escape(text) "</h2>"
}

function shell(text) {
    leave_list()
    print form == "md" ? "\n### " text : "<h3>" escape(text) "</h3>"
}

function paragraph(text) {
    leave_list()
    print form == "md" ? "\n" text : "<p>" spans(text) "</p>"
}

function item(text) {
    if (!in_list)
        print form == "md" ? "" : "<ul>"
    in_list = 1
    print form == "md" ? "- " text : "<li>" spans(text) "</li>"
}

function code(text) {
    leave_list()
    print form == "md" ? "\n    " text : "<pre><code>" escape(text) "</code></pre>"
}

function table_begin(a, b, c, d) {
    leave_list()
    if (form == "md")
        print "\n| " a " | " b " | " c " | " d " |\n|---|---|---|---|"
    else
        print "<table>\n<thead><tr><th>" a "</th><th>" b "</th><th>" c "</th><th>" d "</th></tr></thead>\n<tbody>"
}

function table_row(a, b, c, d) {
    if (form == "md")
        print "| " a " | " b " | " c " | " d " |"
    else
        print "<tr><td>" spans(a) "</td><td>" spans(b) "</td><td>" spans(c) "</td><td>" spans(d) "</td></tr>"
}

function table_end() {
    if (form == "html")
        print "</tbody>\n</table>"
}

function escape(text) {
    gsub(/&/, "\\&amp;", text)
    gsub(/</, "\\&lt;", text)
    gsub(/>/, "\\&gt;", text)
    gsub(/"/, "\\&quot;", text)
    return text
}

# What stands between back-quotes becomes code.
function spans(text, part, n, i, all) {
    n = split(text, part, "`")
    for (i = 1; i <= n; i++)
        all = all (i % 2 ? escape(part[i]) : "<code>" escape(part[i]) "</code>")
    return all
}
