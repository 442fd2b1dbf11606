/**
 * A receiver of webhooks: believes what is signed and of now, does nothing twice.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";

/** Seconds by which a delivery's time may differ from the clock here. */
const TOLERANCE = 300;

/** What a delivery tells: a CloudEvents 1.0 event. */
export interface Delivered {
  id: string;
  type: string;
  data: Record<string, unknown>;
}

/** Whether a delivery is signed with the secret, and of now (Standard Webhooks). */
export function isGenuine(secret: string, headers: IncomingHttpHeaders, body: Buffer): boolean {
  const [id, timestamp, signatures] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map(
    (name) => String(headers[name] ?? ""),
  );
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE) {
    return false;
  }
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
  return (signatures ?? "").split(" ").some((signature) => {
    const given = Buffer.from(signature.replace(/^v1,/, ""), "base64");
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

export class Receiver {
  readonly events: Delivered[] = [];
  secret = "";
  private readonly seen = new Set<string>();
  private readonly server: Server;

  constructor(port: number) {
    this.server = createServer(async (request, response) => {
      const pieces: Buffer[] = [];
      for await (const piece of request) {
        pieces.push(piece as Buffer);
      }
      const body = Buffer.concat(pieces);
      if (!isGenuine(this.secret, request.headers, body)) {
        response.writeHead(401).end();
        return;
      }
      const id = String(request.headers["webhook-id"]);
      if (!this.seen.has(id)) {
        this.seen.add(id);
        this.events.push(JSON.parse(body.toString()) as Delivered);
      }
      response.writeHead(204).end();
    });
    this.server.listen(port, "127.0.0.1");
  }

  /** Waits for an event; it comes within seconds. */
  async next(wanted: (event: Delivered) => boolean): Promise<Delivered> {
    for (let tries = 0; tries < 300; tries += 1) {
      const found = this.events.find(wanted);
      if (found !== undefined) {
        return found;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error("the event did not arrive");
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
