import { Wallet, getAddress, isAddress } from "ethers";
import { usdcAmount } from "@hireforhumans/protocol";
import { keySourceDescription, parseKeySource } from "@hireforhumans/signers";
import { JUDGE_PROVIDERS } from "@hireforhumans/oracle";
import { z } from "zod";
import { Secret } from "./secret.ts";

/**
 * What a setting is when the environment does not say: a text as it would stand there, by kind of chain where one value
 * would not do, or what is recorded of the deployment on the chain.
 */
export type Default =
  | string
  | { local: string; public: string }
  | { recorded: "escrow" | "reputation" | "usdc" | "arbitrationPool" | "deployBlock" };

export interface Setting<Schema extends z.ZodType = z.ZodType> {
  env: string;
  /** Reads the environment's text; its description says what is expected. */
  schema: Schema;
  default?: Default;
  optional?: true;
  /** What it does, and why the default is what it is. */
  why: string;
}

const optional = <Schema extends z.ZodType>(env: string, schema: Schema, why: string) => {
  const maybe = schema.optional().describe(schema.description ?? "");
  return { env, schema: maybe, optional: true, why } as const;
};

const setting = <Schema extends z.ZodType>(env: string, schema: Schema, fallback: Default, why: string) => ({
  env,
  schema,
  default: fallback,
  why,
});

const secret = (schema: z.ZodType<string, string>) =>
  schema.transform((value) => new Secret(value)).describe(`${schema.description ?? "a text"} (a secret)`);

const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/)
    .transform(Number)
    .refine((value) => value >= min && value <= max)
    .describe(`an integer from ${min} to ${max}`);

const integers = (what: string) =>
  z
    .string()
    .regex(/^[1-9]\d{0,5}(,[1-9]\d{0,5})*$/)
    .transform((value) => value.split(",").map(Number))
    .describe(`${what}, separated by commas`);

const url = (...protocols: string[]) =>
  z
    .string()
    .refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol))
    .describe(`a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(" or ")}`);

const text = z.string().min(1).describe("a text that is not empty");
const usdc = usdcAmount.describe("an amount of USDC such as 0.15");
const fraction = z
  .string()
  .regex(/^(0(\.\d{1,6})?|1(\.0{1,6})?)$/)
  .transform(Number)
  .describe("a number from 0 to 1, such as 0.05");
const flag = z
  .enum(["true", "false"])
  .transform((value) => value === "true")
  .describe("true or false");
const address = z
  .string()
  .refine((value) => isAddress(value))
  .transform((value) => getAddress(value))
  .describe("an address: 0x and 40 hex digits");
const privateKey = secret(
  z
    .string()
    .refine((value) => canSign(value))
    .describe("a private key: 0x and 64 hex digits"),
);

const keySource = z
  .string()
  .transform((value, context) => {
    const source = parseKeySource(value);
    if (source !== undefined) return source;
    context.addIssue({ code: "custom" });
    return z.NEVER;
  })
  .describe(keySourceDescription);

function canSign(key: string): boolean {
  try {
    return new Wallet(key).privateKey === key.toLowerCase();
  } catch {
    // ethers throws on whatever is no key; the problem is reported with the setting's name.
    return false;
  }
}

const nodeToken = z
  .string()
  .min(32)
  .transform((token) => new Secret(token));

/** Holds secrets, so it is read whole or not at all, and what is wrong inside is not shown. */
const oracleNodes = z
  .string()
  .transform((text) => parseJson(text))
  .pipe(z.array(z.strictObject({ url: url("http:", "https:"), address, token: nodeToken })).min(1))
  .refine((nodes) => new Set(nodes.map((node) => node.address)).size === nodes.length)
  .describe(
    'JSON: [{"url": "https://…", "address": "0x…", "token": "at least 32 characters"}, …], each address once (a secret)',
  );

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON is no list of nodes: the schema refuses it under the setting's name.
    return undefined;
  }
}

/** Every setting. docs/configuration.md is generated from here (`npx pnpm@12 generate`). */
export const settings = {
  // The API.
  port: setting("PORT", integer(0, 65535), "3000", "Where the API listens. 0: any free port."),
  host: setting("HOST", text, "127.0.0.1", "The interface it listens on. Only this machine, unless said otherwise."),
  publicUrl: optional(
    "PUBLIC_URL",
    url("http:", "https:"),
    "What callers and workers type; links and sign-in messages carry it. Default: http://HOST:PORT.",
  ),
  allowLoopback: setting(
    "HFH_ALLOW_LOOPBACK",
    flag,
    "false",
    "Development only: lets webhooks and HTTP confirmations reach this machine, which on a server would open its inside.",
  ),
  trustedProxies: setting(
    "TRUSTED_PROXIES",
    integer(0, 10),
    "0",
    "How many proxies of yours stand before it. Each adds a caller's address to X-Forwarded-For, which is believed that far.",
  ),
  bodyLimitBytes: setting(
    "BODY_LIMIT_BYTES",
    integer(1024, 64 * 1024 ** 2),
    String(1024 ** 2),
    "The largest JSON body: 1 MiB holds a conversation of some hundred pages. Files have their own limit.",
  ),
  bodyTimeoutSeconds: setting(
    "BODY_TIMEOUT_SECONDS",
    integer(1, 300),
    "20",
    "How long a JSON body may take to arrive, and how long an upload may pause: slow lines get by, idle ones hold nothing.",
  ),
  drainSeconds: setting(
    "DRAIN_SECONDS",
    integer(0, 300),
    { local: "0", public: "10" },
    "How long it still serves after SIGTERM while /readyz says 503: longer than your balancer takes to notice. A local one has none.",
  ),
  requestsPerMinute: setting(
    "REQUESTS_PER_MINUTE",
    integer(1, 10_000_000),
    "6000",
    "Requests of one API key or worker: 100 a second, more than an agent's fleet sends and less than would starve others.",
  ),
  strangerRequestsPerMinute: setting(
    "STRANGER_REQUESTS_PER_MINUTE",
    integer(1, 10_000_000),
    "600",
    "Requests of one IPv4 address, or of one IPv6 /64, without a valid key or session: a page with its assets, not a search for tokens.",
  ),
  logLevel: setting(
    "LOG_LEVEL",
    z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).describe("a level of pino, such as info"),
    "info",
    "The least level that is logged.",
  ),

  operatorToken: optional(
    "OPERATOR_TOKEN",
    secret(
      z
        .string()
        .regex(/^hfo_[\w-]{32,}$/)
        .describe("hfo_ and at least 32 letters, digits, - or _"),
    ),
    "Lets the operator in: makes the first key of each client and decides appeals. Not set: nobody is the operator.",
  ),

  // The store.
  databaseUrl: optional(
    "DATABASE_URL",
    secret(url("postgres:", "postgresql:")),
    "PostgreSQL 15 or newer. Not set: an embedded database in HFH_DATA_DIR, for one process and never for chain 137.",
  ),
  databaseConnections: setting(
    "DATABASE_CONNECTIONS",
    integer(2, 500),
    "20",
    "The most connections of this process to PostgreSQL. 20 saturate a gateway of two cores; the queue takes 5 besides.",
  ),
  dataDir: setting("HFH_DATA_DIR", text, ".hfh", "Where the embedded database and uploaded files live."),

  // The chain.
  rpcUrl: setting("RPC_URL", url("http:", "https:"), "http://127.0.0.1:8545", "The chain's JSON-RPC node."),
  chainId: setting(
    "CHAIN_ID",
    integer(1, Number.MAX_SAFE_INTEGER),
    "31337",
    "137 Polygon, 80002 Amoy, 31337 a local chain. Checked against the node at start.",
  ),
  escrow: setting("ESCROW_ADDRESS", address, { recorded: "escrow" }, "The escrow that holds the jobs' money."),
  reputation: setting(
    "REPUTATION_ADDRESS",
    address,
    { recorded: "reputation" },
    "Where the escrow records reputation.",
  ),
  usdc: setting("USDC_ADDRESS", address, { recorded: "usdc" }, "The token that the escrow was deployed with."),
  arbitrationPool: {
    env: "ARBITRATION_POOL",
    schema: address.optional().describe(address.description ?? ""),
    default: { recorded: "arbitrationPool" },
    optional: true,
    why: "The pool of jurors that new jobs name as their arbiter. Without one, jobs know no disputes.",
  } as const,
  arbitrationMinJurors: setting(
    "ARBITRATION_MIN_JURORS",
    integer(3, 10_000),
    { local: "6", public: "18" },
    "A job names the pool as its arbiter only while so many jurors take part in draws. 18 can seat the last panel of 15 " +
      "also where client, worker and verifier are jurors themselves; with fewer, a loser could appeal to a panel that " +
      "can't be drawn, and have the money split.",
  ),
  startBlock: setting(
    "START_BLOCK",
    integer(0, Number.MAX_SAFE_INTEGER),
    { recorded: "deployBlock" },
    "The first block to read: that of the deployment, since nothing of ours is before it.",
  ),
  followerPollMs: setting(
    "FOLLOWER_POLL_MS",
    integer(50, 60_000),
    { local: "250", public: "1000" },
    "How often the node is asked for a new block: half of Polygon's block time; a local node costs nothing.",
  ),
  confirmations: setting(
    "CONFIRMATIONS",
    integer(0, 10_000),
    { local: "32", public: "0" },
    "Blocks on top of one that make it final. 0: by the node's `finalized` tag, as Polygon's milestones set it. " +
      "A local node calls its newest block finalized and may still revert it, so there it is counted.",
  ),

  // What the relayer signs.
  relayerPrivateKey: optional(
    "RELAYER_PRIVATE_KEY",
    privateKey,
    "Signs and pays for the gateway's transactions. It can post jobs inside its clients' on-chain limits, so where there is " +
      "money, use RELAYER_SIGNER. One of the two.",
  ),
  relayerSigner: optional(
    "RELAYER_SIGNER",
    keySource,
    "Where the key is that signs and pays for the gateway's transactions: in an encrypted file or in a key service, see " +
      "docs/keys.md. Either this or RELAYER_PRIVATE_KEY.",
  ),
  relayerLowTransactions: setting(
    "RELAYER_LOW_TRANSACTIONS",
    integer(0, 1_000_000_000),
    { local: "100", public: "5000" },
    "Below so many transactions that the relayer's coin still pays for at today's fees, the log has an error and " +
      "hfh_relayer_balance_low is 1. A job takes three: 5,000 are some 1,600 jobs.",
  ),
  gatewaySecret: optional(
    "GATEWAY_SECRET",
    secret(z.string().min(32).describe("at least 32 characters")),
    "Keys the hashes under which networks of accounts are remembered and draws are made; the same for all gateways on one " +
      "database, and kept. Not set: it follows from RELAYER_PRIVATE_KEY. Needed with RELAYER_SIGNER.",
  ),
  maxFeeGwei: setting(
    "MAX_FEE_GWEI",
    integer(1, 1_000_000),
    "2000",
    "No transaction offers more than this per gas. Polygon's base fee has passed 1,000 gwei in a rush.",
  ),
  bumpAfterMs: setting(
    "BUMP_AFTER_MS",
    integer(1_000, 3_600_000),
    "20000",
    "How long the lowest open transaction waits before its fees rise by an eighth: ten blocks of Polygon.",
  ),

  // The oracle.
  oraclePrivateKey: optional(
    "ORACLE_PRIVATE_KEY",
    privateKey,
    "Signs verdicts where this process verifies the evidence itself. One of this, VERIFIER_SIGNER and ORACLE_NODES.",
  ),
  verifierSigner: optional(
    "VERIFIER_SIGNER",
    keySource,
    "Where the key is that signs verdicts, as ORACLE_PRIVATE_KEY does; see docs/keys.md. On public chains it has to be " +
      "another key than the relayer's.",
  ),
  oracleNodes: optional(
    "ORACLE_NODES",
    oracleNodes,
    "The nodes that verify the evidence: where each is, by which account it signs, and the secret that it shares with this " +
      "gateway. One of this, ORACLE_PRIVATE_KEY and VERIFIER_SIGNER.",
  ),
  committee: optional(
    "COMMITTEE_ADDRESS",
    address,
    "The committee of which the nodes are members: the verifier of new jobs, until it names a successor. Not set: the one " +
      "node of ORACLE_NODES is.",
  ),

  judgeProvider: optional(
    "JUDGE_PROVIDER",
    z.enum(JUDGE_PROVIDERS).describe(`one of ${JUDGE_PROVIDERS.join(", ")}`),
    "Whose protocol the model is asked by that answers rubric questions where a job says `judged_by: model`; its SDK " +
      "(`@anthropic-ai/sdk` or `openai`) has to be installed. Not set: such questions are a person's.",
  ),
  judgeModel: optional(
    "JUDGE_MODEL",
    text,
    "Which model it is, by the provider's name for it. It stands in the reasons.",
  ),
  judgeApiKey: optional(
    "JUDGE_API_KEY",
    secret(z.string().min(1).describe("a text that is not empty")),
    "The key for it.",
  ),
  judgeBaseUrl: optional(
    "JUDGE_BASE_URL",
    url("http:", "https:"),
    "Where the model is asked, if not at the provider's own address: a proxy, or a server of yours that speaks its protocol.",
  ),

  // Offers.
  offerWaveSizes: setting(
    "OFFER_WAVE_SIZES",
    integers("numbers of workers"),
    "1,3,5,10",
    "How many workers are asked in each wave: the best alone first, then more at a time so that a match takes seconds.",
  ),
  offerWaveSeconds: setting(
    "OFFER_WAVE_SECONDS",
    integers("seconds, one for each wave"),
    "20,25,30,35",
    "How long each wave may answer. All four together stay under two minutes.",
  ),

  // Peer review.
  reviewFund: optional(
    "REVIEW_FUND",
    address,
    "The account that pays for reviews, inside the spending limit it gave the relayer. Not set: nothing is reviewed by peers.",
  ),
  reviewReward: setting(
    "REVIEW_REWARD",
    usdc,
    "0.15",
    "What one review earns, in USDC. Two of them are the fee on a job of 12 USDC: reviews that a client asks for are paid " +
      "out of the fee of its own job.",
  ),
  reviewBelowScore: setting(
    "REVIEW_BELOW_SCORE",
    fraction,
    "0.6",
    "The work of everyone with a lower reputation in its domain is reviewed. A newcomer passes 0.6 with one to three clean jobs.",
  ),
  reviewShare: setting("REVIEW_SHARE", fraction, "0.05", "The share of all other work that is reviewed, drawn by lot."),
  reviewerMinScore: setting(
    "REVIEWER_MIN_SCORE",
    fraction,
    "0.5",
    "The least reputation in the domain to be asked for a review. With many workers, raise it.",
  ),
  goldenShare: setting(
    "GOLDEN_SHARE",
    fraction,
    "0.08",
    "The share of reviews whose answer is known and which measure the reviewer: 5 to 10 % tell apart good from bad in some dozen.",
  ),
  goldenTasksFile: optional(
    "GOLDEN_TASKS_FILE",
    text,
    "A JSON file of cases with known answers, read at each start; see docs/review.md.",
  ),

  // Evidence.
  fileMaxBytes: setting(
    "FILE_MAX_BYTES",
    integer(1, 1024 ** 3),
    String(25 * 1024 ** 2),
    "The largest file of evidence: 25 MiB hold a minute of video or a long scan.",
  ),
  uploadsAtOnce: setting(
    "UPLOADS_AT_ONCE",
    integer(1, 100),
    "4",
    "Uploads that one key or worker may have under way at once in one gateway.",
  ),
  uploadBytesPerDay: setting(
    "UPLOAD_BYTES_PER_DAY",
    integer(1, Number.MAX_SAFE_INTEGER),
    String(1024 ** 3),
    "What one client or worker may upload in 24 hours: 1 GiB, forty of the largest files, so that nobody fills the disk.",
  ),
} satisfies Record<string, Setting>;
