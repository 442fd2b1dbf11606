/**
 * What a receiver must not believe: a delivery with another secret, another body, another time.
 */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";

import { isGenuine } from "./webhook.js";

const secret = "whsec_" + Buffer.from("a secret of this example").toString("base64");
const body = Buffer.from('{"id":"one"}');
const now = Math.floor(Date.now() / 1000);

/** The headers of a delivery that is signed for `at`. */
function signed(at: number): Record<string, string> {
  const key = Buffer.from(secret.slice(6), "base64");
  const digest = createHmac("sha256", key).update(`one.${at}.`).update(body).digest("base64");
  return { "webhook-id": "one", "webhook-timestamp": String(at), "webhook-signature": `v1,${digest}` };
}

assert.equal(isGenuine(secret, signed(now), body), true, "the delivery itself");
const rotated = { ...signed(now), "webhook-signature": `v1,AAAA ${signed(now)["webhook-signature"]}` };
assert.equal(isGenuine(secret, rotated, body), true, "one of two signatures");

const other = "whsec_" + Buffer.from("another secret").toString("base64");
const refused: [string, boolean][] = [
  ["another secret", isGenuine(other, signed(now), body)],
  ["an altered body", isGenuine(secret, signed(now), Buffer.from('{"id":"two"}'))],
  ["another id", isGenuine(secret, { ...signed(now), "webhook-id": "two" }, body)],
  ["six minutes old", isGenuine(secret, signed(now - 360), body)],
  ["six minutes ahead", isGenuine(secret, signed(now + 360), body)],
  ["another time, the signature kept", isGenuine(secret, { ...signed(now - 60), "webhook-timestamp": String(now) }, body)],
  ["no headers", isGenuine(secret, {}, body)],
];
for (const [what, believed] of refused) {
  assert.equal(believed, false, what);
}
console.log(`receiver: ${refused.length} of ${refused.length} forged deliveries refused`);
