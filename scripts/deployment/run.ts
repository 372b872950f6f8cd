import { DeploymentError } from "./deployment-error.ts";

/** Runs a command; what the deployer can mend is told in a sentence, anything else with its stack. Exit code 1 for both. */
export async function runForDeployer(command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    console.error(isPlain(error) ? error.message : error);
    process.exitCode = 1;
  }
}

/** Ours, and those that Hardhat and Ignition write for their users (no node at the URL, an unconfirmed transaction …). */
function isPlain(error: unknown): error is Error {
  return error instanceof DeploymentError || (error instanceof Error && error.name === "HardhatError");
}
