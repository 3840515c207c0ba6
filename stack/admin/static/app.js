import { config } from "/config.js";
import { PROBLEMS, ROLES, STATUSES, UNKNOWN_PROBLEM } from "/words.js";

class Refused extends Error {
  constructor(code, requestId) {
    super(code);
    this.code = code;
    this.requestId = requestId;
  }
}

const $ = (id) => document.getElementById(id);
const alertBox = document.querySelector("[role=alert]");
const main = document.querySelector("main");
const VIEWS = ["sign-in-view", "events-view", "event-view"];
const ENDED = ["AuthenticationRequired", "InvalidToken"];
const DATES = new Intl.DateTimeFormat("id-ID", { dateStyle: "long", timeZone: "UTC" });

// In memory only: a reload signs out, and no other script or tab can read it.
let token = null;
// The one task under way: a newer one aborts it, so that a slow answer never replaces what was asked for later.
let task = new AbortController();

async function call(path, { event, query, json } = {}) {
  const headers = token ? { authorization: `Bearer ${token}` } : { apikey: config.anonKey };
  if (event) headers["x-event-id"] = event;
  if (json) headers["content-type"] = "application/json";
  const url = new URL(config.apiUrl + path);
  url.search = new URLSearchParams(query);
  const request = { headers, method: json ? "POST" : "GET", signal: task.signal };
  if (json) request.body = JSON.stringify(json);
  let response;
  let body;
  try {
    response = await fetch(url, request);
    body = await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused("Unreachable");
  }
  if (!response.ok) throw new Refused(body.error?.code ?? body.error_code, response.headers.get("x-request-id"));
  return body;
}

async function run(work) {
  task.abort();
  const own = (task = new AbortController());
  alertBox.replaceChildren();
  main.ariaBusy = "true";
  try {
    await work();
  } catch (error) {
    if (error.name !== "AbortError") report(error);
  } finally {
    if (own === task) main.ariaBusy = "false";
  }
}

function report(error) {
  if (token && ENDED.includes(error.code)) signOut();
  const known = PROBLEMS[error.code];
  alertBox.replaceChildren(...bilingual(known ?? UNKNOWN_PROBLEM));
  if (!known && error.requestId) alertBox.append(element("code", `request_id ${error.requestId}`));
  if (!(error instanceof Refused)) throw error;
}

function element(name, ...children) {
  const made = document.createElement(name);
  made.append(...children);
  return made;
}

function bilingual([indonesian, english]) {
  const translation = element("small", english);
  translation.lang = "en";
  return [`${indonesian} `, translation];
}

function wording(words, key) {
  return bilingual(words[key] ?? [key, ""]);
}

function show(view) {
  for (const id of VIEWS) $(id).hidden = id !== view;
  $("session").hidden = view === "sign-in-view";
}

function days({ starts_on: first, ends_on: last }) {
  return DATES.formatRange(new Date(first), new Date(last));
}

function signOut() {
  token = null;
  $("who").replaceChildren();
  $("events").replaceChildren();
  $("enrollments").replaceChildren();
  show("sign-in-view");
  $("email").focus();
}

async function signIn() {
  const json = { email: $("email").value, password: $("password").value };
  const session = await call("/auth/v1/token", { query: { grant_type: "password" }, json });
  token = session.access_token;
  $("who").textContent = session.user.email;
  $("sign-in-form").reset();
  await listEvents();
}

async function listEvents() {
  const { data } = await call("/events");
  $("events").replaceChildren(...data.map(eventItem));
  $("no-events").hidden = data.length > 0;
  show("events-view");
}

function eventItem(event) {
  const name = element("strong", event.name);
  const facts = element("span", days(event));
  const role = element("span", ...wording(ROLES, event.role));
  role.className = "tag";
  const button = element("button", name, facts, role);
  button.type = "button";
  button.dataset.event = event.id;
  button.addEventListener("click", () => run(() => openEvent(event.id)));
  return element("li", button);
}

async function openEvent(id) {
  const [event, enrollments] = await Promise.all([
    call("/events/current", { event: id }),
    call("/enrollments", { event: id }),
  ]);
  $("event-title").textContent = event.data.name;
  $("event-facts").textContent = days(event.data);
  $("enrollments").replaceChildren(...enrollments.data.map(enrollmentRow));
  $("no-enrollments").hidden = enrollments.data.length > 0;
  show("event-view");
  $("event-title").focus();
}

function enrollmentRow(enrollment) {
  const status = element("span", ...wording(STATUSES, enrollment.status));
  status.className = "tag";
  const row = element("tr", element("td", enrollment.participant_name ?? "—"), element("td", status));
  row.dataset.enrollment = enrollment.id;
  return row;
}

$("sign-in-form").addEventListener("submit", (submitted) => {
  submitted.preventDefault();
  run(signIn);
});
$("sign-out").addEventListener("click", () => run(async () => signOut()));
$("back").addEventListener("click", () => run(listEvents));
$("email").focus();
