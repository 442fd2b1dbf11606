/**
 * The portal's copy: taken once by an export, kept by the change feed, compared by a digest.
 */
import { createHash } from "node:crypto";
import { type Api, good, Refused } from "./session.js";

/** A line of an export. */
type Line =
  | { type: "start"; seq: number; epoch: string }
  | { type: "row"; resource: string; id: string; version: number; data: unknown }
  | { type: "end"; rows: number };

/** A row as the portal keeps it. */
export interface Row {
  version: number;
  data: unknown;
}

/** Buckets of a digest. */
const BUCKETS = 16;
/** Changes of a page. */
const LIMIT = 1000;
/** Rows that are read at once: more ids make an address that is too long. */
const AT_ONCE = 100;

/** Reads rows by their ids, separated by commas. */
type Reader = (api: Api, query: { id: string; limit: number }) => Promise<{ items: { id: string; version: number }[] }>;

/** The resources that the copy holds, and how rows of each are read. */
const READERS = {
  municipalities: async (api, query) => good(await api.GET("/api/v1/municipalities", { params: { query } })),
  schools: async (api, query) => good(await api.GET("/api/v1/schools", { params: { query } })),
  notes: async (api, query) => good(await api.GET("/api/v1/notes", { params: { query } })),
} satisfies Record<string, Reader>;

export type Resource = keyof typeof READERS;

export const RESOURCES = Object.keys(READERS) as Resource[];

export class Copy {
  private readonly rows = new Map<string, Map<string, Row>>(RESOURCES.map((name) => [name, new Map()]));
  private after = 0;
  private epoch = "";

  constructor(private readonly api: Api) {}

  of(resource: string): Map<string, Row> {
    const rows = this.rows.get(resource);
    if (rows === undefined) {
      throw new Error(`the copy has no ${resource}`);
    }
    return rows;
  }

  /** Takes everything anew; from its number on the feed is followed. */
  async bootstrap(): Promise<number> {
    const taken = await this.lines({ resource: RESOURCES.join(",") });
    this.rows.forEach((rows) => rows.clear());
    for (const line of taken.rows) {
      this.of(line.resource).set(line.id, { version: line.version, data: line.data });
    }
    this.after = taken.seq;
    this.epoch = taken.epoch;
    return taken.rows.length;
  }

  /** Takes what has changed, and waits so many seconds for a change when there is none. */
  async follow(wait: number): Promise<number> {
    let told = 0;
    for (;;) {
      const page = await this.page(told === 0 ? wait : 0);
      if (page === undefined) {
        return this.bootstrap();
      }
      const stale = new Map<string, Set<string>>(RESOURCES.map((name) => [name, new Set()]));
      for (const { op, resource, id, version } of page.items) {
        told += 1;
        if (op === "deleted") {
          this.of(resource).delete(id);
          stale.get(resource)?.delete(id);
        } else if ((this.of(resource).get(id)?.version ?? 0) < version) {
          stale.get(resource)?.add(id);
        }
      }
      for (const resource of RESOURCES) {
        await this.read(resource, [...(stale.get(resource) ?? [])]);
      }
      // Only now: whoever stops in between is told the same once more.
      this.after = page.page.next_after;
      this.epoch = page.page.epoch;
      if (!page.page.has_more) {
        return told;
      }
    }
  }

  /** Compares with the service, and takes again the parts that differ; how many did. */
  async compare(resource: Resource): Promise<number> {
    const digest = await this.digest(resource);
    let differed = 0;
    for (const { bucket, digest: theirs } of digest.buckets) {
      const ours = [...this.of(resource)].filter(([id]) => bucketOf(id) === bucket);
      if (digestOf(ours) !== theirs) {
        differed += 1;
        const taken = await this.lines({ resource, buckets: BUCKETS, bucket });
        ours.forEach(([id]) => this.of(resource).delete(id));
        for (const line of taken.rows) {
          this.of(resource).set(line.id, { version: line.version, data: line.data });
        }
      }
    }
    return differed;
  }

  /** The service's digest at the number that the copy has reached. */
  private async digest(resource: Resource) {
    for (let tries = 0; tries < 10; tries += 1) {
      const params = { query: { resource, buckets: BUCKETS } };
      const digest = good(await this.api.GET("/api/v1/sync/digest", { params }));
      if (digest.seq === this.after && digest.epoch === this.epoch) {
        return digest;
      }
      await this.follow(0);
    }
    throw new Error("too much changes at the moment: compare later");
  }

  private async page(wait: number) {
    const query = { after: this.after, epoch: this.epoch, resource: RESOURCES.join(","), limit: LIMIT, wait };
    try {
      return good(await this.api.GET("/api/v1/changes", { params: { query } }));
    } catch (refused) {
      if (refused instanceof Refused && ["feed-purged", "feed-restarted"].includes(refused.code)) {
        return undefined;
      }
      throw refused;
    }
  }

  /** Reads rows that changed, many at once; one that is gone by now is told as deleted later in the feed. */
  private async read(resource: Resource, ids: string[]): Promise<void> {
    for (let from = 0; from < ids.length; from += AT_ONCE) {
      const query = { id: ids.slice(from, from + AT_ONCE).join(","), limit: AT_ONCE };
      for (const item of (await READERS[resource](this.api, query)).items) {
        this.of(resource).set(item.id, { version: item.version, data: item });
      }
    }
  }

  /** The rows of an export, whole: a stream without its last line was cut. */
  private async lines(query: { resource: string; buckets?: number; bucket?: number }) {
    const answer = await this.api.GET("/api/v1/export", { params: { query }, parseAs: "text" });
    const lines = good(answer).trimEnd().split("\n").map((line): Line => JSON.parse(line));
    const start = lines[0];
    const end = lines.at(-1);
    const rows = lines.filter((line) => line.type === "row");
    if (start?.type !== "start" || end?.type !== "end" || end.rows !== rows.length) {
      throw new Error("the export was cut: take it again");
    }
    return { seq: start.seq, epoch: start.epoch, rows };
  }
}

/** The bucket of a row: the first four bytes of the SHA-256 of its id, modulo the number of buckets. */
function bucketOf(id: string): number {
  return createHash("sha256").update(id).digest().readUInt32BE() % BUCKETS;
}

/** SHA-256 of the lines `<id> <version>` in ascending order of id. */
function digestOf(rows: [string, Row][]): string {
  const hash = createHash("sha256");
  for (const [id, row] of rows.sort(([one], [other]) => (one < other ? -1 : 1))) {
    hash.update(`${id} ${row.version}\n`);
  }
  return hash.digest("hex");
}
