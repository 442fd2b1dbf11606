/**
 * How a program signs in: OAuth 2 client credentials, a token for 15 minutes, a new one when it ends.
 */
import createClient, { type Client, type Middleware } from "openapi-fetch";
import type { paths } from "./api.js";

export type Api = Client<paths>;

/** Seconds before its end at which a token is replaced. */
const MARGIN = 60;

/** A client of the service, signed in as the program with this id and secret. */
export function signedIn(baseUrl: string, clientId: string, clientSecret: string): Api {
  const api = createClient<paths>({ baseUrl });
  let token = "";
  let endsAt = 0;
  const signIn: Middleware = {
    async onRequest({ request, schemaPath }) {
      if (schemaPath === "/api/v1/oauth/token") {
        return request;
      }
      if (Date.now() / 1000 > endsAt - MARGIN) {
        const answer = await api.POST("/api/v1/oauth/token", {
          body: { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret },
          headers: { "Content-Type": "application/x-www-form-urlencoded" },
        });
        const given = good(answer);
        token = given.access_token;
        endsAt = Date.now() / 1000 + given.expires_in;
      }
      request.headers.set("Authorization", `Bearer ${token}`);
      return request;
    },
  };
  api.use(signIn);
  return api;
}

/** A refusal: the status, the code that says what to do, and the number of the line in the log. */
export class Refused extends Error {
  readonly code: string;
  readonly status: number;

  constructor(status: number, problem: unknown) {
    const told = (problem ?? {}) as { code?: string; detail?: string; request_id?: string };
    super(`${status} ${told.code}: ${told.detail} (${told.request_id})`);
    this.status = status;
    this.code = told.code ?? "";
  }
}

/** The data of an answer; a refusal is thrown. */
export function good<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (!answer.response.ok || answer.data === undefined) {
    throw new Refused(answer.response.status, answer.error);
  }
  return answer.data;
}
