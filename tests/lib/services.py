"""Google Analytics 4 and PostHog as far as a sender can tell: they take what the real ones take, and note as a
fault what the real ones throw away in silence or refuse."""
import datetime
import http.server
import json
import re
import ssl
import threading
import time
import urllib.parse
import uuid

GA4_TOP = {"client_id", "user_id", "timestamp_micros", "user_properties", "consent", "events", "user_data",
           "validation_behavior", "ip_override", "user_location", "device", "user_agent"}
GA4_RESERVED = {"ad_activeview", "ad_click", "ad_exposure", "ad_query", "ad_reward", "adunit_exposure",
                "app_clear_data", "app_exception", "app_install", "app_remove", "app_store_refund", "app_update",
                "app_upgrade", "dynamic_link_app_open", "dynamic_link_app_update", "dynamic_link_first_open", "error",
                "first_open", "first_visit", "in_app_purchase", "notification_dismiss", "notification_foreground",
                "notification_open", "notification_receive", "os_update", "session_start", "user_engagement"}
GA4_PREFIXES = ("_", "ga_", "google_", "gtag.", "firebase_")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}\Z")


def ga4_faults(path, headers, body, measurement_id, secret, now=None):
    """What Google's validation would say of a request."""
    now = now or time.time()
    url = urllib.parse.urlsplit(path)
    query = urllib.parse.parse_qs(url.query)
    if url.path != "/mp/collect":
        yield "path " + url.path
    if query.get("measurement_id") != [measurement_id] or query.get("api_secret") != [secret]:
        yield "measurement_id or api_secret"
    if len(body) >= 130 * 1024:
        yield "body of 130 kB or more"
    message = json.loads(body)
    for unknown in set(message) - GA4_TOP:
        yield "unknown member " + unknown
    if not isinstance(message.get("client_id"), str) or not message["client_id"]:
        yield "client_id"
    if not 1 <= len(message.get("events", [])) <= 25:
        yield "number of events"
    for event in message.get("events", []):
        yield from ga4_event_faults(event, now)


def ga4_event_faults(event, now):
    for unknown in set(event) - {"name", "params", "timestamp_micros"}:
        yield "unknown member of an event: " + unknown
    name = event.get("name", "")
    if not NAME.match(name) or name in GA4_RESERVED or name.startswith(GA4_PREFIXES):
        yield "name of an event: " + name
    micros = event.get("timestamp_micros")
    if not isinstance(micros, int) or not now - 72 * 3600 <= micros / 1e6 <= now + 900:
        yield f"timestamp_micros {micros}"
    params = event.get("params", {})
    if len(params) > 25:
        yield "number of params"
    for key, value in params.items():
        if not NAME.match(key) or key.startswith(GA4_PREFIXES):
            yield "name of a param: " + key
        if len(str(value)) > 100:
            yield "length of param " + key
    if not re.match(r"\d+\Z", str(params.get("session_id", ""))):
        yield "session_id: not in the real-time view"
    if not params.get("engagement_time_msec", 0) > 0:
        yield "engagement_time_msec: not in the real-time view"


def posthog_faults(path, headers, body):
    """What PostHog would refuse or file away where nobody looks."""
    if path != "/batch/":
        yield "path " + path
    if headers.get("Content-Type") != "application/json":
        yield "content type"
    agent = headers.get("User-Agent", "")
    if not agent or re.search(r"bot|crawl|spider|curl|python|wget|http", agent, re.I):
        yield "User-Agent, filed as a bot: " + agent
    if len(body) >= 20 * 1024 * 1024:
        yield "body of 20 MB or more"
    message = json.loads(body)
    for unknown in set(message) - {"api_key", "batch", "historical_migration", "sent_at"}:
        yield "unknown member " + unknown
    if not message.get("batch"):
        yield "empty batch"
    for event in message.get("batch", []):
        yield from posthog_event_faults(event)


def posthog_event_faults(event):
    for unknown in set(event) - {"event", "distinct_id", "properties", "timestamp", "uuid"}:
        yield "unknown member of an event: " + unknown
    if not 0 < len(event.get("event", "")) <= 200 or not 0 < len(event.get("distinct_id", "")) <= 200:
        yield "event or distinct_id"
    if str(uuid.UUID(event["uuid"])) != event["uuid"]:
        yield "uuid"
    datetime.datetime.fromisoformat(event["timestamp"].replace("Z", "+00:00"))
    properties = event.get("properties", {})
    if properties.get("$process_person_profile") is not False:
        yield "makes a profile of a person"
    if properties.get("$geoip_disable") is not True or "$ip" in properties:
        yield "place looked up"


class Service:
    """A server on loopback. `plan` is a list of answers to give before the ordinary ones: (status, headers) and maybe
    a body."""

    def __init__(self, port=0, tls=None):
        self.requests = []
        self.faults = []
        self.plan = []
        self.lock = threading.Lock()
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with service.lock:
                    status, headers, reply = service.answer(self.path, self.headers, body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def answer(self, path, headers, body):
        planned = self.plan.pop(0) if self.plan else None
        self.requests.append((time.monotonic(), planned[0] if planned else 200))
        if planned:
            return (*planned, b"")[:3]
        try:
            return self.take(path, headers, body)
        except Exception as error:  # what it cannot read is a fault of the sender
            self.faults.append(repr(error))
            return 400, {}, b""

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Ga4(Service):
    def __init__(self, measurement_id, secret, **options):
        self.measurement_id, self.secret = measurement_id, secret
        self.events = []  # (client id, name, params), in the order they came
        super().__init__(**options)

    def take(self, path, headers, body):
        self.faults.extend(ga4_faults(path, headers, body, self.measurement_id, self.secret))
        message = json.loads(body)
        self.events.extend((message["client_id"], e["name"], e["params"]) for e in message["events"])
        return 204, {}, b""


class PostHog(Service):
    def __init__(self, api_key, poison=None, **options):
        self.api_key, self.poison = api_key, poison
        self.events = []  # as sent, repetitions included
        super().__init__(**options)

    def take(self, path, headers, body):
        message = json.loads(body)
        if message.get("api_key") != self.api_key:
            return 401, {}, b'{"type":"authentication_error"}'
        if any(e["properties"]["release"] == self.poison for e in message["batch"]):
            return 400, {}, b'{"type":"validation_error"}'
        self.faults.extend(posthog_faults(path, headers, body))
        self.events.extend(message["batch"])
        return 200, {"Content-Type": "application/json"}, b'{"status":"Ok"}'

    def unique(self):
        """The events as PostHog keeps them: one for each uuid, in order of first arrival."""
        return list({e["uuid"]: e for e in self.events}.values())
