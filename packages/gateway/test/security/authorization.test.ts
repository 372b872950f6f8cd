import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ZeroHash } from "ethers";
import { type Route, type RouteName, routes, type Scope, SCOPES } from "@hireforhumans/protocol";
import { engines } from "../support/database.ts";
import { authorization, type OthersThings, type Row } from "./authorization.ts";
import { type Role, startWorld, type World } from "./world.ts";

const names = Object.keys(routes) as RouteName[];
const engine = engines.at(-1) ?? "embedded";

/** A path to nothing: what is asked for is whether one may ask. */
const pathToNothing = (path: string) =>
  path
    .replace(/:id/, "job_01jd3v8q6ze5fr8wq1m4t7x2yk")
    .replace(/:sha256/, "a3".repeat(32))
    .replace(/:token/, "t".repeat(43));

/** What each role is, in the columns of the table. */
function expectedOf(role: Role, row: Row): "passes" | "unauthenticated" | "forbidden" | "scope_missing" {
  if (row.nobody === "yes") return "passes";
  if (/^(nobody|wrong|revoked|expired|rotated)/.test(role)) return "unauthenticated";
  if (role === "operator") return row.operator === "yes" ? "passes" : "forbidden";
  if (role.includes("worker")) return row.worker === "yes" ? "passes" : "forbidden";
  if (row.key === "no") return "forbidden";
  const scopes: readonly Scope[] = role.startsWith("key of ") ? [role.slice("key of ".length) as Scope] : SCOPES;
  return scopes.includes(row.key) ? "passes" : "scope_missing";
}

const word = { valid_until: 2 ** 39, signature: `0x${"1b".repeat(65)}` };

/** A body that each route with something of another's in its path takes, so that not its form is what is refused. */
const bodies: Partial<Record<RouteName, (world: World) => object>> = {
  // Nobody is there.
  keepLink: () => ({ url: "https://127.0.0.1:9/" }),
  rateJob: () => ({ score: 5 }),
  createMessage: () => ({ body: "Hello." }),
  submitEvidence: ({ owned }) => ({
    ...word,
    evidence_hash: ZeroHash,
    bundle: {
      version: 1,
      job_id: owned.job,
      chain_job_id: ZeroHash,
      round: 0,
      worker: `0x${"0".repeat(40)}`,
      resolution: "Done.",
      worker_notes: "",
      items: [],
    },
  }),
  createConfirmation: () => ({ statement: "We talked." }),
  disputeJob: () => ({ ...word, statement: "Not so." }),
  addEvidence: () => ({ ...word, document: { version: 1, chain_job_id: ZeroHash, text: "See.", items: [] } }),
  answerCase: () => word,
  appealCase: () => word,
  commitVote: () => ({ ...word, panel: 0, commitment: ZeroHash }),
  revealVote: () => ({ panel: 0, vote: "worker", salt: ZeroHash }),
  updateProfile: () => ({ skills: ["billing"] }),
  acceptOffer: () => word,
  declineOffer: () => ({ reason: "Busy." }),
  appealScreening: () => ({ message: "It is in order." }),
};

describe(`who may call what (${engine})`, () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld(engine, { env: { STRANGER_REQUESTS_PER_MINUTE: "100000" } });
  }, 120_000);
  afterAll(() => world.court.stop());

  const ask = (name: RouteName, role: Role, path: string, body?: object) => {
    const token = world.tokens[role];
    return world.court.call(routes[name].method, path, {
      ...(token === undefined ? {} : { token }),
      ...(body === undefined ? {} : { body }),
      accept: "application/json",
    });
  };
  const parameterOf = (others: OthersThings) =>
    others in world.owned ? world.owned[others as keyof World["owned"]] : undefined;

  it("has a row for every route, and none for what is no route", () => {
    expect(Object.keys(authorization).sort()).toEqual([...names].sort());
  });

  it("is what the routes declare, which the documentation of the API shows", () => {
    for (const name of names) {
      const { who }: Route = routes[name];
      const { key, worker, operator, nobody } = authorization[name];
      expect({ name, key: who.key ?? "no", worker: who.worker === true, operator: who.operator === true }).toEqual({
        name,
        key,
        worker: worker === "yes",
        operator: operator === "yes",
      });
      expect({ name, open: key === "no" && worker === "no" && operator === "no" }).toEqual({
        name,
        open: nobody === "yes",
      });
    }
  });

  it("is what every route answers to every role", async () => {
    const wrongFor = async (name: RouteName, role: Role): Promise<string[]> => {
      // It would end the session by which the others are asked.
      if (name === "signOut" && role.endsWith("worker")) return [];
      const expected = expectedOf(role, authorization[name]);
      const { status, body } = await ask(name, role, pathToNothing(routes[name].path));
      const actual = status === 401 || status === 403 ? String(body?.["code"]) : "passes";
      return actual === expected ? [] : [`${name} as ${role}: ${actual} (${status}), not ${expected}`];
    };
    const wrong: string[] = [];
    for (const name of names) {
      const roles = Object.keys(world.tokens) as Role[];
      wrong.push(...(await Promise.all(roles.map((role) => wrongFor(name, role)))).flat());
    }
    expect(wrong).toEqual([]);
  });

  const aboutOthers = names.filter((name) => routes[name].path.includes(":") && name !== "getWorker");

  it("knows for each route that names a thing what kind of thing it is", () => {
    for (const name of aboutOthers) {
      const { others } = authorization[name];
      expect({ name, known: ["secret link", "all"].includes(others) || parameterOf(others) !== undefined }).toEqual({
        name,
        known: true,
      });
    }
  });

  it("hides what is another's as if it were not there, and shows it to its owner", async () => {
    const wrong: string[] = [];
    const ofSomebody = aboutOthers.filter((name) => parameterOf(authorization[name].others) !== undefined);
    const pathOf = (name: RouteName) =>
      routes[name].path.replace(/:(id|sha256)/, parameterOf(authorization[name].others) ?? "");
    const rolesOf = (name: RouteName, whose: "" | "other "): Role[] => [
      ...(authorization[name].key === "no" ? [] : ([`${whose}client`] as Role[])),
      ...(authorization[name].worker === "no" ? [] : ([`${whose}worker`] as Role[])),
    ];
    for (const name of ofSomebody) {
      const body = routes[name].method === "GET" ? undefined : (bodies[name]?.(world) ?? {});
      for (const role of rolesOf(name, "other ")) {
        const { status, text } = await ask(name, role, pathOf(name), body);
        if (status !== 404) wrong.push(`${name} as ${role}: ${status} ${text}`);
      }
    }
    // The owners last, and what they delete last of all: it ends what the rest would be shown.
    const deletions = ofSomebody.filter((name) => routes[name].method === "DELETE");
    for (const name of [...ofSomebody.filter((each) => !deletions.includes(each)), ...deletions]) {
      const body = routes[name].method === "GET" ? undefined : (bodies[name]?.(world) ?? {});
      const answers = [];
      for (const role of rolesOf(name, "")) answers.push(await ask(name, role, pathOf(name), body));
      // A client has no file that only its worker uploaded, nor does a party sit on its own panel.
      if (["commitVote", "revealVote"].includes(name)) continue;
      if (!answers.some(({ status }) => status !== 404)) wrong.push(`${name}: there is nothing for its owner either`);
    }
    expect(wrong).toEqual([]);
  });

  it("tells in lists and accounts of the caller's own alone", async () => {
    const wrong: string[] = [];
    const own = names.filter((name) => authorization[name].others === "own" && routes[name].method === "GET");
    expect(own.length).toBeGreaterThan(8);
    const hidden = [...Object.values(world.owned), ...world.canaries];
    for (const name of own) {
      for (const role of ["other client", "other worker"] as const) {
        const { status, text } = await ask(name, role, routes[name].path);
        if (status === 200 && hidden.some((id) => text.includes(id))) wrong.push(`${name} as ${role}: ${text}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it("does not let a filter, a pool or a body reach what is another's", async () => {
    const { owned, court, tokens } = world;
    const token = tokens["other client"] ?? "";
    for (const filter of [`job_id=${owned.job}`, `endpoint_id=${owned.endpoint}`]) {
      const { body } = await court.call("GET", `/v1/webhooks/deliveries?${filter}`, { token });
      expect(body).toMatchObject({ data: [] });
    }
    const job = {
      category: "billing",
      description: "Call back.",
      reward: "5.00",
      deadline_minutes: 60,
      pool_id: owned.pool,
    };
    expect((await court.call("POST", "/v1/jobs", { token, body: job })).body?.["code"]).toMatch(
      /pool_unknown|insufficient/,
    );
    const asked = await court.call("GET", `/v1/availability?category=billing&pool_id=${owned.pool}`, { token });
    expect(asked).toMatchObject({ status: 422, body: { code: "pool_unknown" } });
  });
});
