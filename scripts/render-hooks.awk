# Fills in a template of installers/hooks.
#   awk -v folder=installers/hooks -v template=deb/postinst -v method=deb \
#       -v config=... -v sums=... -v platforms=shim/spec/platforms.tsv -f scripts/render-hooks.awk
#   @KEY@           a value of the configuration, or made from it; @URL:PLATFORM@, @SHA256:PLATFORM@
#                   A line whose value is empty is left out.
#   # @include FILE@  on a line of its own: that file, filled in
#   @lines FILE@      the same, as strings of JSON
BEGIN {
    while ((getline text < config) > 0) {
        split(text, field, "\t")
        value[field[1]] = field[3]
    }
    value["METHOD"] = method
    value["VERSION"] = value["RELEASE"]
    sub(/^v/, "", value["VERSION"])
    value["PREFIX"] = toupper(value["APP"])
    gsub(/-/, "_", value["PREFIX"])
    value["CLASS"] = class_name(value["APP"])
    value["EXECUTABLES"] = value["BINARIES"]
    gsub(/ /, ".exe\", \"", value["EXECUTABLES"])
    value["EXECUTABLES"] = "\"" value["EXECUTABLES"] ".exe\""
    find_artifacts()
    fill(template, 0)
}

function class_name(app, part, n, i, name) {
    n = split(app, part, "-")
    for (i = 1; i <= n; i++)
        name = name toupper(substr(part[i], 1, 1)) substr(part[i], 2)
    return name
}

# For each platform that has an artefact, under whatever name it goes: its address and its checksum.
function find_artifacts(text, at, sum, field, variant, n, i, file) {
    while ((getline text < sums) > 0) {
        at = index(text, "=")
        sum[substr(text, 1, at - 1)] = substr(text, at + 1)
    }
    while ((getline text < platforms) > 0) {
        split(text, field, "\t")
        n = split(field[1] " " field[1] "-gnu " field[1] "-musl " \
            (field[1] ~ /^macos/ ? "macos-universal" : ""), variant, " ")
        for (i = 1; i <= n && !(("URL:" field[1]) in value); i++) {
            file = artifact_name(variant[i])
            if (file in sum) {
                value["URL:" field[1]] = value["DOWNLOAD_URL"] "/" value["RELEASE"] "/" file
                value["SHA256:" field[1]] = sum[file]
            }
        }
    }
}

function artifact_name(platform, file) {
    file = value["ARTIFACT"]
    if (platform ~ /^windows/)
        sub(/\.tar\.gz$/, ".zip", file)
    gsub(/\{ext\}/, platform ~ /^windows/ ? "zip" : "tar.gz", file)
    gsub(/\{platform\}/, platform, file)
    gsub(/\{release\}/, value["RELEASE"], file)
    return file
}

function fill(name, as_json, file, line, more, at) {
    file = folder "/" name
    while ((getline line < file) > 0) {
        if (line ~ /^[ \t]*(# )?@(include|lines) [^@]+@$/) {
            more = line
            sub(/^[^@]*@[a-z]+ /, "", more)
            sub(/@$/, "", more)
            if (line ~ /@lines/) {
                indent = substr(line, 1, index(line, "@") - 1)
                fill(more, 1)
                printf "\n"
            } else
                fill(more, as_json)
        } else if (fill_line(line, language_of(name)))
            put(filled, as_json)
    }
    close(file)
}

function language_of(name) {
    return name ~ /\.(ps1|rb|cjs|py|json)$/ ? substr(name, match(name, /[^.]*$/)) : "sh"
}

# The result in `filled`; 0 when the line is to be left out.
function fill_line(line, language, key) {
    filled = ""
    while (match(line, /@[A-Z0-9_]+(:[a-z0-9_-]+)?@/)) {
        key = substr(line, RSTART + 1, RLENGTH - 2)
        if (value[key] == "")
            return 0
        filled = filled substr(line, 1, RSTART - 1) quoted(key, language)
        line = substr(line, RSTART + RLENGTH)
    }
    filled = filled line
    return 1
}

# Only what people write freely can hold a quote.
function quoted(key, language, text) {
    text = value[key]
    if (key != "NAME" && key != "SUMMARY")
        return text
    if (language == "ps1")
        gsub(/'/, "''", text)
    else if (language == "sh")
        gsub(/'/, "'\\''", text)
    else if (language == "json" || language == "rb")
        gsub(/["\\]/, "\\\\&", text)
    else
        gsub(/['\\]/, "\\\\&", text)
    if (language == "rb")
        gsub(/#/, "\\#", text)
    return text
}

function put(text, as_json) {
    if (as_json) {
        if (text ~ /^[ \t]*(#|$)/)
            return
        gsub(/["\\]/, "\\\\&", text)
        printf "%s%s\"%s\"", lines_put++ ? ",\n" : "", indent, text
        return
    }
    # In a .spec file a single % begins a macro.
    if (method == "rpm" && text !~ /^%/)
        gsub(/%/, "%%", text)
    if (method == "brew")
        put_ruby(text)
    else
        print text
}

# A block that has lost all its lines is left out with them.
function put_ruby(text, i) {
    if (text ~ / do$/) {
        held[++held_count] = text
        return
    }
    if (text ~ /^ *end$/ && held_count > 0) {
        held_count--
        return
    }
    for (i = 1; i <= held_count; i++)
        print held[i]
    held_count = 0
    print text
}
