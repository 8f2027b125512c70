/* The keys of the configuration. No include guard: config.h and config.c each make a table of it.
 *
 * KEY stands above the first section, APP_KEY in an [app NAME] section. An app key written above
 * the first section is the preset of all apps.
 * key, type, field, preset (number, 0 or 1, text), least and most (numbers; words of WORDS), meaning */
KEY("listen", TEXT, listen, "127.0.0.1:8377", 0, 0, "address and port; port 0 picks a free one")
KEY("db", TEXT, db, "footfall.db", 0, 0, "the store's file")
KEY("user", TEXT, user, "", 0, 0, "the user to become after binding, when started as root")
KEY("workers", NUMBER, workers, 1, 1, 64, "network threads")
KEY("max-connections", NUMBER, max_connections, 4096, 16, 100000, "connections held at once")
KEY("request-seconds", NUMBER, request_seconds, 20, 1, 600, "time to send a request, or to be idle")
KEY("rate-limit", NUMBER, rate_limit, 60, 0, 1000000, "events a minute from one address, 0 = off")
KEY("trusted-proxies", TEXT, trusted_proxies, "", 0, 0, "networks whose X-Forwarded-For is believed")
KEY("default-app", TEXT, default_app, "default", 0, 0, "the app of paths that name none")
KEY("k", NUMBER, k, 5, 1, 1000000, "public cells of fewer installs are folded into other")
KEY("purge-hour", NUMBER, purge_hour, 3, 0, 23, "the hour (UTC) of the nightly purge")
KEY("log", WORDS, log, "text", 0, "text json", "form of the log on standard error")
KEY("log-requests", SWITCH, log_requests, 0, 0, 0, "one log line a request: path class, status, time")
KEY("sandbox", SWITCH, sandbox, 1, 0, 0, "use Landlock and seccomp where the system has them")
KEY("forward-ca-file", TEXT, forward_ca_file, "", 0, 0, "certificates for forwarding, else the system's")
APP_KEY("retired", SWITCH, retired, 0, 0, 0, "answer 410: installers never send for this app again")
APP_KEY("retention-days", NUMBER, retention_days, 400, 1, 36500, "days until raw events are deleted")
APP_KEY("daily-cap", NUMBER, daily_cap, 1000, 0, 60000, "events of one id a day, 0 = no cap")
APP_KEY("ga4-measurement-id", TEXT, ga4_measurement_id, "", 0, 0, "forward to this GA4 property")
APP_KEY("ga4-secret-file", TEXT, ga4_secret_file, "", 0, 0, "file that holds GA4's API secret")
APP_KEY("ga4-url", TEXT, ga4_url, "https://www.google-analytics.com", 0, 0, "where GA4 is")
APP_KEY("posthog-key-file", TEXT, posthog_key_file, "", 0, 0, "forward to PostHog with the key in this file")
APP_KEY("posthog-url", TEXT, posthog_url, "https://us.i.posthog.com", 0, 0, "where PostHog is")
