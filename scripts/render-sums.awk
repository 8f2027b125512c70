# Of a list that sha256sum printed, the files that ARTIFACT can mean, as NAME=CHECKSUM.
#   awk -v artifact=NAME -v release=TAG -f scripts/render-sums.awk SHA256SUMS
BEGIN {
    pattern = artifact
    # On Windows the archive is a .zip.
    sub(/\.tar\.gz$/, ".{ext}", pattern)
    gsub(/\{release\}/, release, pattern)
    gsub(/[.+]/, "[&]", pattern)
    gsub(/\{platform\}/, "[a-z0-9]+-[a-z0-9_-]+", pattern)
    gsub(/\{ext\}/, "(tar[.]gz|zip)", pattern)
    pattern = "^" pattern "$"
}

{
    sub(/\r$/, "")
    name = $2
    sub(/^\*/, "", name)
    sub(/^\.\//, "", name)
}

length($1) == 64 && $1 !~ /[^0-9A-Fa-f]/ && name ~ pattern {
    print name "=" tolower($1)
}
