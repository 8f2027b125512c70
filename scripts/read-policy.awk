# Reads a collector's configuration as far as its users have to know it: prints retention-days and passed-on
# for one app, KEY <tab> value. What no line says is as collector/config_keys.h presets it.
#   awk -v app=NAME|"" -f scripts/read-policy.awk collector/config_keys.h collector.conf
FNR == NR {
    if (match($0, /^(APP_)?KEY\("[a-z0-9-]+", [A-Z]+, [a-z0-9_]+, [^,]*,/)) {
        split($0, part, "\"")
        split($0, field, ", *")
        gsub(/"/, "", field[4])
        preset[part[2]] = field[4]
    }
    next
}

{
    sub(/\r$/, "")
    sub(/^[ \t]+/, "")
    sub(/[ \t]+$/, "")
}

/^$/ || /^#/ { next }

/^\[app .*\]$/ {
    section = $0
    sub(/^\[app +/, "", section)
    sub(/ *\]$/, "", section)
    sections++
    has[section] = 1
    next
}

{
    at = index($0, "=")
    key = substr($0, 1, at - 1)
    sub(/[ \t]+$/, "", key)
    text = substr($0, at + 1)
    sub(/^[ \t]+/, "", text)
    if (!at || !(key in preset)) {
        printf "disclose: %s:%d: \"%s\" is no key of a collector\n", FILENAME, FNR, $0 > "/dev/stderr"
        failed = 1
        exit 1
    }
    value[section, key] = text
    given[section, key] = 1
}

END {
    if (failed)
        exit 1
    if (app == "")
        app = say("", "default-app")
    if (sections && !(app in has)) {
        printf "disclose: %s: it knows no app called %s, which the endpoint means\n", FILENAME, app > "/dev/stderr"
        exit 1
    }
    printf "retention-days\t%s\n", say(app, "retention-days")
    if (say(app, "ga4-measurement-id") != "")
        print "passed-on\tGoogle Analytics 4"
    if (say(app, "posthog-key-file") != "")
        print "passed-on\tPostHog"
}

function say(section, key) {
    if ((section, key) in given)
        return value[section, key]
    if (("", key) in given)
        return value["", key]
    return preset[key]
}
