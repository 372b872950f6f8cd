import { JsonRpcProvider, Network, Wallet, getAddress, isAddress, isHexString } from "ethers";
import { pino } from "pino";
import { z } from "zod";
import type { Oracle } from "./oracle.ts";
import { createOracle } from "./oracle.ts";
import { createPublicNetwork } from "./public-network.ts";
import { createOracleService } from "./service.ts";
import { createTransactionSource } from "./transactions.ts";

const port = z
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number);

/** What an oracle of its own needs from the environment; the gateway's ORACLE_URL, _TOKEN and _ADDRESS name it. */
const environmentSchema = z.object({
  ORACLE_PRIVATE_KEY: z.string().refine((key) => isHexString(key, 32), "expected 0x and 64 hex digits"),
  ORACLE_TOKEN: z.string().min(32, "expected at least 32 characters, the same as the gateway's"),
  ESCROW_ADDRESS: z.string().refine(isAddress, "expected an address").transform(getAddress),
  CHAIN_ID: z
    .string()
    .regex(/^[1-9]\d*$/, "expected a chain id such as 137")
    .transform(Number),
  RPC_URL: z.url({ protocol: /^https?$/, error: "expected an http(s) URL of the chain's node" }),
  // Only this machine, unless said otherwise; next to the gateway's 3000.
  HOST: z.string().default("127.0.0.1"),
  PORT: port.default(3100),
  // Development only: lets HTTP confirmations reach this machine.
  HFH_ALLOW_LOOPBACK: z.enum(["true", "false"]).default("false"),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
});

/** An oracle in a process of its own. SIGTERM and SIGINT let it end what it is about. */
function main(environment: z.output<typeof environmentSchema>): void {
  const log = pino({ level: environment.LOG_LEVEL });
  const signer = new Wallet(environment.ORACLE_PRIVATE_KEY);
  const network = createPublicNetwork({ allowLoopback: environment.HFH_ALLOW_LOOPBACK === "true" });
  // A network of its own name: ethers attaches a public gas station to those that it knows.
  const chain = new Network(`chain-${environment.CHAIN_ID}`, environment.CHAIN_ID);
  const node = new JsonRpcProvider(environment.RPC_URL, chain, { staticNetwork: chain });
  const sources = {
    chainId: environment.CHAIN_ID,
    fetch: (url: URL, { signal }: { signal: AbortSignal }) => network.request(url, { method: "GET", signal }),
    transaction: createTransactionSource(new Map([[environment.CHAIN_ID, node]])),
  };
  const oracleFor = (openFile: Parameters<Parameters<typeof createOracleService>[0]["oracleFor"]>[0]): Oracle => ({
    address: signer.address,
    verify: async (request) => {
      const oracle = await createOracle({
        signer,
        escrow: environment.ESCROW_ADDRESS,
        log,
        sources: { ...sources, openFile },
      });
      return oracle.verify(request);
    },
  });
  const service = createOracleService({ oracleFor, token: environment.ORACLE_TOKEN, log });
  const server = service.listen(environment.PORT, environment.HOST, (error) => {
    if (error) throw error;
    log.info({ host: environment.HOST, port: environment.PORT, verifier: signer.address }, "listening");
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      server.close(() => {
        node.destroy();
        void network.close();
      });
    });
  }
}

const parsed = environmentSchema.safeParse(process.env);
if (parsed.success) main(parsed.data);
else {
  process.exitCode = 1;
  console.error("The configuration is wrong:");
  for (const { path, message } of parsed.error.issues) console.error(`  ${path.join(".")}: ${message}`);
}
