# Makes C tables from shim/spec, so that each fact is written once, as data.
#   awk -v table=event     -f scripts/tables.awk shim/spec/event.tsv
#   awk -v table=ci        -f scripts/tables.awk shim/spec/ci.txt
#   awk -v table=platforms -f scripts/tables.awk shim/spec/platforms.tsv
BEGIN {
    FS = "\t"
    printf "/* Made from shim/spec by scripts/tables.awk; edit the data, not this. */\n"
}

/^#/ || /^$/ { next }

table == "ci" {
    printf "X(%s)\n", $1
    next
}

# The first line that is no comment names the columns.
!header {
    header = 1
    next
}

table == "event" {
    n = ($4 == "-") ? 0 : split($4, words, " ")
    printf "X(%s, \"%s\", EVENT_KIND_%s, %d, \"%s\", \"%s\"", toupper(short($1)), $1, toupper($2), $3, $5, $6
    for (i = 1; i <= n; i++)
        printf ", \"%s\"", words[i]
    printf ", NULL)\n"
}

# One row for each pair of spellings: kernel and machine, as uname prints them, and the platform.
table == "platforms" {
    n = split($5, machines, " ")
    for (i = 1; i <= n; i++)
        printf "X(\"%s\", \"%s\", \"%s\")\n", $4, machines[i], $1
}

function short(name) {
    sub(/^event_/, "", name)
    return name
}
