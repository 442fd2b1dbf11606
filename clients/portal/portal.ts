/**
 * The portal's half of the story, played against a live service by a client generated from its document:
 * first token, a copy by export, following the feed, comparing, webhooks, a published note.
 *
 * BASE: address of the service, with the reference case played. PASSWORD: of its accounts, to play the
 * administrator and the officer. RECEIVER_PORT: where the service may deliver webhooks; without it that
 * part is left out.
 */
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { paths } from "./api.js";
import { Copy, RESOURCES } from "./copy.js";
import { type Api, good, signedIn } from "./session.js";
import { Receiver } from "./webhook.js";

const { BASE, PASSWORD, RECEIVER_PORT } = process.env;
assert(BASE && PASSWORD, "BASE and PASSWORD are needed");
const baseUrl = BASE;

/** What the portal asks for; more is not granted, and less is a 403. */
const SCOPES = ["schools:read", "notes:read", "changes:read", "webhooks:manage"] as const;

/** A person of the reference case, signed in. */
async function person(login: string): Promise<Api> {
  const api = createClient<paths>({ baseUrl });
  const pair = good(await api.POST("/api/v1/auth/login", { body: { login, password: PASSWORD ?? "" } }));
  api.use({
    onRequest: ({ request }) => {
      request.headers.set("Authorization", `Bearer ${pair.access_token}`);
      return request;
    },
  });
  return api;
}

/** The administrator registers the portal; its secret is shown once. */
async function registered(): Promise<Api> {
  const admin = await person("admin");
  const name = `Региональный портал ${Date.now()}`;
  const made = good(await admin.POST("/api/v1/clients", { body: { name, region_code: "57", scopes: [...SCOPES] } }));
  assert(made.client_secret);
  return signedIn(baseUrl, made.id, made.client_secret);
}

/** The officer changes a school meanwhile. */
async function change(officer: Api, id: string): Promise<number> {
  const params = { path: { id } };
  const seen = await officer.GET("/api/v1/schools/{id}", { params });
  const version = good(seen).version;
  const tag = seen.response.headers.get("etag") ?? "";
  const body = { site_url: `https://school.example.org/${version}` };
  const header = { "If-Match": tag };
  const changed = good(await officer.PATCH("/api/v1/schools/{id}", { params: { path: { id }, header }, body }));
  assert.equal(changed.version, version + 1);
  return changed.version;
}

async function staysInStep(portal: Api, officer: Api): Promise<void> {
  const copy = new Copy(portal);
  const rows = await copy.bootstrap();
  assert(rows > 5, "the case has a municipality, four schools and a note");
  const school = [...copy.of("schools").keys()][0];
  assert(school);

  // Nothing new: the answer waits. A change ends the waiting.
  const changing = new Promise<number>((resolve, reject) => {
    setTimeout(() => change(officer, school).then(resolve, reject), 300);
  });
  assert.equal(await copy.follow(20), 1);
  assert.equal(copy.of("schools").get(school)?.version, await changing);
  for (const resource of RESOURCES) {
    assert.equal(await copy.compare(resource), 0, `${resource} are the same`);
  }

  // A copy that lost something is told where, and takes only that part again.
  copy.of("schools").delete(school);
  assert.equal(await copy.compare("schools"), 1);
  assert(copy.of("schools").has(school));
  assert.equal(await copy.compare("schools"), 0);
}

async function isTold(portal: Api, officer: Api, port: number): Promise<void> {
  const receiver = new Receiver(port);
  try {
    const url = `http://127.0.0.1:${port}/roadmap`;
    const made = good(await portal.POST("/api/v1/webhooks", { body: { url, resources: ["schools"] } }));
    assert(made.secret);
    receiver.secret = made.secret;
    const path = { id: made.id };
    const header = { "If-Match": `"${made.version}"` };
    good(await portal.POST("/api/v1/webhooks/{id}/test", { params: { path, header } }));
    await receiver.next((event) => event.type.endsWith(".test"));

    const school = good(await portal.GET("/api/v1/schools")).items[0];
    assert(school);
    const version = await change(officer, school.id);
    const told = await receiver.next((event) => event.data["id"] === school.id);
    assert.equal(told.data["version"], version);

    const now = good(await portal.GET("/api/v1/webhooks/{id}", { params: { path } }));
    const gone = await portal.DELETE("/api/v1/webhooks/{id}", {
      params: { path, header: { "If-Match": `"${now.version}"` } },
    });
    assert.equal(gone.response.status, 204);
  } finally {
    receiver.close();
  }
}

async function readsANote(portal: Api): Promise<void> {
  const query = { status: "published", limit: 1 };
  const note = good(await portal.GET("/api/v1/notes", { params: { query } })).items[0];
  assert(note);
  const path = { id: note.id };
  const html = await portal.GET("/api/v1/notes/{id}/content", {
    params: { path, query: { format: "html" } },
    parseAs: "text",
  });
  assert.match(String(good<unknown>(html)), /Хотынец/);
  const whole = good(await portal.GET("/api/v1/notes/{id}", { params: { path } }));
  assert(whole.hash);
  const genuine = good(await portal.GET("/api/v1/verify/{hash}", { params: { path: { hash: whole.hash } } }));
  assert.equal(genuine.status, "published");
}

const portal = await registered();
const officer = await person("officer");
const me = good(await portal.GET("/api/v1/me"));
console.log(`signed in; the token ends at ${me.token_expires_at}`);
await staysInStep(portal, officer);
console.log("in step: export, feed, digest");
if (RECEIVER_PORT) {
  await isTold(portal, officer, Number(RECEIVER_PORT));
  console.log("told by webhook: a test and a change");
}
await readsANote(portal);
console.log("read and verified a published note");
