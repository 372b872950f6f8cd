import { DeploymentError } from "./deployment-error.ts";

/** Runs a command; what the deployer can mend is told in a sentence, anything else with its stack. Exit code 1 for both. */
export async function runForDeployer(command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    console.error(error instanceof DeploymentError ? error.message : error);
    process.exitCode = 1;
  }
}
