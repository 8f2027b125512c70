# Replaces the settings block of an installer, or prints its telemetry block alone.
#   awk -v language=sh|ps1 -v mode=installer|block -v config=... -v sums=... -v shims=... -v ci=... \
#       -f scripts/render-installers.awk installers/install.sh
BEGIN {
    while ((getline text < config) > 0) {
        split(text, field, "\t")
        value[field[1]] = field[3]
    }
    prefix = toupper(value["APP"])
    gsub(/-/, "_", prefix)
}

/^# >>> settings/ {
    inside = "settings"
    if (mode == "installer") {
        print
        print_installer_settings()
        print_telemetry_settings()
    }
    next
}

/^# <<< settings/ { inside = "" }

inside == "settings" { next }

mode == "installer" {
    print
    next
}

/^# >>> footfall telemetry/ {
    inside = "telemetry"
    print
    print_telemetry_settings()
    next
}

# Lines for those who paste: the template carries them as comments.
inside == "telemetry" {
    sub(/^# when pasted: /, "")
    print
}

/^# <<< footfall telemetry/ { inside = "" }

function print_installer_settings() {
    print_setting("app", value["APP"])
    print_setting("name", value["NAME"])
    print_setting("prefix", prefix)
    print_setting("release", value["RELEASE"])
    print_setting("download_url", value["DOWNLOAD_URL"])
    print_setting("artifact", value["ARTIFACT"])
    print_setting("binaries", value["BINARIES"])
    print_setting("optional_binaries", value["OPTIONAL_BINARIES"])
    print_setting("sha256sums", list(sums))
    print_setting("minisign_key", value["MINISIGN_KEY"])
    print_setting("modify_path", value["MODIFY_PATH"])
}

function print_telemetry_settings() {
    print_setting("footfall_app", value["APP"])
    print_setting("footfall_name", value["NAME"])
    print_setting("footfall_prefix", prefix)
    print_setting("footfall_release", value["RELEASE"] == "latest" ? "unknown" : value["RELEASE"])
    print_setting("footfall_endpoint", value["ENDPOINT"])
    print_setting("footfall_privacy_url", value["PRIVACY_URL"])
    print_setting("footfall_shim_url", value["SHIM_URL"])
    print_setting("footfall_shims", list(shims))
    print_setting("footfall_ci", list(ci))
}

# The lines of a file but comments, one below the other.
function list(file, text, all) {
    while ((getline text < file) > 0)
        if (text !~ /^#/ && text != "")
            all = all "\n" text
    close(file)
    return all == "" ? "" : all "\n"
}

function print_setting(key, text) {
    if (language == "ps1") {
        gsub(/'/, "''", text)
        printf "$%s = '%s'\n", key, text
    } else {
        gsub(/'/, "'\\''", text)
        printf "%s='%s'\n", key, text
    }
}
